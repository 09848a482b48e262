"""SeaweedFS: an S3 server from PyPI, with a bucket for each test."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import requests
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from tests.support.servers.shared import folder_for, free_ports, keep, once, wait

KEY: Final = "tests"
SECRET: Final = "tests-secret"
_BUCKET: Final = "lake"
_PORTS: Final = ("s3", "master", "volume", "filer", "admin", "s3.port.iceberg", "s3.port.lance")


def seaweedfs() -> str:
    """Return the address of a running server."""
    return once("seaweedfs", _start)


def s3_credentials(address: str) -> dict[str, Any]:
    """Return credentials for the server as dlt takes them."""
    return {
        "aws_access_key_id": KEY,
        "aws_secret_access_key": SECRET,
        "endpoint_url": address,
        "region_name": "us-east-1",
        "s3_url_style": "path",
    }


def s3_for_iceberg() -> dict[str, str]:
    """Return the same as pyiceberg takes them."""
    return {
        "s3.endpoint": seaweedfs(),
        "s3.access-key-id": KEY,
        "s3.secret-access-key": SECRET,
        "s3.region": "us-east-1",
    }


def bucket_url(folder: str) -> str:
    """Return the URL of a folder for a test."""
    return f"s3://{_BUCKET}/{folder}"


# Another server may take a port between the search for a free one and the start.
@retry(retry=retry_if_exception_type(RuntimeError), stop=stop_after_attempt(5), reraise=True)
def _start() -> str:
    folder = folder_for("seaweedfs")
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    address = f"http://127.0.0.1:{ports['s3']}"
    named = [f"-{name if '.' in name else f'{name}.port'}={port}" for name, port in ports.items()]
    command = [
        _program(),
        f"-logdir={folder}",
        "mini",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-webdav=false",
        "-admin.ui=false",
        "-volume.max=20",
        f"-bucket={_BUCKET}",
        f"-s3.externalUrl={address}",
        *named,
    ]
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    keep(command, folder, environment=keys)
    wait(lambda: _answers(f"{address}/{_BUCKET}"), folder)
    return address


def _answers(url: str) -> bool:
    try:
        return requests.head(url, timeout=2).status_code in {200, 403}
    except requests.RequestException:
        return False


def _program() -> str:
    beside_python = Path(sys.executable).parent
    return shutil.which("weed", path=f"{beside_python}:{os.environ['PATH']}") or "weed"
