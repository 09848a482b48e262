"""`stacks.toml`: many stacks in one place, without their secrets."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import dlt
import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from contentstack_source.destinations.target import Target
from contentstack_source.errors import SettingsError

_VARIABLES: Final = "SOURCES__CONTENTSTACK__"
_SECRETS: Final = ("api_key", "delivery_token")
_NAME: Final = msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stack of the file: where its secrets are, what to load of it, and where to.

    Attributes:
        name: names the stack, and its dataset and pipeline where the file does not.
        credentials: section of dlt's configuration with its secrets; `stacks.<name>` if empty.
        destination: any dlt destination; that of the command if empty.
        dataset: the dataset; the name of the stack if empty.
        pipeline_name: names the state; the name of the stack if empty.

    The others are settings of the source. What is unset comes from dlt's configuration.
    """

    name: Annotated[str, _NAME]
    credentials: str = ""
    destination: str = ""
    dataset: str = ""
    pipeline_name: str = ""
    environment: str | None = None
    region: str | None = None
    base_url: str | None = None
    branch: str | None = None
    content_type_uid: str | None = None
    locale: str | None = None
    start_from: Any = None
    event_types: list[str] | str | None = None
    partition_by: str | None = None
    max_concurrent_requests: int | None = None
    requests_per_second: int | None = None
    max_deleted_share: float | None = None
    entry_references: bool | None = None
    rich_text: bool | None = None
    history: bool | None = None
    deletes: str | None = None
    locale_fallback: dict[str, str] | str | None = None
    master_locale: str | None = None

    def target(self, destination: str, pipelines_dir: str | None) -> Target:
        """Return where the stack is loaded to.

        Args:
            destination: of the command.
            pipelines_dir: of the command.
        """
        return Target(
            destination=self.destination or destination,
            dataset=self.dataset or self.name,
            pipelines_dir=pipelines_dir,
            pipeline_name=self.pipeline_name or self.name,
        )

    def configure(self) -> None:
        """Make its settings and secrets those of the source in this process, by the environment.

        Raises:
            SettingsError: its secrets are nowhere. Those of another stack are never taken for them.
        """
        section = self.credentials or f"stacks.{self.name}"
        for secret in _SECRETS:
            value: str | None = dlt.secrets.get(f"{section}.{secret}")
            if not value:
                variable = f"{section}.{secret}".upper().replace(".", "__")
                message = f"No value for {secret} of the stack {self.name}"
                hint = f"Put it into .dlt/secrets.toml under [{section}], or into {variable}."
                raise SettingsError(message, hint)
            os.environ[f"{_VARIABLES}{secret.upper()}"] = str(value)
        for name in SETTINGS:
            setting = getattr(self, name)
            if setting is not None:
                os.environ[f"{_VARIABLES}{name.upper()}"] = _to_text(setting)


def _to_text(setting: object) -> str:
    """Return a setting as an environment variable has it."""
    if isinstance(setting, dict):
        return ",".join(f"{locale}={then}" for locale, then in setting.items())
    return ",".join(setting) if isinstance(setting, list) else str(setting)


SETTINGS: Final = Stack.__struct_fields__[5:]
"""Those fields that are settings of the source."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stacks: Annotated[list[Stack], msgspec.Meta(min_length=1)]


def read_stacks(path: str) -> list[Stack]:
    """Return the stacks of a file, in its order.

    Raises:
        SettingsError: there is no such file, or something in it cannot be.
    """
    try:
        parsed = tomlkit.parse(Path(path).read_text("utf-8")).unwrap()
        stacks = msgspec.convert(parsed, _File).stacks
    except (OSError, ValueError, TOMLKitError) as error:
        message = f"{path} cannot be used: {_one_line(error)}"
        raise SettingsError(message, _hint(error)) from None
    _refuse_shared(stacks, path)
    return stacks


def choose_stack(path: str, name: str) -> Stack:
    """Return one stack of a file.

    Raises:
        SettingsError: as `read_stacks`, or the file has no stack of that name.
    """
    stacks = read_stacks(path)
    for stack in stacks:
        if stack.name == name:
            return stack
    message = f"{path} has no stack {name}"
    raise SettingsError(message, f"It has: {', '.join(stack.name for stack in stacks)}.")


def _refuse_shared(stacks: Sequence[Stack], path: str) -> None:
    """Two stacks in one dataset, or with one state, would delete each other's rows."""
    targets = [stack.target("", None) for stack in stacks]
    taken = {
        "name": [stack.name for stack in stacks],
        "dataset": [target.dataset for target in targets],
        "pipeline_name": [target.pipeline_name for target in targets],
    }
    for key, values in taken.items():
        value, count = Counter(values).most_common(1)[0]
        if count > 1:
            message = f"{path} has {count} stacks with the {key} {value}"
            raise SettingsError(message, f"Give each its own {key}.")


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return " ".join(str(error).split())


def _hint(error: Exception) -> str:
    if isinstance(error, OSError):
        return "Name the file with --stacks."
    if isinstance(error, msgspec.ValidationError):
        return (
            f"A [[stacks]] may have: {', '.join(Stack.__struct_fields__)}. "
            "Secrets stay in .dlt/secrets.toml under [stacks.<name>]."
        )
    return "Correct the line that is named."
