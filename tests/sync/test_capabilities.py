"""An unsupported destination is refused before anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dlt
import pytest
from click.testing import CliRunner

from contentstack_source import contentstack_source
from contentstack_source.cli.main import main
from contentstack_source.destinations.capabilities import (
    file_format,
    refuse_unsupported,
)
from contentstack_source.destinations.target import Target
from contentstack_source.errors import UnsupportedDestinationError
from contentstack_source.runs import run
from tests.support.harness import Job


def test_plain_files_are_refused_with_the_missing_capability_and_an_alternative(
    tmp_path: Path, job: Job
) -> None:
    destination = dlt.destinations.filesystem(str(tmp_path / "files"))
    with pytest.raises(UnsupportedDestinationError) as refused:
        run.sync(Target(destination, pipelines_dir=str(tmp_path / "dlt")))
    assert job.server.requests == []
    assert refused.value.exit_code == 2
    assert "The destination filesystem cannot delete and insert" in refused.value.message
    assert "set table_format to delta or iceberg" in refused.value.hint
    assert not (tmp_path / "files").exists()


@pytest.mark.usefixtures("job")
def test_the_source_alone_refuses_an_unsupported_destination_too(tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "contentstack",
        pipelines_dir=str(tmp_path / "dlt"),
        destination=dlt.destinations.filesystem(str(tmp_path / "files")),
        dataset_name="contentstack",
    )
    with pytest.raises(Exception, match="cannot delete and insert"):
        pipeline.run(contentstack_source())


@pytest.mark.usefixtures("job")
def test_the_command_ends_with_2_for_an_unsupported_destination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(tmp_path / "files"))
    for command in ("sync", "resync", "status", "check"):
        options = ["--destination", "filesystem", "--pipelines-dir", str(tmp_path / "dlt")]
        assert CliRunner().invoke(main, [command, *options]).exit_code == 2, command
    assert not (tmp_path / "files").exists()


def test_a_missing_package_is_named() -> None:
    code = (
        "import sys\n"
        "sys.modules['psycopg2'] = None\n"
        "from contentstack_source.cli.main import main\n"
        "main(['status', '--destination', 'postgres'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "(psycopg2). Install them: pip install 'contentstack-source[postgres]'" in done.stderr


@pytest.mark.integration
def test_postgres_without_its_fast_driver_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    postgres = dlt.destinations.postgres("postgresql://loader@nowhere.invalid/x")
    assert file_format(postgres.capabilities(), {}) is None
    with pytest.raises(UnsupportedDestinationError, match="cannot hold both empty text and NULL"):
        refuse_unsupported(postgres)
