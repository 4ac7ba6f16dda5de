"""The feed of what happens, and who listens to it."""
