"""Checks: they pass on what a sync left, and fail when somebody breaks a row by hand."""

from __future__ import annotations

from tests.dagster.conftest import Location, Result, run_job

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


def test_the_checks_alone_look_at_everything_and_sync_nothing(location: Location) -> None:
    location.sync()
    location.server.clear()
    result = check(location)
    assert result.checks.keys() == CHECKS
    assert not failed(result)
    assert not result.metadata
    assert not location.server.requests


def test_a_row_that_is_there_twice_is_found(location: Location) -> None:
    location.sync()
    location.sql("INSERT INTO contentstack.author FROM contentstack.author LIMIT 1")
    assert failed(check(location)) == {("author", "unique_keys")}


def test_an_entry_that_was_taken_leaves_orphans(location: Location) -> None:
    location.sync()
    location.sql("DELETE FROM contentstack.article WHERE uid = 'e1'")
    result = check(location)
    assert failed(result) == {("article", "no_orphans")}


def test_a_last_good_run_that_is_too_long_ago_is_not_fresh(location: Location) -> None:
    location.sync()
    location.sql("UPDATE contentstack.sync_runs SET ended_at = ended_at - INTERVAL 4 HOUR")
    assert failed(check(location)) == {("sync_runs", "fresh")}
    location.sync()
    assert not failed(check(location))
    location.sql("UPDATE contentstack.sync_runs SET outcome = 'failed'")
    assert failed(check(location)) == {("sync_runs", "fresh")}


def test_before_a_first_sync_nothing_is_wrong_but_that_it_is_not_fresh(location: Location) -> None:
    assert failed(check(location)) == {("sync_runs", "fresh")}
