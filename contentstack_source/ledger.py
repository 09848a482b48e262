"""The ledger: a row in `sync_runs` for every run, the failed ones too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import dlt
import orjson
import pyarrow as pa
from dlt.common import logger
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.guard import SOURCE
from contentstack_source.hints import silence_json_notice
from contentstack_source.position import SYNC, parse_position

_TABLE: Final = "sync_runs"
COLUMNS: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "started_at": ("timestamp", pa.timestamp("us", "UTC")),
    "ended_at": ("timestamp", pa.timestamp("us", "UTC")),
    "outcome": ("text", pa.string()),
    "error": ("text", pa.string()),
    "passes": ("bigint", pa.int64()),
    "pages": ("bigint", pa.int64()),
    "requests": ("bigint", pa.int64()),
    "retries": ("bigint", pa.int64()),
    "events": ("json", pa.string()),
    "rows_put": ("bigint", pa.int64()),
    "rows_removed": ("bigint", pa.int64()),
    "rejects": ("bigint", pa.int64()),
    "token_before": ("text", pa.string()),
    "token_after": ("text", pa.string()),
}


@dataclass(frozen=True)
class Entry:
    """What the ledger keeps of a run; see the reference for each column."""

    values: Mapping[str, Any]

    def to_arrow(self) -> pa.Table:
        """Return the one row."""
        arrays = {
            name: pa.array([self.values.get(name)], arrow_type)
            for name, (_, arrow_type) in COLUMNS.items()
        }
        return pa.table(arrays)


def record(pipeline: Pipeline, values: Mapping[str, Any]) -> None:
    """Add a run to the ledger; a ledger that cannot be written breaks no run.

    A dataset that does not exist yet is not made for a run that failed.
    """
    if not pipeline.schema_names:
        return
    events = orjson.dumps(values.get("events") or {}).decode()
    entry = Entry({**values, "events": events})
    silence_json_notice()
    try:
        if pipeline.has_pending_data:
            pipeline.abort_packages()  # what broke is not to be loaded along with its record
        pipeline.run(_source(entry))
    except Exception as error:  # noqa: BLE001 - the run itself is over, well or badly
        logger.warning(f"The run could not be recorded in {_TABLE}: {type(error).__name__}")


def token_fingerprint(pipeline: Pipeline) -> str | None:
    """Return twelve characters that tell tokens apart and give none away."""
    source = pipeline.state.get("sources", {}).get(SOURCE, {})
    position = parse_position(source.get("resources", {}).get(SYNC, {}))
    if position is None:
        return None
    tokens = ",".join(token for _, token in sorted(position.tokens.items()))
    return hashlib.sha256(tokens.encode()).hexdigest()[:12]


def _source(entry: Entry) -> Any:  # noqa: ANN401 - a dlt source
    @dlt.source(name=SOURCE, section=SOURCE)
    def ledger() -> Any:  # noqa: ANN401
        columns: Any = [{"name": name, "data_type": kind} for name, (kind, _) in COLUMNS.items()]
        return dlt.resource(
            [entry.to_arrow()], name=_TABLE, write_disposition="append", columns=columns
        )

    return ledger()
