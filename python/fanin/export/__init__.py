"""Networks in the forms of other programs."""
