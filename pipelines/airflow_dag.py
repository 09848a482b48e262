"""Keep warehouses equal to Contentstack stacks with Airflow 3. Copy this file to your DAGs folder.

Workers need `contentstack-source[airflow]`; for the rest see docs/airflow.md:

    airflow pools set contentstack 1 "Tasks that write to the warehouse"
    airflow connections add contentstack_default --conn-json '{"conn_type": "generic",
        "login": "<api key>", "password": "<delivery token>",
        "extra": {"environment": "production", "region": "eu"}}'
    export DESTINATION__DUCKDB__CREDENTIALS=/srv/warehouse.duckdb
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias, BaseHook, Variable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

if TYPE_CHECKING:  # tasks import these, so the scheduler that parses this file need not import dlt
    from contentstack_source import RunSummary, Target

DESTINATION = "duckdb"
"""Any dlt destination; its credentials are in the environment, DESTINATION__<NAME>__CREDENTIALS."""

DATASET = "contentstack"
POOL = "contentstack"
"""A pool of one slot: a DuckDB file has one writer, and no two runs load into one dataset."""

CHANGES = AssetAlias("contentstack")
"""Each run adds events of the tables it changed; a DAG may be scheduled on one table, or on any."""

SECONDS_BETWEEN_LINES = 30.0
"""How often a task logs its progress."""

SCHEDULE = "*/15 * * * *"
POLICY = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,  # a run loads everything that is new: there is nothing to backfill
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(hours=6),
    "tags": ["contentstack"],
}

# dlt would query Airflow for a variable whenever it looks up a setting.
os.environ.setdefault("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")


def table_asset(table: str, dataset: str = DATASET) -> Asset:
    """Return the asset of a table; it has the name of the table in SQL."""
    return Asset(f"{dataset}.{table}", group="contentstack")


@task(
    pool=POOL,
    inlets=[CHANGES],
    outlets=[CHANGES],
    retries=5,
    retry_delay=timedelta(minutes=1),
    retry_exponential_backoff=2,
    max_retry_delay=timedelta(minutes=30),
    multiple_outputs=False,
    map_index_template="{{ dataset }}",
)
def sync(connection: str, dataset: str) -> dict[str, Any]:
    """Load what changed in a stack since the last run; the first time, everything.

    Args:
        connection: the Airflow connection that holds the settings of the stack.
        dataset: the dataset to load into; the pipeline has the same name.

    Raises:
        AirflowFailException: needs user action; a retry would not help.
        FailedError: worth retrying.
    """
    import dlt

    import contentstack_source
    from contentstack_source.errors import RefusedError

    get_current_context()["dataset"] = dataset  # names a mapped task in the UI
    progress = dlt.progress.log(  # type: ignore[attr-defined]
        SECONDS_BETWEEN_LINES, dump_system_stats=False
    )
    try:
        with destination_of(dataset) as target:
            summary = contentstack_source.sync(target, progress, settings_from(connection))
    except RefusedError as error:
        raise AirflowFailException(str(error)) from error
    print(*summary.sentences(), sep="\n")
    return {"events": dict(summary.events), "changed": announce(summary, dataset)}


def settings_from(connection: str) -> dict[str, Any]:
    """Return the settings in a connection: two secrets, and the values of its extra.

    Raises:
        AirflowFailException: the connection does not exist.
    """
    try:
        found = BaseHook.get_connection(connection)
    except AirflowNotFoundException as error:
        raise AirflowFailException(str(error)) from error
    secrets = {"api_key": found.login, "delivery_token": found.password}
    return {**found.extra_dejson, **{name: value for name, value in secrets.items() if value}}


@contextmanager
def destination_of(dataset: str) -> Iterator[Target]:
    """Yield a target with a temporary working folder: the destination holds all state.

    Raises:
        AirflowFailException: the path of the DuckDB file is missing or relative.
    """
    from contentstack_source import Target

    file = os.environ.get("DESTINATION__DUCKDB__CREDENTIALS", "").removeprefix("duckdb:///")
    if DESTINATION == "duckdb" and not Path(file).is_absolute():
        raise AirflowFailException(
            "Set DESTINATION__DUCKDB__CREDENTIALS to the absolute path of the DuckDB file."
        )
    with TemporaryDirectory(prefix="contentstack_") as folder:
        yield Target(DESTINATION, dataset, pipelines_dir=folder, pipeline_name=dataset)


def announce(summary: RunSummary, dataset: str) -> list[str]:
    """Add an event for each table that changed since the last one was announced.

    Airflow keeps events only of tasks that succeed. If an earlier run loaded and then failed, or
    ran outside Airflow, this run does not begin at the token of the last event. Then it is unknown
    which tables changed, and all are announced.
    """
    context: Any = get_current_context()
    earlier = context["inlet_events"][CHANGES].ascending(ascending=False).limit(1000)
    tokens = (each.extra["token"] for each in earlier if each.extra.get("dataset") == dataset)
    announced = next(tokens, None)
    is_continued = announced == summary.token_before
    tables = summary.changed_tables if is_continued else sorted(summary.row_counts)
    for table in tables:
        extra = {
            "dataset": dataset,
            "token": summary.token_after,
            "upserted": summary.upserted_by_table[table],
            "rows": summary.row_counts.get(table, 0),
        }
        context["outlet_events"][CHANGES].add(table_asset(table, dataset), extra=extra)
    return tables


@dag(schedule=SCHEDULE, **POLICY)
def contentstack() -> None:
    """Keep one dataset equal to one stack."""
    sync("contentstack_default", DATASET)


@dag(schedule=SCHEDULE, **POLICY)
def contentstack_many() -> None:
    """Keep one dataset for each of many stacks, branches or environments.

    The variable `contentstack_stacks` lists them:
    `[{"connection": "contentstack_eu", "dataset": "cms_eu"}, …]`.
    """

    @task(retries=2)
    def stacks() -> list[dict[str, str]]:
        return list(Variable.get("contentstack_stacks", default=[], deserialize_json=True))

    sync.expand_kwargs(stacks())


@dag(schedule=[table_asset("entries")], catchup=False, max_active_runs=1, tags=["contentstack"])
def contentstack_marts() -> None:
    """Make a table of your own when `entries` changed, and not otherwise."""

    @task(pool=POOL, retries=2)
    def published_by_type() -> int:
        with destination_of(DATASET) as target:
            pipeline = target.pipeline()
            pipeline.sync_destination()
            with pipeline.sql_client() as client:
                entries = client.make_qualified_table_name("entries")
                with client.with_alternative_dataset_name(f"{DATASET}_marts"):
                    if not client.has_dataset():
                        client.create_dataset()
                    mart = client.make_qualified_table_name("published_by_type")
                client.execute_sql(f"DROP TABLE IF EXISTS {mart}")
                client.execute_sql(
                    f"CREATE TABLE {mart} AS SELECT content_type_uid, locale,"
                    f" count(*) AS entries, max(published_at) AS latest FROM {entries}"
                    " GROUP BY content_type_uid, locale"
                )
                ((rows,),) = client.execute_sql(f"SELECT count(*) FROM {mart}") or [(0,)]
        return int(rows)

    published_by_type()


contentstack()
contentstack_many()
contentstack_marts()
