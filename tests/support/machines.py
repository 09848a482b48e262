"""State machines of edits, service behavior and kills, after which the tables equal the stack.

One state machine at two depths. The pure one walks, spools and compacts, and keeps its tables as
Python sets: many runs, no HTTP, no warehouse. The whole one syncs over HTTP into a destination.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contentstack_source import contentstack_source
from contentstack_source.api.client import headers_of, init_query
from contentstack_source.api.page_spool import Spool
from contentstack_source.api.sync_protocol import Query
from contentstack_source.destinations.target import Target
from contentstack_source.errors import DatasetOwnedError
from contentstack_source.events import SYS_ASSETS
from contentstack_source.runs import run
from contentstack_source.settings import parse_settings
from contentstack_source.simulator import Stack, serve
from contentstack_source.simulator.service import respond
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.staging import Staging
from tests.support.editor_rules import EditorRules
from tests.support.harness import settings_of
from tests.support.oracle import assert_equal, assert_equal_at
from tests.support.warehouses import Warehouse, in_delta, in_duckdb, in_iceberg, in_postgres


class KilledError(Exception):
    """The run is killed here."""


class PureMachine(EditorRules):
    """Walk, spool and compact; tables are sets of keys with the instant of their event."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = Spool(self.folder / "spool")
        self.settings = parse_settings(
            api_key=self.stack.api_key,
            delivery_token=self.stack.delivery_token,
            environment=self.stack.environment,
        )
        self.token: str | None = None
        self.seen_locales: list[str] = []
        self.rows: dict[tuple[str, str, str], str] = {}
        self.asked: list[Query] = []

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(pages_until_killed=st.integers(0, 2))
    def run_killed_between_pages(self, pages_until_killed: int) -> None:
        left = [pages_until_killed]

        def fetch(query: Query) -> bytes:
            if not left[0]:
                raise KilledError
            left[0] -= 1
            return self.fetch(query)

        try:
            for _ in self.spool.fetch_pass(fetch, self.start(), self.settings.identity()):
                pass
        except KilledError:
            pass

    @rule()
    def sync(self) -> None:
        staging = Staging(temp_folder=self.folder / "tmp")
        pages = list(self.spool.fetch_pass(self.fetch, self.start(), self.settings.identity()))
        leg = 0
        for number, page in enumerate(pages, 1):
            staging.take(0, number, page.body, leg)
            leg += page.sync_token is not None
        staging.read()
        self.apply(Compaction(staging.con, self.seen_locales))
        staging.con.close()
        self.token = pages[-1].sync_token
        self.spool.clear()
        self.is_fresh = True

    def apply(self, compaction: Compaction) -> None:
        if self.token is None:
            self.rows.clear()
        self.seen_locales = compaction.locales
        for uid in compaction.deleted_types:
            self.rows = {key: at for key, at in self.rows.items() if key[0] != uid}
        deleted = compaction.con.execute(
            "SELECT content_type_uid, uid, locale FROM deletes"
        ).fetchall()
        for key in deleted:
            self.rows.pop(key, None)
        upserted = compaction.con.execute(
            "SELECT content_type_uid, uid, locale,"
            " strftime(event_at, '%Y-%m-%dT%H:%M:%S.%g') || 'Z'"
            " FROM event SEMI JOIN upserts USING (position)"
        ).fetchall()
        self.rows |= {key: at for *key_parts, at in upserted for key in [tuple(key_parts)]}

    def start(self) -> Query:
        return init_query(self.settings) if self.token is None else {"sync_token": self.token}

    def fetch(self, query: Query) -> bytes:
        query = query | {"environment": self.stack.environment}
        headers = headers_of(self.settings)
        return respond(self.stack, self.behavior, "/v3/stacks/sync", query, headers).body

    @invariant()
    def equal_to_the_stack(self) -> None:
        if self.is_fresh:
            assert self.rows == _published(self.stack)


