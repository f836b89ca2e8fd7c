"""The write side: commands are decided in order on the log's exact prefix and committed in batches."""
