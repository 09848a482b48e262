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
from tests.support.harness import settings_of
from tests.support.oracle import assert_equal
from tests.support.small_stack import filled_stack

pytestmark = pytest.mark.usefixtures("database")

SYNCS = ("contentstack", "contentstack_many")


@pytest.fixture(scope="module")
def bag(database: None) -> DagBag:  # noqa: ARG001 - it must exist before
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


class AssetEvents:
    """Asset events since the last read."""

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
def test_runs_are_serial_with_growing_limited_retry_delays(bag: DagBag, dag_id: str) -> None:
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
    asset_events = AssetEvents()
    assert outcomes(bag)[SYNC] == ("success", 1)
    assert_equal(ready, server.stack)
    first = asset_events.read()
    assert {"contentstack.entries", "contentstack.article__parts"} <= set(first)
    assert first["contentstack.author"].items() >= {"upserted": 6, "rows": 6}.items()

    server.stack.delete_entry("author", "e1")
    assert outcomes(bag)[SYNC] == ("success", 1)
    assert_equal(ready, server.stack)
    changed = asset_events.read()
    tables = ("author", "content_types", "entries", "sync_events")
    assert set(changed) == {f"contentstack.{table}" for table in tables}
    assert changed["contentstack.author"].items() >= {"upserted": 0, "rows": 4}.items()

    assert outcomes(bag)[SYNC] == ("success", 1)
    assert asset_events.read() == {}
    output = "".join(capfd.readouterr())
    assert "Nothing changed: 1 request" in output
    assert server.stack.delivery_token not in output
    assert server.stack.api_key not in output


def test_all_tables_are_announced_after_an_unannounced_load(
    bag: DagBag, server: Server, ready: str, tmp_path: Path
) -> None:
    outcomes(bag)
    asset_events = AssetEvents()
    server.stack.delete_entry("author", "e1")
    by_hand = Target(dlt.destinations.duckdb(ready), pipelines_dir=str(tmp_path / "dlt"))
    run.sync(by_hand, settings=settings_of(server))
    outcomes(bag)
    assert {"contentstack.author", "contentstack.assets"} <= set(asset_events.read())
    outcomes(bag)
    assert asset_events.read() == {}


def test_changes_of_a_failed_try_are_announced_by_the_next_one(
    bag: DagBag, server: Server, ready: str
) -> None:
    outcomes(bag)
    asset_events = AssetEvents()
    server.stack.delete_entry("author", "e1")
    # The delta and the content model arrive; the next request for changes fails.
    broken = [Fault.none(), Fault.none(), Fault.status(503), Fault.status(503)]
    server.behavior.next_faults(*broken)
    assert outcomes(bag)[SYNC] == ("success", 2)
    assert_equal(ready, server.stack)
    assert "contentstack.author" in asset_events.read()


def test_a_run_is_retried_while_the_service_is_down(
    bag: DagBag, server: Server, ready: str
) -> None:
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
    ids=["rejected by the service", "unknown setting", "invalid region"],
)
def test_errors_that_need_user_action_fail_at_once(
    bag: DagBag, server: Server, ready: str, connect: Callable[..., None], wrong: dict[str, str]
) -> None:
    connect(server, **wrong)
    asset_events = AssetEvents()
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert asset_events.read() == {}
    assert ready


def test_a_dataset_of_another_pipeline_fails_at_once_without_sync_requests(
    bag: DagBag, server: Server, ready: str, tmp_path: Path
) -> None:
    destination = dlt.destinations.duckdb(ready)
    other = Target(destination, pipelines_dir=str(tmp_path / "dlt"), pipeline_name="other")
    run.sync(other, settings=settings_of(server))
    asked = len(server.requests)
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert not any("sync" in each.path for each in server.requests[asked:])


def test_a_missing_connection_fails_at_once(bag: DagBag, warehouse: str) -> None:
    assert outcomes(bag)[SYNC] == ("failed", 1)
    assert not Path(warehouse).exists()


@pytest.mark.parametrize("file", [None, "warehouse.duckdb"])
def test_a_duckdb_file_local_to_the_worker_fails_at_once(
    bag: DagBag,
    server: Server,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    file: str | None,
) -> None:
    connect(server)
    if file is not None:
        monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", file)
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
    asset_events = AssetEvents()
    with serve(other) as second:
        connect(server, "one")
        connect(second, "two")
        done = outcomes(bag, "contentstack_many")
    assert [done["sync", index][0] for index in range(3)] == ["success", "failed", "success"]
    assert_equal(warehouse, server.stack, "cms_one")
    assert_equal(warehouse, other, "cms_two")
    announced = set(asset_events.read())
    assert {"cms_one.author", "cms_one.entries", "cms_two.entries"} <= announced
    assert "cms_two.author" not in announced
    with duckdb.connect(warehouse, read_only=True) as con:
        state = con.execute("SELECT DISTINCT pipeline_name FROM cms_two._dlt_pipeline_state")
        assert state.fetchall() == [("cms_two",)]


def test_the_mart_counts_published_entries(bag: DagBag, server: Server, ready: str) -> None:
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


def test_dlt_reads_no_settings_from_airflow_variables(bag: DagBag, ready: str) -> None:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    assert outcomes(bag)[SYNC] == ("success", 1)
    providers = Container()[PluggableRunContext].providers.providers
    assert not [each.name for each in providers if "Airflow" in each.name]
    assert ready
