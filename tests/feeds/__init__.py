"""What subscriptions follow, on a real MongoDB."""
