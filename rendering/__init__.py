"""Drawing with VTK, without Qt."""
