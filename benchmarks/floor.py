"""The floor: fetch the same pages one after another, keep them on disk, parse them once.

Nothing that loads through the Sync API on one stream can be faster than this.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import requests


def main() -> None:
    headers = {
        "api_key": os.environ["SOURCES__CONTENTSTACK__API_KEY"],
        "access_token": os.environ["SOURCES__CONTENTSTACK__DELIVERY_TOKEN"],
    }
    url = os.environ["SOURCES__CONTENTSTACK__BASE_URL"] + "/stacks/sync"
    environment = os.environ["SOURCES__CONTENTSTACK__ENVIRONMENT"]
    with tempfile.TemporaryDirectory() as folder, requests.Session() as session:
        query: dict[str, str] | None = {"init": "true"}
        number = 0
        while query:
            params = query | {"environment": environment}
            answer = session.get(url, params=params, headers=headers, timeout=60)
            number += 1
            (Path(folder) / f"{number:08d}.json").write_bytes(answer.content)
            token = answer.json().get("pagination_token")
            query = {"pagination_token": token} if token else None
        count = duckdb.sql(
            f"""
            SELECT count(*) FROM (
                SELECT unnest(from_json(content,
                    '{{"items":[{{"type":"VARCHAR","event_at":"VARCHAR","data":"JSON"}}]}}').items)
                FROM read_text('{folder}/*.json'))
            """
        ).fetchone()
        print(count)


if __name__ == "__main__":
    main()
