"""Charts of tables: plain, with their units, in colours for any kind of colour vision, offline."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

# Okabe and Ito's colours: distinct with any kind of colour vision.
COLOURS: Final = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#999999",
)
_GREY: Final = COLOURS[-1]
_INK: Final = "#333333"
_FAINT: Final = "#777777"
_MOST: Final = 12
"""Bars of one chart; smaller ones are added up in the last."""
_DARK: Final = 0.55
"""Of the scale of a heat map: above it, figures are written in black."""


class Chart(Figure):
    """A chart, which notebooks of either kind show as it is."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=110)
        return file.getvalue()


def bars(values: pd.Series, title: str, unit: str, *, ordered: bool = False) -> Chart:
    """Draw a horizontal bar for each value, the longest first.

    Args:
        values: numbers by name; of more than a dozen, the smallest are added up.
        title: what is shown, in one line.
        unit: of the numbers, as in `entries`.
        ordered: whether the values keep the order they have, and all of them their bar.
    """
    if values.empty:
        return _nothing(title, unit)
    shown = values if ordered else values.sort_values(ascending=False)
    rest = shown.iloc[:0]
    if len(shown) > _MOST and not ordered:
        rest = shown.iloc[_MOST - 1 :]
        shown = shown.iloc[: _MOST - 1].copy()
        shown[f"{len(rest)} others"] = rest.sum()
    figure, axes = _canvas(title, unit, 0.34 * len(shown) + 1.1)
    shown = shown.iloc[::-1]
    drawn = axes.barh([str(name) for name in shown.index], shown.to_numpy(), color=COLOURS[0])
    if not rest.empty:
        drawn[0].set_color(_GREY)
    axes.bar_label(
        drawn, [_format_number(value) for value in shown], padding=4, color=_INK, fontsize=9
    )
    axes.set_xlim(0, max(float(shown.max()), 1.0) * 1.12)
    _without(axes, "x")
    return figure


def stacked(table: pd.DataFrame, title: str, unit: str, *, scale: bool = False) -> Chart:
    """Draw a horizontal bar for each row, with a segment for each column, the longest first.

    Args:
        table: numbers; the index names the bars, the columns the segments.
        title: what is shown, in one line.
        unit: of the numbers.
        scale: whether the columns are steps of one scale, to be coloured as such.
    """
    if table.empty:
        return _nothing(title, unit)
    order = table.sum(axis=1).sort_values().index
    shown = table.fillna(0).loc[order]
    figure, axes = _canvas(title, unit, 0.36 * len(shown) + 1.4)
    colours = _steps(len(shown.columns)) if scale else COLOURS
    _pile(shown, colours, lambda *of: axes.barh(of[0], of[1], left=of[2], color=of[3], label=of[4]))
    totals = shown.sum(axis=1)
    for place, total in enumerate(totals):
        axes.text(total, place, f"  {_format_number(total)}", va="center", **_small())
    axes.set_xlim(0, max(float(totals.max()), 1.0) * 1.12)
    _without(axes, "x")
    _key(axes, len(shown.columns))
    return figure


def over_time(table: pd.DataFrame, title: str, unit: str) -> Chart:
    """Draw a column for each period, with a segment for each column of the table.

    Args:
        table: numbers; the index holds the beginnings of periods of equal length, in order.
        title: what is shown, in one line.
        unit: of the numbers.
    """
    if table.empty:
        return _nothing(title, unit)
    figure, axes = _canvas(title, unit, 3.4)
    shown = table.fillna(0)
    step = (shown.index[1] - shown.index[0]) if len(shown) > 1 else pd.Timedelta(days=1)
    _pile(
        shown,
        COLOURS,
        lambda *of: axes.bar(
            shown.index,
            of[1],
            bottom=of[2],
            color=of[3],
            label=of[4],
            width=step * 0.9,
            align="edge",
        ),
    )
    formatter = ConciseDateFormatter(axes.xaxis.get_major_locator())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.yaxis.grid(visible=True, color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    _key(axes, len(shown.columns))
    return figure


def heat(table: pd.DataFrame, title: str, unit: str, *, share: bool = False) -> Chart:
    """Draw a field for each number, the brighter the larger.

    Args:
        table: numbers; a number that is missing leaves its field empty.
        title: what is shown, in one line.
        unit: of the numbers.
        share: whether the numbers are parts of 1, to be written as percentages.
    """
    if table.empty:
        return _nothing(title, unit)
    figure, axes = _canvas(title, unit, 0.34 * len(table) + 1.3)
    numbers = table.to_numpy(dtype=float)
    most = 1.0 if share else max(float(pd.Series(numbers.ravel()).max()), 1.0)
    axes.imshow(numbers, cmap="cividis", vmin=0, vmax=most, aspect="auto")
    axes.set_xticks(range(len(table.columns)), [str(name) for name in table.columns])
    axes.set_yticks(range(len(table)), [str(name) for name in table.index])
    for (row, column), value in _fields(numbers):
        text = f"{value:.0%}" if share else _format_number(value)
        ink = "black" if value / most > _DARK else "white"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
    return figure


def _fields(numbers: Any) -> list[tuple[tuple[int, int], float]]:  # noqa: ANN401 - of numpy
    return [
        ((row, column), float(value))
        for row, values in enumerate(numbers)
        for column, value in enumerate(values)
        if value == value and value  # noqa: PLR0124 - not a number is not itself
    ]


def _steps(count: int) -> list[Any]:
    """Return colours from light to dark, as many as there are steps."""
    return [
        mpl.colormaps["cividis_r"](0.1 + 0.85 * step / max(count - 1, 1)) for step in range(count)
    ]


def _pile(table: pd.DataFrame, colours: Sequence[Any], draw: Callable[..., object]) -> None:
    """Draw the columns of a table one upon the other."""
    names = [str(name) for name in table.index]
    below = pd.Series(0.0, index=table.index)
    for number, column in enumerate(table.columns):
        draw(names, table[column], below, colours[number % len(colours)], str(column))
        below = below + table[column]


def _nothing(title: str, unit: str) -> Chart:
    """Return the chart of no numbers."""
    figure, axes = _canvas(title, unit, 1.2)
    axes.set_axis_off()
    axes.text(0, 0.5, "none", transform=axes.transAxes, **_small())
    return figure


def _canvas(title: str, unit: str, inches_high: float) -> tuple[Chart, Axes]:
    figure = Chart(figsize=(8.6, inches_high), layout="constrained", facecolor="white")
    axes = figure.subplots()
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
    axes.set_title(unit, loc="left", **_small())
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=_INK, labelsize=9)
    return figure, axes


def _without(axes: Axes, which: str) -> None:
    """Hide an axis whose numbers stand beside the bars."""
    (axes.xaxis if which == "x" else axes.yaxis).set_visible(False)


def _key(axes: Axes, segments: int) -> None:
    if segments > 1:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9, labelcolor=_INK
        )


def _small() -> dict[str, Any]:
    return {"fontsize": 9, "color": _FAINT}


def _format_number(value: float) -> str:
    """Return a number as one reads it."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.1f}"  # noqa: PLR2004
