"""The fault-injection suite: good fits, faults put into them, and what the training doctor finds."""
