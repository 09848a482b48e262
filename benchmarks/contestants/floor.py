"""The floor: fetch the same pages one after the other, write them to disk, parse them once.

Nothing that reads the Sync API on one stream can be faster than this. Prints the entries counted.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import requests

_ITEMS = '{"items": [{"type": "VARCHAR", "event_at": "VARCHAR", "data": "JSON"}]}'


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetch(Path(folder))
        print(count(Path(folder)))


def fetch(folder: Path) -> None:
    settings = {
        name: os.environ[f"SOURCES__CONTENTSTACK__{name}"] for name in ("API_KEY", "BASE_URL")
    }
    token = os.environ["SOURCES__CONTENTSTACK__DELIVERY_TOKEN"]
    environment = os.environ["SOURCES__CONTENTSTACK__ENVIRONMENT"]
    query: dict[str, str] | None = {"init": "true"}
    number = 0
    with requests.Session() as session:
        session.headers.update({"api_key": settings["API_KEY"], "access_token": token})
        while query:
            params = query | {"environment": environment}
            answer = session.get(settings["BASE_URL"] + "/stacks/sync", params=params, timeout=60)
            answer.raise_for_status()
            number += 1
            (folder / f"{number:08d}.json").write_bytes(answer.content)
            following = answer.json().get("pagination_token")
            query = {"pagination_token": following} if following else None


def count(folder: Path) -> int:
    found = duckdb.sql(
        f"""
        SELECT count(item.data) FROM (
            SELECT unnest(from_json(content, '{_ITEMS}').items) AS item
            FROM read_text('{folder}/*.json'))
        """
    ).fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()
