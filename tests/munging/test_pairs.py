"""Every text pair of tests/munging/fixtures, through the command line's faces."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from munging.classic import to_classic
from munging.lines import LINES, Context
from munging.payload import thread_from_payload
from munging.prompts.formats import FORMATS
from munging.thread import Identity
from tests.munging.pairs import FOLDER, Pair, read_pairs, unescape

IDENTITY = Identity("nostalgebraist-autoresponder", "Frank")
Show = Callable[[Mapping[str, object]], str]


def written(answer: Mapping[str, object]) -> str:
    """Tags, one to a line, an empty line, and the body."""
    tags = answer["tags"]
    assert isinstance(tags, list)
    return "".join(f"#{tag}\n" for tag in tags) + f"\n{answer['post']}"


@dataclass(frozen=True)
class Face:
    """A face of the command line, the field that input which is not JSON stands for, and what is shown."""

    command: str
    field: str
    show: Show
    form: str = "v10"


TEXT: Show = lambda answer: str(answer["text"])  # noqa: E731 (one of a table of small functions)
HTML: Show = lambda answer: str(answer["html"])  # noqa: E731
FACES = {
    "classic": Face("classic", "html", TEXT),
    "prompt_v10": Face("prompt", "classic", TEXT),
    "prompt_v9": Face("prompt", "classic", TEXT, "v9"),
    "prompt_later": Face("prompt", "classic", TEXT, "later"),
    "prompt_later_end_tags": Face("prompt", "classic", TEXT, "later-end-tags"),
    "continuation": Face("continuation", "text", written),
    "continuation_later": Face("continuation", "text", written, "later"),
    "continuation_later_end_tags": Face("continuation", "text", written, "later-end-tags"),
    "to_html": Face("to-html", "text", HTML),
    "to_html_later": Face("to-html", "text", HTML, "later"),
    "from_html": Face("from-html", "html", TEXT),
    "reply_mockup": Face("reply-mockup", "", HTML),
    "reply_source": Face("reply-source", "html", lambda answer: f"{answer['post_id']} {answer['blog_name']}"),
}
PAIRS = [(folder, pair) for folder in FACES for pair in read_pairs(folder)]


@pytest.mark.parametrize(("folder", "pair"), PAIRS, ids=[f"{folder}/{pair}" for folder, pair in PAIRS])
def test_a_face_answers_as_the_pair_says(folder: str, pair: Pair) -> None:
    face = FACES[folder]
    line = json.loads(pair.given) if pair.given.startswith("{") else {face.field: pair.given}
    answer = LINES[face.command].model_validate(line).answer(Context(IDENTITY, FORMATS[face.form]))
    assert face.show(answer) == pair.expected


THREADS = read_pairs("thread")


@pytest.mark.parametrize("pair", THREADS, ids=map(str, THREADS))
def test_a_payload_reads_as_the_pair_says(pair: Pair) -> None:
    """The classic form of a post's thread as everybody wrote it, then a line for each problem."""
    line = json.loads(pair.given)
    read = thread_from_payload(line, Identity("frank", "Frank"), line.get("image_texts"))
    problems = "".join(f"\n! {problem}" for problem in read.problems)
    assert to_classic(read.thread, Identity("frank", "Frank")) + problems == pair.expected


def test_every_folder_is_read() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*FACES, "thread"}


def test_a_pair_that_is_not_closed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("# a remark\ntitle\n.\ninput\n.\nexpected\n")
    monkeypatch.setattr("tests.munging.pairs.FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"x\.txt:2: the pair 'title' is not closed"):
        read_pairs("a")


def test_escapes_stand_for_characters() -> None:
    assert unescape(r"a\u200bb\U0001f552\n") == "a\u200bb\U0001f552\\n"
