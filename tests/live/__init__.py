"""Subscriptions end to end: the API over a log, its watcher and its feeds, on a real MongoDB."""
