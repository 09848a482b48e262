"""Hours of edits, faults and kills; after every completed run the tables equal the stack.

python -m tests.support.soak --minutes 60
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contentstack_source.simulator import Behavior, Fault, Server, Stack, demo_stack, edit, serve
from contentstack_source.simulator.behavior import Order
from tests.support.harness import environment_of
from tests.support.killed_command import KilledCommand

FAULTS = (
    Fault.rate_limited(None),
    Fault.rate_limited(1),
    Fault.status(500),
    Fault.status(503),
    Fault.transient_422(),
    Fault.dropped(),
    Fault.truncated(),
    Fault.half_json(),
    Fault.html(),
    Fault.slow(0.5),
)
ATTEMPTS = 5
TRIES = 20


class ChangingBehavior(Behavior):
    """Service behavior that changes, with edits during runs."""

    def __init__(self, rng: random.Random, edit_now: Callable[[], object]) -> None:
        super().__init__()
        self.rng, self.edit_now, self.edits_left = rng, edit_now, 0

    def next_fault(self) -> Fault:
        if self.edits_left and self.rng.random() < 0.3:
            self.edits_left -= 1
            self.edit_now()
        return super().next_fault()

    def change(self) -> None:
        """Choose another behavior at random."""
        rng = self.rng
        self.delta = rng.choice(["latest", "log"])
        # In a log in another order, the newer of two events of one instant is unknown.
        any_order: list[Order] = ["newest_first", "oldest_first", "shuffled"]
        self.order = "newest_first" if self.delta == "log" else rng.choice(any_order)
        self.delete_data = rng.choice(["uid_locale", "with_title", "no_locale"])
        self.counts_when_empty = rng.random() < 0.5
        self.invalidate_pagination_on_publish = rng.random() < 0.3
        self.duplicate_events = rng.random() < 0.3
        self.empty_pages = rng.random() < 0.3
        self.asset_without_content_type_uid = rng.random() < 0.3
        self.entry_deleted_with_content_type = rng.random() < 0.3
        self.stale_deltas = rng.choice([0, 0, 0, 1, 2])
        self.answer_seconds = rng.choice([0.0, 0.0, 0.1])
        self.edits_left = rng.choice([0, 0, 3])
        for _ in range(rng.choice([0, 0, 1, 3, 8])):
            self.next_faults(*[Fault.none()] * rng.randrange(3), rng.choice(FAULTS))


@dataclass
class Editors:
    """Random edits; deleted content types and entries come back later."""

    stack: Stack
    rng: random.Random
    models: dict[str, Any] = field(default_factory=dict)
    contents: list[tuple[tuple[str, str, str], dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.models = {uid: model["schema"] for uid, model in self.stack.content_types.items()}
        for key, item in self.stack.published_entries().items():
            system = {"uid", "_version", "locale", "publish_details", "created_at", "updated_at"}
            data = {name: each for name, each in item["data"].items() if name not in system}
            self.contents.append((key, data))

    def work(self) -> str:
        """Do one edit, and return its description."""
        chance = self.rng.random()
        if chance < 0.03:
            return self.delete_type()
        if chance < 0.3:
            return self.restore()
        return edit(self.stack, self.rng)

    def delete_type(self) -> str:
        uid = self.rng.choice(list(self.models))
        if uid not in self.stack.content_types:
            return f"{uid} is deleted already"
        self.stack.delete_content_type(uid)
        return f"deleted the content type {uid}"

    def restore(self) -> str:
        (uid, entry, locale), data = self.rng.choice(self.contents)
        if uid not in self.stack.content_types:
            self.stack.create_content_type(uid, self.models[uid])
        self.stack.publish_entry(uid, entry, data, locale)
        return f"published {uid} {entry} in {locale} as it was at first"


@dataclass
class Soak:
    """One dataset, with its edits, kills and faults."""

    command: KilledCommand
    editors: Editors
    behavior: ChangingBehavior
    rng: random.Random
    kills: int = 0
    runs: int = 0
    failures: int = 0
    history: list[str] = field(default_factory=list)

    def round(self) -> str:
        """Edit and kill at random, let a run end, and compare; return a description."""
        rng, done = self.rng, []
        for _ in range(rng.choice([0, 1, 2, 3, 4])):
            done += [self.editors.work() for _ in range(rng.choice([0, 1, 5, 40]))]
            self.behavior.change()
            done.append(f"behavior: {self.behavior}")
            if rng.random() < 0.08:
                self.editors.stack.tokens.forget()
                done.append("all tokens are invalid")
            outcome = self.command.kill(rng)
            assert not outcome.startswith("ended with 2"), outcome
            self.kills += outcome.startswith("killed")
            done.append(outcome)
            if rng.random() < 0.15:
                shutil.rmtree(self.command.folder / "dlt", ignore_errors=True)
                done.append("lost the working folder")
        done += [self.editors.work() for _ in range(rng.choice([0, 1, 5]))]
        self.history += done
        self.finish()
        self.command.assert_equal()
        deaths = [each for each in done if each.startswith(("killed", "ended", "lost", "all "))]
        edits = len([each for each in done if not each.startswith("behavior")]) - len(deaths)
        return f"{edits} edits; {'; '.join(deaths) or 'no kills'}"

    def finish(self) -> None:
        """Run until a run got no stale response of a cache."""
        for _ in range(TRIES):
            was_stale = self.behavior.stale_deltas > 0
            exit_code, outcome = self.command.finish()
            self.runs += 1
            self.history.append(f"run: {exit_code} {outcome.strip()}")
            if exit_code == 0 and not was_stale:
                return
            if exit_code not in {0, 1} or "Traceback" in outcome:
                raise AssertionError(outcome)
            self.failures += exit_code
        message = f"no run in {TRIES} ended successfully: {self.history[-1]}"
        raise AssertionError(message)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--entries", type=int, default=200)
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    folder = Path(tempfile.mkdtemp(prefix="soak_"))
    rng = random.Random(options.seed)
    editors = Editors(demo_stack(options.entries), rng)
    behavior = ChangingBehavior(rng, editors.work)
    print_line(f"Seed {options.seed}, in {folder}")
    with serve(editors.stack, behavior) as server:
        configure(server, folder)
        command = KilledCommand(server, folder)
        command.measure()
        soak = Soak(command, editors, behavior, rng)
        number = 0
        while time.monotonic() < until:
            number += 1
            try:
                outcome = soak.round()
            except AssertionError as error:
                (folder / "history.txt").write_text("\n".join(soak.history), "utf-8")
                print_line(f"round {number}: NOT EQUAL: {error}\nAll files are kept in {folder}")
                return 1
            server.clear()
            print_line(f"round {number}: equal; {outcome}")
    print_line(
        f"{number} rounds, {soak.kills} kills, {soak.runs} runs, {soak.failures} of them failed"
    )
    shutil.rmtree(folder)
    return 0


def configure(server: Server, folder: Path) -> None:
    """Configure the command as a user would, by the environment."""
    os.environ |= environment_of(server) | {
        "SOURCES__CONTENTSTACK__MAX_DELETED_SHARE": "1",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__REQUEST_BACKOFF_FACTOR": "0.01",
        "RUNTIME__REQUEST_MAX_ATTEMPTS": str(ATTEMPTS),
        "DLT_DATA_DIR": str(folder / "dlt_data"),
    }


def print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
