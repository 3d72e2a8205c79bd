"""Models in several places: tried in order, copied whole or not at all, from a real S3 server too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from autoresponder.errors import ModelCorruptError, ModelMissingError
from autoresponder.model.places import fetch_folder, first_of, get_file, put_file
from autoresponder.model.weights import find_model


def no_pause(_seconds: float) -> None:
    """Tests do not wait."""


@pytest.fixture
def files(bare_folder: Path) -> dict[str, bytes]:
    """A model with a manifest, as training writes it."""
    contents = {path.name: path.read_bytes() for path in bare_folder.iterdir() if path.is_file()}
    listed = {
        name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in contents.items()
    }
    return contents | {"manifest.json": json.dumps({"files": listed}).encode()}


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def put(system: Any, where: str, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        system.pipe_file(f"{where}/{name}", data)


def test_a_copy_is_made_once_and_again_when_the_place_has_another(
    memory: MemoryFileSystem, files: dict[str, bytes], tmp_path: Path
) -> None:
    put(memory, "/models/a", files)
    folder = fetch_folder("memory://models/a", tmp_path, no_pause)
    assert {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")
    } == files
    before = (folder / "config.json").stat().st_ino
    assert fetch_folder("memory://models/a", tmp_path, no_pause) == folder
    assert (folder / "config.json").stat().st_ino == before
    changed = files | {"added.json": b"{}"}
    put(
        fsspec.filesystem("memory", skip_instance_cache=True), "/models/a", changed
    )  # T24: by a second client
    assert (fetch_folder("memory://models/a", tmp_path, no_pause) / "added.json").exists()


@pytest.mark.parametrize("fault", ["flipped", "short", "missing"])
def test_what_is_not_as_it_was_written_is_never_used(
    memory: MemoryFileSystem, files: dict[str, bytes], tmp_path: Path, fault: str
) -> None:
    """T25: one bit, a short body, a file less; the copy from before stays, and nothing half lies about."""
    put(memory, "/m", files)
    folder = fetch_folder("memory://m", tmp_path, no_pause)
    weights = files["model.safetensors"]
    if fault == "missing":
        memory.rm_file("/m/model.safetensors")
    else:
        memory.pipe_file("/m/model.safetensors", weights[:-9] if fault == "short" else b"\x01" + weights[1:])
    with pytest.raises(ModelCorruptError, match="safetensors"):
        fetch_folder("memory://m", tmp_path, no_pause)
    assert (folder / "model.safetensors").read_bytes() == weights
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_nothing_that_could_run_is_copied(
    memory: MemoryFileSystem, files: dict[str, bytes], tmp_path: Path
) -> None:
    """T30: only safetensors, JSON and text cross places."""
    put(memory, "/m", files | {"optimizer.pt": b"cposix\nsystem\n", "code.py": b"import os"})
    folder = fetch_folder("memory://m", tmp_path, no_pause)
    assert not {"optimizer.pt", "code.py"} & {path.name for path in folder.iterdir()}


def test_the_error_names_every_place(tmp_path: Path, memory: MemoryFileSystem) -> None:
    with pytest.raises(ModelMissingError) as caught:
        find_model(
            str(tmp_path / "nowhere"), ["memory://not-there", str(tmp_path / "neither")], tmp_path / "cache"
        )
    for place in ("nowhere", "memory://not-there", "neither"):
        assert place in str(caught.value)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """T26: an S3 server on this machine, which s3fs speaks to over HTTP; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.filterwarnings("default")
def test_the_first_place_fails_half_way_and_the_second_serves(
    s3: str, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    bucket.create_bucket(Bucket="models")
    for name, data in files.items():
        bucket.put_object(Bucket="models", Key=f"frank/{name}", Body=data)
    failing = FailingHalfWay()
    fsspec.register_implementation("halfway", FailingHalfWay, clobber=True)
    put(failing, failing._strip_protocol("halfway://m"), files)
    found = first_of(
        ["halfway://m", "s3://models/frank"], lambda place: fetch_folder(place, tmp_path, no_pause)
    )
    assert {
        path.name: path.read_bytes() for path in found.iterdir() if not path.name.startswith(".")
    } == files
    assert FailingHalfWay.reads > 3
    assert list(tmp_path.iterdir()) == [found]
    put_file(found / "config.json", "s3://models/exchange/posts.jsonl")
    get_file("s3://models/exchange/posts.jsonl", tmp_path / "back.jsonl")
    assert (tmp_path / "back.jsonl").read_bytes() == files["config.json"]


class FailingHalfWay(MemoryFileSystem):  # type: ignore[misc]
    """A drive that is mounted over a bad line: every second file fails while it is read."""

    protocol = "halfway"
    store: dict[str, Any] = {}  # noqa: RUF012 - as in the class it extends
    pseudo_dirs: list[str] = [""]  # noqa: RUF012
    reads = 0

    def get_file(self, rpath: str, lpath: str, **options: Any) -> None:
        """Copy a file, or the first half of it."""
        type(self).reads += 1
        if type(self).reads % 2 == 0:
            Path(lpath).write_bytes(self.cat_file(rpath)[:10])
            raise OSError(5, "Input/output error", rpath)
        super().get_file(rpath, lpath, **options)
