"""What columns and tables mean: which field of the CMS each of them is, by the content model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contentstack_source.column_names import BLOCK_UID, ColumnNames, ListPath
from contentstack_source.naming import Names
from contentstack_source.schema import DestinationTable, lists_in

Field = Mapping[str, Any]
"""A field of a content type's schema, as the service describes it."""

_KINDS: Final = {
    "text": "text",
    "number": "number",
    "boolean": "yes or no",
    "isodate": "date",
    "json": "JSON",
    "file": "file",
    "reference": "reference",
    "link": "link",
    "group": "group",
    "global_field": "global field",
    "blocks": "modular blocks",
    "taxonomy": "taxonomy",
}
_FORMS: Final = ("text", "markdown")
"""The columns that the setting `rich_text` adds for JSON rich text."""
_OURS: Final = ("uid", "locale", "event_at", "content_locale")
"""Columns of a content type's table that no field gets."""
_PARTS: Final = {
    "link": ("title", "href"),
    "reference": ("uid", "_content_type_uid"),
    "taxonomy": ("taxonomy_uid", "term_uid"),
}
"""The columns of what is no single value."""


@dataclass
class Table:
    """What is known of a table.

    Attributes:
        content_type: uid of the content type.
        parent: the table whose rows hold the list; empty for the content type's own.
        list_of: the list, as a path in the content model, and its kind; empty without a list.
        refers_to: uids of content types that a list of references leads to.
        columns: name of a column -> the field of the CMS it is.
        files: columns that hold the uid of an asset.
    """

    content_type: str
    parent: str = ""
    list_of: str = ""
    refers_to: Sequence[str] = ()
    columns: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class ColumnDocs:
    """The docs of every table that content types are loaded into.

    Args:
        names: of the dataset.
        existing: its tables by name: the load has named them and their columns.
    """

    def __init__(self, names: Names, existing: Mapping[str, DestinationTable]) -> None:
        self._names = names
        self._existing = existing
        self._lists: Mapping[ListPath, str] = {}
        self.tables: dict[str, Table] = {}

    def add(self, content_type: str, table: str, schema: Sequence[Field]) -> None:
        """Read the schema of a content type that lands in `table`."""
        self.tables[table] = Table(content_type)
        self._lists = lists_in(table, self._existing)
        self._read(table, schema, (), ())

    def _read(
        self, table: str, fields: Sequence[Field], path: tuple[str, ...], above: tuple[str, ...]
    ) -> None:
        """Read the fields at `path` in a table, whose elements are at `above` in the entry."""
        for each in fields:
            here = (*path, str(each.get("uid")))
            if each.get("multiple") or each.get("data_type") in ("reference", "blocks", "taxonomy"):
                self._read_list(table, each, here, above)
            elif each.get("data_type") in ("group", "global_field"):
                self._read(table, each.get("schema") or [], here, above)
            else:
                self._name(table, each, here, above)

    def _read_list(
        self, table: str, each: Field, here: tuple[str, ...], above: tuple[str, ...]
    ) -> None:
        path = (*above, *here)
        name = self._lists.get(path)
        if name is None:  # no entry has filled it
            return
        known = self.tables[table]
        text = f"{'.'.join(path)} ({_kind(each)})"
        self.tables[name] = Table(known.content_type, table, text, _leads_to(each))
        if each.get("data_type") == "blocks":
            self.tables[name].columns[BLOCK_UID] = "the block, by its uid in the content model"
        for within, fields in _elements(each):
            self._read(name, fields, within, path)
        if each.get("data_type") not in ("group", "global_field", "blocks"):
            self._name(name, each, (), path)

    def _name(self, table: str, each: Field, here: tuple[str, ...], above: tuple[str, ...]) -> None:
        """Note the columns of a single value, or those of an element of a list of such."""
        known, kind = self.tables[table], str(each.get("data_type"))
        columns = self._columns_of(table)
        for part in _PARTS.get(kind, ("",)):
            path = tuple(filter(None, (*here, part)))
            text = ".".join(filter(None, (*above, *here, part)))
            docs = {columns.known(path): f"{text} ({_kind(each)})"}
            if _is_rich_text(each):
                docs |= {columns.known(path, form): f"{text} as {form}" for form in _FORMS}
            known.columns |= {name: text for name, text in docs.items() if name is not None}
            if kind == "file" and (column := columns.known(path)) is not None:
                known.files.append(column)

    def _columns_of(self, table: str) -> ColumnNames:
        known = self._existing.get(table, DestinationTable({}))
        reserved = (BLOCK_UID,) if self.tables[table].parent else _OURS
        return known.column_names(self._names, reserved)


def _elements(each: Field) -> Iterator[tuple[tuple[str, ...], Sequence[Field]]]:
    """Yield the fields of an element of a list, and where they stand in it."""
    if each.get("data_type") == "blocks":
        for block in each.get("blocks") or []:
            yield (str(block.get("uid")),), block.get("schema") or []
    elif each.get("data_type") in ("group", "global_field"):
        yield (), each.get("schema") or []


def _leads_to(each: Field) -> Sequence[str]:
    if each.get("data_type") != "reference":
        return ()
    found = each.get("reference_to") or ()
    return (found,) if isinstance(found, str) else tuple(found)


def _is_rich_text(each: Field) -> bool:
    metadata = each.get("field_metadata") or {}
    return each.get("data_type") == "json" and bool(metadata.get("allow_json_rte"))


def _kind(each: Field) -> str:
    """Name the kind of a field as editors know it."""
    kind, metadata = str(each.get("data_type")), each.get("field_metadata") or {}
    if _is_rich_text(each):
        text = "JSON rich text"
    elif kind == "json" and metadata.get("extension"):
        text = "custom field"
    elif kind == "text" and metadata.get("allow_rich_text"):
        text = "HTML rich text"
    elif kind == "text" and metadata.get("markdown"):
        text = "Markdown"
    else:
        text = "select" if each.get("enum") else _KINDS.get(kind, kind)
    return (
        f"{text}, multiple" if each.get("multiple") and kind not in ("blocks", "taxonomy") else text
    )
