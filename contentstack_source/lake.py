"""A destination of Delta or Iceberg tables: dlt's filesystem, with the merge of `marks` in it.

dlt merges such tables by upsert, in Iceberg by a thousand rows at a time, and neither takes a row
away by a mark. Here one commit of the format does it for a table: what the load names goes, its
rows come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TLoaderMergeStrategy, TTableSchema
from dlt.destinations.impl.filesystem.factory import filesystem
from dlt.destinations.impl.filesystem.filesystem import (
    DeltaLoadFilesystemJob,
    FilesystemClient,
    IcebergLoadFilesystemJob,
    ReferenceFollowupJob,
)

from contentstack_source.errors import UnfitDestinationError
from contentstack_source.staged import TRUE_ROWS_HAVE, Staged

FORMATS: Final = ("delta", "iceberg")
_MERGE: Final = "delete-insert"


class DeltaJob(DeltaLoadFilesystemJob):
    """Loads the files of one table, in one commit."""

    def run(self) -> None:
        """Merge, append or write anew."""
        from contentstack_source import delta  # noqa: PLC0415 - one of the two may do

        if not _is_ours(self._load_table):
            super().run()
            return
        client = self._job_client
        staged = Staged(self.file_paths, _true_rows_have(self._load_table))
        try:
            table = client.load_open_table("delta", self.load_table_name)
        except DestinationUndefinedEntity:
            location = client.get_open_table_location("delta", self.load_table_name)
            delta.make(location, staged, client.config)
            return
        if self._load_table["write_disposition"] == "append":
            delta.append(table, staged)
        else:
            delta.merge(table, staged)


class IcebergJob(IcebergLoadFilesystemJob):
    """Loads the files of one table, in one commit."""

    def run(self) -> None:
        """Merge or append; a table that is not there yet is made."""
        from contentstack_source import iceberg  # noqa: PLC0415 - likewise

        if not _is_ours(self._load_table):
            super().run()
            return
        client, name = self._job_client, self.load_table_name
        staged = Staged(self.file_paths, _true_rows_have(self._load_table))
        try:
            table = client.load_open_table("iceberg", name)
        except DestinationUndefinedEntity:
            location = client.get_open_table_location("iceberg", name)
            catalog = client.get_open_table_catalog("iceberg")
            properties = client.config.iceberg_table_properties
            iceberg.make(catalog, f"{client.dataset_name}.{name}", location, staged, properties)
            return
        if self._load_table["write_disposition"] == "append":
            iceberg.append(table, staged)
        else:
            iceberg.merge(table, staged)


class LakeClient(FilesystemClient):
    """dlt's client of a filesystem, with the jobs of this module."""

    @staticmethod
    def get_reference_followup_job_class(
        table: PreparedTableSchema,
    ) -> type[ReferenceFollowupJob] | None:
        """Return the job that loads the files of a table."""
        jobs = {"delta": DeltaJob, "iceberg": IcebergJob}
        return jobs.get(str(table.get("table_format")))


class lake(filesystem):  # noqa: N801 - named like dlt's own destinations
    """dlt's filesystem destination, for Delta or Iceberg tables.

    Args:
        bucket_url: where the tables are; unset, dlt's configuration of `filesystem` tells.
        table_format: `delta` or `iceberg`; unset, `destination.filesystem.table_format` tells.
        settings: all else that `dlt.destinations.filesystem` takes.

    Raises:
        UnfitDestinationError: the table format is none of these.
    """

    __orig_base__: ClassVar = filesystem
    """Tells dlt of which signature the arguments are."""

    def __init__(
        self,
        bucket_url: str = "",
        table_format: str | None = None,
        **settings: Any,  # noqa: ANN401 - dlt's, of any type
    ) -> None:
        chosen = table_format or dlt.config.get("destination.filesystem.table_format")
        if chosen not in FORMATS:
            what = f"destination.filesystem.table_format is {chosen!r}"
            raise UnfitDestinationError(what, f"Choose from: {', '.join(FORMATS)}.")
        settings.setdefault("destination_name", "filesystem")
        if bucket_url:
            settings["bucket_url"] = bucket_url
        super().__init__(preferred_table_format=chosen, **settings)

    @property
    def client_class(self) -> type[FilesystemClient]:
        """Return the client, whose merge takes marks."""
        return LakeClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = super()._raw_capabilities()
        caps.supported_merge_strategies = [_MERGE]
        caps.merge_strategies_selector = _as_supported
        return caps


lake.register()


def _as_supported(
    supported: Sequence[TLoaderMergeStrategy], /, *, table_schema: TTableSchema
) -> Sequence[TLoaderMergeStrategy]:
    del table_schema
    return supported


def _true_rows_have(table: PreparedTableSchema) -> str | None:
    column = table.get(TRUE_ROWS_HAVE)
    return None if column is None else str(column)


def _is_ours(table: PreparedTableSchema) -> bool:
    """Another source may load through this destination; its tables are merged by dlt's rules."""
    return table["write_disposition"] == "append" or TRUE_ROWS_HAVE in table
