"""Qt widgets: they show values and emit wishes; they never import app."""
