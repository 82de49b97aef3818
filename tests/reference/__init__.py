"""What fanin should compute, in float64 NumPy, written as in the textbook.

Slow and plain on purpose: nothing is shared with the library, so agreement is evidence.
"""
