"""The demo's processes under supervisord: started, asked after, stopped.

    python -m demo.supervisor PARENT FOLDER CONFIGURATION

is supervisord itself, working in FOLDER, for as long as the process PARENT lives.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor import supervisord
from supervisor.xmlrpc import SupervisorTransport, UnixStreamHTTPConnection

from bot_lifecycle import FatalError
from bot_parent import stop_with_parent
from demo.configuration import sandbox_database

HOME = Path(__file__).resolve().parent.parent
STOP_SECONDS = 40.0
ANSWER_SECONDS = 30.0
"""How long supervisord may take to answer, longer than a program may take to stop."""

LONGEST_SOCKET_PATH = 100
"""In bytes; the kernel's limit for a unix socket is 108."""

SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - mkdtemp makes a private folder there
KEPT_LINES = 50
STOPPED = "STOPPED"
"""What supervisord calls a process that was told to stop."""

USAGE = "For help, use"
CONSOLE = "[program:console]"
"""The last program of the file, which is optional."""

INCLUDE = "[include]\nfiles=../deploy/programs.conf\n"


def free_port() -> int:
    """A port nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class ProcessState:
    """What supervisord says of one process; ``pid`` is 0 when it is not running."""

    name: str
    state: str
    pid: int
    error: str = ""
    """Why it could not even be started, if so."""


class Supervised:
    """The sandbox and the four processes, running under one supervisord for as long as the context lasts.

    State and logs are kept in ``run``: started again on the same folder, everything goes on where it was.
    So many ``people`` live in the sandbox, ``people_speed`` times as fast as the clock.
    """

    def __init__(
        self,
        run: Path,
        config: Path,
        sandbox_port: int,
        *,
        people: int = 0,
        people_speed: float = 1.0,
        console: bool = False,
        keep_open: Sequence[int] = (),
    ) -> None:
        """``console``: the operator's console is started, too.

        ``keep_open``: file descriptors that supervisord holds as well, such as a lock's.
        """
        self.run = run
        self.logs = run / "log"
        self._keep_open = keep_open
        self._console = console
        self._socket_folder = _short_folder()
        self._socket = self._socket_folder / "supervisor.sock"
        self._environment = {
            **os.environ,
            "AUTORESPONDER_HOME": str(HOME),
            "AUTORESPONDER_PYTHON": _in_quotes(sys.executable),
            "AUTORESPONDER_CONFIG": _in_quotes(str(config)),
            "AUTORESPONDER_LOGS": self.logs.name,  # within the folder in which supervisord works
            "AUTORESPONDER_SOCKET": str(self._socket),
            "SANDBOX_PORT": str(sandbox_port),
            "SANDBOX_DATABASE": _in_quotes(str(sandbox_database(run))),
            "SANDBOX_PEOPLE": str(people),
            "SANDBOX_PEOPLE_SPEED": str(people_speed),
            "PYTHONUNBUFFERED": "1",
        }
        self._daemon: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._log_sizes: dict[str, int] = {}

    def __enter__(self) -> Supervised:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._log_sizes = {path.stem: path.stat().st_size for path in self.logs.glob("*.log")}
        settings = self.run / "supervisord.conf"
        settings.write_text(_settings(console=self._console), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(os.getpid()), str(self.run), settings.name]
        # In a session of its own, so that Ctrl-C reaches only us and the stop is orderly. What it says goes
        # through a pipe: on a full disk it could not write that to a file, and would end of it.
        self._daemon = subprocess.Popen(
            command,
            cwd=HOME,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            pass_fds=self._keep_open,
        )
        self._reader = threading.Thread(target=self._read, name="supervisord", daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self._daemon is not None
        assert self._daemon.stdout is not None
        with self._daemon.stdout as said:
            lines = (line.strip() for line in said)
            self._said.extend(line for line in lines if line and not line.startswith(USAGE))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop every process in order, and supervisord; those that do not listen are killed."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._stop_together()
            self._daemon.send_signal(signal.SIGTERM)
            try:
                self._daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait()
        if self._reader is not None:
            self._reader.join()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _stop_together(self) -> None:
        """Let all but the switchboard and the sandbox end beside each other: supervisord stops one by one."""
        with suppress(OSError), self._supervisor() as supervisor:
            for name in ("console", "tumbl", "selector", "generator"):
                with suppress(Fault):  # it is not up
                    supervisor.stopProcess(name, False)  # does not wait for the end

    @property
    def alive(self) -> bool:
        """Whether supervisord itself is running."""
        return self._daemon is not None and self._daemon.poll() is None

    def processes(self) -> dict[str, ProcessState]:
        """The state of every process by name; empty while supervisord does not answer yet."""
        if not self._socket.exists():
            return {}
        try:
            with self._supervisor() as supervisor:
                rows = supervisor.getAllProcessInfo()
        except OSError:
            return {}
        return {
            row["name"]: ProcessState(row["name"], row["statename"], row["pid"], row["spawnerr"])
            for row in rows
        }

    def stop_one(self, name: str) -> None:
        """Stop one process, and wait for its end; it stays down until ``start_one``.

        One that has just died is being started again, and is stopped as soon as it is.
        """
        with self._supervisor() as supervisor:
            while supervisor.getProcessInfo(name)["statename"] != STOPPED:
                with suppress(Fault):
                    supervisor.stopProcess(name)
                time.sleep(0.05)

    def start_one(self, name: str) -> None:
        """Start a process that was stopped."""
        with self._supervisor() as supervisor:
            supervisor.startProcess(name)

    @contextmanager
    def _supervisor(self) -> Iterator[Any]:
        """What supervisord can be asked."""
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        transport._get_connection = lambda: _Connection(self._socket)
        proxy: Any = ServerProxy("http://127.0.0.1", transport=transport)
        try:
            yield proxy.supervisor
        finally:
            proxy("close")()

    def last_line(self, name: str) -> str:
        """What a process has logged last since this start; empty if it has logged nothing."""
        path = self.logs / f"{name}.log"
        try:
            written = path.read_bytes()
        except OSError:
            return ""
        before = self._log_sizes.get(name, 0)
        # A log that has become shorter was begun anew.
        new = written[before:] if len(written) >= before else written
        lines = [line.strip() for line in new.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def last_said(self) -> str:
        """What supervisord itself has said last; empty while all is well."""
        return self._said[-1] if self._said else ""


class _Connection(UnixStreamHTTPConnection):  # type: ignore[misc]
    """A connection that does not wait for ever, as supervisor's own does."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self.socketfile = str(path)

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(ANSWER_SECONDS)


