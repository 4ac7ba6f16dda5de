"""The catalogue of what may be reported."""
