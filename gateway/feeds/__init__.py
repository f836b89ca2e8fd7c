"""What subscriptions follow: the events of the log, and the changes of views."""
