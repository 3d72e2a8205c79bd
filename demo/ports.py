"""Whether a port of this machine can be had, and by whom it is held if not."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp."""

FIRST_FREE_TO_ALL = 1024
"""Ports below this one take root's rights."""


@dataclass(frozen=True)
class Listener:
    """The process that listens on a port, as far as this user may see it."""

    pid: int
    command: str
    folder: Path
    """The folder in which it works."""


class PortError(Exception):
    """A port cannot be listened on; ``listener`` is who has it, where that is known."""

    def __init__(self, message: str, listener: Listener | None = None) -> None:
        super().__init__(message)
        self.listener = listener


def check_port(port: int) -> None:
    """Raise PortError if the port of the loopback address cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EACCES and port < FIRST_FREE_TO_ALL:
                raise PortError(f"port {port} takes root's rights") from None
            if error.errno != errno.EADDRINUSE:
                raise PortError(f"port {port} cannot be had ({error.strerror})") from None
            raise PortError(f"port {port} is taken", find_listener(port)) from None


def find_listener(port: int) -> Listener | None:
    """The process that listens on a port; None if it is another user's, or this is no Linux."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # of another user, or gone meanwhile
            if any(str(descriptor.readlink()) in wanted for descriptor in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().split(b"\0")
                command = " ".join(os.fsdecode(word) for word in words if word)
                return Listener(int(process.name), command, (process / "cwd").readlink())
    return None


def _inodes(port: int) -> set[str]:
    """The kernel's numbers of the sockets that listen on a port."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                # sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
                cells = row.split()
                if cells[3] == LISTENING and int(cells[1].rpartition(":")[2], 16) == port:
                    found.add(cells[9])
    return found