class WholeMachine(EditorRules):
    """Over HTTP into DuckDB; a run may be killed in any step, or lose its working folder."""

    has_columns_to_lose = True
    with_views = ""

    def __init__(self) -> None:
        super().__init__()
        self.is_loaded = False
        self.folder = Path(tempfile.mkdtemp())
        self.exit = ExitStack()
        self.warehouse = self.exit.enter_context(self.make_warehouse())
        self.server = self.exit.enter_context(serve(self.stack, self.behavior))

    def teardown(self) -> None:
        self.exit.close()
        shutil.rmtree(self.folder)

    def make_warehouse(self) -> AbstractContextManager[Warehouse]:
        return in_duckdb(self.folder)

    def pipeline(self, name: str = "contentstack") -> dlt.Pipeline:
        return dlt.pipeline(
            name,
            pipelines_dir=str(self.folder / "dlt"),
            destination=self.warehouse.destination,
            dataset_name="contentstack",
        )

    def source(self) -> dlt.sources.DltSource:
        return contentstack_source(**self.settings())

    def settings(self) -> dict[str, Any]:
        return {**settings_of(self.server), "max_deleted_share": 1.0}

    def target(self) -> Target:
        return Target(self.warehouse.destination, pipelines_dir=str(self.folder / "dlt"))

    @rule(step=st.sampled_from(["extract", "normalize"]))
    def run_killed_after(self, step: str) -> None:
        pipeline = self.pipeline()
        if not pipeline.has_pending_data:
            pipeline.sync_destination()  # as `run` does, before it extracts
            pipeline.extract(self.source())
        if step == "normalize":
            pipeline.normalize()

    @precondition(lambda self: (self.folder / "dlt").exists())
    @rule()
    def lose_the_working_folder(self) -> None:
        shutil.rmtree(self.folder / "dlt")

    @rule()
    def sync(self) -> None:
        self.load_what_is_pending()
        self.pipeline().run(self.source())
        self.is_loaded = True
        if self.stack.events():
            self.assert_equal()

    @rule(refresh=st.sampled_from(["drop_sources", "drop_resources", "drop_data"]))
    def reload_by_dlt(self, refresh: Any) -> None:
        self.load_what_is_pending()
        self.pipeline().run(self.source(), refresh=refresh)
        self.is_loaded = True
        if self.stack.events():
            self.assert_equal()

    @precondition(lambda self: self.is_loaded)
    @rule()
    def another_pipeline_is_refused(self) -> None:
        """The tables stay unchanged: the next rule that compares them checks it."""
        with pytest.raises(PipelineStepFailed) as failure:
            self.pipeline("other").run(self.source())
        assert isinstance(failure.value.exception, DatasetOwnedError)

    @precondition(lambda self: self.is_loaded and self.has_columns_to_lose)
    @rule(table=st.sampled_from(["entries", "assets", "author"]))
    def sync_after_a_column_is_lost(self, table: str) -> None:
        """Only the command notices: dlt never checks existing columns."""
        with self.pipeline().sql_client() as client, suppress(DatabaseUndefinedRelation):
            name = client.make_qualified_table_name(table)
            client.execute_sql(f"ALTER TABLE {name} DROP COLUMN title {self.with_views}")
        run.sync(self.target(), settings=self.settings())
        if self.stack.events():
            self.assert_equal()

    def load_what_is_pending(self) -> None:
        """Load what an earlier run left: a run of dlt does that first and nothing else."""
        if (pipeline := self.pipeline()).has_pending_data:
            pipeline.run(self.source())

    def assert_equal(self) -> None:
        assert_equal(str(self.folder / "warehouse.duckdb"), self.stack)


class MachineInPostgres(WholeMachine):
    """The same into PostgreSQL, which drops a column only together with the views that read it."""

    with_views = "CASCADE"

    def make_warehouse(self) -> AbstractContextManager[Warehouse]:
        return in_postgres(self.folder)

    def assert_equal(self) -> None:
        assert_equal_at(self.warehouse, self.stack)


class MachineInDelta(MachineInPostgres):
    """The same into Delta tables."""

    has_columns_to_lose = False

    def make_warehouse(self) -> AbstractContextManager[Warehouse]:
        return in_delta(self.folder)


class MachineInIceberg(MachineInPostgres):
    """The same into Iceberg tables."""

    has_columns_to_lose = False

    def make_warehouse(self) -> AbstractContextManager[Warehouse]:
        return in_iceberg(self.folder)


def _published(stack: Stack) -> dict[tuple[str, str, str], str]:
    rows = {key: item["event_at"] for key, item in stack.published_entries().items()}
    assets = stack.published_assets().items()
    return rows | {(SYS_ASSETS, *key): item["event_at"] for key, item in assets}


def run_machine(
    machine: type[RuleBasedStateMachine], *, runs: int, steps: int, at_random: bool = False
) -> None:
    """Run a state machine that often; the same runs every time unless at random."""
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        derandomize=not at_random,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(machine, settings=chosen)
