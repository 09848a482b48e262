"""HTTP: carry a query to the Content Delivery API and bring back a good answer or one error.

Retries are dlt's (`dlt.sources.helpers.requests`): 429 with Retry-After, 5xx, dropped
connections; the condition here adds what only this API has: cut JSON and HTML with status 200,
and a 422 that passes (FACTS 7.9). How long to be patient is `[runtime]` in dlt's configuration:
`request_max_attempts`, `request_backoff_factor`, `request_max_retry_delay`, `request_timeout`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from dlt.sources.helpers.requests import Client as RetryingClient
from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

from contentstack_source.api.envelope import parse_object, read_envelope
from contentstack_source.api.sync_protocol import Query, is_json_object
from contentstack_source.errors import (
    ContentstackError,
    CredentialsError,
    InvalidResponseError,
    InvalidTokenError,
    ServiceError,
)
from contentstack_source.events import EVENT_TYPES
from contentstack_source.settings import Settings

_OK: Final = 200
_NOT_THERE: Final = frozenset({400, 404, 410, 414})
"""What a service may answer to a uid that it does not know; 414 is for one that is too long."""

_UNPROCESSABLE: Final = 422
_UNKNOWN_CONTENT_TYPE: Final = 118
_CONTENT_TYPES: Final = "/content_types"
_CONTENT_TYPES_LIMIT: Final = 100
_RESOLVED: Final = {"include_global_field_schema": "true"}
_CONNECTIONS: Final = 100
_TOKENS: Final = ("sync_token", "pagination_token")
_FAIL_FAST: Final = {
    "request_timeout": 10.0,
    "request_max_attempts": 2,
    "request_max_retry_delay": 1.0,
}


def init_query(settings: Settings) -> Query:
    """Return the query of an initial sync; the filters stay with its tokens (FACTS 1.12)."""
    query = {"init": "true", "environment": settings.environment}
    filters = {
        "content_type_uid": settings.content_type_uid,
        "locale": settings.locale,
        "start_from": settings.start_from,
        # Naming all types would also ask for deletes of long ago (FACTS 3.6).
        "type": None if settings.event_types == EVENT_TYPES else ",".join(settings.event_types),
    }
    return query | {name: value for name, value in filters.items() if value is not None}


def headers_of(settings: Settings) -> dict[str, str]:
    """Return what authenticates a request (FACTS 1.2): never in a URL, never in a log."""
    headers = {"api_key": settings.api_key, "access_token": settings.delivery_token}
    return headers | {"branch": settings.branch} if settings.branch else headers


class Client:
    """One stack's delivery API.

    Args:
        settings: which stack, and which part of it.
        fail_fast: fail within seconds, for callers that poll.
    """

    def __init__(self, settings: Settings, *, fail_fast: bool = False) -> None:
        self._settings = settings
        options: dict[str, Any] = _FAIL_FAST if fail_fast else {}
        self._http = RetryingClient(
            raise_for_status=False, retry_condition=_is_passing_fault, **options
        )
        # One stream asks for one page after the other: nothing to hold back.
        wait = _limit(settings.requests_per_second) if settings.partition_by else None
        self._tries = _CountingAdapter(wait)
        self._asked = 0
        self._lock = Lock()

    @property
    def max_concurrent(self) -> int:
        """Return how many requests may be under way at a time."""
        return self._settings.max_concurrent_requests

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
            CredentialsError, InvalidTokenError, ServiceError, InvalidResponseError
        """
        query = query | {"environment": self._settings.environment}
        return self._fetch("/stacks/sync", query)

    def fetch_content_types(self) -> Iterator[dict[str, Any]]:
        """Yield the content types of the branch, global fields resolved (FACTS 10.1).

        Raises:
            CredentialsError, ServiceError, InvalidResponseError
        """
        seen: set[str] = set()
        skip = 0
        while True:
            query = {"include_count": "true", "skip": str(skip), "limit": str(_CONTENT_TYPES_LIMIT)}
            answer = parse_object(self._fetch(_CONTENT_TYPES, _RESOLVED | query))
            content_types = answer.get("content_types")
            if not isinstance(content_types, list):
                message = "The answer of /content_types has no list of content types"
                raise InvalidResponseError(message, "Run again; if it stays, check base_url.")
            new = {each["uid"]: each for each in content_types if _has_uid(each)}
            new = {uid: each for uid, each in new.items() if uid not in seen}
            yield from new.values()
            seen |= new.keys()
            # The next page begins after what came: a page may hold fewer than asked for.
            skip += len(content_types)
            # A service that ignores `skip` would give the same page for ever.
            if not new or _is_count(answer.get("count"), skip):
                return

    def fetch_content_type(self, uid: str) -> dict[str, Any] | None:
        """Return one content type, global fields resolved; None if the service knows none.

        Raises:
            CredentialsError, ServiceError, InvalidResponseError
        """
        path = f"{_CONTENT_TYPES}/{quote(uid, safe='')}"
        response = self._get(path, _RESOLVED)
        if _is_unknown(response):
            return None
        content_type = parse_object(self._body(path, response)).get("content_type")
        return content_type if _has_uid(content_type) else None

    def _fetch(self, path: str, query: Query) -> bytes:
        return self._body(path, self._get(path, query))

    def _get(self, path: str, query: Query) -> Response:
        """Return what the service answers once no retry is left or needed, good or not."""
        url = self._url(path)
        with self._lock:
            self._asked += 1
        try:
            return self._session().get(
                url,
                params=query,
                headers=headers_of(self._settings),
                # A redirect would send the credentials to a host that is not configured.
                allow_redirects=False,
            )
        except RequestException as error:
            raise _unreachable(url, error) from None

    def _body(self, path: str, response: Response) -> bytes:
        """Return the body of a good answer, repaired: every parser reads it."""
        url = self._url(path)
        if response.status_code != _OK:
            raise _error_of(response, url, self._settings.secrets())
        envelope = read_envelope(response.content)
        if envelope.fault:
            message = f"{url} answered with something that is not JSON ({envelope.fault})"
            raise InvalidResponseError(
                message, "Check base_url and what stands between here and the service."
            )
        return envelope.body

    def _url(self, path: str) -> str:
        return f"{self._settings.base_url}{path}"

    def _session(self) -> Session:
        """Return this thread's session, its requests counted; dlt keeps one for each thread."""
        session = self._http.session
        if session.get_adapter(self._settings.base_url) is not self._tries:
            for scheme in ("http://", "https://"):
                session.mount(scheme, self._tries)
            _read_environment_once(session, self._settings.base_url)
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


