"""HTTP: carry a query to the Content Delivery API and bring back a good answer or one error.

Retries are dlt's (`dlt.sources.helpers.requests`): 429 with Retry-After, 5xx, dropped
connections; the condition here adds what only this API has: cut JSON and HTML with status 200,
and a 422 that passes (FACTS 7.9). How long to be patient is `[runtime]` in dlt's configuration:
`request_max_attempts`, `request_backoff_factor`, `request_max_retry_delay`, `request_timeout`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import Any, Final

import orjson
from dlt.sources.helpers.requests import Client as RetryingClient
from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

from contentstack_source.errors import (
    AnswerError,
    ContentstackError,
    CredentialsError,
    ServiceError,
    TokenRefusedError,
)
from contentstack_source.settings import Settings
from contentstack_source.stream import Query, is_json_object

_OK: Final = 200
_UNPROCESSABLE: Final = 422
_CONTENT_TYPES_LIMIT: Final = 100
_CONNECTIONS: Final = 100
_TOKENS: Final = ("sync_token", "pagination_token")
_HASTE: Final = {"request_timeout": 10.0, "request_max_attempts": 2, "request_max_retry_delay": 1.0}


class Client:
    """One stack's delivery API.

    Args:
        settings: which stack, and which part of it.
        is_hasty: give up within seconds, for who asks again soon anyway.
    """

    def __init__(self, settings: Settings, *, is_hasty: bool = False) -> None:
        self._settings = settings
        patience: dict[str, Any] = _HASTE if is_hasty else {}
        self._http = RetryingClient(
            raise_for_status=False, retry_condition=_is_passing_fault, **patience
        )
        # One stream asks for one page after the other: nothing to hold back.
        wait = _limit(settings.requests_per_second) if settings.partition_by else None
        self._tries = _CountingAdapter(wait)
        self._asked = 0
        self._lock = Lock()

    @property
    def at_once(self) -> int:
        """Return how many requests may be under way at a time."""
        return self._settings.requests_at_once

    @property
    def requests(self) -> int:
        """Return how many requests were sent, retries included."""
        return self._tries.count

    @property
    def retries(self) -> int:
        """Return how many requests were sent because one before them had failed."""
        return max(0, self._tries.count - self._asked)

    def fetch_page(self, query: Query) -> bytes:
        """Return one answer of `/stacks/sync`: a whole JSON object.

        The environment goes with token calls too, as the vendor's own clients do (FACTS 1.4).

        Raises:
            CredentialsError, TokenRefusedError, ServiceError, AnswerError
        """
        query = query | {"environment": self._settings.environment}
        return self._fetch("/stacks/sync", query)

    def fetch_content_types(self) -> Iterator[dict[str, Any]]:
        """Yield the content types of the branch, global fields resolved (FACTS 10.1).

        Raises:
            CredentialsError, ServiceError, AnswerError
        """
        skip = 0
        query = {"include_global_field_schema": "true", "include_count": "true"}
        while True:
            window = {"skip": str(skip), "limit": str(_CONTENT_TYPES_LIMIT)}
            answer = orjson.loads(self._fetch("/content_types", query | window))
            content_types = answer.get("content_types")
            if not isinstance(content_types, list):
                what = "The answer of /content_types has no list of content types"
                raise AnswerError(what, "Run again; if it stays, check base_url.")
            yield from content_types
            skip += _CONTENT_TYPES_LIMIT
            if not content_types or skip >= int(answer.get("count") or 0):
                return

    def _fetch(self, path: str, query: Query) -> bytes:
        url = f"{self._settings.base_url}{path}"
        with self._lock:
            self._asked += 1
        try:
            response = self._session().get(
                url,
                params=query,
                headers=self._settings.headers(),
                # A redirect would carry the credentials to a host nobody named.
                allow_redirects=False,
            )
        except RequestException as error:
            raise _unreachable(url, error) from None
        if response.status_code != _OK:
            raise _error_of(response, url, self._settings.secrets())
        if not is_json_object(response.content):
            what = f"{url} answered with something that is not JSON"
            raise AnswerError(what, "Check base_url and what stands between here and the service.")
        return response.content

    def _session(self) -> Session:
        """Return this thread's session, its requests counted; dlt keeps one for each thread."""
        session = self._http.session
        if session.get_adapter(self._settings.base_url) is not self._tries:
            for scheme in ("http://", "https://"):
                session.mount(scheme, self._tries)
            _look_around_once(session, self._settings.base_url)
        return session


