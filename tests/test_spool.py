"""The spool: a pass that was cut goes on where it was cut, with no request repeated."""

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


class Cut(Exception):  # noqa: N818 - it is no error, it is a kill
    """The run is killed."""


FOLLOW_UP = b'{"items": [], "sync_token": "s1"}'


class Service:
    """A pass of some pages; it can be cut off before any of them. Nothing changes after it."""

    def __init__(self, length: int = 4, name: str = "p") -> None:
        self.length = length
        self.name = name
        self.cut_before = length
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
        if number >= self.cut_before:
            raise Cut
        return self.page(number)


def fetch_all(spool: Spool, service: Service, start: Query = INIT, stream: Query = STREAM) -> int:
    """Fetch a pass to its end; return how many pages were asked for."""
    before, service.start = len(service.asked), start
    pages = [page.body for page in spool.fetch_pass(service.fetch, start, stream)]
    assert pages[: service.length] == pages_of(service)
    assert set(pages[service.length :]) <= {FOLLOW_UP}
    return len(service.asked) - before


def pages_of(service: Service) -> list[bytes]:
    return [service.page(number) for number in range(service.length)]


def cut_pass(spool: Spool, kept: int) -> Service:
    """Leave a pass of four pages in the spool, cut after the first `kept`."""
    service = Service()
    service.cut_before = kept
    with pytest.raises(Cut):
        fetch_all(spool, service)
    service.cut_before = service.length
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
    """Return what the file would hold if its last page were another one."""
    content, last = file_of(spool).read_bytes(), bodies(spool)[-1]
    before = content[: -len(last) - 8]
    return before + len(body).to_bytes(8, "big") + body


def test_pages_are_kept_as_they_came_in_order_of_arrival(spool: Spool) -> None:
    service = Service(12)
    assert fetch_all(spool, service) == 12
    assert bodies(spool) == [service.page(number) for number in range(12)]


def test_a_page_is_on_disk_before_anyone_hears_of_it(spool: Spool) -> None:
    for number, _ in enumerate(spool.fetch_pass(Service().fetch, INIT, STREAM), 1):
        assert len(bodies(spool)) == number


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_cut_pass_goes_on_after_the_last_page_kept(spool: Spool, kept: int) -> None:
    service = cut_pass(spool, kept)
    assert fetch_all(Spool(spool.folder), service) == 4 - kept + 1
    pages = [{"pagination_token": f"p{number}"} for number in range(kept, 4)]
    assert service.asked == [*pages, {"sync_token": "s1"}]
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


def test_a_pass_cut_before_its_first_page_begins_again(spool: Spool) -> None:
    service = cut_pass(spool, 0)
    assert fetch_all(spool, service) == 4
    assert service.asked[0] == INIT


def test_of_a_whole_pass_only_what_changed_since_is_asked_for(spool: Spool) -> None:
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


def test_each_run_goes_on_from_what_is_kept_until_a_leg_is_its_own(spool: Spool) -> None:
    """A pass whose load failed again and again while editors went on."""
    answers = {"init": leg(0)[0], "s1": leg(1)[0], "s2": leg(2)[0]}
    asked: list[str] = []

    def fetch(query: Query) -> bytes:
        asked.append("init" if "init" in query else query["sync_token"])
        return answers[asked[-1]]

    runs = [[page.body for page in spool.fetch_pass(fetch, INIT, STREAM)] for _ in range(3)]
    assert runs == [leg(0), [*leg(0), *leg(1)], [*leg(0), *leg(1), *leg(2)]]
    assert asked == ["init", "s1", "s2"]


def test_a_leg_that_was_cut_is_gone_on_with_and_followed_by_one_more(spool: Spool) -> None:
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


def test_a_pass_of_very_many_legs_begins_again(spool: Spool) -> None:
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
@pytest.mark.parametrize("kept", [2, 4], ids=["cut", "whole"])
def test_pages_of_another_start_or_stream_are_thrown_away(
    spool: Spool, kept: int, start: Query, stream: Query
) -> None:
    if kept < 4:
        cut_pass(spool, kept)
    else:
        fetch_all(spool, Service())
    other = Service(3, "q")
    assert fetch_all(spool, other, start, stream) == 3
    assert other.asked[0] == start
    assert bodies(spool) == [other.page(number) for number in range(3)]


def test_settings_in_another_order_are_the_same_stream(spool: Spool) -> None:
    service = cut_pass(spool, 2)
    turned = dict(reversed(STREAM.items()))
    assert fetch_all(spool, service, dict(reversed(INIT.items())), turned) == 3


@pytest.mark.parametrize("lost", [1, 30, 40], ids=["a byte", "most", "all but its length"])
def test_a_torn_page_is_no_page(spool: Spool, lost: int) -> None:
    service = cut_pass(spool, 3)
    assert len(service.page(2)) == 40
    file = file_of(spool)
    file.write_bytes(file.read_bytes()[:-lost])
    assert len(bodies(spool)) == 2
    assert fetch_all(spool, service) == 3
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


@pytest.mark.parametrize("kept_bytes", [0, 3, 8])
def test_a_torn_length_is_no_page(spool: Spool, kept_bytes: int) -> None:
    service = cut_pass(spool, 2)
    file = file_of(spool)
    file.write_bytes(file.read_bytes() + (37).to_bytes(8, "big")[:kept_bytes])
    assert len(bodies(spool)) == 2
    assert fetch_all(spool, service) == 3
    assert bodies(spool) == [*pages_of(service), FOLLOW_UP]


@pytest.mark.parametrize("torn", [b"", b'{"items": [', b"\x00\xff", b"{}"])
def test_a_last_page_that_cannot_be_read_starts_the_pass_again(spool: Spool, torn: bytes) -> None:
    service = cut_pass(spool, 2)
    file_of(spool).write_bytes(last_page_replaced(spool, torn))
    assert spool.last_page() is None
    assert fetch_all(spool, service) == 4
    assert service.asked[0] == INIT
    assert bodies(spool) == [service.page(number) for number in range(4)]


@pytest.mark.parametrize("torn", [b"", b"[{", b"\x00\xff"])
def test_a_start_that_cannot_be_read_starts_the_pass_again(spool: Spool, torn: bytes) -> None:
    service = cut_pass(spool, 2)
    file_of(spool).write_bytes(torn)
    assert fetch_all(spool, service) == 4


def test_a_broken_answer_leaves_what_was_kept(spool: Spool) -> None:
    service = Service()
    with pytest.raises(InvalidResponseError):
        list(spool.fetch_pass(lambda q: b"<html>" if q != INIT else service.page(0), INIT, STREAM))
    assert bodies(spool) == [service.page(0)]
    assert fetch_all(spool, service) == 4


def test_a_cleared_spool_forgets_everything(spool: Spool) -> None:
    fetch_all(spool, Service())
    spool.clear()
    assert not spool.folder.exists()
    assert (bodies(spool), spool.last_page()) == ([], None)
    spool.clear()
    assert fetch_all(spool, Service()) == 4


def test_only_the_owner_may_read_the_pages(spool: Spool) -> None:
    fetch_all(spool, Service())
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
