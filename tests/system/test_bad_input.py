"""What an operator may get wrong, and what the world may do: one clear line each time, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.configuration import demo_settings
from demo.supervisor import HOME, free_port
from tests.system.harness import eventually
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.faults import Fault, FaultKind

NEEDS_A_HUMAN = 2


def configure(folder: Path, sandbox_port: int = 1, **changes: Any) -> Path:
    settings = demo_settings(folder, folder / "no-model", sandbox_port, free_port())
    settings["queue"]["write_when_below"] = 0
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
    path = folder / "config.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


def run_door(door: str, config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HOME / door), "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=HOME)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=HOME) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxDriver]:
    """A tumblr with the demo's accounts, and a bot's worth of nothing else."""
    port = free_port()
    command = [sys.executable, "-m", "tumblr_sandbox", "serve", "--seed-demo", "--port", str(port)]
    command += ["--database", str(tmp_path / "sandbox.sqlite")]
    with running(command, tmp_path / "sandbox.log"), SandboxDriver(f"http://127.0.0.1:{port}") as driver:
        driver.wait_until_ready(30)
        yield driver


def port_of(driver: SandboxDriver) -> int:
    return int(driver.base_url.rpartition(":")[2])


@pytest.mark.parametrize("door", ["tumbl.py", "bridge_service.py", "generator_service.py", "selector.py"])
def test_a_wrong_configuration_stops_a_process_with_one_line(door: str, tmp_path: Path) -> None:
    done = run_door(door, configure(tmp_path, switchboard={"prot": 1}))
    assert done.returncode == NEEDS_A_HUMAN
    assert len(done.stderr.splitlines()) == 1
    assert "switchboard.prot: no such setting; did you mean 'port'?" in done.stderr
    assert "python -m bot_config check" in done.stderr


@pytest.mark.parametrize("door", ["tumbl.py", "bridge_service.py", "generator_service.py", "selector.py"])
def test_a_missing_configuration_stops_a_process_with_one_line(door: str, tmp_path: Path) -> None:
    done = run_door(door, tmp_path / "none.json")
    assert done.returncode == NEEDS_A_HUMAN
    assert len(done.stderr.splitlines()) == 1
    assert "config.example.json" in done.stderr


def test_a_missing_model_folder_is_named(tmp_path: Path) -> None:
    done = run_door("generator_service.py", configure(tmp_path))
    assert done.returncode == NEEDS_A_HUMAN
    assert str(tmp_path / "no-model") in last_line(done)
    assert "generator.model" in last_line(done)


def test_wrong_api_keys_stop_the_bot_and_name_the_setting(tmp_path: Path, sandbox: SandboxDriver) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "token", "token_secret"), "wrong-and-secret")
    config = configure(tmp_path, port_of(sandbox), tumblr={"host": sandbox.base_url, "base_keys": [keys]})
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["tumblr"]["database"] = str(tmp_path / "tumbl.sqlite")
    config.write_text(json.dumps(settings), encoding="utf-8")
    done = run_door("tumbl.py", config, "--once")
    assert done.returncode == NEEDS_A_HUMAN
    assert last_line(done).startswith("error: ")
    assert "tumblr.base_keys" in last_line(done)
    assert "wrong-and-secret" not in done.stderr + done.stdout


def test_without_a_switchboard_the_ask_is_kept_and_said_to_wait(
    tmp_path: Path, sandbox: SandboxDriver
) -> None:
    ask = sandbox.ask(DEMO_BLOG, "what is a door?", "quietmarsh")
    done = run_door("tumbl.py", configure(tmp_path, port_of(sandbox)), "--once")
    assert done.returncode == 0
    complaints = [line for line in done.stderr.splitlines() if " warning " in line or " error " in line]
    assert len(complaints) == 1
    assert "switchboard" in complaints[0]
    assert "http://127.0.0.1:" in complaints[0]
    assert [post.id for post in sandbox.posts(DEMO_BLOG, "submission")] == [ask]


def test_a_worker_waits_for_a_switchboard_that_is_not_there(tmp_path: Path) -> None:
    log = tmp_path / "selector.log"
    command = [sys.executable, str(HOME / "selector.py"), "--config", str(configure(tmp_path))]
    with running(command, log) as process:
        said = eventually(lambda: "out of reach" in log.read_text(encoding="utf-8"), 30)
        assert said
        assert process.poll() is None
    assert process.returncode == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_switchboard_whose_port_is_taken_says_so(tmp_path: Path, sandbox: SandboxDriver) -> None:
    done = run_door("bridge_service.py", configure(tmp_path, switchboard={"port": port_of(sandbox)}))
    assert done.returncode == NEEDS_A_HUMAN
    assert f"port {port_of(sandbox)}" in last_line(done)
    assert "switchboard.port" in last_line(done)


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED, FaultKind.HTML, FaultKind.STATUS, FaultKind.CUT])
def test_a_malformed_answer_from_tumblr_is_one_line_and_the_bot_goes_on(
    kind: FaultKind, tmp_path: Path, sandbox: SandboxDriver
) -> None:
    ask = sandbox.ask(DEMO_BLOG, "what is a door?", "quietmarsh")
    sandbox.add_fault(Fault(kind=kind, path="*/posts/submission"))
    config = configure(tmp_path, port_of(sandbox), tumblr=demo_tumblr(tmp_path, sandbox, max_tries=1))
    done = run_door("tumbl.py", config, "--once")
    assert done.returncode == 0
    errors = [line for line in done.stderr.splitlines() if " error " in line]
    # A line for each look: the inbox is looked at again after notes and dashboard, where chance chooses them.
    assert 1 <= len(errors) <= 3
    assert all("look=asks" in line for line in errors)
    assert "Traceback" not in done.stderr
    sandbox.clear_faults()
    done = run_door("tumbl.py", config, "--once")
    assert f"ask:{ask}" in done.stderr


def demo_tumblr(folder: Path, sandbox: SandboxDriver, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = demo_settings(folder, folder, port_of(sandbox), 1)["tumblr"]
    return {**settings, **changes}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("a small disk can only be mounted by root")
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run([mount, *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_the_bot_says_so_and_answers_when_there_is_room(
    tmp_path: Path, small_disk: Path, sandbox: SandboxDriver
) -> None:
    database = str(small_disk / "tumbl.sqlite")
    tumblr = demo_tumblr(tmp_path, sandbox, database=database)
    config = configure(tmp_path, port_of(sandbox), tumblr=tumblr)
    run_door("tumbl.py", config, "--once")
    filler = small_disk / "filler"
    fill(filler)
    ask = sandbox.ask(DEMO_BLOG, "what is a door?", "quietmarsh")
    done = run_door("tumbl.py", config, "--once")
    complaints = [line for line in done.stderr.splitlines() if "full" in line]
    assert complaints, done.stderr
    assert "Traceback" not in done.stderr
    assert [post.id for post in sandbox.posts(DEMO_BLOG, "submission")] == [ask]
    filler.unlink()
    done = run_door("tumbl.py", config, "--once")
    assert f"ask:{ask}" in done.stderr


@pytest.mark.parametrize(("door", "ready"), [("tumbl.py", " started "), ("bridge_service.py", "listening")])
def test_what_is_started_on_a_full_disk_waits_for_room(
    tmp_path: Path, small_disk: Path, door: str, ready: str
) -> None:
    config = configure(
        tmp_path,
        tumblr={"database": str(small_disk / "tumbl.sqlite")},
        switchboard={"database_url": f"sqlite:///{small_disk}/switchboard.sqlite"},
    )
    filler = small_disk / "filler"
    fill(filler)
    log = tmp_path / "door.log"
    with running([sys.executable, str(HOME / door), "--config", str(config)], log) as process:
        assert eventually(lambda: "full" in log.read_text(encoding="utf-8"), 30)
        filler.unlink()
        assert eventually(lambda: ready in log.read_text(encoding="utf-8"), 30)
        assert process.poll() is None
    assert "Traceback" not in log.read_text(encoding="utf-8")


def fill(path: Path) -> None:
    """Write until nothing more goes onto the disk."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return
