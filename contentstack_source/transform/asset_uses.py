"""Assets that the text and the JSON of an entry name, found by SQL.

An asset is named by its address, whose path is `/v3/assets/<stack>/<uid>/` on any host, by an
attribute of HTML such as `data-sys-asset-uid`, or by an object of JSON that is the asset itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contentstack_source.events import SYS_ASSETS
from contentstack_source.transform.json_sql import literal
from contentstack_source.transform.table_plan import ORDINAL

NAMES_ASSETS: Final = "names_assets"
"""Column of the relation of entries: whether an entry may name an asset at all."""

_AT_ONCE: Final = 60
"""Fields that one statement searches: the time to plan it grows with their square."""

# JSON within text escapes slashes and quotes; an address in a parameter of another one has %2F.
_SLASH: Final = r"(?:\\*/|%2[Ff])"
_PATH: Final = rf"{_SLASH}v3{_SLASH}assets{_SLASH}[^/\s\"'<>\\?%]+{_SLASH}"
_ATTRIBUTE: Final = r"asset[-_]uid\s*=\s*\\*[\"']?"
_UID: Final = r"([A-Za-z0-9_-]+)"


@dataclass(frozen=True)
class Text:
    """A field of text to search.

    Attributes:
        field_path: its path, as an expression.
        sql: the expression of the text.
        known: the expression of an asset that the object around it is; not found once more.
    """

    field_path: str
    sql: str
    known: str = "NULL"


def may_name(text: str) -> str:
    """Return the condition that text or JSON may name an asset; cheap, and never wrongly false."""
    return f"contains({text}, 'asset')"


NODE_MAY_NAME: Final = (
    f"({may_name('node.value')} AND (node.type = 'VARCHAR' OR"
    f" node.type = 'OBJECT' AND contains(node.value, '\"{SYS_ASSETS}\"')))"
)
"""The condition that a node of `json_tree` may name an asset by itself."""


def uid_of(address: str) -> str:
    """Return the expression for the asset that an address leads to; NULL or empty if to none."""
    pattern = literal(_PATH + _UID)
    return f"CASE WHEN {may_name(address)} THEN regexp_extract({address}, {pattern}, 1) END"


def in_texts(view: str, root: str, guard: str, texts: Sequence[Text]) -> Iterator[str]:
    """Yield the statements for the assets that fields of text name, in the order of each text.

    Args:
        view: the relation of a table's rows.
        root: its column that names the entry.
        guard: the condition that a row may name an asset.
        texts: fields of it.
    """
    for first in range(0, len(texts), _AT_ONCE):
        fields = ", ".join(
            f"{{'field_path': {each.field_path}, 'known': CAST({each.known} AS VARCHAR),"
            f" 'text': CASE WHEN {may_name(each.sql)} THEN {each.sql} END}}"
            for each in texts[first : first + _AT_ONCE]
        )
        yield _rows(
            f"SELECT root, {ORDINAL}, 0 AS id, field_path, known, {_all_uids('text')} AS uids"
            f" FROM (SELECT {root} AS root, {ORDINAL}, unnest(list_filter([{fields}],"
            f" lambda field: field.text IS NOT NULL), recursive := true)"
            f" FROM {view} WHERE {guard})"
        )


def in_json(view: str, root: str, guard: str, json: str, field_path: str) -> str:
    """Return the statement for the assets that a field of JSON names, in the order of the JSON.

    Args:
        view: the relation of a table's rows.
        root: its column that names the entry.
        guard: the condition that a row may name an asset.
        json: the expression of the field.
        field_path: its path, as an expression.
    """
    return in_nodes(
        f"SELECT field.root, field.{ORDINAL}, node.id, node.type, node.value"
        f" FROM (SELECT {root} AS root, {ORDINAL}, {json} AS json FROM {view}"
        f" WHERE {guard} AND {may_name(json)}) AS field, json_tree(field.json) AS node"
        f" WHERE {NODE_MAY_NAME}",
        field_path,
    )


def in_nodes(nodes: str, field_path: str) -> str:
    """Return the statement for the assets that nodes of `json_tree` name.

    Args:
        nodes: a query for root, ordinal, id, type and value of nodes that may name assets.
        field_path: the path of the field, as an expression.
    """
    text = "(value->>'$')"
    return _rows(
        f"SELECT root, {ORDINAL}, id, {field_path} AS field_path, NULL AS known,"
        f" CASE WHEN type = 'VARCHAR' THEN {_all_uids(text)}"
        f" WHEN (value->>'_content_type_uid') = '{SYS_ASSETS}' THEN [value->>'uid'] END AS uids"
        f" FROM ({nodes})"
    )


def _rows(found: str) -> str:
    """Return the statement that makes a reference of each uid in `uids`."""
    return (
        f"SELECT root, {ORDINAL}, [id, number] AS place, true AS is_mention, field_path,"
        f" 'asset' AS kind, uid AS to_uid, '{SYS_ASSETS}' AS to_content_type_uid,"
        f" CAST(NULL AS VARCHAR) AS to_url FROM ("
        f"SELECT * EXCLUDE (uids), unnest(uids) AS uid, generate_subscripts(uids, 1) AS number"
        f" FROM ({found})) WHERE uid <> '' AND uid IS DISTINCT FROM known"
    )


def _all_uids(text: str) -> str:
    pattern = literal(f"(?:{_PATH}|{_ATTRIBUTE}){_UID}")
    return f"regexp_extract_all({text}, {pattern}, 1)"
