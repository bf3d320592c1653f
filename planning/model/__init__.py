"""The case as an immutable value, checked on construction: numpy only."""
