"""`tidegate rebuild`: editions built beside the live ones, compared with them, and switched to."""
