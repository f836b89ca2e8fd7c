"""How fast the gateway is, as ratios to the bare driver in the same run: `python -m benchmarks`."""
