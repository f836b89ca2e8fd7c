"""Tidegate: mutations append events to a log, a watcher builds read models from it, queries read only those."""
