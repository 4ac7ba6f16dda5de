"""Draft rulebooks: written beside the one in force, replayed over history, published by a second person."""
