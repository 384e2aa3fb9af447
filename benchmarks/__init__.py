"""Benchmarks of gradcli against peers measured in the same run: `python -m benchmarks`."""
