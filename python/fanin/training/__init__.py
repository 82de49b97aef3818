"""A fit: the loop over epochs, what it tells its callbacks, and what it keeps."""
