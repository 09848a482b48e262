"""PostgreSQL: the real server of Debian's package, in a temporary folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg2

from tests.support.servers.shared import (
    apt_install,
    folder_for,
    free_ports,
    keep,
    once,
    user_for,
    wait,
)

_PACKAGES = Path("/usr/lib/postgresql")


def postgres(database: str) -> str:
    """Return the address of an empty database of this name on a running server.

    No other test may use the same name.
    """
    address = once("postgres", _start)
    _sql(f"{address}/postgres", f'CREATE DATABASE "{database}"')
    return f"{address}/{database}"


def _start() -> str:
    programs = _programs()
    user = user_for("postgres")
    folder = folder_for("postgres", user)
    data, (port,) = folder / "data", free_ports(1)
    as_user = [] if user is None else ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
    make = [programs / "initdb", "-D", data, "-U", "loader", "-A", "trust", "-E", "UTF8", "-N"]
    subprocess.run(
        [*as_user, *map(str, make), "--locale=C.UTF-8"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    # Nothing here has to survive a power failure.
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "timezone": "America/New_York",  # no test may depend on a server in UTC
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    keep([programs / "postgres", "-D", data, "-p", str(port), *options], folder, user=user)
    address = f"postgresql://loader:loader@127.0.0.1:{port}"
    wait(lambda: _answers(f"{address}/postgres"), folder)
    return address


def _programs() -> Path:
    """Return the folder of the newest server installed; it is not on the PATH."""
    if not list(_PACKAGES.glob("*/bin/initdb")):
        apt_install("postgresql")
    found = _PACKAGES.glob("*/bin/initdb")
    return max(found, key=lambda path: float(path.parts[-3])).parent


def _answers(address: str) -> bool:
    try:
        _sql(address, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def _sql(address: str, statement: str) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
