"""A full disk and a place that is not there end a command in one line that says what to do."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.training.corpus.scraped import backup, post
from tests.training.finetune.toy import make_corpus
from tests.training.heads.toy import make_model, noted_posts, rows_file, write_notes
from training.__main__ import main

ROOM = 60_000
"""Bytes that a file may have on a disk that is as good as full: enough for settings, too few for weights."""


@contextmanager
def little_room() -> Iterator[None]:
    """Every file that is written may have ``ROOM`` bytes."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("generator") / "model")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"blog": {"blog_name": "frank"}}))
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of an error."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    return line


def generator(corpus: Path, out: Path) -> tuple[Any, ...]:
    options = ("--shape", "2,64,2,48", "--steps", 2, "--batch", 2, "--length", 32, "--sample-every", 0)
    tokens = ("--base", "new", "--tokenizer", corpus.parent / "tok")
    return ("generator", "--corpus", corpus, "--out", out, *tokens, *options)


def test_a_full_disk_under_prepare(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = " ".join(f"heron{n}" for n in range(2000))
    scraped = backup(tmp_path / "frank", {n: post(n, f"<p>{words} {n * 'reed '}</p>") for n in range(1, 40)})
    command = ["prepare", "--config", config, "--out", tmp_path / "out", "--workers", 1, scraped]
    with little_room():
        assert main(list(map(str, command))) == 1
    assert "the disk is full" in said(capsys)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_full_disk_under_the_generator(
    config: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*map(str, generator(corpus, tmp_path / "model")), "--config", str(config)]
    with little_room():
        assert main(command) == 1
    assert "the disk is full" in said(capsys)
    assert not (tmp_path / "model").exists()
    assert main(command) == 0  # once there is room


@pytest.mark.parametrize("budget", [10.0, 0.0])
def test_a_full_disk_under_a_head(
    config: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], budget: float
) -> None:
    """Be it the activations that find no room, or the head itself."""
    config.write_text(json.dumps({"blog": {"blog_name": "frank"}, "training": {"cache_gb": budget}}))
    rows, heads = rows_file(tmp_path / "rows.jsonl"), tmp_path / "heads"
    options = ("--model", model, "--heads", heads, "--rows", rows, "--epochs", 1)
    command = list(map(str, ["selector", "--config", config, *options]))
    with little_room():
        assert main(command) == 1
    assert "the disk is full" in said(capsys)
    assert not (heads / "current.json").exists()
    assert main(command) == 0


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("generator", "--corpus", "CORPUS", "--base", "s3://", "--out", "out"), "s3://"),
        (("generator", "--corpus", "CORPUS", "--base", "no/base", "--out", "out"), "no/base"),
        (("generator", "--corpus", "no/corpus", "--base", "MODEL", "--out", "out"), "no/corpus"),
        (("generator", "--corpus", "CORPUS", "--base", "MODEL", "--out", "taken/out"), "taken"),
        (("selector", "--model", "no/model", "--rows", "ROWS"), "no/model"),
        (("selector", "--model", "file:///no/model", "--rows", "ROWS"), "file:///no/model"),
        (("selector", "--model", "MODEL", "--rows", "no-rows.jsonl"), "no-rows.jsonl"),
        (("selector", "--model", "MODEL", "--rows", "ROWS", "--work", "taken/work"), "taken"),
        (("sentiment", "--model", "MODEL", "--corpus", "no/corpus"), "no/corpus"),
        (("weekly", "--only", "train", "--place", "file:///no/place", "--notes", "notes"), "no/place"),
        (("weekly", "--only", "collect", "--notes", "notes"), "--place"),
        (("prepare", "no/backup", "--out", "out"), "no/backup"),
        (("prepare", "ROWS", "--out", "taken/out"), "taken"),
        (("notes", "--out", "taken/notes"), "taken"),
        (("promote", "--model", "no/model"), "no/model"),
        (("import", "no.gguf", "out"), "no.gguf"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_a_place_that_is_not_there(
    config: Path, corpus: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], wanted: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("a file, not a folder")
    write_notes(Path("notes"), noted_posts(1e9, days=1))
    places = {"CORPUS": corpus, "MODEL": model, "ROWS": rows_file(Path("rows.jsonl"))}
    given = [str(places.get(word, word)) for word in command]
    status = main([given[0], "--config", str(config), *given[1:]])
    assert status in (1, 2)
    assert wanted in said(capsys)
