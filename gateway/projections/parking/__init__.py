"""Parked keys: a fold that raises stops the views of one key; their events wait in order until it is mended."""
