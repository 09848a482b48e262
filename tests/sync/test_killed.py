"""The real command, killed with SIGKILL at any moment: the next run continues and ends equal."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from contentstack_source.simulator import Stack, edit
from tests.support.hooked_behavior import HookedBehavior
from tests.support.killed_command import SIGNS, KilledCommand
from tests.support.small_stack import filled_stack

KILLS = 9
KILLS_LONG = int(os.environ.get("SOAK_KILLS", "200"))


@pytest.fixture
def stack() -> Stack:
    """A stack with every structure, and more than two pages."""
    stack = filled_stack()
    for number in range(230):
        stack.publish_asset(f"more{number}", {"title": f"Picture {number}"})
    return stack


@pytest.fixture
def behavior() -> HookedBehavior:
    return HookedBehavior()


def end_equal(command: KilledCommand, history: list[str]) -> None:
    exit_code, outcome = command.finish()
    assert exit_code == 0, [outcome, *history]
    try:
        command.assert_equal()
    except AssertionError as error:
        raise AssertionError([str(error), *history]) from error


def kill_again_and_again(command: KilledCommand, kills: int, rng: random.Random) -> list[str]:
    """Kill and edit repeatedly, and sometimes let a run end."""
    history: list[str] = []
    killed = 0
    while killed < kills:
        outcome = command.kill(rng)
        killed += outcome.startswith("killed")
        history.append(outcome)
        history += [edit(command.server.stack, rng) for _ in range(rng.randrange(4))]
        if rng.random() < 0.2:
            end_equal(command, history)
            history.append("ended equal")
    end_equal(command, history)
    return history


@pytest.mark.integration
def test_runs_killed_anywhere_end_equal(killed_command: KilledCommand) -> None:
    killed_command.measure()
    kill_again_and_again(killed_command, KILLS, random.Random(7))


@pytest.mark.long
@pytest.mark.parametrize(
    "sign", ["the load package is complete", "a table is loaded", "the file changed"]
)
def test_a_first_sync_killed_while_it_loads_ends_equal(
    killed_command: KilledCommand, sign: str
) -> None:
    outcome = killed_command.kill_when(sign, lambda: any(killed_command.folder.glob(SIGNS[sign])))
    assert outcome.startswith("killed")
    killed_command.server.stack.delete_content_type("author")
    end_equal(killed_command, [outcome])


@pytest.mark.integration
def test_a_first_sync_killed_between_pages_continues_at_the_next_page(
    killed_command: KilledCommand,
) -> None:
    for number in range(300):
        killed_command.server.stack.publish_asset(f"many{number}", {"title": f"Picture {number}"})
    behavior = killed_command.server.behavior
    assert isinstance(behavior, HookedBehavior)
    behavior.answer_seconds = 0.3  # time to kill between a request and its response
    for _ in range(3):
        second_page = behavior.seen + 2
        outcome = killed_command.kill_when("a page", lambda at=second_page: behavior.seen >= at)  # type: ignore[misc]
        assert outcome.startswith("killed")
    behavior.answer_seconds = 0.0
    end_equal(killed_command, [])
    pages = [
        each.query for each in killed_command.server.requests if "sync_token" not in each.query
    ]
    asked = Counter(query.get("pagination_token", "init") for query in pages if "skip" not in query)
    # Six pages; only the one in flight at each of the three kills is requested again.
    assert list(asked.values()) == [1, 2, 2, 2, 1, 1]


@pytest.mark.long
def test_hundreds_of_killed_runs_end_equal(killed_command: KilledCommand) -> None:
    seed = random.randrange(10**6)
    killed_command.measure()
    history = kill_again_and_again(killed_command, KILLS_LONG, random.Random(seed))
    assert "ended equal" in history, seed
