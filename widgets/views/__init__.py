"""Slice and 3D views."""
