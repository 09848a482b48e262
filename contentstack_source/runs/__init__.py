"""One run: lock, recover, load until caught up, record."""
