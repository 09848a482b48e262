"""Starts runs from outside, and reports to schedulers what changed."""
