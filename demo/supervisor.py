"""The demo's processes under supervisord: started, asked after, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

HOME = Path(__file__).resolve().parent.parent
STOP_SECONDS = 40.0


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


class Supervised:
    """The sandbox and the four processes, running under one supervisord for as long as the context lasts.

    State and logs are kept in ``run``: started again on the same folder, everything goes on where it was.
    So many ``people`` live in the sandbox, ``people_speed`` times as fast as the clock.
    """

    def __init__(
        self, run: Path, config: Path, sandbox_port: int, *, people: int = 0, people_speed: float = 1.0
    ) -> None:
        self.run = run
        self.logs = run / "log"
        # A unix socket's path is limited to about 100 bytes, and the run folder may lie deep.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="autoresponder-"))
        self._socket = self._socket_folder / "supervisor.sock"
        self._environment = {
            **os.environ,
            "AUTORESPONDER_HOME": str(HOME),
            "AUTORESPONDER_PYTHON": sys.executable,
            "AUTORESPONDER_CONFIG": str(config),
            "AUTORESPONDER_LOGS": str(self.logs),
            "AUTORESPONDER_SOCKET": str(self._socket),
            "SANDBOX_PORT": str(sandbox_port),
            "SANDBOX_DATABASE": str(run / "sandbox.sqlite"),
            "SANDBOX_PEOPLE": str(people),
            "SANDBOX_PEOPLE_SPEED": str(people_speed),
            "PYTHONUNBUFFERED": "1",
        }
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Supervised:
        self.logs.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "supervisor.supervisord",
            "--silent",
            "-c",
            str(HOME / "demo" / "supervisord.conf"),
        ]
        with (self.logs / "supervisord.out").open("ab") as out:
            # In a session of its own, so that Ctrl-C reaches only us and the stop is orderly.
            self._daemon = subprocess.Popen(
                command, cwd=HOME, env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop every process in order, and supervisord; those that do not listen are killed."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.send_signal(signal.SIGTERM)
            try:
                self._daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    @property
    def alive(self) -> bool:
        """Whether supervisord itself is running."""
        return self._daemon is not None and self._daemon.poll() is None

    def processes(self) -> dict[str, ProcessState]:
        """The state of every process by name; empty while supervisord does not answer yet."""
        if not self._socket.exists():
            return {}
        proxy: Any = ServerProxy(
            "http://127.0.0.1", transport=SupervisorTransport(serverurl=f"unix://{self._socket}")
        )
        try:
            rows = proxy.supervisor.getAllProcessInfo()
        except OSError:
            return {}
        finally:
            proxy("close")()
        return {row["name"]: ProcessState(row["name"], row["statename"], row["pid"]) for row in rows}

    def last_lines(self, name: str, count: int = 5) -> str:
        """The end of a process's log."""
        path = self.logs / f"{name}.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-count:])
