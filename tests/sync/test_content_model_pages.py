"""The content model, end to end: no content type of the service is left out."""

from __future__ import annotations

from contentstack_source.runs import run
from contentstack_source.runs.summary import odd_lines
from contentstack_source.simulator import Stack
from tests.support.harness import Job, MakesJob

PRICE = {"uid": "price", "data_type": "number"}
WITHOUT_MODEL = "No content model for {}: types are inferred from the data."


def asked(job: Job) -> list[str]:
    """Return the paths of content model requests since the last call."""
    paths = [request.path for request in job.server.requests]
    job.server.clear()
    return [path for path in paths if "content_types" in path]


def shop(count: int = 1) -> Stack:
    stack = Stack()
    for number in range(count):
        stack.create_content_type(f"type_{number:03}", [PRICE])
    return stack


def types_of_prices(job: Job, *tables: str) -> set[str]:
    columns = job.target.pipeline().default_schema.tables
    return {str(columns[table]["columns"]["price"]["data_type"]) for table in tables}


def test_all_content_types_are_read_from_a_service_with_smaller_pages(
    make_job: MakesJob,
) -> None:
    job = make_job(shop(120))
    job.behavior.content_types_at_most = 50
    job.behavior.content_types_count = "none"
    job.stack.publish_entry("type_000", "e1", {"price": 1})
    job.stack.publish_entry("type_119", "e1", {"price": 1})
    summary = job.sync()
    assert summary.without_model == set()
    assert job.rows("SELECT count(*) FROM content_types") == [(120,)]
    assert types_of_prices(job, "type_000", "type_119") == {"double"}  # without a model: bigint


def test_a_completely_listed_content_model_costs_one_request(make_job: MakesJob) -> None:
    job = make_job(shop())
    job.stack.publish_entry("type_000", "e1", {"price": 1})
    job.sync()
    assert asked(job) == ["/v3/content_types"]


def test_an_unlisted_content_type_is_requested_separately(make_job: MakesJob) -> None:
    job = make_job(shop())
    job.stack.create_content_type("odd/type é", [PRICE])
    job.behavior.content_types_unlisted = frozenset({"odd/type é"})
    job.stack.publish_entry("odd/type é", "e1", {"price": 1})
    assert job.sync().without_model == set()
    assert asked(job) == ["/v3/content_types", "/v3/content_types/odd%2Ftype%20%C3%A9"]
    ((table,),) = job.rows("SELECT table_name FROM content_types WHERE uid = 'odd/type é'")
    assert types_of_prices(job, table) == {"double"}


def test_an_unknown_content_type_is_reported_and_costs_one_request(
    make_job: MakesJob,
) -> None:
    job = make_job(shop())
    item = {"type": "entry_published", "event_at": "2026-02-01T00:00:00.000Z"}
    data = {"uid": "e1", "locale": "en-us", "price": 1}
    job.stack.emit_raw({**item, "content_type_uid": "gone", "data": data})
    summary = run.sync(job.target)
    assert (summary.without_model, summary.retries) == ({"gone"}, 0)
    assert WITHOUT_MODEL.format("gone") in odd_lines(summary)
    assert asked(job) == ["/v3/content_types", "/v3/content_types/gone"]
    assert types_of_prices(job, "gone") == {"bigint"}


def test_a_content_type_with_nothing_to_upsert_is_not_requested(make_job: MakesJob) -> None:
    job = make_job(shop(2))
    for uid in ("type_000", "type_001"):
        job.stack.publish_entry(uid, "e1", {"price": 1})
    job.sync()
    asked(job)
    job.stack.publish_entry("type_000", "e2", {"price": 2})
    job.stack.delete_content_type("type_000")
    job.stack.publish_entry("type_001", "e2", {"price": 2})
    job.stack.delete_entry("type_001", "e2")
    assert job.sync().without_model == set()
    assert asked(job) == ["/v3/content_types"]


def test_a_forbidden_content_model_is_not_requested_type_by_type(make_job: MakesJob) -> None:
    job = make_job(shop())
    job.behavior.content_types_forbidden = True
    job.stack.publish_entry("type_000", "e1", {"price": 1})
    assert "403" in run.sync(job.target).model_error
    assert asked(job) == ["/v3/content_types"]


def test_many_streams_find_the_content_types_of_every_page(make_job: MakesJob) -> None:
    job = make_job(shop(5), PARTITION_BY="content_type")
    job.behavior.content_types_at_most = 2
    job.behavior.content_types_count = "none"
    for number in range(5):
        job.stack.publish_entry(f"type_{number:03}", "e1", {"price": 1})
    job.sync()
    assert job.rows("SELECT count(*) FROM entries") == [(5,)]
    # The stream of a known type continues, even if no page lists it any longer.
    job.behavior.content_types_unlisted = frozenset({"type_004"})
    job.stack.publish_entry("type_004", "e2", {"price": 2})
    job.server.clear()
    assert job.sync().without_model == set()
    assert asked(job).count("/v3/content_types/type_004") == 1
    assert job.rows("SELECT count(*) FROM content_types") == [(5,)]
