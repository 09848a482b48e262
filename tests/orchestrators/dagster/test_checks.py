"""Checks: they pass after a sync, and fail when a row is changed by hand."""

from __future__ import annotations

from tests.orchestrators.dagster.conftest import Location, Result, run_job

CHECKS = {
    ("article", "no_orphans"),
    ("article", "unique_keys"),
    ("assets", "no_orphans"),
    ("assets", "unique_keys"),
    ("author", "no_orphans"),
    ("author", "unique_keys"),
    ("content_types", "unique_keys"),
    ("entries", "unique_keys"),
    ("sync_runs", "fresh"),
}


def check(location: Location) -> Result:
    return run_job(location.defs, location.instance, "contentstack_checks")


def failed(result: Result) -> set[tuple[str, str]]:
    return {key for key, passed in result.checks.items() if not passed}


def test_every_sync_is_followed_by_all_checks(location: Location) -> None:
    for _ in range(2):
        result = location.sync()
        assert result.checks.keys() == CHECKS
        assert not failed(result)


def test_the_checks_job_checks_every_table_and_syncs_nothing(location: Location) -> None:
    location.sync()
    location.server.clear()
    result = check(location)
    assert result.checks.keys() == CHECKS
    assert not failed(result)
    assert not result.metadata
    assert not location.server.requests


def test_a_duplicate_row_is_found(location: Location) -> None:
    location.sync()
    location.sql("INSERT INTO contentstack.author FROM contentstack.author LIMIT 1")
    assert failed(check(location)) == {("author", "unique_keys")}


def test_a_deleted_entry_row_leaves_orphans(location: Location) -> None:
    location.sync()
    location.sql("DELETE FROM contentstack.article WHERE uid = 'e1'")
    result = check(location)
    assert failed(result) == {("article", "no_orphans")}


def test_an_old_last_successful_run_is_not_fresh(location: Location) -> None:
    location.sync()
    location.sql("UPDATE contentstack.sync_runs SET ended_at = ended_at - INTERVAL 4 HOUR")
    assert failed(check(location)) == {("sync_runs", "fresh")}
    location.sync()
    assert not failed(check(location))
    location.sql("UPDATE contentstack.sync_runs SET outcome = 'failed'")
    assert failed(check(location)) == {("sync_runs", "fresh")}


def test_only_freshness_fails_before_the_first_sync(location: Location) -> None:
    assert failed(check(location)) == {("sync_runs", "fresh")}
