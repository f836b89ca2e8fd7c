"""The log: commits in one collection of MongoDB, at positions 1, 2, 3, … without a gap."""
