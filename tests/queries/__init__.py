"""The read path on a real MongoDB."""
