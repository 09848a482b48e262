"""The DAGs that users copy, run by Airflow in this process against the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent, AssetModel
from airflow.sdk import AssetAlias
from airflow.utils.session import create_session
from sqlalchemy import select

from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.simulator import Behavior, Fault, Server, serve
from tests.mirror import assert_equal
from tests.small import filled_stack

pytestmark = pytest.mark.usefixtures("database")

SYNCS = ("contentstack", "contentstack_many")


@pytest.fixture(scope="module")
def bag(database: None) -> DagBag:  # noqa: ARG001 - it must be there before
    return DagBag()


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(filled_stack(), Behavior()) as server:
        yield server


@pytest.fixture
def ready(server: Server, warehouse: str, connect: Callable[..., None]) -> str:
    """A connection to the stack, and an empty warehouse."""
    connect(server)
    return warehouse


def outcomes(bag: DagBag, dag_id: str = "contentstack") -> dict[tuple[str, int], tuple[str, int]]:
    """Run a DAG; return state and tries by task and map index."""
    tasks = bag.dags[dag_id].test().get_task_instances()
    return {(each.task_id, each.map_index): (str(each.state), each.try_number) for each in tasks}


SYNC = ("sync", -1)


class News:
    """Asset events since the last look."""

    def __init__(self) -> None:
        self._seen = 0
        self.read()

    def read(self) -> dict[str, dict[str, Any]]:
        query = select(AssetEvent.id, AssetModel.name, AssetEvent.extra).join(
            AssetModel, AssetModel.id == AssetEvent.asset_id
        )
        with create_session() as session:
            rows = session.execute(query.where(AssetEvent.id > self._seen)).all()
        self._seen = max([self._seen, *(row[0] for row in rows)])
        return {name: extra for _, name, extra in rows}


@pytest.mark.filterwarnings("always")
def test_the_file_is_read_without_an_error_or_a_warning() -> None:
    bag = DagBag()
    assert bag.import_errors == {}
    assert bag.captured_warnings == {}
    assert set(bag.dags) == {*SYNCS, "contentstack_marts"}


@pytest.mark.parametrize("dag_id", SYNCS)
def test_one_run_at_a_time_with_patience_that_grows_and_ends(bag: DagBag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.dagrun_timeout == timedelta(hours=6)
    sync = dag.get_task("sync")
    assert sync.pool == bag.dags["contentstack_marts"].get_task("published_by_type").pool
    assert sync.retries == 5
    assert sync.retry_exponential_backoff == 2
    assert sync.max_retry_delay == timedelta(minutes=30)
    assert sync.outlets == [AssetAlias("contentstack")]


def test_tables_follow_the_stack_and_only_changed_ones_are_announced(
    bag: DagBag, server: Server, ready: str, capfd: pytest.CaptureFixture[str]
) -> None:
    news = News()
    assert outcomes(bag)[SYNC] == ("success", 1)
    assert_equal(ready, server.stack)
    first = news.read()
    assert {"contentstack.entries", "contentstack.article__parts"} <= set(first)
    assert first["contentstack.author"].items() >= {"put": 6, "rows": 6}.items()

    server.stack.delete_entry("author", "e1")
    assert outcomes(bag)[SYNC] == ("success", 1)
    assert_equal(ready, server.stack)
    changed = news.read()
    tables = ("author", "content_types", "entries", "sync_events")
    assert set(changed) == {f"contentstack.{table}" for table in tables}
    assert changed["contentstack.author"].items() >= {"put": 0, "rows": 4}.items()

    assert outcomes(bag)[SYNC] == ("success", 1)
    assert news.read() == {}
    told = "".join(capfd.readouterr())
    assert "Nothing changed: 1 request" in told
    assert server.stack.delivery_token not in told
    assert server.stack.api_key not in told


def test_a_load_that_nobody_announced_makes_the_next_run_announce_all(
    bag: DagBag, server: Server, ready: str, tmp_path: Path
) -> None:
    outcomes(bag)
    news = News()
    server.stack.delete_entry("author", "e1")
    by_hand = Target(dlt.destinations.duckdb(ready), pipelines_dir=str(tmp_path / "dlt"))
    keys = {"api_key": server.stack.api_key, "delivery_token": server.stack.delivery_token}
    settings = {**keys, "environment": server.stack.environment, "base_url": server.base_url}
    run.sync(by_hand, settings=settings)
    outcomes(bag)
    assert {"contentstack.author", "contentstack.assets"} <= set(news.read())
    outcomes(bag)
    assert news.read() == {}


def test_what_a_failed_try_loaded_is_announced_by_the_next_one(
    bag: DagBag, server: Server, ready: str
) -> None:
    outcomes(bag)
    news = News()
    server.stack.delete_entry("author", "e1")
    # The delta and the content model arrive; the question whether there is more does not.
    broken = [Fault.none(), Fault.none(), Fault.status(503), Fault.status(503)]
    server.behavior.next_faults(*broken)
    assert outcomes(bag)[SYNC] == ("success", 2)
    assert_equal(ready, server.stack)
    assert "contentstack.author" in news.read()


def test_a_service_that_is_down_is_asked_again(bag: DagBag, server: Server, ready: str) -> None:
    server.behavior.next_faults(Fault.status(503), Fault.status(503))
    assert outcomes(bag)[SYNC] == ("success", 2)
    assert_equal(ready, server.stack)


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivery_token": "cswrong"},
        {"environmant": "production"},
        {"region": "mars", "base_url": ""},
    ],
    ids=["refused by the service", "unknown", "refused by us"],
)
def test_what_a_human_must_mend_fails_at_once(
    bag: DagBag, server: Server, ready: str, connect: Callable[..., None], wrong: dict[str, str]
) -> None:
    connect(server, **wrong)
    news = News()
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert news.read() == {}
    assert ready


def test_a_dataset_of_another_pipeline_fails_at_once_and_is_not_asked_for(
    bag: DagBag, server: Server, ready: str, tmp_path: Path
) -> None:
    destination = dlt.destinations.duckdb(ready)
    other = Target(destination, pipelines_dir=str(tmp_path / "dlt"), pipeline_name="other")
    stack = server.stack
    settings = {
        "api_key": stack.api_key,
        "delivery_token": stack.delivery_token,
        "environment": stack.environment,
        "base_url": server.base_url,
    }
    run.sync(other, settings=settings)
    asked = len(server.requests)
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert not any("sync" in each.path for each in server.requests[asked:])


def test_a_missing_connection_fails_at_once(bag: DagBag, warehouse: str) -> None:
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert not Path(warehouse).exists()


@pytest.mark.parametrize("place", [None, "warehouse.duckdb"])
def test_a_file_that_would_vanish_with_its_worker_fails_at_once(
    bag: DagBag,
    server: Server,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    place: str | None,
) -> None:
    connect(server)
    if place is not None:
        monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", place)
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert server.requests == []


def test_many_stacks_have_a_dataset_each_and_one_that_fails_stops_no_other(
    bag: DagBag,
    server: Server,
    warehouse: str,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = filled_stack()
    other.delete_content_type("author")
    listed = [("one", "cms_one"), ("missing", "cms_none"), ("two", "cms_two")]
    stacks = [{"connection": conn_id, "dataset": dataset} for conn_id, dataset in listed]
    monkeypatch.setenv("AIRFLOW_VAR_CONTENTSTACK_STACKS", json.dumps(stacks))
    news = News()
    with serve(other) as second:
        connect(server, "one")
        connect(second, "two")
        done = outcomes(bag, "contentstack_many")
    assert [done["sync", index][0] for index in range(3)] == ["success", "failed", "success"]
    assert_equal(warehouse, server.stack, "cms_one")
    assert_equal(warehouse, other, "cms_two")
    announced = set(news.read())
    assert {"cms_one.author", "cms_one.entries", "cms_two.entries"} <= announced
    assert "cms_two.author" not in announced
    with duckdb.connect(warehouse, read_only=True) as con:
        state = con.execute("SELECT DISTINCT pipeline_name FROM cms_two._dlt_pipeline_state")
        assert state.fetchall() == [("cms_two",)]


def test_the_mart_is_made_of_what_is_published(bag: DagBag, server: Server, ready: str) -> None:
    outcomes(bag)
    for _ in range(2):
        made = outcomes(bag, "contentstack_marts")
        assert made["published_by_type", -1] == ("success", 1)
    with duckdb.connect(ready, read_only=True) as con:
        mart = "SELECT content_type_uid, locale, entries FROM contentstack_marts.published_by_type"
        rows = con.execute(mart).fetchall()
    assert sorted(rows) == [
        (uid, locale, 3) for uid in ("article", "author") for locale in ("de-de", "en-us")
    ]
    assert server.stack.published_entries()


def test_the_mart_waits_for_entries(bag: DagBag) -> None:
    waits_for = bag.dags["contentstack_marts"].timetable.asset_condition
    assert [each.name for each in waits_for.objects] == ["contentstack.entries"]


def test_dlt_asks_no_airflow_variables_for_its_settings(bag: DagBag, ready: str) -> None:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    assert outcomes(bag)[SYNC] == ("success", 1)
    providers = Container()[PluggableRunContext].providers.providers
    assert not [each.name for each in providers if "Airflow" in each.name]
    assert ready
