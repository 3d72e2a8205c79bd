"""A private PostgreSQL server in a temporary folder, if the programs are on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

PROGRAMS = ("initdb", "postgres")
START_SECONDS = 30.0


def find_programs() -> dict[str, str] | None:
    """Where initdb and postgres are: on the path, or where distributions put them; None if they are not."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for path in (None, *map(str, folders)):
        found = {name: shutil.which(name, path=path) for name in PROGRAMS}
        if all(found.values()):
            return {name: str(where) for name, where in found.items()}
    return None


class PrivateServer:
    """Listens on a Unix socket alone; nothing outlives it."""

    def __init__(self, programs: dict[str, str], *, is_durable: bool = False) -> None:
        """``is_durable``: it writes to the disk as a server does that is to survive a power cut."""
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self._databases = 0
        # The server refuses to run as root, so root's tests run it as somebody without rights.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        data = self.folder / "data"
        self._run(programs["initdb"], "-D", str(data), "-A", "trust", "-U", "bot", "-E", "UTF8", "--no-sync")
        command = [programs["postgres"], "-D", str(data), "-k", str(self.folder), "-c", "listen_addresses="]
        fsync = "on" if is_durable else "off"
        self._command = [*command, "-c", f"fsync={fsync}", "-c", "max_connections=60"]
        self.start()

    def start(self) -> None:
        """Start the server, as its making does; also after ``halt``."""
        self._server = subprocess.Popen(
            self._command,
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def halt(self) -> None:
        """Stop the server; what it keeps stays."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(30)

    def _run(self, *command: str) -> None:
        subprocess.run(command, user=self._user, cwd=self.folder, check=True, capture_output=True)

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > end or self._server.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def execute(self, statement: str) -> None:
        """Run one statement in the server's own database."""
        where = {"host": str(self.folder), "user": "bot", "dbname": "postgres"}
        with psycopg.connect(autocommit=True, **where) as connection:  # type: ignore[arg-type]
            connection.execute(statement.encode())

    def new_database(self) -> str:
        """The URL of an empty database: a schema of its own, which is much cheaper to make."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://bot@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._server.send_signal(signal.SIGQUIT)  # nothing in it is worth writing to disk
        self._server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
