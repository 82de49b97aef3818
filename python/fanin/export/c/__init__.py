"""Networks as headers in C, for programs that only predict."""
