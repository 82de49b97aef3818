"""What fanin should compute, in float64 NumPy, written as the textbook writes it.

Slow and plain on purpose: nothing here is shared with the library, so agreement means something.
"""
