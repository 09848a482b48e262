"""Talks to Contentstack: HTTP and the Sync API. Knows no tables."""
