"""The program: composition root, session, jobs, errands and the command line."""
