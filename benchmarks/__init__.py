"""How fast the gateway is, against what a user would pick instead, in the same run: `python -m benchmarks`."""
