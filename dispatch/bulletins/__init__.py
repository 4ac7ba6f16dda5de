"""Bulletins: a finished period's facts and rules frozen, published by two people, revised but never changed."""
