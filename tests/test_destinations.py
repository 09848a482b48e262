"""The same story at every destination, its tables held row by row against the stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.simulator import serve
from tests.places import LAKES, SLOW, TIER_ONE, TIER_TWO
from tests.story import CHAPTERS, Story


# What dlt says to SQLAlchemy when it makes the SQL of a merge.
@pytest.mark.filterwarnings("ignore:implicitly coercing SELECT object")
@pytest.mark.filterwarnings("ignore:Cannot create BigQuery Storage client")  # rows come by REST
@pytest.mark.parametrize(
    "name",
    [*TIER_ONE, *TIER_TWO, *LAKES, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)],
)
def test_the_tables_equal_the_stack_through_every_kind_of_event(
    name: str, tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    with {**TIER_ONE, **TIER_TWO, **LAKES, **SLOW}[name](tmp_path) as place:
        story = Story(place, Target(place.destination, pipelines_dir=str(tmp_path / "dlt")))
        with serve(story.stack, story.behavior) as server:
            configure(story.stack, server)
            for chapter in CHAPTERS:
                chapter(story)
