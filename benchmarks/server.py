"""The server of a benchmark: prints how to reach it, then executes lines of standard input.

`requests` prints the number of requests since the last `requests`; `change N SEED` publishes N
entries again; `late SECONDS` delays every response. The server ends with its input.
"""

from __future__ import annotations

import json
import sys

import requests

from benchmarks.world import build, change
from contentstack_source.simulator import Server, serve


def main(entries: int, content_types: int) -> None:
    stack = build(entries, content_types)
    with serve(stack) as server:
        _warm_up(server)
        values = {
            "API_KEY": stack.api_key,
            "DELIVERY_TOKEN": stack.delivery_token,
            "ENVIRONMENT": stack.environment,
            "BASE_URL": server.base_url,
        }
        print(json.dumps(values), flush=True)
        for line in sys.stdin:
            print(_execute(server, entries, *line.split()), flush=True)


def _execute(server: Server, entries: int, order: str, *arguments: str) -> str:
    if order == "requests":
        count = len(server.requests)
        server.clear()
        return str(count)
    if order == "change":
        count, seed = (int(each) for each in arguments)
        change(server.stack, entries, count, seed)
    if order == "late":
        server.behavior.answer_seconds = float(arguments[0])
    return "done"


def _warm_up(server: Server) -> None:
    """Fetch all pages once, so that none is compressed during a measurement."""
    stack = server.stack
    with requests.Session() as session:
        session.headers.update({"api_key": stack.api_key, "access_token": stack.delivery_token})
        for filters in ({}, *({"content_type_uid": uid} for uid in stack.content_types)):
            query: dict[str, str] | None = {"init": "true", **filters}
            while query:
                page = session.get(server.base_url + "/stacks/sync", params=query, timeout=60)
                token = page.json().get("pagination_token")
                query = {"pagination_token": token} if token else None
    server.clear()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
