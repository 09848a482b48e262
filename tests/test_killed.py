"""The real command, killed with SIGKILL anywhere: the next run goes on, and ends equal."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contentstack_source.simulator import Behavior, Fault, Server, Stack, edit, serve
from tests.killing import SIGNS, Command
from tests.small import filled_stack

KILLS = 9
KILLS_LONG = int(os.environ.get("SOAK_KILLS", "200"))


class Watched(Behavior):
    """Weather that tells how many requests have come in."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def next_fault(self) -> Fault:
        self.seen += 1
        return super().next_fault()


@pytest.fixture
def stack() -> Stack:
    """Every shape, and more than two pages."""
    stack = filled_stack()
    for number in range(230):
        stack.publish_asset(f"more{number}", {"title": f"Picture {number}"})
    return stack


@pytest.fixture
def server(stack: Stack) -> Iterator[Server]:
    with serve(stack, Watched()) as server:
        yield server


@pytest.fixture
def command(
    tmp_path: Path,
    stack: Stack,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    configure: Callable[..., None],
) -> Command:
    configure(stack, server)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    return Command(tmp_path, server)


def end_equal(command: Command, history: list[str]) -> None:
    exit_code, told = command.finish()
    assert exit_code == 0, [told, *history]
    try:
        command.assert_equal()
    except AssertionError as error:
        raise AssertionError([str(error), *history]) from error


def kill_again_and_again(command: Command, kills: int, rng: random.Random) -> list[str]:
    """Kill, edit a little, and now and then let a run end."""
    history: list[str] = []
    killed = 0
    while killed < kills:
        told = command.kill(rng)
        killed += told.startswith("killed")
        history.append(told)
        history += [edit(command.server.stack, rng) for _ in range(rng.randrange(4))]
        if rng.random() < 0.2:
            end_equal(command, history)
            history.append("ended equal")
    end_equal(command, history)
    return history


def test_runs_killed_anywhere_end_equal(command: Command) -> None:
    command.measure()
    kill_again_and_again(command, KILLS, random.Random(7))


@pytest.mark.long
@pytest.mark.parametrize("sign", ["the load is there", "a table is loaded", "the file changed"])
def test_a_first_sync_killed_while_it_loads_ends_equal(command: Command, sign: str) -> None:
    told = command.kill_when(sign, lambda: any(command.folder.glob(SIGNS[sign])))
    assert told.startswith("killed")
    command.server.stack.delete_content_type("author")
    end_equal(command, [told])


def test_a_first_sync_killed_between_pages_goes_on_at_the_next_page(command: Command) -> None:
    for number in range(300):
        command.server.stack.publish_asset(f"many{number}", {"title": f"Picture {number}"})
    behavior = command.server.behavior
    assert isinstance(behavior, Watched)
    behavior.answer_seconds = 0.3  # time to die between a question and its answer
    for _ in range(3):
        second_page = behavior.seen + 2
        told = command.kill_when("a page", lambda at=second_page: behavior.seen >= at)  # type: ignore[misc]
        assert told.startswith("killed")
    behavior.answer_seconds = 0.0
    end_equal(command, [])
    pages = [each.query for each in command.server.requests if "sync_token" not in each.query]
    asked = Counter(query.get("pagination_token", "init") for query in pages if "skip" not in query)
    # Six pages; only the one in flight at each of the three deaths is asked for again.
    assert list(asked.values()) == [1, 2, 2, 2, 1, 1]


@pytest.mark.long
def test_hundreds_of_killed_runs_end_equal(command: Command) -> None:
    seed = random.randrange(10**6)
    command.measure()
    history = kill_again_and_again(command, KILLS_LONG, random.Random(seed))
    assert "ended equal" in history, seed
