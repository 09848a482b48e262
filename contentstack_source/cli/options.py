"""What commands share: their options, the target these name, and how an error is printed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from rich.console import Console

from contentstack_source.errors import ContentstackError

if TYPE_CHECKING:
    from contentstack_source.destinations.target import Target
    from contentstack_source.orchestration.stacks_file import Stack

_Command = TypeVar("_Command", bound=Callable[..., None])

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="End with one line of JSON instead of tables."
)


def dataset_options(command: _Command) -> _Command:
    """Take the options of commands that read a dataset without dlt's working folder."""
    options = (
        click.option(
            "--destination", default="duckdb", show_default=True, help="Any dlt destination."
        ),
        click.option(
            "--dataset", default="contentstack", show_default=True, help="Dataset or schema."
        ),
        click.option(
            "--pipeline-name", default="contentstack", show_default=True, help="Names the state."
        ),
        click.option("--stack", default=None, help="A stack of the file, by its name."),
        click.option(
            "--stacks", default="stacks.toml", show_default=True, help="The file of many stacks."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def target_options(command: _Command) -> _Command:
    """Take the options of commands that read or write a dataset as dlt's pipelines do."""
    folder = click.option("--pipelines-dir", default=None, help="dlt's working folder.")
    return dataset_options(folder(command))


def one_line_errors(command: _Command) -> _Command:
    """End with the error's line and exit code; with --debug, its whole trace."""

    @functools.wraps(command)
    def run(*args: Any, debug: bool, **options: Any) -> None:  # noqa: ANN401
        try:
            command(*args, **options)
        except ContentstackError as error:
            if debug:
                raise
            _print_error(error)
            sys.exit(error.exit_code)

    debug_option = click.option("--debug", is_flag=True, help="Show the trace of an error.")
    return debug_option(run)  # type: ignore[return-value]


def _print_error(error: ContentstackError) -> None:
    from contentstack_source import log

    if log.are_json():
        log.LOGGER.error(str(error))
    else:
        err.print(f"Error: {error}", style="red", soft_wrap=True, markup=False)


def refuse_options_of(option: str, *names: str) -> None:
    """Refuse options that another option replaces."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            message = f"--{name.replace('_', '-')} does not go with {option}: the file sets it."
            raise click.UsageError(message)


def chosen(options: dict[str, Any]) -> tuple[Target, Stack | None]:
    """Return where the options lead to, and with --stack what is loaded from."""
    from contentstack_source.destinations.target import Target
    from contentstack_source.orchestration.stacks_file import choose_stack

    path, name = options.pop("stacks"), options.pop("stack")
    if name is None:
        return Target(**options), None
    refuse_options_of("--stack", "dataset", "pipeline_name")
    stack = choose_stack(path, name)
    return stack.target(options["destination"], options.get("pipelines_dir")), stack


def configured(options: dict[str, Any]) -> Target:
    """Return where the options lead to; with --stack, its settings are those of the process."""
    target, stack = chosen(options)
    if stack is not None:
        stack.configure()
    return target
