"""The command `contentstack-source`.

Exit codes: 0 done; 1 failed and worth retrying; 2 refused, a human must act.
Results go to standard output, errors and progress to standard error.
"""

from __future__ import annotations

import functools
import logging
import random
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console

from contentstack_source import __version__
from contentstack_source.errors import ContentstackError

_Command = TypeVar("_Command", bound=Callable[..., None])

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="contentstack-source")
def main() -> None:
    """Keep a warehouse equal to what is published in a Contentstack stack.

    Credentials come from dlt's configuration: .dlt/secrets.toml, .dlt/config.toml, or
    environment variables such as SOURCES__CONTENTSTACK__API_KEY.
    """
    logging.getLogger("dlt").setLevel(logging.ERROR)


def _target_options(command: _Command) -> _Command:
    options = (
        click.option(
            "--destination", default="duckdb", show_default=True, help="Any dlt destination."
        ),
        click.option(
            "--dataset", default="contentstack", show_default=True, help="Dataset or schema."
        ),
        click.option("--pipelines-dir", default=None, help="dlt's working folder."),
        click.option(
            "--pipeline-name", default="contentstack", show_default=True, help="Names the state."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _one_line_errors(command: _Command) -> _Command:
    """End with the error's line and exit code; with --debug, its whole trace."""

    @functools.wraps(command)
    def run(*args: Any, debug: bool, **options: Any) -> None:  # noqa: ANN401
        try:
            command(*args, **options)
        except ContentstackError as error:
            if debug:
                raise
            err.print(f"Error: {error}", style="red", soft_wrap=True, markup=False)
            sys.exit(error.exit_code)

    debug_option = click.option("--debug", is_flag=True, help="Show the trace of an error.")
    return debug_option(run)  # type: ignore[return-value]


@main.command()
@_target_options
@_one_line_errors
def sync(**target: str) -> None:
    """Load what changed since the last run; everything the first time."""
    from contentstack_source import report, run
    from contentstack_source.progress import collector_for
    from contentstack_source.target import Target

    report.print_summary(out, run.sync(Target(**target), collector_for(err)))


@main.command()
@_target_options
@_one_line_errors
def resync(**target: str) -> None:
    """Load everything anew and remove what is no longer published."""
    from contentstack_source import report, run
    from contentstack_source.progress import collector_for
    from contentstack_source.target import Target

    report.print_summary(out, run.resync(Target(**target), collector_for(err)))


@main.command()
@_target_options
@_one_line_errors
def rebuild(**target: str) -> None:
    """Make all tables anew from their history, without a request to the service."""
    from contentstack_source import report, run
    from contentstack_source.progress import collector_for
    from contentstack_source.target import Target

    report.print_rebuilt(out, run.rebuild(Target(**target), collector_for(err)))


@main.command()
@_target_options
@_one_line_errors
def status(**target: str) -> None:
    """Show where the stream stands, when it last moved, and the rows of each table."""
    from contentstack_source import report, run
    from contentstack_source.target import Target

    report.print_status(out, run.status(Target(**target)))


@main.command()
@_target_options
@_one_line_errors
def check(**target: str) -> None:
    """Try credentials, environment, region, content model and destination."""
    from contentstack_source import check as checks
    from contentstack_source.target import Target

    worst = 0
    for finding in checks.check(Target(**target)):
        mark, style = ("ok", "green") if finding.exit_code == 0 else ("no", "red")
        out.print(f"[{style}]{mark}[/]  {finding.what:<12} ", end="")
        out.print(finding.told, soft_wrap=True, markup=False)
        worst = max(worst, finding.exit_code)
    sys.exit(worst)


@main.command()
@_target_options
@click.option("--create", is_flag=True, help="Make them, whatever is there under their names.")
@_one_line_errors
def views(*, create: bool, **target: str) -> None:
    """Print the statements of the views, or make the views."""
    from contentstack_source.answers import tell_views
    from contentstack_source.target import Target

    for statement in tell_views(Target(**target), create=create):
        out.print(f"{statement};", soft_wrap=True, markup=False)


@main.command()
@click.option("--entries", default=3000, show_default=True, help="Published rows of the stack.")
@click.option("--folder", default="demo-data", show_default=True, help="Where the demo writes.")
@_one_line_errors
def demo(entries: int, folder: str) -> None:
    """Show it all on a simulated stack: first sync, editors at work, second sync."""
    from contentstack_source.demo import tell

    tell(out, entries=entries, folder=folder)


@main.command()
@click.option("--port", default=8400, show_default=True)
@click.option("--entries", default=3000, show_default=True, help="Published rows of the stack.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another content.")
@click.option("--edit-every", default=0.0, help="Seconds between two edits; 0: nobody edits.")
def simulate(port: int, entries: int, seed: int, edit_every: float) -> None:
    """Serve a simulated stack over HTTP until interrupted."""
    from contentstack_source.simulator import demo_stack, edit, serve

    stack = demo_stack(entries, seed=seed)
    try:
        with serve(stack, port=port) as server:
            out.print(f"base_url       = {server.base_url}")
            out.print(f"api_key        = {stack.api_key}")
            out.print(f"delivery_token = {stack.delivery_token}")
            out.print(f"environment    = {stack.environment}")
            rng = random.Random(seed)  # noqa: S311 - plays an editor
            while True:
                time.sleep(edit_every or 3600)
                if edit_every:
                    out.print(edit(stack, rng))
    except KeyboardInterrupt:
        out.print("Stopped.")
    except OSError as error:
        told = f"Port {port} cannot be used ({error.strerror}). Choose another --port."
        raise click.ClickException(told) from None


if __name__ == "__main__":
    main()
