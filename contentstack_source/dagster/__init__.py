"""Contentstack as Dagster assets, one per table: the extra `contentstack-source[dagster]`.

    defs = contentstack_definitions({"contentstack": Target()})

A run of these is a run of the command `sync`, with all that it promises (decision 0016).
"""

from contentstack_source.dagster.definitions import contentstack_definitions

__all__ = ["contentstack_definitions"]
