"""Measured comparisons; each runs by itself with `make bench-...` and prints ratios taken side by side."""
