"""How read models stood: their past, kept by the watcher and asked for by position and by time."""
