"""Names: they are unique, and an assigned name never changes."""

from __future__ import annotations

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from contentstack_source.column_names import ColumnNames
from contentstack_source.naming import OWN_TABLES, OWN_VIEWS, Names, digest

NAMING = NamingConvention()


def assigned(*uids: str, names: Names | None = None) -> Names:
    names = names or Names(NAMING)
    names.assign_tables(uids)
    return names


@pytest.mark.parametrize(
    ("uid", "table"),
    [
        ("blog", "blog"),
        ("blog_post", "blog_post"),
        ("Sub_Navigation", "sub_navigation"),
        ("blog-post", "blog_post"),
        ("BlogPost", "blog_post"),
        ("2024_plans", "_2024_plans"),
    ],
)
def test_a_content_type_has_a_table_with_its_name(uid: str, table: str) -> None:
    assert assigned(uid).table(uid) == table


@pytest.mark.parametrize("order", [1, -1])
def test_a_uid_written_like_a_table_keeps_its_name(order: int) -> None:
    uids = ["Sub_Navigation", "sub-navigation", "sub_navigation", "SubNavigation"][::order]
    names = assigned(*uids)
    assert names.table("sub_navigation") == "sub_navigation"
    assert len(set(names.tables.values())) == 4
    assert names.tables == assigned(*uids[::-1]).tables


@pytest.mark.parametrize("uid", [*OWN_TABLES, *OWN_VIEWS, "Entries", "SYNC-EVENTS", "syncRejects"])
def test_no_content_type_gets_the_name_of_an_own_table(uid: str) -> None:
    table = assigned(uid).table(uid)
    assert table not in {*OWN_TABLES, *OWN_VIEWS}
    assert table.startswith(NAMING.normalize_table_identifier(uid))


@pytest.mark.parametrize("uid", ["con", "Aux", "NUL", "prn", "com1", "LPT9"])
def test_no_content_type_is_named_like_a_device(uid: str) -> None:
    assert assigned(uid).table(uid) == f"{uid.lower()}_{digest(uid)}"


@pytest.mark.parametrize("uid", ["_dlt_loads", "_dlt_version", "_dlt", "_DLT_pipeline_state"])
def test_no_content_type_gets_a_name_like_a_table_of_dlt(uid: str) -> None:
    assert not assigned(uid).table(uid).startswith("_dlt")


@pytest.mark.parametrize("uid", ["é", "日本", "😀", "_", "'; DROP TABLE x; --", "a" * 300, "\x00"])
def test_a_uid_of_any_characters_has_a_table(uid: str) -> None:
    names = assigned(uid, "x")
    assert names.table("x") == "x"
    assert names.table(uid) != "x"
    assert names.table(uid).isidentifier()


@given(batches=st.lists(st.lists(st.sampled_from(["a", "A", "a-", "a_", "b", "B", "é", "ü"]))))
def test_an_assigned_name_never_changes(batches: list[list[str]]) -> None:
    given_so_far: dict[str, str] = {}
    for batch in batches:
        names = Names(NAMING, given_so_far)
        names.assign_tables(batch)
        assert given_so_far.items() <= names.tables.items()
        given_so_far = names.tables
    assert len(set(given_so_far.values())) == len(given_so_far)


def test_a_new_type_does_not_get_the_name_of_an_older_type() -> None:
    older = assigned("Blog").tables
    names = assigned("Blog", "blog", names=Names(NAMING, older))
    assert names.table("Blog") == "blog"
    assert names.table("blog") == f"blog_{digest('blog')}"


def test_given_names_are_not_modified_in_place() -> None:
    before = {"blog": "blog"}
    assigned("page", names=Names(NAMING, before))
    assert before == {"blog": "blog"}


@pytest.mark.parametrize(
    ("path", "column"),
    [
        (("title",), "title"),
        (("seo", "title"), "seo__title"),
        (("SEO", "pageTitle"), "seo__page_title"),
        (("a-b", "c d"), "a_b__c_d"),
        (("_version",), "_version"),
        (("1st",), "_1st"),
    ],
)
def test_a_column_is_named_by_its_path(path: tuple[str, ...], column: str) -> None:
    assert ColumnNames(Names(NAMING), {}).assign(path) == column


@pytest.mark.parametrize("path", [("",), (" ",), ("a", ""), ("", "")])
def test_an_empty_key_has_a_column(path: tuple[str, ...]) -> None:
    name = ColumnNames(Names(NAMING), {}).assign(path)
    assert name.isidentifier()


def test_a_taken_column_name_is_replaced_by_a_stable_one() -> None:
    found = [ColumnNames(Names(NAMING), {}, {"foo"}).assign(("Foo",)) for _ in range(2)]
    assert found == [f"foo_{digest('Foo')}"] * 2


@pytest.mark.parametrize("key", ["_dlt_id", "_dlt_load_id", "_DLT_id", "_dlt-parent-id"])
def test_no_field_gets_a_column_of_dlt(key: str) -> None:
    own = NAMING.normalize_identifier(key)
    assert ColumnNames(Names(NAMING), {}).assign((key,)) not in {own, key}


def test_a_list_table_is_named_by_its_parent_and_path() -> None:
    names = Names(NAMING)
    assert names.list_table("blog", ("tags",), ()) == "blog__tags"
    assert names.list_table("blog__tags", ("SEO", "x-y"), ()) == "blog__tags__seo__x_y"


def test_list_tables_whose_names_collide_get_separate_names() -> None:
    names = Names(NAMING)
    taken = {names.list_table("blog", ("foo",), ())}
    second = names.list_table("blog", ("Foo",), taken)
    assert second not in taken
    assert second.startswith("blog__foo_")


def test_a_variant_is_named_as_dlt_does() -> None:
    assert ColumnNames(Names(NAMING), {}).assign_form(("price",), "v_text") == "price__v_text"


def test_no_name_is_longer_than_the_destination_allows() -> None:
    names = assigned("t" * 100, "t" * 101, names=Names(NamingConvention(30)))
    found = [
        *names.tables.values(),
        ColumnNames(names, {}).assign(("a" * 100, "b" * 100)),
        ColumnNames(names, {}, {names.column(("a" * 100,))}).assign(("a" * 100,)),
        names.list_table("t" * 30, ("c" * 100,), ()),
        ColumnNames(names, {}).assign_form(("v" * 30,), "v_text"),
    ]
    assert max(map(len, found)) <= 30
    assert len(set(found)) == len(found)


def test_no_table_name_is_longer_than_a_file_name_may_be() -> None:
    names = assigned("t" * 300, "t" * 301)
    parent = names.table("t" * 300)
    lists = [names.list_table(parent, ("c" * length,), ()) for length in (300, 301)]
    lists.append(names.list_table(parent, ("c" * 300,), lists))
    found = [*names.tables.values(), *lists]
    assert max(map(len, found)) <= 200
    assert len(set(found)) == len(found)


def test_different_paths_have_different_digests() -> None:
    assert digest("a", "b") != digest("ab")
    assert digest("a", "b") != digest("a.b")
    assert digest("\ud800") == digest("\ud800")
    assert len(digest()) == 6
