"""The command `tidegate`: one file a command."""
