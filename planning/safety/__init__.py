"""What the plan comes close to: clearances, uncertainty, the board."""
