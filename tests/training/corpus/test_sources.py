"""What is read of a backup, from where, and what is said of one that is not whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.training.corpus.scraped import LONG, backup, config, documents, page, post, prepare, targets
from training.errors import NotEnoughDataError, UsageError


def own(number: int) -> str:
    """A text unlike that of any other number."""
    return " ".join(f"word{number}x{place}" for place in range(12))


def test_an_aborted_backup_is_refused_with_its_range(tmp_path: Path) -> None:
    """T1: run with --incremental after an abort, the tool stops at the newest saved post."""
    folder = backup(tmp_path / "frank", {900: post(900), 1000: post(1000, "something else than that, truly")})
    (folder / ".first_run_options").write_text("{}")
    with pytest.raises(UsageError, match=r"incomplete: 2 posts, ids 900 to 1000; .*--allow-partial"):
        prepare(tmp_path / "out", folder)
    _, report = prepare(tmp_path / "out", folder, allow_partial=True)
    assert report["sources"][0]["state"] == "incomplete"
    (folder / ".complete").touch()
    _, report = prepare(tmp_path / "out", folder)
    assert report["sources"][0]["state"] == "complete"


@pytest.mark.parametrize("limit", [{"count": 100}, {"period": [1, 2]}])
def test_a_backup_that_was_limited_on_purpose_is_partial(tmp_path: Path, limit: dict[str, object]) -> None:
    folder = backup(tmp_path / "frank", {1: post(1)})
    (folder / ".first_run_options").write_text(json.dumps({**limit, "json": True}))
    (folder / ".complete").touch()
    with pytest.raises(UsageError, match="partial"):
        prepare(tmp_path / "out", folder)


def test_a_backup_of_the_older_tool_is_unknown(tmp_path: Path) -> None:
    _, report = prepare(
        tmp_path / "out", backup(tmp_path / "frank", {}, p1=page("text", 1, f"<p>{LONG}</p>"))
    )
    assert report["sources"][0]["state"] == "unknown"


def test_only_posts_are_read_as_posts(tmp_path: Path) -> None:
    """T2: ids come from a folder's name, or a file's if it is all digits."""
    folder = tmp_path / "frank"
    for name, number in (
        ("posts/1/index.html", 1),
        ("posts/2.html", 2),
        ("posts/._2.html", 3),
        ("posts/.2.html.ab12", 4),
        ("posts/archive.html", 5),
        ("archive/2024/01/p1.html", 6),
        ("tags/0cc175b9c0f1b6a8/index.html", 7),
        ("index.html", 8),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page("text", number, f"<p>{own(number)}</p>"), encoding="utf-8")
    corpus, report = prepare(tmp_path / "out", folder)
    assert documents(corpus).keys() == {"1", "2"}
    assert report["read"] == report["kept"] == 2


def test_both_halves_of_a_backup_are_used(tmp_path: Path) -> None:
    """T3: JSON first, the page where there is no JSON or it is broken."""
    folder = backup(
        tmp_path / "frank",
        {1: post(1, own(1)), 3: post(3, own(3)), 4: '{"id": 4, "type": "te'},
        p2=page("text", 2, f"<p>{own(2)}</p>"),
        p3=page("text", 3, "<p>the page, which is not read</p>"),
        p4=page("text", 4, f"<p>{own(4)}</p>"),
    )
    corpus, report = prepare(tmp_path / "out", folder)
    found = documents(corpus)
    assert {number: own(int(number)) in text for number, text in found.items()} == dict.fromkeys("1234", True)
    assert report["lengths"]["origins"] == {"json": 2, "html": 2}
    assert [warning for warning in report["warnings"] if "4.json" in warning] == report["warnings"]
    assert report["warnings_count"] == 1


def test_the_newest_copy_counts_whatever_the_order(tmp_path: Path) -> None:
    """T29: two backups of one blog, made at different times."""
    old = backup(tmp_path / "old" / "frank", {1: post(1, own(1)), 2: post(2, own(2)), 3: post(3, own(3))})
    new = backup(tmp_path / "new" / "frank", {1: post(1, own(11)), 3: post(3, own(3))})
    (new / ".complete").touch()
    for path in [*old.rglob("*"), old]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    for paths in ((old, new), (new, old)):
        corpus, report = prepare(tmp_path / "out", *paths)
        assert documents(corpus).keys() == {"1", "3"}
        assert own(11) in documents(corpus)["1"]
        assert report["dropped"] == {"duplicate": 2, "deleted": 1}
        assert report["read"] == report["kept"] + sum(report["dropped"].values()) == 5
        corpus, report = prepare(tmp_path / "kept", *paths, keep_deleted=True)
        assert documents(corpus).keys() == {"1", "2", "3"}


def test_lines_of_several_forms(tmp_path: Path) -> None:
    lines = [
        post(1, own(1)),
        {"id": 2, "html": f"<p>{own(2)}</p>", "tags": ["a tag"], "blog": "frank"},
        {"text": f" {own(3)}", "prompt": " Frank posted:\n\n"},
        {"text": own(4) + "<|endoftext|>" + own(5)},
        {"nothing": "usable"},
    ]
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no json\n\n", encoding="utf-8")
    corpus, report = prepare(tmp_path / "out", path)
    texts = [row["prompt"] + row["target"] for row in corpus.rows()]
    assert len(texts) == 4
    assert "<|endoftext|>" not in "".join(texts)
    assert any("#a tag" in text for text in texts)
    assert report["dropped"] == {"unreadable": 2}


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        prepare(tmp_path / "out", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="neither json/ nor posts/"):
        prepare(tmp_path / "out", tmp_path / "empty")
    with pytest.raises(NotEnoughDataError, match="of 1 posts none is left: too_short 1"):
        prepare(tmp_path / "out", backup(tmp_path / "frank", {1: post(1, "ok")}))


def test_the_bots_own_archive(tmp_path: Path) -> None:
    """Lines as ``python -m tumblr export`` prints them."""
    common = {"tags": ["a tag"], "kind": "ask", "time": 1_600_000_000.5, "reasons": []}
    lines = [
        {
            **common,
            "post_id": "11",
            "asking_name": "bob",
            "question": "<p>do you like herons?</p>",
            "post": f" {own(1)}",  # with the space that the format has before a body
            "requested__state": "published",
            "v10_timestamp": "3 PM February 2021",
        },
        {**common, "post_id": "12", "question": None, "post": own(2), "requested__state": "queue"},
        {**common, "post_id": "13", "question": None, "post": own(3), "requested__state": "draft"},
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    corpus, report = prepare(tmp_path / "out", path, settings=config())
    found = documents(corpus)
    assert found.keys() == {"11", "12"}
    assert (
        "#1 bob asked:\n\n do you like herons?\n\n#2 Frank responded:\n\n Written 3 PM February 2021"
        in (found["11"])
    )
    assert targets(corpus)["11"] == f" #a tag\n {own(1)}"
    assert report["dropped"] == {"not_published": 1}
