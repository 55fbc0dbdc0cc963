"""Text as few bits: words by what a model says of the next one, and bytes for all that it does not know."""
