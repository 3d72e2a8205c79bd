"""One demo at a time in a folder: a lock that is held until the last of its processes is gone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot_lifecycle import FatalError

SUPERVISOR_PID = Path("log", "supervisord.pid")
"""Where supervisord writes its process id, in the demo's folder."""


@contextmanager
def only_demo_in(run: Path) -> Iterator[int]:
    """Hold the folder; gives the lock's file descriptor, which supervisord holds as well.

    The file lies beside the folder, so that the folder can be emptied under the lock. Raises FatalError if
    another demo holds it, and says which process that is.
    """
    path = run.with_name(f"{run.name}.lock")
    try:
        run.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FatalError(f"{path} cannot be written ({error.strerror})", _elsewhere()) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(lock, run)
        os.close(lock)
        whose = f"process {holder}" if holder else "its process is not known"
        hint = f"stop it with Ctrl-C, or: kill {holder}" if holder else "stop it with Ctrl-C"
        raise FatalError(f"a demo of this checkout is already running ({whose})", hint) from None
    except OSError as error:
        os.close(lock)
        raise FatalError(f"{path} cannot be locked ({error.strerror})", _elsewhere()) from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _holder(lock: int, run: Path) -> int | None:
    """The demo that holds the lock or, when it was killed, its supervisord, which is just stopping."""
    texts = [os.pread(lock, 32, 0)]
    with suppress(OSError):
        texts.append((run / SUPERVISOR_PID).read_bytes())
    for text in texts:
        if text.strip().isdigit() and _runs(int(text)):
            return int(text)
    return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _elsewhere() -> str:
    return "see whom the folder belongs to, or choose another: .venv/bin/python -m demo.run --run FOLDER"
