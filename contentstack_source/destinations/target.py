"""Where a run loads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.runtime.collector_base import Collector
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.dlt_compat import resolved_once

TABLE_FORMAT: Final = "destination.filesystem.table_format"


@dataclass(frozen=True)
class Target:
    """Where a run loads to.

    Attributes:
        destination: a dlt destination: its name, or one made.
        dataset: the dataset, a schema in most warehouses.
        pipelines_dir: where dlt keeps its working directories; None for dlt's default.
        pipeline_name: names the working directory and the state at the destination.
    """

    destination: Any = "duckdb"
    dataset: str = "contentstack"
    pipelines_dir: str | None = None
    pipeline_name: str = "contentstack"

    @property
    def folder(self) -> Path:
        """Return where dlt's working directory is, and what is kept beside it."""
        return Path(self.pipelines_dir or get_dlt_pipelines_dir())

    def arguments(self) -> list[str]:
        """Return the options of our own command that lead here; the destination is a name."""
        options = {
            "--destination": str(self.destination),
            "--dataset": self.dataset,
            "--pipeline-name": self.pipeline_name,
            "--pipelines-dir": self.pipelines_dir,
        }
        return [part for name, value in options.items() if value for part in (name, value)]

    def pipeline(self, progress: Collector | None = None) -> Pipeline:
        """Return the pipeline that loads there."""
        chosen: dict[str, Any] = {"progress": progress} if progress else {}
        pipeline = dlt.pipeline(
            pipeline_name=self.pipeline_name,
            pipelines_dir=str(self.folder),
            destination=resolved_once(self._destination()),
            dataset_name=self.dataset,
            **chosen,
        )
        if not isinstance(pipeline, Pipeline):
            raise TypeError
        return pipeline

    @contextmanager
    def temporary_pipeline(self) -> Iterator[Pipeline]:
        """Lend the pipeline with a temporary working directory, for reading beside a run."""
        with TemporaryDirectory(prefix="contentstack_read_") as folder:
            pipeline = replace(self, pipelines_dir=folder).pipeline()
            try:
                yield pipeline
            finally:
                if pipeline.is_active:
                    pipeline.deactivate()

    def reader(self) -> dlt.Dataset:
        """Return the dataset, to be read without a working folder; no file stays open."""
        return dlt.dataset(self._destination(), self.dataset)

    def _destination(self) -> Any:  # noqa: ANN401 - dlt takes names and factories
        if self.destination == "filesystem" and dlt.config.get(TABLE_FORMAT) is not None:
            from contentstack_source.destinations.lake import lake  # noqa: PLC0415 - only where it is wanted

            return lake()
        return self._warehouse()

    def _warehouse(self) -> Any:  # noqa: ANN401
        """Avoid a DuckDB file named like the schema: DuckDB cannot distinguish them."""
        is_named_by_dlt = dlt.secrets.get("destination.duckdb.credentials") is None
        if self.destination == "duckdb" and self.pipeline_name == self.dataset and is_named_by_dlt:
            return dlt.destinations.duckdb(f"{self.pipeline_name}_warehouse.duckdb")
        return self.destination
