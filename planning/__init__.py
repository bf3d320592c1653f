"""What EnBloc knows and computes: no Qt, and no VTK outside `kernel`."""
