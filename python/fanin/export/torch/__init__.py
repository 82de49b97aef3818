"""Networks and their training, from PyTorch and to it."""
