"""The demo's processes end with it, however it ends; one demo at a time lives in a folder."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot_http import direct_session
from bot_lifecycle import FatalError
from demo import supervisor
from demo.configuration import write_demo_config
from demo.lock import only_demo_in
from demo.supervisor import HOME, Supervised, free_port

SECONDS = 200.0
ODD_NAME = 'it\'s a "100%" path [a]; #1 \\ über-%(here)s $HOME `x` {y}' + 100 * "z"

HOLDER = """
import sys, time
from pathlib import Path
from demo.lock import only_demo_in
from demo.supervisor import Supervised

run, config, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
with only_demo_in(run) as lock, Supervised(run, config, port, keep_open=[lock]) as supervised:
    while len(pids := {p.name: p.pid for p in supervised.processes().values() if p.pid}) < 4:
        time.sleep(0.05)
    names = ("sandbox", "bridge", "selector", "tumbl")
    print(supervised._daemon.pid, *(pids[name] for name in names), flush=True)
    time.sleep(600)
"""
"""A demo without a model, whose generator therefore stops at once: it prints who runs, and lives on."""


def eventually(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextmanager
def demo_in(run: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A demo without a model; gives its process, and those of supervisord and its programs."""
    run.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = write_demo_config(run, run / "no-model", port, free_port())
    command = [sys.executable, "-c", HOLDER, str(run), str(config), str(port)]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        try:
            yield process, pids
        finally:
            process.kill()
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def can_be_locked(run: Path) -> bool:
    try:
        with only_demo_in(run):
            return True
    except FatalError:
        return False


def test_a_killed_demo_takes_everything_along_and_holds_its_folder_until_then(tmp_path: Path) -> None:
    with demo_in(tmp_path / "demo") as (demo, pids):
        with pytest.raises(FatalError, match=rf"already running \(process {demo.pid}\) - .*kill {demo.pid}"):
            only_demo_in(tmp_path / "demo").__enter__()
        os.kill(pids[0], signal.SIGSTOP)  # supervisord, so that it cannot go yet
        demo.kill()
        demo.wait()
        with pytest.raises(FatalError, match=rf"already running \(process {pids[0]}\)"):
            only_demo_in(tmp_path / "demo").__enter__()
        os.kill(pids[0], signal.SIGCONT)
        assert eventually(lambda: all(map(is_gone, pids))), [pid for pid in pids if not is_gone(pid)]
        assert eventually(lambda: can_be_locked(tmp_path / "demo"))


def test_a_killed_supervisord_takes_its_programs_along(tmp_path: Path) -> None:
    with demo_in(tmp_path / "demo") as (_, pids):
        os.kill(pids[0], signal.SIGKILL)
        assert eventually(lambda: all(map(is_gone, pids))), [pid for pid in pids if not is_gone(pid)]


def test_a_supervisord_that_does_not_answer_is_killed_with_its_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    config = write_demo_config(tmp_path, tmp_path / "no-model", free_port(), free_port())
    supervised = Supervised(tmp_path, config, free_port())
    with supervised:
        assert eventually(lambda: "bridge" in supervised.processes())
        pids = [process.pid for process in supervised.processes().values() if process.pid]
        assert supervised._daemon is not None
        os.kill(supervised._daemon.pid, signal.SIGSTOP)
    assert not supervised.alive
    assert eventually(lambda: all(map(is_gone, pids))), [pid for pid in pids if not is_gone(pid)]


def test_a_folder_with_any_name_will_do_and_nothing_is_told_of_an_earlier_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / ODD_NAME / "demo"
    (run / "log").mkdir(parents=True)
    (run / "log" / "tumbl.log").write_text("error: of yesterday\n", encoding="utf-8")
    monkeypatch.setenv("TMPDIR", str(run.parent))
    port, switchboard_port = free_port(), free_port()
    config = write_demo_config(run, run / "no-model", port, switchboard_port)
    told: set[str] = set()
    with Supervised(run, config, port) as supervised, direct_session() as session:

        def all_answer() -> bool:
            told.add(supervised.last_line("tumbl"))
            try:
                page = session.get(f"http://127.0.0.1:{port}/", timeout=5)
                status = session.get(f"http://127.0.0.1:{switchboard_port}/status", timeout=5)
                return page.ok and status.status_code == 401 and len(told) > 1
            except OSError:
                return False

        assert eventually(all_answer), (supervised.last_said(), supervised.processes())
    assert "error: of yesterday" not in told
    assert (run / "log" / "tumbl.log").read_text(encoding="utf-8").startswith("error: of yesterday\n")


def test_supervisord_that_cannot_start_says_why(tmp_path: Path) -> None:
    config = write_demo_config(tmp_path, tmp_path / "no-model", free_port(), free_port())
    (tmp_path / "log" / "supervisord.log").mkdir(parents=True)
    with Supervised(tmp_path, config, free_port()) as supervised:
        assert eventually(lambda: not supervised.alive)
        assert eventually(lambda: "supervisord.log" in supervised.last_said())


def test_a_folder_that_cannot_be_locked_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "demo.lock").mkdir()
    with pytest.raises(FatalError, match=r"demo\.lock cannot be written \(.*\) - .*--run FOLDER"):
        only_demo_in(tmp_path / "demo").__enter__()


def test_a_lock_whose_process_is_not_known_is_told_all_the_same(tmp_path: Path) -> None:
    with (tmp_path / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(FatalError, match=r"already running \(its process is not known\)"):
            only_demo_in(tmp_path / "demo").__enter__()
