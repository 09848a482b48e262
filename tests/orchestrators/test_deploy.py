"""The files under `deploy/`: their validators accept them, and their commands run unchanged."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from crontab import CronTab

from contentstack_source.simulator import Server
from tests.support.oracle import assert_equal
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
INSTALLED = "/opt/contentstack/bin"


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=100, **options
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    def verify(text: str) -> subprocess.CompletedProcess[str]:
        copies = []
        for unit in UNITS:
            copies.append(tmp_path / unit.name)
            copies[-1].write_text(unit.read_text("utf-8").replace(INSTALLED, str(BIN)))
        copies[0].write_text(copies[0].read_text() + text)
        return run("systemd-analyze", "verify", *map(str, copies))

    done = verify("")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Unknown key" in verify("\n[Service]\nTypo=yes\n").stderr


def test_cron_accepts_the_table() -> None:
    (job,) = CronTab(tabfile=str(DEPLOY / "crontab"))
    assert job.is_valid()
    assert job.is_enabled()
    assert str(job.slices) == "*/15 * * * *"


def test_github_accepts_the_workflow_and_zizmor_finds_nothing(tmp_path: Path) -> None:
    file = DEPLOY / "github-actions.yml"
    schema = ("--builtin-schema", "vendor.github-workflows")
    done = run(str(BIN / "check-jsonschema"), *schema, str(file))
    assert done.returncode == 0, done.stdout
    assert run(str(BIN / "zizmor"), "--offline", str(file)).returncode == 0
    careless = file.read_text("utf-8").replace("persist-credentials: false", "fetch-depth: 1")
    (tmp_path / "careless.yml").write_text(careless)
    assert run(str(BIN / "zizmor"), "--offline", str(tmp_path / "careless.yml")).returncode != 0


def test_kubernetes_accepts_the_cronjob(tmp_path: Path) -> None:
    file = DEPLOY / "kubernetes.yaml"
    command = (str(BIN / "kubernetes-validate"), "--strict")
    done = run(*command, str(file))
    assert done.returncode == 0, done.stdout
    (tmp_path / "typo.yaml").write_text(file.read_text("utf-8").replace("timeZone", "timezone"))
    assert run(*command, str(tmp_path / "typo.yaml")).returncode != 0


@dataclass(frozen=True)
class RunSpec:
    """The command and environment of a file."""

    command: str
    environment: Mapping[str, str]


def spec_of_cron() -> RunSpec:
    (job,) = CronTab(tabfile=str(DEPLOY / "crontab"))
    return RunSpec(job.command, dict(job.env))


def spec_of_systemd() -> RunSpec:
    class Unit(configparser.RawConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return optionstr

    text = (DEPLOY / "contentstack-source.service").read_text("utf-8")
    parser = Unit(strict=False)
    parser.read_string(text)
    environment = dict(re.findall(r"^Environment=(\w+)=(.+)$", text, flags=re.MULTILINE))
    return RunSpec(parser["Service"]["ExecStart"], environment)


def spec_of_github() -> RunSpec:
    workflow = yaml.safe_load((DEPLOY / "github-actions.yml").read_text("utf-8"))
    step = workflow["jobs"]["sync"]["steps"][-1]
    return RunSpec(step["run"], {k: v for k, v in step["env"].items() if "${{" not in v})


def spec_of_kubernetes() -> RunSpec:
    job = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    return RunSpec(" ".join(container["command"]), environment)


SPECS: Mapping[str, Callable[[], RunSpec]] = {
    "cron": spec_of_cron,
    "systemd": spec_of_systemd,
    "GitHub Actions": spec_of_github,
    "Kubernetes": spec_of_kubernetes,
}


def test_the_command_of_each_file_keeps_the_tables_equal_in_a_new_working_folder(
    tmp_path: Path, server: Server, configure: Callable[[Server], None]
) -> None:
    configure(server)
    for number, (name, spec_of) in enumerate(SPECS.items()):
        work = tmp_path / f"work{number}"
        work.mkdir()
        replacements = {
            INSTALLED: str(BIN),
            "/etc/contentstack": str(tmp_path),
            "/var/cache/contentstack": str(work),
            "/work": str(work),
            "postgres": "duckdb",  # a destination that needs no server
        }

        def here(text: str, replacements: Mapping[str, str] = replacements) -> str:
            return re.sub("|".join(replacements), lambda found: replacements[found[0]], text)

        environment = {variable: here(value) for variable, value in spec_of().environment.items()}
        path = f"{BIN}:{os.environ['PATH']}"
        own = {"DLT_DATA_DIR": str(work), "HOME": str(work), **environment, "PATH": path}
        done = run("sh", "-c", here(spec_of().command), cwd=tmp_path, env={**os.environ, **own})
        assert done.returncode == 0, (name, done.stderr)
        output = done.stdout or (work / "contentstack.log").read_text()
        assert '"outcome":"ok"' in output.splitlines()[-1], name
        assert_equal(str(tmp_path / "contentstack_warehouse.duckdb"), server.stack)
        server.stack.delete_entry("article", f"e{number + 1}")


def test_the_files_install_existing_extras_and_set_known_variables() -> None:
    text = "".join(path.read_text("utf-8") for path in DEPLOY.iterdir())
    extras = {name for found in re.findall(r"\[([a-z,]+)\]'", text) for name in found.split(",")}
    declared = (ROOT / "pyproject.toml").read_text("utf-8")
    assert extras
    for extra in extras:
        assert re.search(rf"^{extra} = \[", declared, flags=re.MULTILINE), extra
    known = {"API_KEY", "DELIVERY_TOKEN", "ENVIRONMENT", "LISTEN__HEADER_NAME"}
    assert {*re.findall(r"SOURCES__CONTENTSTACK__(\w+)", text)} == known | {"LISTEN__HEADER_VALUE"}
