"""X and y as users have them, on their way to the core, and what is held back from them for validation."""
