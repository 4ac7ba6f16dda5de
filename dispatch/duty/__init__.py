"""Who is on duty: the roster as data, who stands in for whom, and what is wrong with it."""
