"""The tree of errors: what happened, what to do, and the exit code that goes with it."""

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
        return errors.InvalidTokenError("sync_token", "It broke", "Mend it.")
    return error("It broke", "Mend it.")


@pytest.mark.parametrize("error", EVERY)
def test_every_error_says_what_happened_and_what_to_do(error: type[ContentstackError]) -> None:
    made = make(error)
    assert str(made) == "It broke. Mend it."
    assert (made.message, made.hint) == ("It broke", "Mend it.")


@pytest.mark.parametrize("error", EVERY)
def test_dlt_lets_every_error_out_unwrapped(error: type[ContentstackError]) -> None:
    assert issubclass(error, DltSourceException)


@pytest.mark.parametrize("error", [each for each in EVERY if each is not ContentstackError])
def test_every_error_is_either_refused_or_failed(error: type[ContentstackError]) -> None:
    is_refused = issubclass(error, RefusedError)
    assert is_refused is not issubclass(error, FailedError)
    stopped: dict[type[ContentstackError], int] = {StoppedError: 143}
    assert error.exit_code == stopped.get(error, 2 if is_refused else 1)


def test_a_page_that_leads_back_is_an_answer_that_breaks_the_protocol() -> None:
    assert issubclass(errors.PaginationLoopError, errors.InvalidResponseError)


def test_a_refused_token_tells_which_it_is() -> None:
    made = errors.InvalidTokenError("pagination_token", "It broke", "Mend it.")
    assert made.token_kind == "pagination_token"


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = re.findall(r"[─ ] ?(\w+Error)\b", f" {errors.__doc__}")
    assert set(drawn) == {error.__name__ for error in EVERY}
