"""How the tables of a load meet the tables of the destination: dlt's hints, and dlt's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableFormat
from dlt.common.typing import TLoaderFileFormat
from dlt.extract.hints import TResourceHints

from contentstack_source.column_names import ColumnKey, ListPath
from contentstack_source.destinations.lake.load_files import DATA_ROWS_HAVE, ROWS_GO_BY
from contentstack_source.events import ASSET_PUBLISHED, ENTRY_PUBLISHED, EVENT_TYPES
from contentstack_source.schema import ENTRY_REFERENCES, DestinationTable, RowBatch
from contentstack_source.settings import HISTORY

# The rule of `tombstones`, as the conditions dlt puts into its merge. No column names but these
# reach SQL from here, and no values at all.
_ROOT_SCOPE: Final = (
    "_dlt_id IN (SELECT _dlt_id FROM {staging_table})"
    " OR (SELECT count(*) FROM {staging_table} WHERE _dlt_id = '*') > 0"
)
_LIST_SCOPE: Final = _ROOT_SCOPE.replace("_dlt_id", "_dlt_root_id")
_ENTRIES_SCOPE: Final = (
    "_dlt_id IN (SELECT _dlt_id FROM {staging_table})"
    " OR content_type_uid IN"
    " (SELECT content_type_uid FROM {staging_table} WHERE _dlt_id = '*')"
    " OR (SELECT count(*) FROM {staging_table} WHERE content_type_uid = '*') > 0"
)
_REFERENCES_SCOPE: Final = _ENTRIES_SCOPE.replace("_dlt_id", "_dlt_root_id")
_SAME_ROW_SCOPE: Final = "_dlt_id IN (SELECT _dlt_id FROM {staging_table})"

_ONLY_DATA_ROWS: Final = frozenset({"sync_events", "sync_rejects", HISTORY})
"""Logs: nothing is ever deleted from them."""

_LISTS: Final = "x-lists"
"""Hint of a column that holds a list: its fields, and those of the lists in it."""

_FIELD: Final = "x-field"
"""Hint of a column: what it holds, where its name does not spell that."""

_LIST_PATH: Final = "x-list-path"
"""Hint of the table of a list: where the list stands in the content."""

_OWNERS: Final = {
    "assets": ASSET_PUBLISHED,
    "content_types": "content_types",
    "sync_events": "sync_events",
    "sync_rejects": "sync_events",
    HISTORY: HISTORY,
}
RESOURCES: Final = (*EVENT_TYPES, *_OWNERS.values(), "sync_runs")
"""Names of all our resources."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "entries": ("content_type_uid", "uid", "locale"),
    "content_types": ("uid",),
    "sync_events": ("_dlt_id",),
    "sync_rejects": ("_dlt_id",),
    HISTORY: ("_dlt_id",),
}


def hints_of(
    rows: RowBatch,
    *,
    may_append: bool = False,
    file_format: TLoaderFileFormat | None = None,
    lake_format: TTableFormat | None = None,
) -> TResourceHints:
    """Return the hints for rows of a table: keys, types, and how they merge.

    Args:
        rows: all of one table.
        may_append: the destination has no such table, and the caller makes sure that a load
            is never done twice: nothing to merge with.
        file_format: of the files that carry the rows; None for what dlt prefers.
        lake_format: of the table in a lake, whose merge is that of `lake`; None elsewhere.

    Compaction leaves one row per key, but dlt does not know: a load killed at the wrong moment may
    load a file into the staging table twice, and only its deduplication by key corrects that.
    """
    key = ("_dlt_id",) if rows.list_of else key_of(rows.table)
    references = None
    if rows.list_of:
        references = [
            {
                "columns": ["_dlt_root_id"],
                "referenced_table": rows.list_of,
                "referenced_columns": ["_dlt_id"],
            }
        ]
    columns: Any = {name: _column(name, kind) for name, kind in rows.types.items()}
    for name, held in rows.names.hints(rows.types).items() if rows.names else ():
        columns[name][_FIELD] = held.to_json()
    columns |= {name: _list_column(name, lists) for name, lists in rows.lists.items()}
    disposition: Any = "append" if may_append else _disposition(rows)
    if lake_format:  # a table that is new needs no merge there, and may be loaded twice
        disposition = {"disposition": "merge", "strategy": "delete-insert"}
    return dlt.mark.make_hints(
        table_name=rows.table,
        primary_key=key,
        columns=columns,
        write_disposition=disposition,
        references=references,  # type: ignore[arg-type]
        file_format=file_format,
        table_format=lake_format,
        additional_table_hints=(_lake_hints(rows) if lake_format else {}) | _list_hints(rows),
    )


