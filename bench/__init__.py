"""Measurements against the budgets, on real servers of their own: `./run bench`, and `python -m bench.chaos`."""
