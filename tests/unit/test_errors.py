"""The tree of errors: message, hint and exit code."""

from __future__ import annotations

import re

import pytest
from dlt.extract.exceptions import DltSourceException

from contentstack_source import errors
from contentstack_source.errors import ContentstackError, FailedError, RefusedError, StoppedError

EVERY = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, ContentstackError)
]


def make(error: type[ContentstackError]) -> ContentstackError:
    if error is errors.InvalidTokenError:
        return errors.InvalidTokenError("sync_token", "It broke", "Fix it.")
    return error("It broke", "Fix it.")


@pytest.mark.parametrize("error", EVERY)
def test_every_error_has_a_message_and_a_hint(error: type[ContentstackError]) -> None:
    made = make(error)
    assert str(made) == "It broke. Fix it."
    assert (made.message, made.hint) == ("It broke", "Fix it.")


@pytest.mark.parametrize("error", EVERY)
def test_dlt_raises_every_error_unwrapped(error: type[ContentstackError]) -> None:
    assert issubclass(error, DltSourceException)


@pytest.mark.parametrize("error", [each for each in EVERY if each is not ContentstackError])
def test_every_error_is_either_refused_or_failed(error: type[ContentstackError]) -> None:
    is_refused = issubclass(error, RefusedError)
    assert is_refused is not issubclass(error, FailedError)
    stopped: dict[type[ContentstackError], int] = {StoppedError: 143}
    assert error.exit_code == stopped.get(error, 2 if is_refused else 1)


def test_a_pagination_loop_is_an_invalid_response() -> None:
    assert issubclass(errors.PaginationLoopError, errors.InvalidResponseError)


def test_an_invalid_token_error_has_the_kind_of_token() -> None:
    made = errors.InvalidTokenError("pagination_token", "It broke", "Fix it.")
    assert made.token_kind == "pagination_token"


def test_the_tree_in_the_docstring_is_complete() -> None:
    drawn = re.findall(r"[─ ] ?(\w+Error)\b", f" {errors.__doc__}")
    assert set(drawn) == {error.__name__ for error in EVERY}