def _short_folder() -> Path:
    """A new folder for the socket: its path must be short, while that of TMPDIR may be long."""
    for parent in (tempfile.gettempdir(), *SHORT_FOLDERS):
        if len(os.fsencode(parent)) + len("/autoresponder-12345678/supervisor.sock") > LONGEST_SOCKET_PATH:
            continue
        try:
            return Path(tempfile.mkdtemp(prefix="autoresponder-", dir=parent))
        except OSError:
            continue
    raise FatalError("no folder for a socket can be made", "name one with a short path in TMPDIR")


def _in_quotes(text: str) -> str:
    """Text as it stands between double quotes in a command of supervisord's configuration."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _settings(*, console: bool) -> str:
    """The demo's and the processes' settings in one text.

    supervisord reads a file that is included through a pattern, in which the path's own signs would count.
    """
    paths = (HOME / "demo" / "supervisord.conf", HOME / "deploy" / "programs.conf")
    demo, included = (path.read_text(encoding="utf-8") for path in paths)
    if not console:
        included = included.partition(CONSOLE)[0]
    return f"{demo.replace(INCLUDE, '')}\n{included}"


def main(argv: Sequence[str]) -> None:
    """Be supervisord."""
    parent, folder, settings = argv
    stop_with_parent(int(parent))
    os.umask(0o077)
    os.chdir(folder)
    supervisord.main(["--silent", "-c", settings])


if __name__ == "__main__":
    main(sys.argv[1:])
