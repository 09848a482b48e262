"""Links: whatever an entry points at, found where its rows lie open.

A row of `entry_references` is a reference, a file, a link field, or an embed or link in JSON rich
text. The sheets of an entry's tables know where such fields are; one statement reads them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from contentstack_source import columns
from contentstack_source.events import SYS_ASSETS
from contentstack_source.model import Group, Value
from contentstack_source.opening import Seen, Text
from contentstack_source.sheet import ORDINAL, Sheet, is_rich_text
from contentstack_source.store import ask

TABLE: Final = "entry_references"

TYPES: Final = {
    "_dlt_id": "text",
    "_dlt_root_id": "text",
    "content_type_uid": "text",
    "uid": "text",
    "locale": "text",
    "field_path": "text",
    "position": "bigint",
    "kind": "text",
    "to_uid": "text",
    "to_content_type_uid": "text",
    "to_url": "text",
}
"""Types of the columns of the table."""

_LEADS: Final = ("entry-uid", "asset-uid", "url", "href", "src")
_ATTRS: Final = columns.struct_of(dict.fromkeys((*_LEADS, "content-type-uid"), "VARCHAR"))


@dataclass(frozen=True)
class _Target:
    """Where a link leads, as expressions of text; an entry and an asset have no address.

    Attributes:
        uid: of the entry or asset.
        content_type_uid: of the entry; `sys_assets` for an asset.
        url: an address.
    """

    uid: str = "NULL"
    content_type_uid: str = "NULL"
    url: str = "NULL"

    def fields(self, path: tuple[str, ...]) -> dict[str, str]:
        """Return the columns of a link; `kind` is NULL where there is none."""
        is_object = f"{self.uid} <> ''"
        # A key may hold U+0000, which would end the statement.
        field_path = ".".join(path).replace("\x00", "\ufffd")
        kind = f"CASE {self.content_type_uid} WHEN '{SYS_ASSETS}' THEN 'asset' ELSE 'entry' END"
        return {
            "field_path": columns.literal(field_path),
            "kind": f"CASE WHEN {is_object} THEN {kind} WHEN {self.url} <> '' THEN 'url' END",
            "to_uid": f"CAST(nullif({self.uid}, '') AS VARCHAR)",
            "to_content_type_uid": (
                f"CAST(CASE WHEN {is_object} THEN {self.content_type_uid} END AS VARCHAR)"
            ),
            "to_url": f"CAST(CASE WHEN {is_object} THEN NULL ELSE {self.url} END AS VARCHAR)",
        }


_NONE: Final = f"SELECT '' AS root, CAST([] AS BIGINT[]) AS {ORDINAL}, " + ", ".join(
    f"{sql} AS {name}" for name, sql in _Target().fields(()).items()
)


class Links:
    """The links of entries whose rows one connection holds.

    Args:
        con: where the relations of their sheets are.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._found: list[str] = []

    def look(self, sheet: Sheet) -> None:
        """Note where a sheet has links; its relation must stay until they are read."""
        view, root = sheet.opening.view, sheet.root_id
        targets = [target.fields((*sheet.within, *path)) for path, target in _targets(sheet)]
        if targets:
            structs = ", ".join(map(_struct, targets))
            self._found.append(
                f"SELECT root, {ORDINAL}, unnest(links, recursive := true) FROM ("
                f"SELECT {root} AS root, {ORDINAL},"
                f" list_filter([{structs}], lambda link: link.kind IS NOT NULL) AS links"
                f" FROM {view})"
            )
        self._found += [
            _in_rich_text(view, root, seen.piece, (*sheet.within, *path))
            for path, seen in sheet.seen.items()
            if is_rich_text(seen)
        ]

    def read(self, roots: Sheet) -> pa.Table:
        """Return all links found, as rows of the table.

        Args:
            roots: the sheet of the entries' own rows.
        """
        found = " UNION ALL ".join(self._found) or _NONE
        return ask(
            self._con,
            f"""
            SELECT left(md5(concat_ws(chr(31), root, field_path, position)), 24) AS _dlt_id,
                root AS _dlt_root_id, content_type_uid, uid, locale,
                field_path, position, kind, to_uid, to_content_type_uid, to_url
            FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY root, field_path ORDER BY {ORDINAL}, kind, to_uid
                ) - 1 AS position
                FROM ({found}) WHERE kind IS NOT NULL
            ) JOIN (
                SELECT _dlt_id AS root, content_type_uid, uid, locale FROM {roots.opening.view}
            ) USING (root)
            """,
            duckdb.DuckDBPyConnection.to_arrow_table,
        )


def _targets(sheet: Sheet) -> Iterator[tuple[tuple[str, ...], _Target]]:
    """Yield the fields of a sheet that are one link each, and where they lead."""
    for path, seen in sheet.seen.items():
        if isinstance(seen.node, Value) and seen.node.holds == "asset":
            yield path, _Target(uid=_text(seen), content_type_uid=f"'{SYS_ASSETS}'")
        elif path[-1:] == ("_content_type_uid",) and (uid := sheet.seen.get((*path[:-1], "uid"))):
            yield path[:-1], _Target(uid=_text(uid), content_type_uid=_text(seen))
        elif path[-1:] == ("href",):
            link = sheet.seen.get(path[:-1])
            if link and isinstance(link.node, Group) and link.node.is_link:
                yield path[:-1], _Target(url=_text(seen))


def _in_rich_text(view: str, root: str, piece: str, path: tuple[str, ...]) -> str:
    """Return the statement for the embeds and links of a field of JSON rich text.

    Its nodes tell in `attrs` where they lead; the ids that `json_tree` gives follow the text, which
    a path like `$..attrs` does not. Most documents lead nowhere, and no tree is made of them.
    """
    target = _Target(
        uid='coalesce(nullif(attrs."entry-uid", \'\'), attrs."asset-uid")',
        content_type_uid=(
            f'CASE WHEN attrs."entry-uid" <> \'\' THEN attrs."content-type-uid"'
            f" ELSE '{SYS_ASSETS}' END"
        ),
        url="coalesce(nullif(attrs.url, ''), nullif(attrs.href, ''), attrs.src)",
    )
    selected = ", ".join(f"{sql} AS {name}" for name, sql in target.fields(path).items())
    return (
        f"SELECT root, {ORDINAL}, {selected} FROM ("
        f"SELECT row.root, list_append(row.{ORDINAL}, node.id) AS {ORDINAL},"
        f" from_json(node.value, {_ATTRS}) AS attrs FROM ("
        f"SELECT {root} AS root, {ORDINAL}, {piece} AS document FROM {view}"
        f" WHERE {_leads(piece)}) AS row, json_tree(row.document) AS node"
        f" WHERE node.key = 'attrs' AND node.type = 'OBJECT' AND {_leads('node.value')})"
    )


def _leads(json: str) -> str:
    """Return the condition that JSON may say where something leads."""
    return "(" + " OR ".join(f"contains({json}, '\"{word}\"')" for word in _LEADS) + ")"


def _struct(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in fields.items()) + "}"


def _text(seen: Seen) -> str:
    return seen.piece if isinstance(seen.piece, Text) else columns.scalar(seen.piece, "text")
