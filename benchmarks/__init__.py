"""Benchmarks: whole processes, side by side, on one server. `make bench` runs them all."""