def _list_hints(rows: RowBatch) -> dict[str, Any]:
    return {} if rows.list_path is None else {_LIST_PATH: list(rows.list_path)}


def _lake_hints(rows: RowBatch) -> dict[str, Any]:
    goes_by = {ROWS_GO_BY: "_dlt_root_id"} if rows.table == ENTRY_REFERENCES else {}
    return {DATA_ROWS_HAVE: _filled_in_data_rows(rows) or "_dlt_id", **goes_by}


def count_data_rows(rows: RowBatch) -> int:
    """Count the data rows; the others are tombstones."""
    column, tombstones = _filled_in_data_rows(rows), 0
    if column is not None:
        has_column = column in rows.data.column_names
        tombstones = rows.data[column].null_count if has_column else rows.data.num_rows
    return int(rows.data.num_rows - tombstones)


def key_of(table: str) -> tuple[str, ...]:
    """Return the key columns of a root table."""
    return _KEYS.get(table, ("uid", "locale"))


def owner_of(rows: RowBatch) -> str:
    """Return the resource a table belongs to: several may write it, one upserts its rows."""
    return _OWNERS.get(rows.list_of or rows.table, ENTRY_PUBLISHED)


def existing_tables(schema: Schema) -> dict[str, DestinationTable]:
    """Return the tables of this source that the schema knows, by name, and the lists in columns."""
    found: dict[str, DestinationTable] = {}
    for name, table in schema.tables.items():
        if name.startswith("_dlt"):
            continue
        columns: Mapping[str, Mapping[str, Any]] = table["columns"]
        lists = {n: c[_LISTS] for n, c in columns.items() if _LISTS in c}
        found[name] = DestinationTable(
            {c: str(x.get("data_type")) for c, x in columns.items() if c not in lists},
            next((r["referenced_table"] for r in table.get("references") or ()), None),
            is_content=table.get("resource") in EVENT_TYPES,
            lists={next(iter(held)): column for column, held in lists.items()},
            keys={n: ColumnKey.from_json(c[_FIELD]) for n, c in columns.items() if _FIELD in c},
            list_path=_list_path(table),
        )
        for held in lists.values():
            for list_table, known in held.items():
                found[list_table] = DestinationTable(
                    known["columns"],
                    name,
                    is_column=True,
                    lists=known["lists"],
                    keys={n: ColumnKey.from_json(k) for n, k in known.get("fields", {}).items()},
                    list_path=_list_path(known),
                )
    return found


def _list_path(hints: Mapping[str, Any]) -> ListPath | None:
    return tuple(hints[_LIST_PATH]) if hints.get(_LIST_PATH) else None


def _disposition(rows: RowBatch) -> Any:  # noqa: ANN401 - dlt's type for this is a union of dicts
    if rows.table == ENTRY_REFERENCES:
        scope = _REFERENCES_SCOPE
    elif rows.list_of:
        scope = _LIST_SCOPE
    elif rows.table in _ONLY_DATA_ROWS:
        scope = _SAME_ROW_SCOPE
    else:
        scope = _ENTRIES_SCOPE if rows.table == "entries" else _ROOT_SCOPE
    column = _filled_in_data_rows(rows)
    disposition = {
        "disposition": "merge",
        "strategy": "delete-insert",
        "destination_scope": scope,
    }
    return disposition | ({"source_filter": f"{column} IS NOT NULL"} if column else {})


def _filled_in_data_rows(rows: RowBatch) -> str | None:
    """Return the column that every data row has and no tombstone; None without tombstones."""
    if rows.table == ENTRY_REFERENCES:
        return "field_path"
    if rows.list_of:
        return "_dlt_list_idx"
    if rows.table in _ONLY_DATA_ROWS:
        return None
    return "table_name" if rows.table == "content_types" else "event_at"


def _list_column(name: str, lists: Mapping[str, DestinationTable]) -> dict[str, Any]:
    held = {
        table: {
            "columns": dict(known.columns),
            "lists": dict(known.lists),
            "fields": {name: key.to_json() for name, key in known.keys.items()},
            _LIST_PATH: list(known.list_path or ()),
        }
        for table, known in lists.items()
    }
    return {"name": name, "data_type": "json", _LISTS: held}


def _column(name: str, data_type: str) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "data_type": data_type}
    # All others stay nullable: a tombstone has only its key.
    if name == "_dlt_id":
        column |= {"nullable": False, "row_key": True}
    return column
