"""The notebooks: they run on the demo's data, and are equal in both formats."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import nbclient
import nbformat
import pandas as pd
import pytest

from contentstack_source.dashboard.charts import Chart
from contentstack_source.dashboard.demo_data import FILE, FOLDER, demo_file
from tests.support.paths import ROOT

# dlt uses a DuckDB method that DuckDB renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
CHARTS = {
    "01_first_look": 3,
    "02_publishing_rhythm": 5,
    "03_content_health": 3,
    "04_change_log": 2,
}
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


class Run:
    """A notebook run in this process: what its cells show and define."""

    def __init__(self, notebook: Path) -> None:
        outputs, self.defined = runpy.run_path(str(notebook), run_name="a_notebook")["app"].run()
        self.charts: list[Chart] = [each for each in outputs if isinstance(each, Chart)]
        self.tables: list[Any] = [each for each in outputs if isinstance(each, pd.DataFrame)]

    def drawn(self) -> list[str]:
        """Return every text in the charts."""
        texts = [text for chart in self.charts for axes in chart.axes for text in axes.texts]
        return [text.get_text().strip() for text in texts]


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    return {}


@pytest.fixture
def run(demo_folder: Path, runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a notebook in the folder of the demo, once."""
    monkeypatch.chdir(demo_folder)

    def run(name: str) -> Run:
        (notebook,) = (path for path in NOTEBOOKS if path.stem == name)
        return runs.setdefault(name, runs.get(name) or Run(notebook))

    return run


@pytest.fixture
def sql(demo_folder: Path) -> Any:
    """Query the file of the demo without dlt, for the expected results of the notebooks."""

    def ask(query: str) -> list[Any]:
        with duckdb.connect(str(demo_folder / FOLDER / FILE), read_only=True) as con:
            con.execute("SET search_path = 'contentstack'; SET TimeZone = 'UTC'")
            return con.execute(query).fetchall()

    return ask


@each_notebook
def test_a_notebook_shows_its_charts_and_no_empty_table(notebook: Path, run: Any) -> None:
    shown = run(notebook.stem)
    assert len(shown.charts) == CHARTS[notebook.stem]
    assert all(len(table) for table in shown.tables)
    for chart in shown.charts:
        assert chart.get_suptitle()
        assert chart.axes[0].get_title(loc="left")
        assert chart._repr_png_().startswith(b"\x89PNG")


@each_notebook
def test_a_notebook_is_the_same_for_marimo_and_jupyter(notebook: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.ipynb"
    export = [sys.executable, "-m", "marimo", "export", "ipynb", "--sort", "top-down"]
    subprocess.run([*export, str(notebook), "-o", str(made)], check=True, capture_output=True)
    kept = nbformat.read(notebook.with_suffix(".ipynb"), as_version=4)
    assert _cells(nbformat.read(made, as_version=4)) == _cells(kept)
    assert not any(cell.get("outputs") for cell in kept.cells)


def _cells(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(each, marks=[pytest.mark.long] if number else [])
        for number, each in enumerate(NOTEBOOKS)
    ],
    ids=lambda path: path.stem,
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jupyter_shows_the_same_charts(notebook: Path, demo_folder: Path) -> None:
    executed = nbformat.read(notebook.with_suffix(".ipynb"), as_version=4)
    nbclient.NotebookClient(
        executed,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(demo_folder)}},
    ).execute()
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    pictures = [each for each in outputs if "image/png" in each.get("data", {})]
    assert len(pictures) == CHARTS[notebook.stem]


def test_the_first_notebook_counts_the_entries(run: Any, sql: Any) -> None:
    found = run("01_first_look").defined
    assert found["counts"]["entries"] == sql("SELECT count(*) FROM entries")[0][0]
    published = found["published"].set_index(["content_type_uid", "locale"])["published"].to_dict()
    assert published == {
        (uid, locale): count
        for uid, locale, count in sql(
            "SELECT content_type_uid, locale, count(*) FROM entries GROUP BY ALL"
        )
    }


def test_the_publishing_rhythm_has_every_publish_in_its_hour(run: Any, sql: Any) -> None:
    found = run("02_publishing_rhythm").defined
    hours = found["published"].groupby("hour")["publishes"].sum()
    assert {hour.isoformat(): count for hour, count in hours.items()} == {
        hour.isoformat(): count
        for hour, count in sql(
            "SELECT date_trunc('hour', event_at), count(*) FROM sync_events"
            " WHERE event_type IN ('entry_published', 'asset_published') GROUP BY ALL"
        )
    }
    assert found["by_user"]["published"].sum() == sql("SELECT count(*) FROM entries")[0][0]
    assert found["by_user"]["editor"].nunique() == 4


def test_the_change_log_shows_the_changes_of_the_second_sync(run: Any) -> None:
    found = run("04_change_log")
    assert len(found.defined["loads"]) == 2
    table = next(each for each in found.tables if "published again" in each)
    assert table.loc["blog_post", "published again"] == 25
    assert table.loc["product", "new"] == 12
    assert table.loc["page", "unpublished"] > 0


def test_the_change_log_shows_earlier_versions(run: Any) -> None:
    versions = run("04_change_log").defined["versions"]
    ended = versions.groupby(["content_type_uid", "ended_by"]).size()
    assert ended["blog_post", "entry_published"] == 25
    assert ended["author", "entry_deleted"] > 0
    assert ended["event", "content_type_deleted"] > 0
    assert versions["title"].str.len().gt(0).all()


def test_the_demo_is_created_if_missing_and_found_one_folder_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = demo_file(entries=10)
    assert made == tmp_path / FOLDER / FILE
    assert made.is_file()
    when = made.stat().st_mtime_ns
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert demo_file() == made
    assert made.stat().st_mtime_ns == when


def test_a_notebook_does_not_lock_the_file(run: Any, demo_folder: Path) -> None:
    run("01_first_look")
    with duckdb.connect(
        str(demo_folder / FOLDER / FILE)
    ) as con:  # opened for writing, which is exclusive
        assert con.execute("SELECT 1").fetchall() == [(1,)]
