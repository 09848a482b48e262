"""The spool: an interrupted pass continues without repeating a request."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from contentstack_source.api.page_spool import MOST_LEGS, Spool
from contentstack_source.api.sync_protocol import Query
from contentstack_source.errors import InvalidResponseError

INIT = {"init": "true", "environment": "production"}
STREAM = {"host": "https://cdn.contentstack.io/v3", "stack": "1234"}


class Killed(Exception):  # noqa: N818 - it stands for a kill
    """The run is killed."""


FOLLOW_UP = b'{"items": [], "sync_token": "s1"}'


class Service:
    """A pass of some pages; it can be interrupted before any of them. Nothing changes after it."""

    def __init__(self, length: int = 4, name: str = "p") -> None:
        self.length = length
        self.name = name
        self.killed_before = length
        self.start: Query = INIT
        self.asked: list[Query] = []

    def page(self, number: int) -> bytes:
        is_last = number == self.length - 1
        token = (
            {"sync_token": "s1"} if is_last else {"pagination_token": f"{self.name}{number + 1}"}
        )
        return json.dumps({"items": [number], **token}).encode()

    def fetch(self, query: Query) -> bytes:
        self.asked.append(query)
        if query == {"sync_token": "s1"} != self.start:
            return FOLLOW_UP
        number = int(query.get("pagination_token", f"{self.name}0").removeprefix(self.name))
        if number >= self.killed_before:
            raise Killed
        return self.page(number)


def fetch_all(spool: Spool, service: Service, start: Query = INIT, stream: Query = STREAM) -> int:
    """Fetch a pass to its end; return the number of requests."""
    before, service.start = len(service.asked), start
    pages = [page.body for page in spool.fetch_pass(service.fetch, start, stream)]
    assert pages[: service.length] == pages_of(service)
    assert set(pages[service.length :]) <= {FOLLOW_UP}
    return len(service.asked) - before


def pages_of(service: Service) -> list[bytes]:
    return [service.page(number) for number in range(service.length)]


def interrupted_pass(spool: Spool, stored: int) -> Service:
    """Leave a pass of four pages in the spool, interrupted after the first `stored`."""
    service = Service()
    service.killed_before = stored
    with pytest.raises(Killed):
        fetch_all(spool, service)
    service.killed_before = service.length
    service.asked.clear()
    return service


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "deep" / "spool")


def bodies(spool: Spool) -> list[bytes]:
    return list(spool.bodies())


def file_of(spool: Spool) -> Path:
    (file,) = spool.folder.iterdir()
    return file


def last_page_replaced(spool: Spool, body: bytes) -> bytes:
    """Return the content of the file with another last page."""
    content, last = file_of(spool).read_bytes(), bodies(spool)[-1]
    before = content[: -len(last) - 8]
    return before + len(body).to_bytes(8, "big") + body


def test_pages_are_stored_unchanged_in_order_of_arrival(spool: Spool) -> None:
    service = Service(12)
    assert fetch_all(spool, service) == 12
    assert bodies(spool) == [service.page(number) for number in range(12)]


def test_a_page_is_on_disk_before_it_is_returned(spool: Spool) -> None:
    for number, _ in enumerate(spool.fetch_pass(Service().fetch, INIT, STREAM), 1):
        assert len(bodies(spool)) == number


@pytest.mark.parametrize("stored", [1, 2, 3])
def test_an_interrupted_pass_continues_after_the_last_stored_page(
    spool: Spool, stored: int
) -> None:
    service = interrupted_pass(spool, stored)
    assert fetch_all(Spool(spool.folder), service) == 4 - stored + 1
    pages = [{"pagination_token": f"p{number}"} for number in range(stored, 4)]
    assert service.asked == [*pages, {"sync_token": "s1"}]
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


def test_a_pass_interrupted_before_its_first_page_starts_again(spool: Spool) -> None:
    service = interrupted_pass(spool, 0)
    assert fetch_all(spool, service) == 4
    assert service.asked[0] == INIT


def test_only_later_changes_are_requested_after_a_complete_stored_pass(spool: Spool) -> None:
    fetch_all(spool, Service())
    service = Service()
    assert fetch_all(spool, service) == 1
    assert service.asked == [{"sync_token": "s1"}]
    last_page = spool.last_page()
    assert last_page is not None
    assert last_page.sync_token == "s1"


def leg(number: int, pages: int = 1) -> list[bytes]:
    """Return the pages from the sync token `s<number>` to the next one."""
    tokens = [{"pagination_token": f"s{number}.{page}"} for page in range(1, pages)]
    return [
        json.dumps({"items": [number], **token}).encode()
        for token in [*tokens, {"sync_token": f"s{number + 1}"}]
    ]


def test_each_run_continues_from_stored_pages_until_it_fetches_a_whole_leg(spool: Spool) -> None:
    """A pass whose load failed repeatedly while editors continued."""
    answers = {"init": leg(0)[0], "s1": leg(1)[0], "s2": leg(2)[0]}
    asked: list[str] = []

    def fetch(query: Query) -> bytes:
        asked.append("init" if "init" in query else query["sync_token"])
        return answers[asked[-1]]

    runs = [[page.body for page in spool.fetch_pass(fetch, INIT, STREAM)] for _ in range(3)]
    assert runs == [leg(0), [*leg(0), *leg(1)], [*leg(0), *leg(1), *leg(2)]]
    assert asked == ["init", "s1", "s2"]


def test_an_interrupted_leg_is_continued_and_followed_by_one_more(spool: Spool) -> None:
    fetch_all(spool, Service(1))
    first, second = leg(1, pages=2)
    with pytest.raises(KeyError):
        list(spool.fetch_pass(lambda query: {"s1": first}[query["sync_token"]], INIT, STREAM))
    answers = {"s1.1": second, "s2": leg(2)[0]}
    asked: list[Query] = []

    def fetch(query: Query) -> bytes:
        asked.append(query)
        return answers[next(iter(query.values()))]

    pages = [page.body for page in spool.fetch_pass(fetch, INIT, STREAM)]
    assert pages[1:] == [first, second, *leg(2)]
    assert asked == [{"pagination_token": "s1.1"}, {"sync_token": "s2"}]


def test_a_pass_of_too_many_legs_starts_again(spool: Spool) -> None:
    service = Service()
    for _ in range(MOST_LEGS):
        fetch_all(spool, service)
    assert len(bodies(spool)) == 4 + MOST_LEGS - 1
    assert fetch_all(spool, service) == 4
    assert bodies(spool) == pages_of(service)


@pytest.mark.parametrize(
    ("start", "stream"),
    [
        ({"sync_token": "s1"}, STREAM),
        (INIT | {"locale": "en-us"}, STREAM),
        (INIT, STREAM | {"stack": "9999"}),
        (INIT, STREAM | {"branch": "dev"}),
    ],
)
@pytest.mark.parametrize("stored", [2, 4], ids=["interrupted", "complete"])
def test_pages_of_another_start_or_stream_are_dropped(
    spool: Spool, stored: int, start: Query, stream: Query
) -> None:
    if stored < 4:
        interrupted_pass(spool, stored)
    else:
        fetch_all(spool, Service())
    other = Service(3, "q")
    assert fetch_all(spool, other, start, stream) == 3
    assert other.asked[0] == start
    assert bodies(spool) == [other.page(number) for number in range(3)]


def test_settings_in_another_order_are_the_same_stream(spool: Spool) -> None:
    service = interrupted_pass(spool, 2)
    turned = dict(reversed(STREAM.items()))
    assert fetch_all(spool, service, dict(reversed(INIT.items())), turned) == 3


@pytest.mark.parametrize("lost", [1, 30, 40], ids=["a byte", "most", "all but its length"])
def test_a_truncated_page_is_ignored(spool: Spool, lost: int) -> None:
    service = interrupted_pass(spool, 3)
    assert len(service.page(2)) == 40
    file = file_of(spool)
    file.write_bytes(file.read_bytes()[:-lost])
    assert len(bodies(spool)) == 2
    assert fetch_all(spool, service) == 3
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


@pytest.mark.parametrize("stored_bytes", [0, 3, 8])
def test_a_truncated_length_is_ignored(spool: Spool, stored_bytes: int) -> None:
    service = interrupted_pass(spool, 2)
    file = file_of(spool)
    file.write_bytes(file.read_bytes() + (37).to_bytes(8, "big")[:stored_bytes])
    assert len(bodies(spool)) == 2
    assert fetch_all(spool, service) == 3
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


@pytest.mark.parametrize("damaged", [b"", b'{"items": [', b"\x00\xff", b"{}"])
def test_an_unreadable_last_page_starts_the_pass_again(spool: Spool, damaged: bytes) -> None:
    service = interrupted_pass(spool, 2)
    file_of(spool).write_bytes(last_page_replaced(spool, damaged))
    assert spool.last_page() is None
    assert fetch_all(spool, service) == 4
    assert service.asked[0] == INIT
    assert bodies(spool) == [service.page(number) for number in range(4)]


@pytest.mark.parametrize("damaged", [b"", b"[{", b"\x00\xff"])
def test_an_unreadable_start_starts_the_pass_again(spool: Spool, damaged: bytes) -> None:
    service = interrupted_pass(spool, 2)
    file_of(spool).write_bytes(damaged)
    assert fetch_all(spool, service) == 4


def test_an_invalid_response_keeps_the_stored_pages(spool: Spool) -> None:
    service = Service()
    with pytest.raises(InvalidResponseError):
        list(spool.fetch_pass(lambda q: b"<html>" if q != INIT else service.page(0), INIT, STREAM))
    assert bodies(spool) == [service.page(0)]
    assert fetch_all(spool, service) == 4


def test_a_cleared_spool_is_empty(spool: Spool) -> None:
    fetch_all(spool, Service())
    spool.clear()
    assert not spool.folder.exists()
    assert (bodies(spool), spool.last_page()) == ([], None)
    spool.clear()
    assert fetch_all(spool, Service()) == 4


def test_only_the_owner_may_read_the_pages(spool: Spool) -> None:
    fetch_all(spool, Service())
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
