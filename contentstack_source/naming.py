"""Names of tables and columns: dlt's own naming, and no two things under one name."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol

OWN_TABLES: Final = (
    "entries",
    "assets",
    "content_types",
    "sync_events",
    "sync_rejects",
    "sync_runs",
    "entry_history",
    "entry_references",
)
"""Tables a content type can never have the name of."""

OWN_VIEWS: Final = (
    "broken_references",
    "unused_assets",
    "unreferenced_entries",
    "entry_versions",
    "locale_coverage",
)
"""Views, whose names are as little free as those of tables."""

LOCALIZED: Final = "localized"
"""Views are named like lists of a content type of this name; so none has it."""

DELETED_AT: Final = "deleted_at"
DELETED_BY: Final = "deleted_by"
"""Columns of soft-deleted rows; no field ever has their names."""

_DEVICES: Final = frozenset(
    ["aux", "con", "nul", "prn"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)]
)
"""Names no file may have on Windows: dlt names files like tables, and rejects these anywhere."""

_LONGEST_TABLE: Final = 200
"""dlt names files like tables, and a file's name may have 255 characters with all that follows."""


class Naming(Protocol):
    """What is used of dlt's naming convention."""

    def normalize_table_identifier(self, identifier: str) -> str: ...  # noqa: D102
    def normalize_identifier(self, identifier: str) -> str: ...  # noqa: D102
    def shorten_fragments(self, *fragments: str) -> str: ...  # noqa: D102
    def shorten_identifier(self, name: str, origin: str, length: int) -> str: ...  # noqa: D102


class Names:
    """Names in one dataset.

    Args:
        naming: of the dlt schema in use.
        tables: names given in earlier runs, content type uid to table; they never change.
    """

    def __init__(self, naming: Naming, tables: Mapping[str, str] | None = None) -> None:
        self._naming = naming
        self.tables = dict(tables or {})

    def assign_tables(self, content_type_uids: Iterable[str]) -> None:
        """Give every content type its table, once and for all.

        A uid that is already written the way tables are comes first, so that `sub_navigation`
        keeps its name when `Sub_Navigation` arrives with it (FACTS T30).
        """
        new = set(content_type_uids) - self.tables.keys()
        for uid in sorted(new, key=lambda uid: (self._table(uid) != uid, uid)):
            taken = {*OWN_TABLES, *OWN_VIEWS, LOCALIZED, *_DEVICES, *self.tables.values()}
            name = self._table(uid)
            if name in taken or name.startswith("_dlt"):
                # No prefix of dlt's own: it would take the table for one of its own.
                name = self._table(f"{uid}_{digest(uid)}".lstrip("_"))
            self.tables[uid] = name

    def table(self, content_type_uid: str) -> str:
        """Return the table of a content type that has one."""
        return self.tables[content_type_uid]

    def list_table(self, parent: str, path: tuple[str, ...], taken: Collection[str]) -> str:
        """Return the table of the list at `path` in `parent`: ``blog__sections``."""
        parts = self._parts(path)
        name = self._short(self._naming.shorten_fragments(parent, *parts))
        number = 0
        while name in taken:
            last = f"{parts[-1]}_{digest(*path, *[str(number)] * bool(number))}"
            name = self._short(self._naming.shorten_fragments(parent, *parts[:-1], last))
            number += 1
        return name

    def column(self, path: tuple[str, ...]) -> str:
        """Return the name that spells a path: ``seo__title``."""
        return self._naming.shorten_fragments(*self._parts(path))

    def form(self, column: str, form: str) -> str:
        """Return the name of a column beside another one: ``price__v_text``."""
        return self._naming.shorten_fragments(column, form)

    def apart(self, column: str, *parts: str) -> str:
        """Return a name for what cannot have the name `column`: one with a digest."""
        return self._naming.shorten_fragments(f"{column}_{digest(*parts)}")

    def _parts(self, path: tuple[str, ...]) -> list[str]:
        # dlt rejects an empty name; JSON does not.
        return [self._naming.normalize_identifier(part.strip() or "_") for part in path]

    def _table(self, uid: str) -> str:
        return self._short(self._naming.normalize_table_identifier(uid))

    def _short(self, table: str) -> str:
        return self._naming.shorten_identifier(table, table, _LONGEST_TABLE)


def digest(*parts: str) -> str:
    """Return six characters that distinguish what dlt's naming makes alike."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:6]
