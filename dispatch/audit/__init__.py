"""What was done and refused, and the blocks that seal it."""
