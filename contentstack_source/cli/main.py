"""The command `contentstack-source`.

Exit codes: 0 done; 1 failed and worth retrying; 2 refused, needs user action; 143 stopped by
SIGTERM, and worth running again.
Results go to standard output, errors and progress to standard error.
"""

from __future__ import annotations

import functools
import gc
import random
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contentstack_source.cli.options import (
    chosen,
    configured,
    dataset_options,
    err,
    json_option,
    one_line_errors,
    out,
    refuse_options_of,
    target_options,
)
from contentstack_source.errors import SettingsError
from contentstack_source.version import __version__

if TYPE_CHECKING:
    from contentstack_source.runs.summary import RunSummary


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="contentstack-source")
def main() -> None:
    """Keep a warehouse equal to what is published in a Contentstack stack.

    Credentials come from dlt's configuration: .dlt/secrets.toml, .dlt/config.toml, or
    environment variables such as SOURCES__CONTENTSTACK__API_KEY.
    """


def _run(kind: str, options: dict[str, Any], *, as_json: bool, take_over: bool = False) -> None:
    """Run `sync` or `resync` and print tables, or the JSON result."""
    from contentstack_source.cli import output
    from contentstack_source.cli.progress import collector_for
    from contentstack_source.runs import run
    from contentstack_source.runs.json_result import run_with_json_result
    from contentstack_source.signals import stopped_by_sigterm

    target, stack = chosen(options)
    gc.freeze()  # what was imported stays: the garbage collector need not scan it again

    def work(summary: RunSummary | None = None) -> RunSummary:
        if stack is not None:
            stack.configure()
        command = partial(run.resync, take_over=take_over) if kind == "resync" else run.sync
        return command(target, collector_for(err), summary=summary)

    with stopped_by_sigterm():
        if as_json:
            run_with_json_result(target, work, click.echo)
        else:
            output.print_summary(out, work())


def _log_line(name: str, line: str) -> None:
    from contentstack_source import log

    click.echo(line if log.are_json() else f"{name}: {line}", err=True)


def _ignore(line: str) -> None:
    del line


@main.command()
@target_options
@json_option
@click.option("--all", "is_all", is_flag=True, help="All stacks of the file.")
@click.option("--max-parallel", default=2, show_default=True, help="Stacks at a time, with --all.")
@one_line_errors
def sync(*, as_json: bool, is_all: bool, max_parallel: int, **options: Any) -> None:  # noqa: ANN401
    """Load what changed since the last run; everything the first time."""
    if not is_all:
        _run("sync", options, as_json=as_json)
        return
    from contentstack_source.orchestration.sync_all import Job, sync_all, to_table, worst_exit_code

    refuse_options_of("--all", "dataset", "pipeline_name", "stack")
    job = Job(options["stacks"], options["destination"], options["pipelines_dir"], max_parallel)
    write_result = click.echo if as_json else _ignore
    outcomes = sync_all(job, _log_line, write_result)
    if not as_json:
        out.print(to_table(outcomes))
    sys.exit(worst_exit_code(outcomes))


@main.command()
@target_options
@json_option
@click.option("--take-over", is_flag=True, help="Take a dataset over from its owner.")
@one_line_errors
def resync(*, as_json: bool, take_over: bool, **options: Any) -> None:  # noqa: ANN401
    """Load everything again and delete what is no longer published."""
    _run("resync", options, as_json=as_json, take_over=take_over)


@main.command()
@target_options
@one_line_errors
def rebuild(**options: Any) -> None:  # noqa: ANN401
    """Rebuild all tables from their history, without a request to the service."""
    from contentstack_source.cli import output
    from contentstack_source.cli.progress import collector_for
    from contentstack_source.runs import rebuild
    from contentstack_source.signals import stopped_by_sigterm

    with stopped_by_sigterm():
        summary = rebuild.rebuild(configured(options), collector_for(err))
    output.print_rebuilt(out, summary)


@main.command()
@target_options
@one_line_errors
def status(**options: Any) -> None:  # noqa: ANN401
    """Show where the stream stands, when it last moved, and the rows of each table."""
    from contentstack_source.cli import output
    from contentstack_source.runs import run

    output.print_status(out, run.status(configured(options)))


