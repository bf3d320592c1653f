"""The command search: what can be found, how it is matched, and the window it is typed in."""