class _CountingAdapter(HTTPAdapter):
    """Counts what is really sent, and holds it back where needed: dlt's retries happen above it.

    Args:
        wait: called before each request.
    """

    def __init__(self, wait: Callable[[], object] | None) -> None:
        self.count = 0
        self._wait = wait
        self._lock = Lock()
        super().__init__(pool_maxsize=_CONNECTIONS)

    def send(self, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - as its base has it
        if self._wait:
            self._wait()
        with self._lock:
            self.count += 1
        return super().send(*args, **options)


def _look_around_once(session: Session, url: str) -> None:
    """Take proxies and certificates from the environment now, not before each request.

    Requests would read the whole environment and look for a `.netrc` every time, a fifth of what a
    page takes.
    """
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.cert = found["proxies"], found["verify"], found["cert"]
    session.trust_env = False


def _limit(requests_per_second: int) -> Callable[[], object]:
    """Return what waits until one more request in this second is allowed (FACTS 9.1)."""
    from pyrate_limiter import Duration, Limiter, Rate  # noqa: PLC0415 - few runs need it

    return Limiter(Rate(requests_per_second, Duration.SECOND)).try_acquire


def _is_passing_fault(response: Response | None, _: BaseException | None) -> bool:
    """Tell the faults, beyond those dlt knows, that a second try may cure."""
    if response is None:
        return False
    if response.status_code == _OK:
        return not is_json_object(response.content)
    return response.status_code == _UNPROCESSABLE


def _unreachable(url: str, error: RequestException) -> ServiceError:
    # The exception's text may hold the whole URL; its name says enough.
    what = f"{url} gave no whole answer after all retries ({type(error).__name__})"
    return ServiceError(what, "Check the network and the region, or run again later.")


def _error_of(response: Response, url: str, secrets: Iterable[str]) -> ContentstackError:
    """Map an error answer to one error of the tree (FACTS 8)."""
    status = response.status_code
    said, named = _parse_error(response)
    for secret in secrets:  # an answer may repeat what it was sent
        said = said.replace(secret, "***")
    where = f"{url} answered {status}{said}"
    if status == _UNPROCESSABLE:
        for token_kind in _TOKENS:
            if token_kind in named:
                what = f"The service no longer accepts the {token_kind} ({where})"
                todo = "Run again; if it stays, `contentstack-source resync` starts afresh."
                return TokenRefusedError(token_kind, what, todo)
    if status == 412:  # noqa: PLR2004
        todo = "Check api_key, and region: a stack lives in one region only."
        return CredentialsError(f"No stack has this API key ({where})", todo)
    if status in {401, 403} or "branch" in said.lower():
        todo = (
            "Check delivery_token (not a management or preview token), and that it covers "
            "this environment and branch."
        )
        return CredentialsError(f"The stack refused the delivery token ({where})", todo)
    todo = "Run again later; the service's status page may tell more."
    return ServiceError(f"No good answer after all retries: {where}", todo)


def _parse_error(response: Response) -> tuple[str, dict[str, Any]]:
    """Return what the service says and the fields it names, both safe to show."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return "", {}
    if not isinstance(body, dict):
        return "", {}
    message, code, named = (body.get(k) for k in ("error_message", "error_code", "errors"))
    said = f": {str(message)[:200]} (code {code})" if message else ""
    return said, named if isinstance(named, dict) else {}
