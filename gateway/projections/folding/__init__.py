"""What becomes of views by events, in memory: which views an event reaches, and what the folds make of them."""
