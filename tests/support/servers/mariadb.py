"""MariaDB: the real server of Debian's package, in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess

import pymysql

from tests.support.servers.shared import (
    apt_install,
    folder_for,
    free_ports,
    keep,
    once,
    user_for,
    wait,
)


def mariadb(database: str) -> str:
    """Return the address of an empty database of this name on a running server, for SQLAlchemy.

    No other test may use the same name.
    """
    port = int(once("mariadb", _start))
    _sql(port, f"CREATE DATABASE `{database}`")
    return f"mysql+pymysql://root@127.0.0.1:{port}/{database}?charset=utf8mb4"


def _start() -> str:
    if shutil.which("mariadbd", path="/usr/sbin:/usr/bin") is None:
        apt_install("mariadb-server-core", "mariadb-client-core")  # these packages start no service
    user = user_for("nobody")
    folder = folder_for("mariadb", user)
    data, (port,) = folder / "data", free_ports(1)
    made_for = [] if user is None else [f"--user={user}"]
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    make += ["--auth-root-authentication-method=normal", *made_for]
    subprocess.run(make, check=True, capture_output=True, cwd=folder)
    options = {
        "datadir": data,
        "port": port,
        "bind-address": "127.0.0.1",
        "socket": folder / "socket",
        "pid-file": folder / "pid",
        "character-set-server": "utf8mb4",
        "collation-server": "utf8mb4_bin",
        # Nothing here has to survive a power failure.
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-buffer-pool-size": "256M",
    }
    command = ["/usr/sbin/mariadbd", "--no-defaults", *made_for]
    keep([*command, *(f"--{name}={value}" for name, value in options.items())], folder)
    wait(lambda: _answers(port), folder)
    return str(port)


def _answers(port: int) -> bool:
    try:
        _sql(port, "SELECT 1")
    except pymysql.OperationalError:
        return False
    return True


def _sql(port: int, statement: str) -> None:
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root")
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
