"""Requests to the simulator over HTTP, for its tests."""

from __future__ import annotations

from typing import Any

import requests

from contentstack_source.simulator import Server, Stack

Item = dict[str, Any]


def ask(server: Server, path: str = "/stacks/sync", **query: str) -> requests.Response:
    stack = server.stack
    headers = {"api_key": stack.api_key, "access_token": stack.delivery_token}
    return requests.get(server.base_url + path, params=query, headers=headers, timeout=10)


def page(server: Server, **query: str) -> Item:
    answer = ask(server, **query)
    assert answer.status_code == 200, answer.text
    body: Item = answer.json()
    return body


def pages(server: Server, **query: str) -> list[Item]:
    found = [page(server, **query)]
    while "pagination_token" in found[-1]:
        found.append(page(server, pagination_token=found[-1]["pagination_token"]))
    return found


def whole_pass(server: Server, **query: str) -> tuple[list[Item], str]:
    found = pages(server, **query)
    return [item for each in found for item in each["items"]], found[-1]["sync_token"]


def types_and_uids(items: list[Item]) -> list[tuple[str, ...]]:
    return [(item["type"], item["data"].get("uid")) for item in items]


def empty_stack() -> Stack:
    """Return a stack with two content types and nothing published."""
    built = Stack()
    built.create_content_type("author", [])
    built.create_content_type("book", [])
    return built


def publish_many(stack: Stack, count: int) -> None:
    for number in range(count):
        stack.publish_entry("author", f"a{number:03}", {})
