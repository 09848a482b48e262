"""`contentstack-source dashboard`, and the charts that notebooks use, too."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pandas as pd
import pytest
import requests
from click.testing import CliRunner

from contentstack_source.cli.main import main
from contentstack_source.dashboard import charts, queries, text
from contentstack_source.dashboard.demo_data import FILE, FOLDER
from contentstack_source.destinations.target import Target
from tests.support.browser import BROWSER, page, shown

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `dashboard` without an option finds the data of the demo."""
    folder = tmp_path_factory.mktemp("dashboard")
    shutil.copy(demo_folder / FOLDER / FILE, folder / "contentstack_warehouse.duckdb")
    return folder


def asked(folder: Path, query: str) -> list[Any]:
    """Query the file without dlt, and close it."""
    with duckdb.connect(str(folder / "contentstack_warehouse.duckdb")) as con:
        con.execute("SET search_path = 'contentstack'")
        return con.execute(query).fetchall()


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_a_browser_shows_published_content_the_last_syncs_and_content_health(folder: Path) -> None:
    counts = {name: asked(folder, f"SELECT count(*) FROM {name}") for name in ("entries", "assets")}
    with shown(folder) as address, page(address) as (opened, errors):
        opened.get_by_role("heading", name="Content health").wait_for()
        opened.locator("img[src^='data:image/png']").nth(2).wait_for()
        for table in ("entries", "assets"):
            ((count,),) = counts[table]
            opened.get_by_text(f"{count:,}", exact=True).first.wait_for()
        opened.get_by_text("of the last 2 runs none failed").wait_for()
        opened.get_by_text("assets that no entry uses").first.wait_for()
        drawn = opened.locator("img[src^='data:image/png']").evaluate_all(
            "all => all.map(each => each.naturalWidth)"
        )
    assert min(drawn) > 500
    assert errors == []


def test_the_server_ends_with_the_command(folder: Path) -> None:
    with shown(folder) as address:
        assert requests.get(address, timeout=60).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=60)


def test_a_missing_dataset_is_reported_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert text.opened(Target()) == (None, "Nothing has been synced into `contentstack` yet.")
    dataset, problem = text.opened(Target("no_such_destination"))
    assert dataset is None
    assert "dlt has no such destination" in str(problem)


def test_the_command_ends_with_2_when_its_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "marimo", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    done = CliRunner().invoke(main, ["dashboard"])
    assert done.exit_code == 2


def test_the_headlines_have_failed_runs_rejected_items_and_the_lag() -> None:
    at = pd.Timestamp("2026-03-01T12:00:00Z")
    published = pd.DataFrame(
        {"content_type_uid": ["blog", "assets"], "locale": ["en-us"] * 2, "published": [1200, 3]}
    )
    runs = pd.DataFrame({"ended_at": [at - pd.Timedelta(hours=2), at], "outcome": ["failed", "ok"]})
    arrivals = pd.DataFrame({"loaded_at": [at], "newest": [at - pd.Timedelta(seconds=90)]})
    rejects = pd.DataFrame({"reason": ["missing_uid"], "items": [4]})
    assert text.headlines(published, runs, arrivals, rejects, at) == [
        ("Entries published", "1,200", "in 1 locale"),
        ("Assets published", "3", "in 1 locale"),
        ("Last sync", "2 hours ago", "failed; of the last 2 runs 1 failed"),
        ("Lag", "2 minutes", "from the newest change to its load"),
        ("Rejected", "4", "items in sync_rejects"),
    ]


def test_the_headlines_of_a_dataset_without_runs_or_events_are_unknown(tmp_path: Path) -> None:
    nothing = dlt.dataset(dlt.destinations.duckdb(str(tmp_path / "empty.duckdb")), "contentstack")
    published, runs = queries.published(nothing), queries.runs(nothing)
    headlines = text.headlines(
        published, runs, queries.arrivals(nothing), queries.rejects(nothing), _now()
    )
    assert [value for _, value, _ in headlines] == ["0", "0", "unknown", "unknown"]
    assert queries.coverage(nothing).empty
    assert queries.ages(nothing, _now()).empty
    assert queries.broken(nothing) is None
    assert queries.unused(nothing) is None


def test_coverage_and_ages_match_the_entries(folder: Path) -> None:
    dataset = dlt.dataset(
        dlt.destinations.duckdb(str(folder / "contentstack_warehouse.duckdb")), "contentstack"
    )
    share = queries.coverage(dataset)
    for uid, locale, part in asked(
        folder,
        "SELECT content_type_uid, locale, count(*) / any_value(every) FROM entries JOIN ("
        " SELECT content_type_uid, count(DISTINCT uid) AS every FROM entries GROUP BY ALL"
        ") USING (content_type_uid) GROUP BY ALL",
    ):
        assert share.loc[uid, locale] == pytest.approx(part)
    ages = queries.ages(dataset, _now())
    assert list(ages.columns) == ["3 months", "6 months", "a year", "longer"]
    assert ages.to_numpy().sum() == asked(folder, "SELECT count(*) FROM entries")[0][0]


def test_small_bars_are_summed_in_the_last_bar() -> None:
    chart = charts.bars(
        pd.Series(range(1, 21), index=list("abcdefghijklmnopqrst")), "Title", "rows"
    )
    axes = chart.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 12
    assert names[0] == "9 others"
    assert next(text.get_text() for text in axes.texts) == "45"
    assert names[-1] == "t"


def test_an_empty_chart_shows_none() -> None:
    nothing = pd.DataFrame()
    for chart in (
        charts.bars(pd.Series(dtype=float), "Title", "rows"),
        charts.stacked(nothing, "Title", "rows"),
        charts.over_time(nothing, "Title", "rows"),
        charts.heat(nothing, "Title", "rows"),
    ):
        assert [text.get_text() for text in chart.axes[0].texts] == ["none"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "0 seconds"),
        (1, "1 second"),
        (59.6, "60 seconds"),
        (3600, "1 hour"),
        (200_000, "2 days"),
    ],
)
def test_a_duration_is_formatted_in_its_largest_unit(seconds: float, expected: str) -> None:
    assert text.format_duration(seconds) == expected


def _now() -> pd.Timestamp:
    return pd.Timestamp.now(tz="UTC")
