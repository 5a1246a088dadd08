"""Real media. Each is imported by its own name, and says what to install where it needs more."""
