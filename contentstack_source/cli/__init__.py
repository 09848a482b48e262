"""The command `contentstack-source`."""
