"""Make the virtual environment that the Makefile's targets work in, if it is not there or no longer fits.

    python3 environments/setup.py .venv [--torch-index URL] [--wheels FOLDER]

Needs nothing but Python's own library. Whatever goes wrong ends in one line that says what to do; pip's own
words are in build/setup.log.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
BACKUP_PINS = "sandbox/tests/conformance/tumblr-backup.txt"
PINS = ("pyproject.toml", "sandbox/pyproject.toml", "constraints.txt", BACKUP_PINS)
LOG = HOME / "build" / "setup.log"
STAMP = ".ready"

MODULES = {
    "venv": "on Debian and Ubuntu: apt-get install python3-venv",
    "ensurepip": "on Debian and Ubuntu: apt-get install python3-venv",
    "sqlite3": "install SQLite's development files and build Python again, or take another Python",
    "ssl": "install OpenSSL's development files and build Python again, or take another Python",
    "zlib": "install zlib's development files and build Python again, or take another Python",
    "ctypes": "install libffi's development files and build Python again, or take another Python",
}
"""What a Python may have been built or packaged without, and what helps."""

ODD_FOR_PIP = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_HASHES", "PIP_DRY_RUN")
"""Settings of pip's that make no sense within a virtual environment; some are many people's default."""

CUDA_SIZE = "about 2.7 GB to download and 5.5 GB on disk"


class SetupError(Exception):
    """The environment cannot be made: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} - {hint}")


def say(text: str) -> None:
    """Tell the user something at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check_python() -> None:
    """Raise SetupError if this Python lacks a part that is needed."""
    for name, hint in MODULES.items():
        try:
            importlib.import_module(name)
        except ImportError:
            named = "name it with make PYTHON=/path/to/python3"
            raise SetupError(f"{sys.executable} has no module {name}", f"{hint}; {named}") from None


def check_place(home: Path) -> None:
    """Raise SetupError if nothing can be installed in the checkout."""
    if not os.access(home, os.W_OK):
        raise SetupError(f"{home} cannot be written", "copy it to a folder of your own and run make there")
    odd = next((sign for sign in (":", "?", "\n") if sign in str(home)), None)
    if odd is not None:
        raise SetupError(f"the checkout's path contains {odd!r}", "move it to a folder without that sign")


def wanted_stamp(home: Path) -> dict[str, str]:
    """What the environment depends on: the pins, the Python, and the folder, which its scripts name."""
    digest = hashlib.sha256(b"\0".join((home / name).read_bytes() for name in PINS)).hexdigest()
    return {"pins": digest, "python": f"{sys.base_prefix} {sys.version.split()[0]}", "folder": str(home)}


def reason_to_make(venv: Path, wanted: Mapping[str, str]) -> str | None:
    """Why the environment has to be made, or None if it is as it should be."""
    if not (venv / "bin" / "python").exists():
        return "its Python is gone" if venv.exists() else "once; a few minutes"
    try:
        found = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "it was not finished"
    changed = [what for what, value in wanted.items() if found.get(what) != value]
    return f"again, for it was made for other {' and '.join(changed)}" if changed else None


def pip_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip: everything of the user's, except what cannot work here."""
    kept = {name: value for name, value in environment.items() if name not in ODD_FOR_PIP}
    # Zero overrides "user = true" in a configuration file.
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def last_errors(log: str) -> str:
    """The lines of pip's that say why it failed, as one."""
    errors = [line.removeprefix("ERROR: ").strip() for line in log.splitlines() if line.startswith("ERROR:")]
    lines = errors or [line.strip() for line in log.splitlines() if line.strip()]
    return "; ".join(lines[-2:])


def run(command: Sequence[str | Path]) -> str | None:
    """Run a command and write what it says to the log; None if it went well, else why not."""
    done = subprocess.run(
        command,
        check=False,
        cwd=HOME,
        env=pip_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}\n")
    return None if done.returncode == 0 else last_errors(done.stdout) or f"status {done.returncode}"


def must(what: str, command: Sequence[str | Path]) -> None:
    """Run a command. Raises SetupError if it fails."""
    why = run(command)
    if why is not None:
        hint = f"all of it is in {LOG.relative_to(HOME)}; when that is put right, run make again"
        raise SetupError(f"{what} failed: {why}", hint)


def torch_pin(home: Path) -> str:
    """The requirement of torch, such as ``torch==2.13.0``."""
    project = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed: list[str] = project["optional-dependencies"]["ml"]
    return next(one for one in needed if one.startswith("torch=="))


def install_torch(pip: Sequence[str | Path], index: str, folder: Sequence[str]) -> None:
    """Install the CPU build if it can be had; say so if not, and leave torch to the plain index.

    The wheels that pip knows of already come first: they are at hand where the index may not be.
    """
    cpu = [*pip, "--no-deps", *folder, f"{torch_pin(HOME)}+cpu"]
    if run(cpu) is None:
        return
    if run([*cpu, "--retries", "1", "--timeout", "20", "--index-url", index]) is not None:
        say(f"no CPU build of torch from {index}: the plain index's takes {CUDA_SIZE}")


def make(venv: Path, torch_index: str, wheels: str) -> None:
    """Make the environment anew. Raises SetupError."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    folder = ["--find-links", wheels] if wheels else []
    try:
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text("", encoding="utf-8")
        shutil.rmtree(venv, ignore_errors=True)
        must("making the virtual environment", [base, "-m", "venv", venv])
        pip: list[str | Path] = [
            venv / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--no-compile",  # most of the 22,000 modules are never imported; the others are compiled then
            "--constraint",
            "constraints.txt",
        ]
        if torch_index:
            install_torch(pip, torch_index, folder)
        projects = ["--editable", ".[ml,train,images,pictures,dev]", "--editable", "./sandbox[dev]"]
        must("installing the libraries", [*pip, *folder, *projects])
        must("making the environment for tumblr-backup", [base, "-m", "venv", venv / "tumblr-backup"])
        backup: list[str | Path] = [venv / "tumblr-backup" / "bin" / "python", "-m", "pip", "install"]
        must("installing tumblr-backup", [*backup, *folder, "--requirement", BACKUP_PINS])
        (venv / STAMP).write_text(json.dumps(wanted_stamp(HOME)), encoding="utf-8")
    except OSError as error:
        where = f"{error.filename or venv} cannot be written ({error.strerror})"
        raise SetupError(where, "see whom the folder belongs to, and how full the disk is") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Make the environment if that is needed."""
    parser = argparse.ArgumentParser(description="make the virtual environment")
    parser.add_argument("venv", type=Path)
    parser.add_argument("--torch-index", default="", help="package index of torch's CPU builds; empty: none")
    parser.add_argument("--wheels", default="", help="folder in which wheels are looked for as well")
    arguments = parser.parse_args(argv)
    venv = (HOME / arguments.venv).absolute()
    try:
        reason = reason_to_make(venv, wanted_stamp(HOME))
        if reason is None:
            return 0
        check_python()
        check_place(HOME)
        say(f"making the virtual environment in {arguments.venv} ({reason})")
        make(venv, arguments.torch_index, arguments.wheels)
    except SetupError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
