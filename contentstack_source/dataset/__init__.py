"""Reads and describes what was loaded."""
