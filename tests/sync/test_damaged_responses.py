"""Damaged responses, end to end: no item stops the runs after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contentstack_source.errors import CredentialsError, InvalidResponseError
from contentstack_source.runs import run
from contentstack_source.runs.summary import odd_lines
from contentstack_source.simulator import Fault, Stack
from tests.support.harness import MakesJob

TITLE = {"uid": "title", "data_type": "text"}
BODY: dict[str, Any] = {
    "uid": "body",
    "data_type": "json",
    "field_metadata": {"allow_json_rte": True},
}
BROKEN = {"HALF": rb"\ud83d", "BYTE": b"\xff", "LINE": b"\n"}
ROOT = {"type": "doc", "attrs": {}, "children": [{"type": "p", "children": [{"text": "an HALF"}]}]}


def damaged(text: str) -> dict[bytes, bytes]:
    """Return the bytes that the service sends instead of the words in capitals."""
    return {word.encode(): broken for word, broken in BROKEN.items() if word in text}


def one_type(*fields: dict[str, Any]) -> Stack:
    stack = Stack()
    stack.create_content_type("blog", [TITLE, *fields])
    return stack


@pytest.mark.parametrize(
    ("word", "held"), [("HALF", "\ufffd"), ("BYTE", "\ufffd"), ("LINE", "\n")], ids=list(BROKEN)
)
def test_a_damaged_character_is_repaired_in_every_table(
    make_job: MakesJob, word: str, held: str
) -> None:
    stack = one_type({**BODY, "display_name": f"Body {word}"})
    stack.content_types["blog"]["description"] = f"cut {word}"
    body = json.loads(json.dumps(ROOT).replace("HALF", word))
    stack.publish_entry("blog", "e1", {"title": f"cut {word}", "body": body, f"new{word}": 7})
    stack.publish_entry("blog", "e2", {"title": "whole"})
    stack.publish_asset("a1", {"title": f"cut {word}"})
    job = make_job(stack, HISTORY="true", RICH_TEXT="true")
    job.behavior.rewritten = damaged(word)
    summary = run.sync(job.target)
    assert (summary.is_caught_up, summary.retries, summary.rejects) == (True, 0, 0)
    cut = f"cut {held}"
    assert job.rows("SELECT title FROM blog ORDER BY uid") == [(cut,), ("whole",)]
    assert job.rows("SELECT title FROM entries ORDER BY uid") == [(cut,), ("whole",)]
    assert job.rows("SELECT title FROM assets") == [(cut,)]
    ((text, markdown),) = job.rows(
        "SELECT body__text, body__markdown FROM blog WHERE body IS NOT NULL"
    )
    assert (text.split(), markdown.split()) == ([*f"an {held}".split()],) * 2
    ((description, schema),) = job.rows("SELECT description, schema FROM content_types")
    assert description == cut
    assert json.loads(schema)[1]["display_name"] == f"Body {held}"
    ((data,),) = job.rows("SELECT data FROM entry_history WHERE uid = 'e1'")
    assert json.loads(data)[f"new{held}"] == 7
    (column,) = [name for name in summary.unknown if name.startswith("blog.new")]
    assert job.rows(f"SELECT {column.removeprefix('blog.')} FROM blog WHERE uid = 'e1'") == [(7,)]


def test_events_after_a_damaged_one_are_loaded(make_job: MakesJob) -> None:
    job = make_job(one_type())
    job.behavior.rewritten = damaged("HALF")
    job.stack.publish_entry("blog", "e1", {"title": "cut HALF"})
    run.sync(job.target)
    job.stack.publish_entry("blog", "e2", {"title": "cut HALF"})
    job.stack.publish_entry("blog", "e3", {"title": "whole"})
    run.sync(job.target)
    job.stack.delete_entry("blog", "e1")
    run.sync(job.target)
    assert job.rows("SELECT title FROM blog ORDER BY uid") == [("cut \ufffd",), ("whole",)]


def test_damaged_keys_of_one_entry_keep_their_values(make_job: MakesJob) -> None:
    job = make_job(one_type())
    job.stack.publish_entry("blog", "e1", {"one": 1, "other": 2})
    job.behavior.rewritten = {b'"one"': rb'"k\ud83d"', b'"other"': rb'"k\ud83c"'}
    summary = run.sync(job.target)
    columns = sorted(name.removeprefix("blog.") for name in summary.unknown)
    assert len(columns) == 2
    assert sorted(job.rows(f"SELECT {', '.join(columns)} FROM blog")[0]) == [1, 2]


def test_values_that_are_not_json_are_kept_as_text(make_job: MakesJob) -> None:
    job = make_job(one_type({"uid": "price", "data_type": "number"}))
    for uid, word in (("e1", b"NaN"), ("e2", b"-Infinity"), ("e3", b"9" * 400)):
        job.stack.publish_entry("blog", uid, {"title": uid, "price": f"as {uid}"})
        job.behavior.rewritten[b'"as %s"' % uid.encode()] = word
    summary = run.sync(job.target)
    rows = job.rows("SELECT price, price__v_text FROM blog ORDER BY uid")
    assert rows == [(None, "NaN"), (None, "-Infinity"), (None, "9" * 400)]
    assert summary.variants == {"blog.price__v_text": 3}


def test_a_document_of_a_thousand_levels_is_loaded(make_job: MakesJob) -> None:
    job = make_job(one_type(BODY), RICH_TEXT="true", HISTORY="true")
    job.stack.publish_entry("blog", "e1", {"body": {"type": "doc", "children": ["DEEP"]}})
    deep = b'{"type":"p","children":[' * 1200 + b'{"text":"below"}' + b"]}" * 1200
    job.behavior.rewritten = {b'"DEEP"': deep}
    assert run.sync(job.target).rejects == 0
    ((body,),) = job.rows("SELECT body FROM blog")
    assert body.count('"children"') == 1201


def test_items_that_are_not_objects_are_rejected_and_the_others_load(make_job: MakesJob) -> None:
    job = make_job(one_type())
    job.stack.publish_entry("blog", "e1", {"title": "before"})
    items = [b"null", b"5", b'"text"', b"[1]", b"true"]
    for number, item in enumerate(items):
        job.stack.emit_raw(f"ITEM {number}")
        job.behavior.rewritten[b'"ITEM %d"' % number] = item
    job.stack.publish_entry("blog", "e2", {"title": "after"})
    summary = run.sync(job.target)
    rejected = job.rows("SELECT reason, item FROM sync_rejects")
    assert sorted(rejected) == sorted(("unknown_event_type", item.decode()) for item in items)
    assert job.rows("SELECT title FROM blog ORDER BY uid") == [("before",), ("after",)]
    assert "5 items could not be understood: see sync_rejects." in odd_lines(summary)


def test_an_event_whose_data_is_not_an_object_is_rejected(make_job: MakesJob) -> None:
    job = make_job(one_type())
    item = {"type": "entry_published", "event_at": "2026-02-01T00:00:00.000Z"}
    for data in (None, "text", [{"uid": "e1", "locale": "en-us"}], 5):
        job.stack.emit_raw({**item, "content_type_uid": "blog", "data": data})
    job.stack.emit_raw({**item, "content_type_uid": "blog"})
    assert run.sync(job.target).rejects == 5
    rejected = job.rows("SELECT reason, count(*) FROM sync_rejects GROUP BY reason")
    assert rejected == [("missing_uid", 5)]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b'{"items":[01,', r"not JSON \(invalid number \(byte 11\)\)"),
        (b'{"items":[],"items":[', "the field `items` twice"),
    ],
)
def test_an_unreadable_response_is_reported_with_its_cause_and_the_next_run_continues(
    make_job: MakesJob, monkeypatch: pytest.MonkeyPatch, written: bytes, reason: str
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    job = make_job(one_type())
    job.stack.publish_entry("blog", "e1", {"title": "whole"})
    job.behavior.rewritten = {b'{"items":[': written}
    with pytest.raises(InvalidResponseError, match=reason) as failure:
        run.sync(job.target)
    assert failure.value.exit_code == 1
    job.behavior.rewritten = {}
    job.sync()


def test_a_truncated_body_with_damaged_characters_is_requested_again(make_job: MakesJob) -> None:
    job = make_job(one_type())
    job.behavior.rewritten = damaged("HALF BYTE LINE")
    job.stack.publish_entry("blog", "e1", {"title": "cut HALF BYTE LINE"})
    job.behavior.next_faults(Fault.half_json())
    assert run.sync(job.target).retries == 1
    assert job.rows("SELECT title FROM blog") == [("cut \ufffd \ufffd \n",)]


def test_a_stored_page_of_an_earlier_run_is_repaired(make_job: MakesJob, tmp_path: Path) -> None:
    job = make_job(one_type())
    for number in range(150):
        job.stack.publish_entry("blog", f"e{number:03}", {"title": "cut HALF"})
    job.behavior.next_faults(Fault.none(), Fault.status(401))
    with pytest.raises(CredentialsError):
        run.sync(job.target)
    (kept,) = [path for path in (tmp_path / "dlt").rglob("pages") if path.is_file()]
    whole, broken = b'cut HALF"', rb'\ud83d  "'
    assert len(whole) == len(broken)  # a page keeps its length
    kept.write_bytes(kept.read_bytes().replace(whole, broken))
    run.sync(job.target)
    titles = job.rows("SELECT title, count(*) FROM blog GROUP BY title ORDER BY title")
    assert titles == [("cut HALF", 50), ("\ufffd  ", 100)]
