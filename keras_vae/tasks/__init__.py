"""Tasks: what the shell does, one use per file."""
