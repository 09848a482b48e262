"""References: whatever an entry points at, found in its flattened rows.

A row of `entry_references` is a reference, a file, a link field, an embed or link in JSON rich
text, or an asset that text or JSON names. The plans of an entry's tables know where such fields
are; one statement reads them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from contentstack_source.events import SYS_ASSETS
from contentstack_source.transform import asset_uses, json_sql
from contentstack_source.transform.content_model import Group, Value
from contentstack_source.transform.engine import ask
from contentstack_source.transform.flatten import Seen, Text
from contentstack_source.transform.json_sql import STRING
from contentstack_source.transform.table_plan import ORDINAL, TablePlan, is_rich_text

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

_LEADS: Final = ("entry-uid", "asset-uid", "asset-link", "url", "href", "src")
_ATTRS: Final = json_sql.struct_of(dict.fromkeys((*_LEADS, "content-type-uid"), "VARCHAR"))


def _path(path: tuple[str, ...]) -> str:
    """Return the path of a field as an expression."""
    # A key may hold U+0000, which would end the statement.
    return json_sql.literal(".".join(path).replace("\x00", "\ufffd"))


@dataclass(frozen=True)
class _Target:
    """Where a reference leads, as expressions of text.

    Attributes:
        uid: of the entry or asset.
        content_type_uid: of the entry; `sys_assets` for an asset.
        url: an address, which counts where there is no uid; that of an asset leads to the asset.
    """

    uid: str = "NULL"
    content_type_uid: str = "NULL"
    url: str = "NULL"

    def asset(self) -> str:
        """Return the expression for the uid of an asset, NULL where it is none."""
        return f"CASE WHEN {self.content_type_uid} = '{SYS_ASSETS}' THEN {self.uid} END"

    def fields(self, path: tuple[str, ...]) -> dict[str, str]:
        """Return the columns of a reference; `kind` is NULL where there is none."""
        is_object = f"{self.uid} <> ''"
        asset = "NULL" if self.url == "NULL" else asset_uses.uid_of(self.url)
        is_asset = f"{asset} <> ''"
        kind = f"CASE {self.content_type_uid} WHEN '{SYS_ASSETS}' THEN 'asset' ELSE 'entry' END"
        return {
            "field_path": _path(path),
            "kind": (
                f"CASE WHEN {is_object} THEN {kind} WHEN {is_asset} THEN 'asset'"
                f" WHEN {self.url} <> '' THEN 'url' END"
            ),
            "to_uid": f"CAST(coalesce(nullif({self.uid}, ''), nullif({asset}, '')) AS VARCHAR)",
            "to_content_type_uid": (
                f"CAST(CASE WHEN {is_object} THEN {self.content_type_uid}"
                f" WHEN {is_asset} THEN '{SYS_ASSETS}' END AS VARCHAR)"
            ),
            "to_url": f"CAST(CASE WHEN {is_object} THEN NULL ELSE {self.url} END AS VARCHAR)",
        }


_NO_PLACES: Final = "CAST([] AS BIGINT[])"
_NONE: Final = (
    f"SELECT '' AS root, {_NO_PLACES} AS {ORDINAL}, {_NO_PLACES} AS place, false AS is_mention, "
    + ", ".join(f"{sql} AS {name}" for name, sql in _Target().fields(()).items())
)
_ONCE: Final = f"""
    QUALIFY NOT is_mention OR row_number() OVER (
        PARTITION BY root, field_path, {ORDINAL}, kind, to_uid ORDER BY is_mention, place
    ) = 1
"""
"""Text that names an asset twice uses it once; so does a document that also embeds it."""


class References:
    """The references of entries whose rows one connection holds.

    Args:
        con: where the relations of their plans are.
        roots: the plan of the entries' own rows.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, roots: TablePlan) -> None:
        self._con = con
        self._roots = roots
        self._found: list[str] = []
        # Where no entry names an asset, no field is searched.
        sql = f"SELECT bool_or({asset_uses.NAMES_ASSETS}) FROM {roots.flattener.view}"
        ((self._names_assets,),) = ask(con, sql, duckdb.DuckDBPyConnection.fetchall)

    def collect(self, plan: TablePlan) -> None:
        """Collect where a plan has references; its relation must stay until they are read."""
        view, root = plan.flattener.view, plan.root_id
        targets = list(_targets(plan))
        if targets:
            structs = ", ".join(
                _struct(target.fields((*plan.within, *path))) for path, target in targets
            )
            self._found.append(
                f"SELECT root, {ORDINAL}, {_NO_PLACES} AS place, false AS is_mention,"
                f" unnest(found, recursive := true) FROM ("
                f"SELECT {root} AS root, {ORDINAL},"
                f" list_filter([{structs}], lambda target: target.kind IS NOT NULL) AS found"
                f" FROM {view})"
            )
        self._found += [
            _in_rich_text(view, root, seen.json_text, (*plan.within, *path))
            for path, seen in plan.seen.items()
            if is_rich_text(seen)
        ]
        if self._names_assets:
            self._found += _mentions(plan, dict(targets))

    def read(self) -> pa.Table:
        """Return all references found, as rows of the table."""
        found = " UNION ALL ".join(self._found) or _NONE
        return ask(
            self._con,
            f"""
            SELECT left(md5(concat_ws(chr(31), root, field_path, position)), 24) AS _dlt_id,
                root AS _dlt_root_id, content_type_uid, uid, locale,
                field_path, position, kind, to_uid, to_content_type_uid, to_url
            FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY root, field_path ORDER BY {ORDINAL}, place, kind, to_uid, to_url
                ) - 1 AS position
                FROM (
                    SELECT * FROM ({found}) WHERE kind IS NOT NULL
                    {_ONCE if self._names_assets else ""}
                )
            ) JOIN (
                SELECT _dlt_id AS root, content_type_uid, uid, locale
                FROM {self._roots.flattener.view}
            ) USING (root)
            """,
            duckdb.DuckDBPyConnection.to_arrow_table,
        )


