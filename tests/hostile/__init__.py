"""Hostile files: whatever they hold, the program lives, answers in time and says a typed problem."""
