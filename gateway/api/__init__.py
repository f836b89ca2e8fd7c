"""GraphQL out of the application: types, mutations, queries, subscriptions, and how they are executed."""
