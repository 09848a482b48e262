"""Runs: until caught up, and what there is to say about them."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dlt
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.runtime.collector_base import Collector
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.exceptions import PipelineStepFailed

from contentstack_source.errors import ContentstackError, FailedError, SettingsError
from contentstack_source.passes import Report
from contentstack_source.position import SYNC, Position, forget_tokens, parse_position
from contentstack_source.source import contentstack_source

_SOURCE: Final = "contentstack"
_MOST_PASSES: Final = 50
"""A stack that changes faster than it can be read is caught up with in the next run."""


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

    def pipeline(self, progress: Collector | None = None) -> dlt.Pipeline:
        """Return the pipeline that loads there."""
        chosen: dict[str, Any] = {"pipelines_dir": self.pipelines_dir, "progress": progress}
        return dlt.pipeline(
            pipeline_name=self.pipeline_name,
            destination=self._destination(),
            dataset_name=self.dataset,
            **{name: value for name, value in chosen.items() if value is not None},
        )

    def _destination(self) -> Any:  # noqa: ANN401 - dlt takes names and factories
        """DuckDB cannot tell a schema from a file of the same name; dlt would name both alike."""
        is_named_by_dlt = dlt.secrets.get("destination.duckdb.credentials") is None
        if self.destination == "duckdb" and self.pipeline_name == self.dataset and is_named_by_dlt:
            return dlt.destinations.duckdb(f"{self.pipeline_name}_warehouse.duckdb")
        return self.destination


@dataclass
class Summary:
    """What a run did.

    Attributes:
        passes: passes that moved the stream.
        events: events received, by type.
        row_counts: rows in each table now.
        is_caught_up: False if the stack changed all the time.
    """

    passes: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0
    rejects: int = 0
    seconds: float = 0.0
    is_caught_up: bool = False
    events: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    without_model: set[str] = field(default_factory=set)
    model_error: str = ""
    row_counts: dict[str, int] = field(default_factory=dict)

    def add(self, report: Report) -> None:
        """Add one pass."""
        self.passes += report.has_moved
        self.pages += report.pages
        self.requests += report.requests
        self.retries += report.retries
        self.rejects += report.rejects
        self.events.update(report.events)
        self.unknown.update(report.findings.unknown)
        self.variants.update(report.findings.variants)
        self.without_model.update(report.findings.without_model)
        self.model_error = self.model_error or report.model_error


@dataclass(frozen=True)
class Status:
    """Where a stream stands.

    Attributes:
        position: None if nothing was ever loaded.
        row_counts: rows in each table now.
    """

    position: Position | None
    row_counts: dict[str, int]


def sync(target: Target, progress: Collector | None = None) -> Summary:
    """Load what changed, again and again until nothing did.

    Raises:
        RefusedError: a human must act.
        FailedError: worth trying again; the next run goes on where this one stopped.
    """
    started = time.monotonic()
    summary = Summary()
    with one_line_errors():
        pipeline = target.pipeline(progress)
        for _ in range(_MOST_PASSES):
            report = _run_once(pipeline)
            if report is None:
                continue
            summary.add(report)
            if not report.has_moved:
                summary.is_caught_up = True
                break
        summary.row_counts = _row_counts(pipeline)
    summary.seconds = time.monotonic() - started
    return summary


def resync(target: Target, progress: Collector | None = None) -> Summary:
    """Load everything anew and remove what is no longer there, whatever the state says.

    Raises:
        RefusedError: a human must act.
        FailedError: worth trying again; the next run goes on with the resync.
    """
    with one_line_errors():
        pipeline = target.pipeline()
        pipeline.sync_destination()
        shutil.rmtree(
            Path(pipeline.pipelines_dir) / f".{pipeline.pipeline_name}.spool", ignore_errors=True
        )
        with pipeline.managed_state() as state:
            forget_tokens(state.get("sources", {}).get(_SOURCE, {}))
    return sync(target, progress)


def status(target: Target) -> Status:
    """Return where the stream stands at the destination; writes nothing there.

    Raises:
        FailedError: the destination cannot be read.
    """
    with one_line_errors():
        pipeline = target.pipeline()
        pipeline.sync_destination()
        source = pipeline.state.get("sources", {}).get(_SOURCE, {})
        state = source.get("resources", {}).get(SYNC, {})
        return Status(parse_position(state), _row_counts(pipeline))


def _run_once(pipeline: dlt.Pipeline) -> Report | None:
    """Run one pass; None if an earlier run had left a load to finish, which is done now."""
    source = contentstack_source()
    pipeline.run(source)
    report: Report | None = source.resources[SYNC].custom_metrics.get("report")
    return report


def _row_counts(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Count the rows of all tables but dlt's own, in one query."""
    if not pipeline.default_schema_name:
        return {}
    tables = sorted(pipeline.default_schema.data_table_names(seen_data_only=True))
    try:
        with pipeline.sql_client() as client:
            counts = [
                f"SELECT '{name}', count(*) FROM {client.make_qualified_table_name(name)}"
                for name in tables
            ]
            rows = client.execute_sql(" UNION ALL ".join(counts)) if counts else []
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
        return {}
    return dict(sorted((str(name), int(count)) for name, count in rows or []))


class one_line_errors:  # noqa: N801 - used like a function
    """Turn whatever dlt raises into one error of the tree, with its cause kept."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, ContentstackError):
            return
        chain = list(_chain(error))
        for each in chain:
            if isinstance(each, ContentstackError):
                raise each from error
            if isinstance(each, ConfigFieldMissingException):
                raise _missing(each) from error
        if isinstance(error, Exception):
            raise _failed(error, chain[-1]) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, the root last."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or (
            seen.exception if isinstance(seen, PipelineStepFailed) else seen.__context__
        )


def _missing(error: ConfigFieldMissingException) -> SettingsError:
    names = ", ".join(error.traces)
    return SettingsError(
        f"No value for {names}",
        "Put it into .dlt/secrets.toml or .dlt/config.toml under [sources.contentstack], or into "
        "the environment as SOURCES__CONTENTSTACK__<NAME>.",
    )


def _failed(error: Exception, root: BaseException) -> ContentstackError:
    if "Ambiguous reference to catalog or schema" in str(root):
        what = "The DuckDB file and the dataset have the same name, which DuckDB cannot tell apart"
        return SettingsError(what, "Choose another --dataset, or another file.")
    step = f" in the step {error.step}" if isinstance(error, PipelineStepFailed) else ""
    reason = (str(root).strip() or type(root).__name__).splitlines()[0][:300]
    return FailedError(
        f"The run failed{step}: {type(root).__name__}: {reason}",
        "Run again: it goes on where it stopped. With --debug the whole trace is shown.",
    )
