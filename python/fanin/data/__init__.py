"""Converting the user's X and y for the core, and splitting off validation data."""
