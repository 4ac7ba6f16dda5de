"""Figures of a period: base counts, rates, scores, rankings."""
