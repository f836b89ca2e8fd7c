"""What every row of the benchmark is measured with: cores, processes, load, checks, arithmetic, the report."""
