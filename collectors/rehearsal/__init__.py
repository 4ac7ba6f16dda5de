"""The simulated city: people who act through the doors, drawn from a seed."""
