"""The watcher: follows the log and keeps the read models' collections up to date."""
