"""`contentstack-source docs`: a dataset described, as Markdown with a diagram of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import dlt
import orjson
from dlt.common.schema.typing import TTableSchema

from contentstack_source.dataset.column_docs import ColumnDocs, Table
from contentstack_source.destinations.hints import existing_tables
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import RefusedError
from contentstack_source.naming import OWN_TABLES, Names

_OURS: Final = {
    "uid": "the entry or asset",
    "locale": "the locale it is published in",
    "content_locale": "the locale its content is of: another one where it is a fallback",
    "event_at": "the moment of the event that made the row",
    "title": "title",
    "_version": "version",
    "content_type_uid": "the content type",
    "field_path": "the field of the reference, as a path in the content model",
    "position": "the place among the references of the field, from 0",
    "kind": "`entry`, `asset` or `url`",
    "to_uid": "the entry or asset that the reference leads to",
    "to_content_type_uid": "the content type of what the reference leads to",
    "to_url": "the address that the reference leads to",
    "_dlt_id": "the row",
    "_dlt_parent_id": "`_dlt_id` of the row that holds the list",
    "_dlt_root_id": "`_dlt_id` of the row of the entry or asset",
    "_dlt_list_idx": "the place in the list, from 0",
    "_dlt_load_id": "the load that wrote the row",
}
_HEAD: Final = """\
# The schema of `{dataset}`

Made by `contentstack-source docs`: the tables as dlt knows them, and their fields in the CMS from
the content model. A row of a content type's table is an entry published in a locale; a row of
a list table is an element of a list in it. What all tables have in common is in the reference.

"""


def describe(target: Target) -> str:
    """Return the description of a dataset, as Markdown.

    Args:
        target: where the dataset is.

    Raises:
        RefusedError: nothing has been synced there.
        ContentstackError: the destination cannot be read.
    """
    with one_line_errors():
        dataset = target.reader()
        if "content_types" not in dataset.tables:
            message = f"Nothing has been synced into {target.dataset} yet"
            raise RefusedError(message, "Run `contentstack-source sync` first.")
        models = list(_models(dataset))
        tables = {name: dataset.schema.tables[name] for name in dataset.schema.data_table_names()}
        column_docs = ColumnDocs(Names(dataset.schema.naming), existing_tables(dataset.schema))
    titles = {}
    for uid, title, table, schema in models:
        column_docs.add(uid, table, schema)
        titles[table] = title
    known = {name: each for name, each in column_docs.tables.items() if name in tables}
    parts = [_HEAD.format(dataset=target.dataset), *_diagram(known, {m[0]: m[2] for m in models})]
    for name, each in known.items():
        parts += _section(name, each, tables[name], titles.get(name))
    own = {name for name in tables if name.partition("__")[0] in OWN_TABLES}
    for heading, names in {
        "Tables of the source": own,
        "Lists that the content model does not have": tables.keys() - known.keys() - own,
    }.items():
        parts += [f"## {heading}\n\n"] if names else []
        for name in sorted(names):
            parts += [f"### `{name}`\n\n", *_columns(tables[name], {})]
    return "".join(parts).rstrip() + "\n"


def _models(dataset: dlt.Dataset) -> Iterator[tuple[str, str, str, list[Mapping[str, Any]]]]:
    """Yield uid, title, table and fields of each content type that has a table, by uid."""
    query = "SELECT uid, title, table_name, schema FROM content_types ORDER BY uid"
    for uid, title, table, schema in dataset(query, "duckdb").fetchall():
        fields = orjson.loads(schema) if isinstance(schema, (str, bytes)) else schema
        if table in dataset.tables:
            yield uid, title or uid, table, fields or []


def _diagram(tables: Mapping[str, Table], table_of: Mapping[str, str]) -> Iterator[str]:
    """Yield a diagram of the tables: lists under their owners, and what refers to what."""
    yield "## How they hang together\n\n```mermaid\nerDiagram\n"
    for name, each in tables.items():
        if each.parent:
            yield f"    {each.parent} ||--o{{ {name} : holds\n"
        for uid in each.refers_to:
            if uid in table_of:
                yield f'    {name} }}o--o| {table_of[uid]} : "refers to"\n'
        if each.files:
            yield f'    {name} }}o--o| assets : "{", ".join(each.files)}"\n'
    yield "```\n\n"


def _section(name: str, each: Table, schema: TTableSchema, title: str | None) -> Iterator[str]:
    if not each.parent:
        yield f"## {' '.join(str(title).split())}\n\n"
        yield f"The content type `{each.content_type}`.\n\n### `{name}`\n\n"
    else:
        yield f"### `{name}`\n\nAn element of {each.list_of} in a row of `{each.parent}`."
        leads_to = ", ".join(f"`{uid}`" for uid in each.refers_to)
        yield f" It leads to {leads_to}.\n\n" if leads_to else "\n\n"
    yield from _columns(schema, each.columns)


def _columns(schema: TTableSchema, fields: Mapping[str, str]) -> Iterator[str]:
    yield "| Column | Type | Key | In the CMS |\n|---|---|---|---|\n"
    for name, column in schema["columns"].items():
        key = "key" if column.get("primary_key") else ""
        text = fields.get(name) or _OURS.get(name, "")
        yield f"| `{name}` | {column.get('data_type', '')} | {key} | {text} |\n"
    yield "\n"
