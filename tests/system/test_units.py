"""docs/operating.md, "As a service", to the letter, and then the units' command lines, as another user."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from demo.configuration import KEY_NAMES, demo_settings
from demo.supervisor import HOME, free_port
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from tests.system.harness import eventually
from training.command_line import find_commands, make_parser
from training.errors import ExitStatus

USER, GROUP = "nobody", "nogroup"
PAGE = (HOME / "docs" / "operating.md").read_text(encoding="utf-8")
SETUPTOOLS = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
SECONDS = 120.0

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def readable_python() -> str:
    """A Python like this one that every user may start. Skips the test if there is none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = subprocess.run([candidate, "-c", ""], user=USER, check=False, cwd="/")
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    pytest.skip(f"no {version} here that every user may read")


@dataclass
class Installed:
    """The project as the page has it installed, in a folder of the test's own."""

    root: Path
    python: str
    port: int

    def place(self, text: str) -> str:
        """A line of the page's or a unit's, for this folder and user."""
        text = text.replace("/opt/autoresponder/.venv/bin/python", self.python)
        text = text.replace("/opt/autoresponder", f"{self.root}/opt").replace(
            "/etc/autoresponder", f"{self.root}/etc"
        )
        return text.replace("-o autoresponder", f"-o {USER}").replace("-g autoresponder", f"-g {GROUP}")

    def service(self, name: str) -> dict[str, list[str]]:
        """A unit's section [Service], whose keys may be repeated."""
        text = (HOME / "deploy" / "systemd" / f"autoresponder-{name}.service").read_text(encoding="utf-8")
        found: dict[str, list[str]] = {}
        for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
            found.setdefault(key, []).append(self.place(value))
        return found

    def environment(self, service: dict[str, list[str]]) -> dict[str, str]:
        """What systemd would give the process; and where this test's libraries are."""
        lines = [
            line
            for name in service["EnvironmentFile"]
            for line in Path(name.lstrip("-")).read_text().splitlines()
        ]
        pairs = [line.split("=", 1) for line in [*service["Environment"][0].split(), *lines] if line]
        libraries = {
            sysconfig.get_path("purelib"),
            *(path for path in sys.path if path.endswith("-packages")),
        }
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(libraries), **dict(pairs)}

    def start(self, name: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a unit as systemd does."""
        service = self.service(name)
        with log.open("wb") as out:
            return subprocess.Popen(
                service["ExecStart"][0].split(),
                cwd=service["WorkingDirectory"][0],
                env=self.environment(service),
                user=USER,
                group=GROUP,
                extra_groups=[],
                umask=int(service["UMask"][0], 8),
                stdout=out,
                stderr=out,
            )


@pytest.fixture
def installed() -> Iterator[Installed]:
    with tempfile.TemporaryDirectory(prefix="units-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        one = Installed(root, readable_python(), free_port())
        (root / "opt").mkdir()
        for module in SETUPTOOLS["py-modules"]:
            shutil.copy(HOME / f"{module}.py", root / "opt")
        for pattern in SETUPTOOLS["packages"]["find"]["include"]:
            for package in HOME.glob(pattern):
                shutil.copytree(package, root / "opt" / package.name)
        settings = demo_settings(root, root / "no-model", 9, one.port)
        settings["tumblr"]["base_keys"] = [{name: {"env": f"KEY_{name.upper()}"} for name in KEY_NAMES}]
        settings["tumblr"]["base_keys"][0]["consumer_secret"] = {"file": "consumer_secret"}
        settings["tumblr"]["database"] = "run/tumbl.sqlite"
        settings["switchboard"]["database_url"] = "sqlite:///run/switchboard.sqlite"
        settings["switchboard"]["client_token"] = "the client's"
        (root / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        (root / "consumer_secret").write_text("secret\n", encoding="utf-8")
        for command in re.findall(r"install -[dm] [^`\n]*", PAGE):
            subprocess.run(["sh", "-c", one.place(command)], cwd=root, check=True)
        keys = "".join(f"KEY_{name.upper()}=value\n" for name in KEY_NAMES)
        (root / "etc" / "environment").write_text(keys, encoding="utf-8")
        yield one


def test_the_units_work_as_the_page_has_them(installed: Installed) -> None:
    client = SwitchboardClient(
        f"http://127.0.0.1:{installed.port}", SecretStr("the client's"), retry=Retry(attempts=1)
    )

    def selector_is_there() -> bool:
        try:
            return any(worker.role == "selector" for worker in client.status().workers)
        except SwitchboardError:
            return False

    logs = {name: installed.root / f"{name}.log" for name in ("bridge", "generator", "selector", "tumbl")}
    with ExitStack() as stack:
        stack.callback(client.close)
        processes = {}
        for name, log in logs.items():
            processes[name] = installed.start(name, log)
            stack.callback(processes[name].wait)
            stack.callback(processes[name].kill)
        said = {name: lambda log=log: log.read_text(encoding="utf-8") for name, log in logs.items()}
        eventually(lambda: selector_is_there() or processes["bridge"].poll() is not None, SECONDS)
        assert selector_is_there(), [said[name]() for name in logs]
        assert eventually(lambda: "tumblr not available" in said["tumbl"](), SECONDS), said["tumbl"]()
        assert processes["generator"].wait(SECONDS) == 2
        assert "no-model" in said["generator"](), "only the model is missing, no key and no permission"
        assert processes["tumbl"].poll() is None
        _check_files(installed.root / "opt" / "run")
        _look_into_it(installed)


def test_the_weekly_unit_runs_the_command_that_its_timer_is_for(installed: Installed) -> None:
    """As far as a tumblr that nobody runs; it writes where the unit may write."""
    log = installed.root / "weekly.log"
    process = installed.start("weekly", log)
    try:
        assert process.wait(SECONDS) == 1, log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
    last = log.read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("error: tumblr could not be read")
    assert (installed.root / "opt" / "run" / "notes" / ".lock").stat().st_uid == pwd.getpwnam(USER).pw_uid


def _check_files(run: Path) -> None:
    """What the processes wrote is theirs alone."""
    owner = pwd.getpwnam(USER).pw_uid
    written = [run, *run.rglob("*")]
    assert {"tumbl.sqlite", "switchboard.sqlite"} <= {path.name for path in written}
    for path in written:
        assert path.stat().st_uid == owner
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def _look_into_it(installed: Installed) -> None:
    """The page's example of a diagnostic command."""
    found = re.search(r"setpriv --reuid autoresponder .*\\\n\s+(\.venv/bin/python .*)", PAGE)
    assert found is not None
    _, *words = installed.place(found.group(1)).split()
    done = subprocess.run(
        [installed.python, *words],
        cwd=installed.root / "opt",
        env=installed.environment(installed.service("tumbl")),
        user=USER,
        group=GROUP,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


UNITS = HOME / "deploy" / "systemd"
OF_WHAT_GOES_ON = {"restart", "restartsec", "restartpreventexitstatus"}
"""Settings of units that run until they are stopped."""


def unit(name: str) -> RawConfigParser:
    """A unit's file."""
    parser = RawConfigParser()
    parser.read(UNITS / name, encoding="utf-8")
    return parser


def test_the_units_differ_only_in_what_they_start() -> None:
    sections = {
        path.stem: {
            key: value
            for key, value in unit(path.name)["Service"].items()
            if key not in ("execstart", "environment")
        }
        for path in UNITS.glob("*.service")
    }
    weekly = sections.pop("autoresponder-weekly")
    first, *others = sections.values()
    assert all(section == first for section in others)
    once = {"type": "oneshot", "nice": "15", "successexitstatus": "4"}
    assert weekly == {key: value for key, value in first.items() if key not in OF_WHAT_GOES_ON} | once


def test_the_timer_starts_the_weekly_unit_also_after_a_night_without_power() -> None:
    timer, service = unit("autoresponder-weekly.timer"), unit("autoresponder-weekly.service")
    assert timer["Timer"]["persistent"] == "true"
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-2]\d:[0-5]\d", timer["Timer"]["oncalendar"])
    assert timer["Install"]["wantedby"] == "timers.target"
    assert "Install" not in service, "the timer alone starts it"
    assert "unit" not in timer["Timer"], "a timer starts the service of its own name"
    words = service["Service"]["execstart"].split()
    assert words[1:3] == ["-m", "training"]
    arguments = make_parser(find_commands()).parse_args(words[3:])
    assert (arguments.command, str(arguments.notes)) == ("weekly", "run/notes")
    assert service["Service"]["successexitstatus"] == str(int(ExitStatus.NOT_PROMOTED))
