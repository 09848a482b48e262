"""A column holds the values of one path, whatever the content model has, and in any order."""

from __future__ import annotations

from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.column_names import ColumnKey, ColumnNames, ListNames
from contentstack_source.naming import Names, digest

NAMES = Names(NamingConvention())


def names_of(given: dict[str, ColumnKey | None], *paths: tuple[str, ...]) -> list[str]:
    names = ColumnNames(NAMES, given)
    return [names.assign(path) for path in paths]


def test_the_path_spelled_like_the_name_gets_it_among_new_paths() -> None:
    paths = [("subTitle",), ("title",), ("sub_title",), ("Sub-Title",)]
    names = ColumnNames(NAMES, {})
    ordered = names.in_order(paths, paths)
    assert ordered == [("sub_title",), ("Sub-Title",), ("subTitle",), ("title",)]
    assert names.in_order(paths[2:], paths[2:]) == [("sub_title",), ("Sub-Title",)]


def test_a_column_of_another_path_is_not_reused() -> None:
    assert names_of({"sub_title": None}, ("subTitle",)) == [f"sub_title_{digest('subTitle')}"]
    assert names_of({"a__b": None}, ("A", "b"), ("a", "b")) == [f"a__b_{digest('A', 'b')}", "a__b"]


def test_a_variant_and_a_field_of_its_name_get_separate_columns_in_any_order() -> None:
    field, variant = ("price", "v_text"), ("price",)
    for is_field_first in (True, False):
        names = ColumnNames(NAMES, {})
        if is_field_first:
            names.assign(field)
        beside = names.assign_form(variant, "v_text")
        columns = [beside, names.assign(field)]
        hints = names.hints(columns)
        again = ColumnNames(NAMES, {name: hints.get(name) for name in columns})
        assert again.assign_form(variant, "v_text") == beside
        assert again.assign(field) == columns[1] != beside


def test_elements_and_a_field_called_value_get_separate_columns() -> None:
    names = ColumnNames(NAMES, {"value": None}, is_list=True)
    assert names.assign(()) == "value"
    assert names.assign(("value",)) == f"value_{digest('value')}"
    first = ColumnNames(NAMES, {}, is_list=True)
    assert first.assign(("value",)) == "value"
    assert ColumnNames(NAMES, {"value": first.hints(["value"])["value"]}, is_list=True).assign(
        ()
    ) == (f"value_{digest()}")


def test_a_name_whose_digest_is_taken_gets_another_digest() -> None:
    first = f"sub_title_{digest('subTitle')}"
    found = names_of({"sub_title": None, first: None}, ("subTitle",), (first,))
    assert len({*found, "sub_title"}) == 3
    assert found[1] == first


def test_a_list_keeps_its_table_and_never_gets_that_of_another_list() -> None:
    names = ListNames(NAMES, {("relatedPosts",): "blog__related_posts"}, {"blog__tags"})
    assert names.assign("blog", ("relatedPosts",), ("relatedPosts",)) == "blog__related_posts"
    other = names.assign("blog", ("related_posts",), ("related_posts",))
    assert other == f"blog__related_posts_{digest('related_posts')}"
    assert names.assign("blog", ("tags",), ("tags",)) == f"blog__tags_{digest('tags')}"


def test_nested_lists_and_a_field_called_list_get_separate_tables() -> None:
    names = ListNames(NAMES, {})
    tables = [
        names.assign("blog__f", (), ("f", None)),
        names.assign("blog__f", ("list",), ("f", "list")),
    ]
    assert len(set(tables)) == 2
