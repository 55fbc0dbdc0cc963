"""Data as few bytes as the likelihood of a model says, and the same data back."""
