"""The server of a benchmark: prints how to reach it, then obeys lines on standard input.

`requests` answers with the number of requests since it was last asked; `change N SEED` publishes N
entries again; `late SECONDS` lets every answer come that late. It ends with its input.
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
        told = {
            "API_KEY": stack.api_key,
            "DELIVERY_TOKEN": stack.delivery_token,
            "ENVIRONMENT": stack.environment,
            "BASE_URL": server.base_url,
        }
        print(json.dumps(told), flush=True)
        for line in sys.stdin:
            print(_obey(server, entries, *line.split()), flush=True)


def _obey(server: Server, entries: int, order: str, *arguments: str) -> str:
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
    """Walk all pages once, so that none is compressed for the first who asks."""
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
