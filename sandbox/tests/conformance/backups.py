"""Runs tumblr-backup in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PYTHON = Path(sys.prefix) / "tumblr-backup" / "bin" / "python"
TIMEOUT_SECONDS = 60


def _run(script: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    if not PYTHON.exists():
        pytest.fail("tumblr-backup is not installed: `make setup` does it", pytrace=False)
    return subprocess.run(
        [str(PYTHON), str(HERE / script), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
        **options,
    )


def judged(posts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """tumblr-backup's judgment of payloads, in order."""
    done = _run("judge.py", input=json.dumps(posts))
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@dataclass(frozen=True)
class Backup:
    """tumblr-backup with an api key, working in a folder of its own."""

    url: str
    folder: Path
    key: str

    def run(self, blog: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Back a blog up into ``folder / blog``."""
        settings = self.folder / "config" / "tumblr-backup"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "config.json").write_text(json.dumps({"oauth_consumer_key": self.key}))
        places = {"XDG_CONFIG_HOME": settings.parent, "XDG_STATE_HOME": self.folder / "state"}
        environment = {**os.environ, "SANDBOX_URL": self.url, **{k: str(v) for k, v in places.items()}}
        return _run("redirected_backup.py", *options, blog, cwd=self.folder, env=environment)

    def posts(self, blog: str) -> dict[str, dict[str, Any]]:
        """What ``--json`` saved, by id."""
        saved = (self.folder / blog / "json").glob("*.json")
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in saved}

    def pages(self, blog: str) -> dict[str, str]:
        """The posts saved as HTML, by id."""
        saved = (self.folder / blog / "posts").glob("*.html")
        return {path.stem: path.read_text(encoding="utf-8") for path in saved}
