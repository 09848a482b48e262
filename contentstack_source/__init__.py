"""A dlt source that keeps a warehouse equal to what is published in a Contentstack stack."""

from contentstack_source.source import contentstack_source

__all__ = ["contentstack_source"]
__version__ = "0.1.0"
