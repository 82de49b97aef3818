"""Training: the loop over epochs, callbacks, early stopping and the history."""
