"""From masks to surfaces and from scribbles to masks."""
