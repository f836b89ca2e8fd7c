"""Both executors give the same answers."""
