"""Everything that knows MongoDB: the client, the embedded server, indexes and roles."""
