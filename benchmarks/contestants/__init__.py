"""Who is measured: Tidegate, and what a user would pick instead, each as its own community writes it."""
