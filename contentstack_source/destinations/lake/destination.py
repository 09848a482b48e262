"""A destination of Delta or Iceberg tables: dlt's filesystem with the merge rule of `tombstones`.

dlt merges such tables by upsert, in Iceberg a thousand rows at a time, and neither deletes a row
by a tombstone. Here one commit of the format does it for a table: what the load names goes, its
rows come.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TLoaderMergeStrategy, TTableFormat, TTableSchema
from dlt.destinations.impl.filesystem.factory import filesystem
from dlt.destinations.impl.filesystem.filesystem import (
    DeltaLoadFilesystemJob,
    FilesystemClient,
    IcebergLoadFilesystemJob,
    ReferenceFollowupJob,
    TableFormatLoadFilesystemJob,
)

from contentstack_source.destinations.dlt_compat import client_of, load_table_of
from contentstack_source.destinations.lake.load_files import DATA_ROWS_HAVE, ID, ROWS_GO_BY, Staged
from contentstack_source.errors import UnsupportedDestinationError

FORMATS: Final = ("delta", "iceberg")
_MERGE: Final = "delete-insert"


class DeltaJob(DeltaLoadFilesystemJob):
    """Loads the files of one table into a Delta table."""

    def run(self) -> None:
        """Merge or append in one commit; a table that is not there yet is made."""
        from contentstack_source.destinations.lake import delta  # noqa: PLC0415 - one of the two may do

        if not _is_ours(self._load_table):
            super().run()
            return
        client, staged = self._job_client, _staged(self)
        table = _table(self, "delta")
        if table is None:
            location = client.get_open_table_location("delta", self.load_table_name)
            delta.make(location, staged, client.config)
        elif _only_adds(self._load_table):
            delta.append(table, staged)
        else:
            delta.merge(table, staged)


class IcebergJob(IcebergLoadFilesystemJob):
    """Loads the files of one table into an Iceberg table."""

    def run(self) -> None:
        """Merge or append in one commit; a table that is not there yet is made."""
        from contentstack_source.destinations.lake import iceberg  # noqa: PLC0415 - likewise

        if not _is_ours(self._load_table):
            super().run()
            return
        client, staged = self._job_client, _staged(self)
        table = _table(self, "iceberg")
        if table is None:
            location = client.get_open_table_location("iceberg", self.load_table_name)
            catalog = client.get_open_table_catalog("iceberg")
            identifier = f"{client.dataset_name}.{self.load_table_name}"
            properties = client.config.iceberg_table_properties
            iceberg.make(catalog, identifier, location, staged, properties)
        elif _only_adds(self._load_table):
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

    def drop_tables(self, *tables: str, delete_schema: bool = True) -> None:
        """Drop tables, for `refresh`; where the staging dataset does not exist, there are none.

        dlt reads stored schemas there, and fails if it does not exist yet.
        """
        with suppress(DestinationUndefinedEntity):
            super().drop_tables(*tables, delete_schema=delete_schema)


class lake(filesystem):  # noqa: N801 - named like dlt's own destinations
    """dlt's filesystem destination, for Delta or Iceberg tables.

    Args:
        bucket_url: where the tables are; unset, from dlt's configuration of `filesystem`.
        table_format: `delta` or `iceberg`; unset, `destination.filesystem.table_format`.
        settings: all else that `dlt.destinations.filesystem` takes.

    Raises:
        UnsupportedDestinationError: the table format is none of these.
    """

    __orig_base__: ClassVar = filesystem
    """The class whose signature dlt reads."""

    def __init__(
        self,
        bucket_url: str = "",
        table_format: str | None = None,
        **settings: Any,  # noqa: ANN401 - dlt's, of any type
    ) -> None:
        chosen = table_format or dlt.config.get("destination.filesystem.table_format")
        if chosen not in FORMATS:
            message = f"destination.filesystem.table_format is {chosen!r}"
            raise UnsupportedDestinationError(message, f"Choose from: {', '.join(FORMATS)}.")
        settings.setdefault("destination_name", "filesystem")
        if bucket_url:
            settings["bucket_url"] = bucket_url
        super().__init__(preferred_table_format=chosen, **settings)

    @property
    def client_class(self) -> type[FilesystemClient]:
        """Return the client, whose merge knows tombstones."""
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


def _staged(job: TableFormatLoadFilesystemJob) -> Staged:
    table = load_table_of(job)
    column = table.get(DATA_ROWS_HAVE)
    goes_by = str(table.get(ROWS_GO_BY) or ID)
    return Staged(job.file_paths, None if column is None else str(column), goes_by)


def _table(job: TableFormatLoadFilesystemJob, table_format: TTableFormat) -> Any:  # noqa: ANN401
    """Return the table of a job, as its library has it; None if it is not there yet."""
    try:
        return client_of(job).load_open_table(table_format, job.load_table_name)
    except DestinationUndefinedEntity:
        return None


def _only_adds(table: PreparedTableSchema) -> bool:
    return table["write_disposition"] == "append"


def _is_ours(table: PreparedTableSchema) -> bool:
    """Another source may load through this destination; its tables are merged by dlt's rules."""
    return _only_adds(table) or DATA_ROWS_HAVE in table
