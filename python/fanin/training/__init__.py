"""A fit: the loop over epochs, what its callbacks see, and what it keeps."""
