"""A sandbox as a process, with an https port."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import SandboxProcess

_SECURE = re.compile(r"secure=(\S+)")


class Secure:
    """``serve --tls --seed-demo`` in a folder: ``url`` is its https address, ``plain`` the other one, and
    ``authority`` the file with whom to trust; ``database`` is where it is kept."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "sandbox.ca.pem"
        self.database = folder / "sandbox.db"
        self._process = SandboxProcess(self.database, "--tls", "0", "--seed-demo")
        self.plain = self._process.url
        found = _SECURE.search("".join(self._process.lines))
        assert found is not None, self._process.lines
        self.url = found.group(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
