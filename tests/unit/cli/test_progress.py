"""Progress: a bar on a terminal, and lines elsewhere."""

from __future__ import annotations

import pytest
from rich.console import Console

from contentstack_source.cli.progress import BarCollector, LineCollector, collector_for


def test_a_terminal_gets_a_bar_unless_the_log_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(force_terminal=True)
    assert isinstance(collector_for(terminal), BarCollector)
    monkeypatch.setenv("RUNTIME__LOG_FORMAT", "JSON")
    assert isinstance(collector_for(terminal), LineCollector)


def test_a_line_counts_what_was_done_since_the_start() -> None:
    lines: list[str] = []
    collector = LineCollector(lines.append, seconds_between_lines=0.0)
    collector.update("Pages", 3, total=4)
    collector.update("Pages", 1, total=4)
    collector.update("Other", 1)
    assert lines == ["Fetching pages: 3 of 4", "Fetching pages: 4 of 4"]


def test_lines_are_rare() -> None:
    lines: list[str] = []
    LineCollector(lines.append).update("Pages", 3)
    assert lines == []
