"""Change sets: rows proposed for one layer, checked as a whole, in force whole or not at all, undone as a set."""
