"""The vendor's SDKs in Python and JavaScript read the simulator like the service."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contentstack
import pytest

from contentstack_source.simulator import Server, Stack, demo_stack, edit, editors_at_work

if TYPE_CHECKING:
    from collections.abc import Callable

JS = Path(__file__).parent / "js"
Pages = list[dict[str, Any]]


def read_with_python_sdk(server: Server, sync_token: str | None = None) -> Pages:
    stack = server.stack
    client = contentstack.Stack(stack.api_key, stack.delivery_token, stack.environment)
    client.http_instance.endpoint = server.base_url
    with client.http_instance.session:
        page = client.sync_token(sync_token) if sync_token else client.sync_init()
        pages = [page]
        while "pagination_token" in page:
            page = client.pagination(page["pagination_token"])
            pages.append(page)
    return pages


@pytest.fixture(scope="session")
def javascript_sdk(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pages]:
    """Install the SDK into a folder of the session."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("javascript_sdk")
    for name in ("package.json", ".npmrc", "sync.mjs"):
        shutil.copy(JS / name, folder)
    install = ["npm", "install", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)

    def read(server: Server, sync_token: str | None = None) -> Pages:
        stack = server.stack
        port = server.base_url.split(":")[2].split("/")[0]
        arguments = [port, stack.api_key, stack.delivery_token, stack.environment]
        command = ["node", "sync.mjs", *arguments, sync_token or ""]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        pages: Pages = json.loads(done.stdout)
        return pages

    return read


@pytest.fixture(params=["python", pytest.param("javascript", marks=pytest.mark.integration)])
def read(request: pytest.FixtureRequest) -> Callable[..., Pages]:
    if request.param == "python":
        return read_with_python_sdk
    found: Callable[..., Pages] = request.getfixturevalue("javascript_sdk")
    return found


@pytest.fixture
def stack() -> Stack:
    return demo_stack(350)


def published(stack: Stack) -> Pages:
    items = [*stack.published_entries().values(), *stack.published_assets().values()]
    return sorted(items, key=_by_object)


def received(pages: Pages) -> Pages:
    return sorted((item for page in pages for item in page["items"]), key=_by_object)


def _by_object(item: dict[str, Any]) -> tuple[str, str]:
    return (item["data"]["uid"], item["data"]["publish_details"]["locale"])


def test_the_sdk_gets_exactly_what_is_published(read: Callable[..., Pages], server: Server) -> None:
    pages = read(server)
    assert [len(page["items"]) for page in pages] == [100, 100, 100, 50]
    assert received(pages) == published(server.stack)


def test_the_sdk_gets_exactly_the_changes_since_its_token(
    read: Callable[..., Pages],
    server: Server,
) -> None:
    token = read(server)[-1]["sync_token"]
    before = server.stack.published_entries() | server.stack.published_assets()
    editors_at_work(server.stack)
    after = server.stack.published_entries() | server.stack.published_assets()
    items = [item for page in read(server, token) for item in page["items"]]
    kinds = {kind: [each for each in items if each["type"] == kind] for kind in EVENT_TYPES}
    assert set(kinds) == {item["type"] for item in items}
    new = [item for key, item in after.items() if before.get(key) != item]
    received_publishes = kinds["entry_published"] + kinds["asset_published"]
    assert [item for item in new if item not in received_publishes] == []
    gone = {key for key in before if key not in after and key[0] != "event"}
    deleted = [item for kind in DELETES for item in kinds[kind]]
    assert len(deleted) == len(gone)


EVENT_TYPES = [
    "entry_published",
    "asset_published",
    "entry_unpublished",
    "asset_unpublished",
    "entry_deleted",
    "asset_deleted",
    "content_type_deleted",
]
DELETES = EVENT_TYPES[2:6]


def test_the_sdk_keeps_its_token_while_nothing_changes(
    read: Callable[..., Pages],
    server: Server,
) -> None:
    token = read(server)[-1]["sync_token"]
    assert read(server, token) == [{"items": [], "sync_token": token}]
    edit(server.stack, random.Random(1))
    assert read(server, token)[-1]["sync_token"] != token
