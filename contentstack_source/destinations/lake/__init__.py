"""A destination of Delta or Iceberg tables."""

from contentstack_source.destinations.lake.destination import FORMATS, lake

__all__ = ["FORMATS", "lake"]
