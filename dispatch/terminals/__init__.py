"""Where units receive: when a page of theirs was open, when it fell silent, and what may be said of it."""
