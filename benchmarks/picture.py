"""The picture of docs/performance.md: time and peak memory against size, with log axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.contestants import CONTESTANTS
from benchmarks.figures import Figures, median

_COLORS = {
    "ours": "#c2410c",
    "floor": "#6b7280",
    "dlt_tuned": "#1d4ed8",
    "dlt_plain": "#60a5fa",
    "vendor_sdk": "#15803d",
    "singer": "#7c3aed",
    "airbyte": "#be185d",
}


def draw(figures: Figures, path: Path) -> None:
    """Draw all figures into an SVG file."""
    style: Any = {
        "font.size": 9,
        "svg.fonttype": "none",
        "svg.hashsalt": "contentstack-source",
        "axes.axisbelow": True,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        _panel(left, figures, "seconds")
        _panel(right, figures, "memory_mb")
        left.set_title("First load, seconds", loc="left")
        right.set_title("Peak memory, MB", loc="left")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")


def _panel(axes: Axes, figures: Figures, figure_name: str) -> None:
    for contestant in CONTESTANTS:
        points = []
        for entries in figures.sizes():
            load = figures.load(contestant.name, entries)
            value = median(getattr(load, figure_name)) if load else None
            if value is not None:
                points.append((entries, value))
        if points:
            axes.plot(
                *zip(*points, strict=True),
                label=contestant.short,
                color=_COLORS[contestant.name],
                linewidth=2.4 if contestant.name == "ours" else 1.3,
                linestyle="--" if contestant.name == "floor" else "-",
                marker="o",
                markersize=5 if contestant.name == "ours" else 3.5,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("published entries")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        axis.set_minor_formatter("")
    axes.grid(visible=True, color="#e5e7eb")
    axes.spines[["top", "right"]].set_visible(False)
