"""The server of a benchmark: prints how to reach it, then serves until killed."""

from __future__ import annotations

import sys
import time

from benchmarks.world import build
from contentstack_source.simulator import serve


def main(entries: int) -> None:
    stack = build(entries)
    with serve(stack) as server:
        values = {
            "API_KEY": stack.api_key,
            "DELIVERY_TOKEN": stack.delivery_token,
            "ENVIRONMENT": stack.environment,
            "BASE_URL": server.base_url,
        }
        told = [f"SOURCES__CONTENTSTACK__{name}={value}" for name, value in values.items()]
        print(*told, flush=True)
        time.sleep(3600)


if __name__ == "__main__":
    main(int(sys.argv[1]))
