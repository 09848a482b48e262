"""Write the pictures of the documents and docs/schema.md again, from the stack of the demo.

python -m tests.support.pictures
"""

from __future__ import annotations

import io
import os
import runpy
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console

from contentstack_source.cli.demo import run_demo
from contentstack_source.dashboard.charts import Chart
from contentstack_source.dashboard.demo_data import FILE, FOLDER
from contentstack_source.dataset.data_dictionary import describe
from contentstack_source.destinations.target import Target
from tests.support.browser import page, shown
from tests.support.paths import ROOT

IMAGES = ROOT / "docs" / "images"
CHARTS = {
    "published_by_week": ("02_publishing_rhythm", 0),
    "week_of_the_editors": ("02_publishing_rhythm", 1),
    "editors": ("02_publishing_rhythm", 2),
    "ages": ("02_publishing_rhythm", 4),
    "locales": ("03_content_health", 0),
    "broken_references": ("03_content_health", 1),
    "unused_assets": ("03_content_health", 2),
    "changes": ("04_change_log", 0),
}
"""Notebook and number of the chart, by name of the picture."""


def charts_of(notebook: str) -> list[Chart]:
    """Run a notebook in the current folder."""
    file = ROOT / "notebooks" / f"{notebook}.py"
    outputs, _ = runpy.run_path(str(file), run_name="a_notebook")["app"].run()
    return [each for each in outputs if isinstance(each, Chart)]


def keep(name: str, png: bytes) -> None:
    """Write a picture with as few colours as it needs."""
    with Image.open(io.BytesIO(png)) as picture:
        small = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        small.save(IMAGES / f"{name}.png", optimize=True)


def main() -> None:
    """Run the demo, the notebooks and the dashboard, and save what they show."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run_demo(Console(file=io.StringIO()), entries=3000, folder=FOLDER)
        drawn = {notebook: charts_of(notebook) for notebook, _ in CHARTS.values()}
        for name, (notebook, number) in CHARTS.items():
            keep(name, drawn[notebook][number]._repr_png_())
        shutil.copy(Path(FOLDER, FILE), "contentstack_warehouse.duckdb")
        (ROOT / "docs" / "schema.md").write_text(describe(Target()), "utf-8")
        with shown(Path(folder)) as address, page(address, height=2480) as (opened, _):
            opened.locator("img[src^='data:image/png']").nth(3).wait_for()
            opened.wait_for_timeout(3000)
            keep("dashboard", opened.screenshot())
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
