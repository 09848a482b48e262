"""Which path of the content has which column, and which list which table: once given, it stays.

dlt's naming makes one name of several keys: `subTitle` and `sub_title` are `sub_title`. The first
path that comes gets the name, another one a name with a digest. A later load must not give the
names in another order, so the schema at the destination records the path of each column: by its
name alone where that spells the path, by a hint everywhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from contentstack_source.naming import Names

_Item = TypeVar("_Item")

Path: TypeAlias = "tuple[str, ...]"
"""Keys that lead from a row to a value; empty for the element of a list itself."""

ListPath: TypeAlias = "tuple[str | None, ...]"
"""Keys that lead from an entry to a list; None stands for the elements of a list of lists."""

BLOCK_UID: Final = "_block_uid"
"""The column of a list of modular blocks that names the block of each row."""

_ELEMENT: Final = "value"
"""The column of list elements that are scalars or JSON."""


@dataclass(frozen=True)
class ColumnKey:
    """What a column holds.

    Attributes:
        path: where the value stands in the row.
        form: empty for the value itself; `v_text` and the like for what does not fit its column,
            `text` and `markdown` for rich text made readable.
    """

    path: Path
    form: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the key as a hint of dlt's schema."""
        return {"path": list(self.path), "form": self.form}

    @classmethod
    def from_json(cls, hint: Mapping[str, Any]) -> ColumnKey:
        """Read the key from a hint."""
        return cls(tuple(hint["path"]), hint["form"])


class ColumnNames:
    """The names of the columns of one table.

    Args:
        names: the naming of the dataset.
        given: the columns at the destination by name; None where the name itself spells the path.
        reserved: names that no value of the content gets.
        is_list: the table holds the elements of a list.
    """

    def __init__(
        self,
        names: Names,
        given: Mapping[str, ColumnKey | None],
        reserved: Collection[str] = (),
        *,
        is_list: bool = False,
    ) -> None:
        self._names = names
        self._is_list = is_list
        self._taken = {*reserved, *given}
        self._keys = {
            name: key or self._spelled(name)
            for name, key in given.items()
            if name not in reserved and not name.startswith("_dlt_")
        }
        self._by_key = {key: name for name, key in self._keys.items()}

    def assign(self, path: Path) -> str:
        """Return the column of the value at `path`, a new one if it has none."""
        wanted = ColumnKey(path)
        return self.known(path) or self._assign(wanted, self._names.column(path or (_ELEMENT,)))

    def assign_form(self, path: Path, form: str) -> str:
        """Return the column of another form of the value at `path`, a new one if it has none."""
        base = self.assign(path)
        key = ColumnKey(path, form)
        return self._by_key.get(key) or self._assign(key, self._names.form(base, form))

    def form_of(self, column: str, form: str) -> str:
        """Return the column of another form of what `column` holds."""
        if column in self._keys:
            return self.assign_form(self._keys[column].path, form)
        key = ColumnKey((), f"{column}__{form}")  # of no field, such as `content_locale`
        return self._by_key.get(key) or self._assign(key, self._names.form(column, form))

    def known(self, path: Path, form: str = "") -> str | None:
        """Return the column that a form of the value at `path` has already; None if it has none."""
        return self._by_key.get(ColumnKey(path, form))

    def keys_below(self, path: Path) -> set[str]:
        """Return the keys of the object at `path` of which something has a column already."""
        depth = len(path)
        below = (key.path for key in self._by_key if len(key.path) > depth)
        return {found[depth] for found in below if found[:depth] == path}

    def hints(self, columns: Iterable[str]) -> dict[str, ColumnKey]:
        """Return the keys of those columns whose names do not spell them, by name."""
        held = {name: self._keys[name] for name in columns if name in self._keys}
        return {name: key for name, key in held.items() if key != self._spelled(name)}

    def in_order(self, items: Sequence[_Item], paths: Sequence[Path]) -> list[_Item]:
        """Return items in their order, but those whose names meet in an order of their own.

        Of paths that have one name, the one that is spelled like it comes first, then the
        alphabet decides: so names do not depend on the order of fields in the content model.
        """
        names = [self._names.column(path or (_ELEMENT,)) for path in paths]
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            first.setdefault(name, number)
        numbers = sorted(
            range(len(items)),
            key=lambda n: (
                first[names[n]],
                self._spelled(names[n]) != ColumnKey(paths[n]),
                paths[n],
            ),
        )
        return [items[number] for number in numbers]

    def _assign(self, key: ColumnKey, name: str) -> str:
        parts = (*key.path, key.form) if key.form else key.path
        free, number = name, 0
        while free in self._taken or (free == name and name.startswith("_dlt_")):
            free = self._names.apart(name, *parts, *[str(number)] * bool(number))
            number += 1
        self._taken.add(free)
        self._keys[free] = key
        self._by_key[key] = free
        return free

    def _spelled(self, name: str) -> ColumnKey:
        """Return the key that a column's name spells."""
        if self._is_list and name == _ELEMENT:
            return ColumnKey(())
        return ColumnKey(tuple(name.split("__")))


class ListNames:
    """The tables of the lists in one root table.

    Args:
        names: the naming of the dataset.
        given: the tables at the destination, by where each list stands in the content.
        taken: names of other tables.
    """

    def __init__(
        self, names: Names, given: Mapping[ListPath, str], taken: Collection[str] = ()
    ) -> None:
        self._names = names
        self._by_path = dict(given)
        self._taken = {*taken, *given.values()}

    def assign(self, parent: str, path: Path, list_path: ListPath) -> str:
        """Return the table of a list, a new one if it has none.

        Args:
            parent: the table that the list is in.
            path: where it stands in a row of that.
            list_path: where it stands in the entry.
        """
        if list_path in self._by_path:
            return self._by_path[list_path]
        name = self._names.list_table(parent, path or ("list",), self._taken)
        self._taken.add(name)
        self._by_path[list_path] = name
        return name
