"""Who asked what: an entry for each operation, written behind the requests and kept for a time."""
