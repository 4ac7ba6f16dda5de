"""Whose is it: facts + rulebook → one unit, and the rule that says so."""