def _targets(plan: TablePlan) -> Iterator[tuple[tuple[str, ...], _Target]]:
    """Yield the fields of a plan that are one reference each, and where they lead."""
    for path, seen in plan.seen.items():
        uid = plan.seen.get((*path[:-1], "uid"))
        around = plan.seen.get(path[:-1]) if path else None
        if _is_file(seen):
            # Other answers of the service have the whole asset where the Sync API has its uid.
            whole = plan.seen.get((*path, "uid"))
            uids = [_text(each) for each in (seen, whole) if each]
            yield path, _Target(f"coalesce({', '.join(uids)})", f"'{SYS_ASSETS}'")
        elif path[-1:] == ("_content_type_uid",) and uid and not (around and _is_file(around)):
            yield path[:-1], _Target(uid=_text(uid), content_type_uid=_text(seen))
        elif _is_address_of_link(plan, path):
            yield path[:-1], _Target(url=_text(seen))


def _mentions(plan: TablePlan, targets: Mapping[tuple[str, ...], _Target]) -> Iterator[str]:
    """Yield the statements for the assets that text and JSON of a plan name."""
    view, root = plan.flattener.view, plan.root_id
    guard = asset_uses.may_name("element") if plan.within else asset_uses.NAMES_ASSETS
    texts = []
    for path, seen in plan.seen.items():
        field_path = _path((*plan.within, *path))
        if is_rich_text(seen):
            continue
        if path in plan.whole and not isinstance(seen.json_text, Text):
            yield asset_uses.in_json(view, root, guard, seen.json_text, field_path)
        elif seen.kinds & STRING and not _is_address_of_link(plan, path):
            around = targets.get(path[:-1]) if path else None
            known = around.asset() if around else "NULL"
            texts.append(asset_uses.Text(field_path, _text(seen), known))
    yield from asset_uses.in_texts(view, root, guard, texts)


def _is_file(seen: Seen) -> bool:
    return isinstance(seen.node, Value) and seen.node.holds == "asset"


def _is_address_of_link(plan: TablePlan, path: tuple[str, ...]) -> bool:
    field = plan.seen.get(path[:-1]) if path[-1:] == ("href",) else None
    return field is not None and isinstance(field.node, Group) and field.node.is_link


def _in_rich_text(view: str, root: str, json_text: str, path: tuple[str, ...]) -> str:
    """Return the statement for the embeds and links of a field of JSON rich text.

    Its nodes have in `attrs` where they lead; the ids that `json_tree` gives follow the text, which
    a path like `$..attrs` does not. Most documents lead nowhere, and no tree is made of them.
    """
    target = _Target(
        uid='coalesce(nullif(attrs."entry-uid", \'\'), attrs."asset-uid")',
        content_type_uid=(
            f'CASE WHEN attrs."entry-uid" <> \'\' THEN attrs."content-type-uid"'
            f" ELSE '{SYS_ASSETS}' END"
        ),
        # The address of an asset comes last: where it leads elsewhere, that is the link.
        url=(
            "coalesce(nullif(attrs.url, ''), nullif(attrs.href, ''), nullif(attrs.src, ''),"
            ' attrs."asset-link")'
        ),
    )
    selected = ", ".join(f"{sql} AS {name}" for name, sql in target.fields(path).items())
    mentions = asset_uses.in_nodes("SELECT * FROM node WHERE NOT is_link", _path(path))
    is_link = f"(node.key = 'attrs' AND node.type = 'OBJECT' AND {_leads('node.value')})"
    return (
        f"SELECT * FROM (WITH node AS MATERIALIZED ("
        f"SELECT row.root, row.{ORDINAL}, node.id, node.type, node.value, {is_link} AS is_link"
        f" FROM (SELECT {root} AS root, {ORDINAL}, {json_text} AS document FROM {view}"
        f" WHERE {_leads(json_text)} OR {asset_uses.may_name(json_text)}) AS row,"
        f" json_tree(row.document) AS node WHERE {is_link} OR {asset_uses.NODE_MAY_NAME})"
        f" SELECT root, {ORDINAL}, place, false AS is_mention, {selected} FROM ("
        f"SELECT root, {ORDINAL}, [CAST(id AS BIGINT)] AS place,"
        f" from_json(value, {_ATTRS}) AS attrs FROM node WHERE is_link)"
        f" UNION ALL {mentions})"
    )


def _leads(json: str) -> str:
    """Return the condition that JSON may have the address of something."""
    return "(" + " OR ".join(f"contains({json}, '\"{word}\"')" for word in _LEADS) + ")"


def _struct(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in fields.items()) + "}"


def _text(seen: Seen) -> str:
    return (
        seen.json_text
        if isinstance(seen.json_text, Text)
        else json_sql.scalar(seen.json_text, "text")
    )
