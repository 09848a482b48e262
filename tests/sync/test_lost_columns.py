"""A column lost at the destination is recreated and filled, like a lost table."""

from __future__ import annotations

import shutil

import pytest

from contentstack_source.errors import NoHistoryError
from contentstack_source.runs.check import check
from contentstack_source.runs.rebuild import rebuild
from tests.support.harness import Job, MakesJob
from tests.support.small_stack import filled_stack
from tests.support.warehouses import MakesWarehouse, at


def alter(job: Job, table: str, how: str) -> None:
    with job.target.pipeline().sql_client() as client:
        name = client.make_qualified_table_name(table)
        client.execute_sql(f"ALTER TABLE {name} {how}")


@at("duckdb", "postgres", "clickhouse")
def test_a_lost_column_is_recreated_and_filled(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    lose_a_column(make_job(filled_stack(), make_warehouse))


@pytest.mark.long
@at("ducklake")
def test_a_lost_column_of_ducklake_is_recreated_and_filled(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    lose_a_column(make_job(filled_stack(), make_warehouse))


def lose_a_column(job: Job) -> None:
    job.sync()
    ratings = "SELECT uid, locale, rating FROM article ORDER BY uid, locale"
    before = job.rows(ratings)
    assert any(rating is not None for *_, rating in before)
    alter(job, "article", "DROP COLUMN rating")
    assert job.sync().recreated == ["article.rating"]
    assert job.rows(ratings) == before
    assert not job.sync().recreated


LOST = [
    ("author", "DROP COLUMN born", "author.born"),
    ("author", "DROP COLUMN uid", "author.uid"),
    ("author", "DROP COLUMN _dlt_id", "author._dlt_id"),
    ("entries", "DROP COLUMN content_type_uid", "entries.content_type_uid"),
    ("article__parts", "RENAME COLUMN heading TO header", "article__parts.heading"),
    ("article__tags", "DROP COLUMN _dlt_root_id", "article__tags._dlt_root_id"),
    ("content_types", 'DROP COLUMN "schema"', "content_types.schema"),
    ("sync_events", "DROP COLUMN event_type", "sync_events.event_type"),
    ("sync_runs", "DROP COLUMN requests", "sync_runs.requests"),
    ("_dlt_loads", "DROP COLUMN schema_version_hash", "_dlt_loads.schema_version_hash"),
]


@pytest.mark.integration
@pytest.mark.parametrize("folder", ["kept", "lost"])
def test_a_lost_column_of_any_table_is_recreated(synced_job: Job, folder: str) -> None:
    job, earlier = synced_job, set[str]()
    job.stack.delete_entry("author", "e1")
    for table, how, named in LOST:
        alter(job, table, how)
        if folder == "lost":
            shutil.rmtree(job.target.folder)
        job.stack.publish_entry("author", "e2", {"title": named}, "en-us")
        recreated = set(job.sync().recreated)
        assert named in recreated
        assert not recreated & earlier
        earlier |= recreated
    assert not job.sync().recreated


def test_a_check_reports_a_lost_column(synced_job: Job) -> None:
    assert {each.exit_code for each in check(synced_job.target)} == {0}
    alter(synced_job, "author", "DROP COLUMN born")
    (finding,) = [each for each in check(synced_job.target) if each.name == "rows"]
    assert (finding.exit_code, "author.born is missing" in finding.message) == (2, True)


@pytest.mark.integration
def test_a_rebuild_fills_a_lost_column_unless_it_is_one_of_the_history(
    make_synced_job: MakesJob,
) -> None:
    job = make_synced_job(HISTORY="true")
    ratings = "SELECT uid, locale, rating FROM article ORDER BY uid, locale"
    before = job.rows(ratings)
    alter(job, "article", "DROP COLUMN rating")
    assert rebuild(job.target).recreated == ["article.rating"]
    assert job.rows(ratings) == before
    alter(job, "entry_history", "DROP COLUMN data")
    with pytest.raises(NoHistoryError):
        rebuild(job.target)
