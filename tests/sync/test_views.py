"""Views: created once, recreated when missing or changed, and never the failure of a run."""

from __future__ import annotations

from collections.abc import Iterator

import dlt
import pytest
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from contentstack_source import contentstack_source
from contentstack_source.dataset.views import View, statements_of, update_views
from contentstack_source.simulator import serve
from tests.support.small_stack import filled_stack
from tests.support.warehouses import MAKERS

PER_TYPE = View(
    "per_type",
    "SELECT content_type_uid, count(*) AS entries FROM entries GROUP BY content_type_uid",
)
PER_LOCALE = View(
    "per_type", "SELECT locale, count(*) AS entries FROM entries GROUP BY locale ORDER BY locale"
)


@pytest.fixture(
    scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.integration)]
)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dlt.Pipeline]:
    """The pipeline after a first sync."""
    folder = tmp_path_factory.mktemp("views")
    stack = filled_stack()
    with MAKERS[request.param](folder) as warehouse:
        pipeline = dlt.pipeline(
            "contentstack",
            str(folder / "dlt"),
            destination=warehouse.destination,
            dataset_name="views",
        )
        with serve(stack) as server:
            keys = (stack.api_key, stack.delivery_token, stack.environment)
            pipeline.run(contentstack_source(*keys, base_url=server.base_url))
        yield pipeline


@pytest.fixture
def pipeline(loaded: dlt.Pipeline) -> dlt.Pipeline:
    """The pipeline without the view of the previous test."""
    execute(loaded, "DROP VIEW IF EXISTS {}", "per_type")
    return loaded


def rows(pipeline: dlt.Pipeline, view: str) -> list[tuple[object, ...]]:
    with pipeline.sql_client() as client:
        name = client.make_qualified_table_name(view)
        return sorted(tuple(row) for row in client.execute_sql(f"SELECT * FROM {name}") or ())


def execute(pipeline: dlt.Pipeline, statement: str, name: str) -> None:
    """Run a statement with the name in place of `{}`."""
    with pipeline.sql_client() as client:
        client.execute_sql(statement.format(client.make_qualified_table_name(name)))


def test_a_view_is_created_recreated_and_replaced(pipeline: dlt.Pipeline) -> None:
    assert update_views(pipeline, [PER_TYPE]) == {}
    assert rows(pipeline, "per_type") == [("article", 6), ("author", 6)]

    execute(pipeline, "DROP VIEW {}", "per_type")
    assert update_views(pipeline, [PER_TYPE]) == {}
    assert rows(pipeline, "per_type") == [("article", 6), ("author", 6)]

    assert update_views(pipeline, [PER_LOCALE]) == {}
    assert rows(pipeline, "per_type") == [("de-de", 6), ("en-us", 6)]


def test_an_unchanged_view_is_not_touched(pipeline: dlt.Pipeline) -> None:
    update_views(pipeline, [PER_TYPE])
    execute(pipeline, "DROP VIEW {}", "per_type")
    execute(pipeline, "CREATE VIEW {} AS SELECT 'by hand' AS made", "per_type")
    assert update_views(pipeline, [PER_TYPE]) == {}
    assert rows(pipeline, "per_type") == [("by hand",)]


def test_a_view_that_cannot_be_created_is_reported_and_harms_nothing(
    pipeline: dlt.Pipeline,
) -> None:
    views = [View("article", PER_TYPE.query), PER_TYPE]
    (failed,) = update_views(pipeline, views).items()
    assert failed[0] == "article"
    assert len(failed[1]) > len("article")
    assert len(rows(pipeline, "article")) == 6
    assert rows(pipeline, "per_type") == [("article", 6), ("author", 6)]
    assert update_views(pipeline, views).keys() == {"article"}  # tried again each time


def test_views_of_missing_tables_are_reported(pipeline: dlt.Pipeline) -> None:
    failed = update_views(pipeline, [View("lost", "SELECT uid FROM no_such_table"), PER_TYPE])
    assert failed.keys() == {"lost"}
    assert rows(pipeline, "per_type") == [("article", 6), ("author", 6)]


def test_an_unwanted_view_is_dropped_but_no_table(
    pipeline: dlt.Pipeline,
) -> None:
    update_views(pipeline, [PER_TYPE])
    assert update_views(pipeline, [], ["article", "per_type"]) == {}
    assert len(rows(pipeline, "article")) == 6
    with pytest.raises(DatabaseUndefinedRelation):
        rows(pipeline, "per_type")


def test_views_are_not_checked_if_check_is_off(pipeline: dlt.Pipeline) -> None:
    update_views(pipeline, [PER_TYPE])
    execute(pipeline, "DROP VIEW {}", "per_type")
    assert update_views(pipeline, [PER_TYPE], check=False) == {}
    with pytest.raises(DatabaseUndefinedRelation):
        rows(pipeline, "per_type")


def test_the_statements_can_be_run_by_a_user(pipeline: dlt.Pipeline) -> None:
    (statement,) = statements_of(pipeline, [PER_TYPE]).values()
    with pipeline.sql_client() as client:
        client.execute_sql(statement)
    assert rows(pipeline, "per_type") == [("article", 6), ("author", 6)]
