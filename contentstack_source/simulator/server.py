"""The stack over real HTTP/1.1, on a thread: kept-alive connections, gzip, the recorded headers."""

from __future__ import annotations

import gzip
import socket
import struct
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from contentstack_source.simulator import service
from contentstack_source.simulator.behavior import Behavior, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contentstack_source.simulator.responses import Response
    from contentstack_source.simulator.stack import Stack

REQUESTS_PER_SECOND = 100
"""The service's limit for uncached requests (FACTS 9.1), sent in every answer (FACTS 2.12)."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends a reset."""


@dataclass(frozen=True)
class Request:
    """A request the server has seen; header names are in lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int
    """HTTP status of the answer; 0 where the connection was dropped without one."""


@dataclass
class Server:
    """A running simulator."""

    base_url: str
    """Such as `http://127.0.0.1:41234/v3`."""
    stack: Stack
    behavior: Behavior
    requests: list[Request] = field(default_factory=list)

    def clear(self) -> None:
        """Forget the requests seen so far."""
        self.requests.clear()


@contextmanager
def serve(
    stack: Stack,
    behavior: Behavior | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[Server]:
    """Serve a stack until the block ends; port 0 takes any that is free."""
    http = _HTTP((host, port), _Handler)
    server = Server(f"http://{host}:{http.server_port}/v3", stack, behavior or Behavior())
    http.simulator = server
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _HTTP(ThreadingHTTPServer):
    """Holds its connections, to end those kept alive when the block ends."""

    daemon_threads = True
    request_queue_size = 128
    simulator: Server

    def __init__(self, *args: Any) -> None:  # noqa: ANN401  handed on as they come
        self._connections: set[socket.socket] = set()
        super().__init__(*args)

    def server_bind(self) -> None:
        """Bind without asking the name service for the host's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        self._connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:  # noqa: ANN401
        self._connections.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Ignore clients that hang up; anything else is a bug of the simulator."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    server: _HTTP

    def do_GET(self) -> None:
        """Apply faults, then answer."""
        simulator = self.server.simulator
        fault = simulator.behavior.next_fault()
        time.sleep(simulator.behavior.answer_seconds + fault.seconds)
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if fault.kind == "dropped":
            simulator.requests.append(Request(parts.path, query, headers, 0))
            self._drop()
            return
        started = time.perf_counter()
        usual = service.respond(simulator.stack, simulator.behavior, parts.path, query, headers)
        usual = service.rewritten(simulator.behavior, usual)
        response = service.faulty(fault, query, usual)
        simulator.requests.append(Request(parts.path, query, headers, response.status))
        self._send(response, fault, started)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: `Server.requests` has it all."""

    def _drop(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()
        self.close_connection = True

    def _send(self, response: Response, fault: Fault, started: float) -> None:
        body = response.body
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped:
            body = response.zipped or gzip.compress(body, 1)
        self.send_response_only(response.status)
        for name, value in _headers(response, started).items():
            self.send_header(name, value)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault.kind == "truncated":
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)


def _headers(response: Response, started: float) -> dict[str, str]:
    """Give the headers of the recordings (FACTS 2.12), and the two that came later."""
    milliseconds = round((time.perf_counter() - started) * 1000)
    limited = response.status == HTTPStatus.TOO_MANY_REQUESTS
    headers = {
        "Content-Type": response.content_type,
        "Date": formatdate(usegmt=True),
        "Via": "1.1 varnish, 1.1 varnish",
        "Age": "0",
        "Vary": "Accept-Encoding",
        "Accept-Ranges": "bytes",
        "Access-Control-Allow-Origin": "*",
        "x-cache": "MISS, MISS",
        "x-cache-hits": "0, 0",
        "x-runtime": f"{milliseconds}ms",
        "x-served-by": "cache-simulator-SIM",
        "x-timer": f"S{time.time():.6f},VS0,VE{milliseconds}",
        "X-RateLimit-Limit": str(REQUESTS_PER_SECOND),
        "X-RateLimit-Remaining": "0" if limited else str(REQUESTS_PER_SECOND - 1),
    }
    if response.retry_after is not None:
        headers["Retry-After"] = f"{response.retry_after:g}"
    return headers