def _read_environment_once(session: Session, url: str) -> None:
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
    """Return whether a retry may help, beyond the faults that dlt knows."""
    if response is None:
        return False
    if response.status_code == _OK:
        return not is_json_object(response.content)
    return response.status_code == _UNPROCESSABLE and not _is_definite(response)


def _is_definite(response: Response) -> bool:
    """Return whether a 422 is final: the service has no such content type (FACTS 8)."""
    return _error_body(response).get("error_code") == _UNKNOWN_CONTENT_TYPE


def _is_unknown(response: Response) -> bool:
    """Return whether the service does not know the content type asked for."""
    if response.status_code in _NOT_THERE:
        return True
    if response.status_code != _UNPROCESSABLE:
        return False
    return _is_definite(response) or "uid" in _parse_error(response)[1]


def _has_uid(content_type: object) -> bool:
    """Return whether a value is a content type."""
    uid = content_type.get("uid") if isinstance(content_type, dict) else None
    return isinstance(uid, str) and bool(uid)


def _is_count(count: object, received: int) -> bool:
    """Return whether all content types were received.

    A count that is missing, not a number, or smaller than what was received is ignored.
    """
    return isinstance(count, int) and count == received


def _unreachable(url: str, error: RequestException) -> ServiceError:
    # The exception's text may hold the whole URL; its name is enough.
    message = f"{url} gave no whole answer after all retries ({type(error).__name__})"
    return ServiceError(message, "Check the network and the region, or run again later.")


def _error_of(response: Response, url: str, secrets: Iterable[str]) -> ContentstackError:
    """Map an error answer to one error of the tree (FACTS 8)."""
    status = response.status_code
    answer, named = _parse_error(response)
    for secret in secrets:  # an answer may repeat what it was sent
        answer = answer.replace(secret, "***")
    where = f"{url} answered {status}{answer}"
    if status == _UNPROCESSABLE:
        for token_kind in _TOKENS:
            if token_kind in named:
                message = f"The service no longer accepts the {token_kind} ({where})"
                hint = "Run again; if it stays, `contentstack-source resync` starts afresh."
                return InvalidTokenError(token_kind, message, hint)
    if status == 412:  # noqa: PLR2004
        hint = "Check api_key, and region: a stack lives in one region only."
        return CredentialsError(f"No stack has this API key ({where})", hint)
    if status in {401, 403} or "branch" in answer.lower():
        hint = (
            "Check delivery_token (not a management or preview token), and that it covers "
            "this environment and branch."
        )
        return CredentialsError(f"The service rejected the delivery token ({where})", hint)
    hint = "Run again later; check the service's status page."
    return ServiceError(f"No good answer after all retries: {where}", hint)


def _parse_error(response: Response) -> tuple[str, dict[str, Any]]:
    """Return the service's message and the fields it names, both safe to show."""
    body = _error_body(response)
    message, code, named = (body.get(k) for k in ("error_message", "error_code", "errors"))
    answer = f": {str(message)[:200]} (code {code})" if message else ""
    return answer, named if isinstance(named, dict) else {}


def _error_body(response: Response) -> Mapping[str, Any]:
    envelope = read_envelope(response.content)
    return {} if envelope.fault else parse_object(envelope.body)
