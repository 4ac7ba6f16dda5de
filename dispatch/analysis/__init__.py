"""What the cases of a period say: where, when, what, how slowly, and how many are to come."""
