"""The sensor and the schedule: runs on changes, and at fixed times."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from contentstack_source.simulator import Fault
from tests.orchestrators.dagster.conftest import Location


def test_the_sensor_launches_a_first_sync_and_then_only_for_changes(location: Location) -> None:
    assert len(location.check().run_requests) == 1
    location.sync()
    assert location.check().skip_message == "contentstack: nothing new"
    location.stack.delete_entry("author", "e1")
    assert len(location.check().run_requests) == 1
    location.sync()
    assert location.check().skip_message == "contentstack: nothing new"


def test_no_change_costs_one_request_and_no_query_of_the_destination(location: Location) -> None:
    location.sync()
    location.check()
    location.server.clear()
    Path(location.file).unlink()
    assert location.check().skip_message == "contentstack: nothing new"
    assert [each.path for each in location.server.requests] == ["/v3/stacks/sync"]


def test_the_sensor_waits_during_a_run_and_after_a_failed_run(
    location: Location,
) -> None:
    job = location.defs.resolve_job_def("contentstack")
    run = location.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert location.check().skip_message == "contentstack: a run is under way"
    assert not location.tick().run_requests
    location.instance.report_run_failed(run)
    assert "failed; the schedule tries again" in location.check().skip_message
    assert len(location.tick().run_requests) == 1
    location.sync()
    assert location.check().skip_message == "contentstack: nothing new"


def test_an_outage_is_reported_and_launches_nothing(location: Location) -> None:
    location.sync()
    location.server.behavior.next_faults(Fault.status(503), Fault.status(503))
    assert "No good answer" in location.check().skip_message
    assert location.check().skip_message == "contentstack: nothing new"


def test_rejected_credentials_are_reported_and_launch_nothing(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    location.sync()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs_wrong")
    assert "The service rejected the delivery token" in location.check().skip_message


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")  # from inside Dagster
def test_a_downstream_asset_runs_only_when_its_table_changed(
    location: Location,
) -> None:
    key = dg.AssetKey(["contentstack", "article"])

    @dg.asset(deps=[key], automation_condition=dg.AutomationCondition.eager())
    def mart() -> None: ...

    defs = dg.Definitions.merge(location.defs, dg.Definitions([mart]))
    cursor = dg.evaluate_automation_conditions(defs, location.instance).cursor
    location.sync()
    for edited, wakes in {"nothing": True, "author": False, "article": True}.items():
        if edited != "nothing":
            location.stack.delete_entry(edited, "e1")
            location.sync()
        found = dg.evaluate_automation_conditions(defs, location.instance, cursor=cursor)
        assert found.get_num_requested(mart.key) == wakes, edited
        cursor = found.cursor
