"""Qt-free errands shared by the command line and the window."""