@main.command()
@target_options
@one_line_errors
def check(**options: Any) -> None:  # noqa: ANN401
    """Try credentials, environment, region, content model and destination."""
    from contentstack_source.runs import check as checks

    worst = 0
    for result in checks.check(configured(options)):
        label, style = ("ok", "green") if result.exit_code == 0 else ("no", "red")
        out.print(f"[{style}]{label}[/]  {result.name:<12} ", end="")
        out.print(result.message, soft_wrap=True, markup=False)
        worst = max(worst, result.exit_code)
    sys.exit(worst)


@main.command()
@target_options
@click.option("--create", is_flag=True, help="Make them, whatever is there under their names.")
@one_line_errors
def views(*, create: bool, **options: Any) -> None:  # noqa: ANN401
    """Print the statements of the views, or make the views."""
    from contentstack_source.dataset.view_definitions import view_statements
    from contentstack_source.source.configuration import load_local_settings

    target = configured(options)
    for statement in view_statements(target, load_local_settings(), create=create):
        out.print(f"{statement};", soft_wrap=True, markup=False)


@main.command()
@target_options
@json_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8080, show_default=True)
@one_line_errors
def listen(*, as_json: bool, host: str, port: int, **options: Any) -> None:  # noqa: ANN401
    """Sync whenever a webhook reports a publish, one sync at a time."""
    try:
        from contentstack_source.orchestration.listener import listen as serve
    except ImportError as error:
        message = f"{error.name} is not installed, which the command listen needs"
        raise SettingsError(message, "pip install 'contentstack-source[listen]'.") from None
    target = configured(options)
    arguments = target.arguments() + (["--json"] if as_json else [])
    serve(host, port, arguments, functools.partial(click.echo, err=True), click.echo)


@main.command()
@click.option("--entries", default=3000, show_default=True, help="Published rows of the stack.")
@click.option("--folder", default="demo-data", show_default=True, help="Where the demo writes.")
@one_line_errors
def demo(entries: int, folder: str) -> None:
    """Show it all on a simulated stack: first sync, editors at work, second sync."""
    from contentstack_source.cli.demo import run_demo

    run_demo(out, entries=entries, folder=folder)


@main.command()
@click.option("--port", default=8400, show_default=True)
@click.option("--entries", default=3000, show_default=True, help="Published rows of the stack.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another content.")
@click.option("--edit-every", default=0.0, help="Seconds between two edits; 0: no edits.")
def simulate(port: int, entries: int, seed: int, edit_every: float) -> None:
    """Serve a simulated stack over HTTP until interrupted."""
    from contentstack_source.simulator import demo_stack, edit, serve

    stack = demo_stack(entries, seed=seed)
    try:
        with serve(stack, port=port) as server:
            out.print(f"base_url       = {server.base_url}", soft_wrap=True)
            out.print(f"api_key        = {stack.api_key}")
            out.print(f"delivery_token = {stack.delivery_token}")
            out.print(f"environment    = {stack.environment}")
            rng = random.Random(seed)  # noqa: S311 - plays an editor
            while True:
                time.sleep(edit_every or 3600)
                if edit_every:
                    out.print(edit(stack, rng), soft_wrap=True)
    except KeyboardInterrupt:
        out.print("Stopped.")
    except OSError as error:
        text = f"Port {port} cannot be used ({error.strerror}). Choose another --port."
        raise click.ClickException(text) from None


@main.command()
@dataset_options
@click.option("--port", default=8500, show_default=True)
@click.option("--no-browser", is_flag=True, help="Print the address, and do not open a browser.")
@one_line_errors
def dashboard(port: int, *, no_browser: bool, **options: Any) -> None:  # noqa: ANN401
    """Show a dashboard of what is published in the browser, until interrupted."""
    from contentstack_source.dashboard.server import serve_dashboard

    serve_dashboard(configured(options), port=port, browser=not no_browser)


@main.command()
@dataset_options
@click.option("--output", default=None, help="A file to write to.")
@one_line_errors
def docs(output: str | None, **options: Any) -> None:  # noqa: ANN401
    """Describe a dataset: a diagram of its tables, and what each column is in the CMS."""
    from contentstack_source.dataset.data_dictionary import describe

    text = describe(configured(options))
    if output:
        Path(output).write_text(text, "utf-8")
    else:
        click.echo(text, nl=False)


if __name__ == "__main__":
    main()
