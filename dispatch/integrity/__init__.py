"""Tests of integrity: traces of cheating in what was recorded. A finding is evidence to look at, never a penalty."""
