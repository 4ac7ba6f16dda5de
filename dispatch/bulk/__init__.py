"""Many questions at once: files of points, answered as the one question is, with or without a database."""
