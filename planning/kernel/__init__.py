"""Arrays in, arrays out: VTK, SimpleITK, manifold3d and numba live here and nowhere else in planning."""
