"""The city's calendar while it is in force: what its change moves."""
