"""Frames, blades, meshes and volumes: numpy only, LPS millimetres."""
