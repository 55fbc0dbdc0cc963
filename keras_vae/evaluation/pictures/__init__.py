"""Pictures of a model, each a matplotlib Figure."""
