"""Turns events into typed row batches in DuckDB. No dlt, no network."""
