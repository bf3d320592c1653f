"""Edits as values, and the history of a case."""
