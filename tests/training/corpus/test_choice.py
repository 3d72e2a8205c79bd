"""Copies, near copies, and the split: the same posts survive in every order, and nothing leaks."""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.corpus.scraped import backup, config, documents, item, post, prepare
from training.corpus.pool import Processes
from training.corpus.similarity import jaccard, near_duplicates, shingles, signature


def text(seed: int, words: int = 40) -> str:
    rng = random.Random(seed)
    return " ".join(f"w{rng.randrange(10_000)}" for _ in range(words))


def with_change(original: str, *places: int) -> str:
    words = original.split()
    for place in places:
        words[place] = f"changed{place}"
    return " ".join(words)


def left_out(texts: list[str], threshold: float = 0.6) -> dict[int, int]:
    table = np.frombuffer(b"".join(signature(one) or bytes(512) for one in texts), "<u4").reshape(-1, 128)
    return near_duplicates(table, np.arange(len(texts)), texts.__getitem__, threshold)


def test_candidates_are_verified_exactly() -> None:
    """T13: {a,b} against {a,b,c,d,f} is 2 of 5, whatever MinHash makes of it."""
    assert jaccard(frozenset("ab"), frozenset("abcdf")) == pytest.approx(0.4)
    short, long = text(1, 12), text(1, 12) + " " + text(2, 20)
    assert jaccard(shingles(short), shingles(long)) < 0.5
    assert left_out([short, long], 0.5) == {}
    assert left_out([long, with_change(long, 3)], 0.5) == {1: 0}


def test_texts_without_runs_are_never_near_copies() -> None:
    assert left_out(["", "", "two words", "two words", "=======\n======="]) == {}


def test_likeness_is_not_chained() -> None:
    """A is like B and B like C, but A is unlike C: B goes, and C stays."""
    a = text(3)
    b = with_change(a, 5, 20)
    c = with_change(b, 12, 30)
    likeness = [jaccard(shingles(one), shingles(other)) for one, other in ((a, b), (b, c), (a, c))]
    assert likeness[0] > 0.65 > likeness[2]
    assert likeness[1] > 0.65
    assert left_out([a, b, c], 0.65) == {1: 0}


SURELY_FOUND = 0.75
"""Likeness from which a pair is missed less than once in 100,000 times; at the threshold it is once in 85."""


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 39), max_size=3)), max_size=12))
def test_what_is_left_out_is_like_a_kept_text_and_no_two_kept_texts_are(
    made: list[tuple[int, list[int]]],
) -> None:
    texts = [with_change(text(seed), *places) for seed, places in made]
    runs, found = [shingles(one) for one in texts], left_out(texts)
    assert all(jaccard(runs[index], runs[other]) >= 0.6 for index, other in found.items())
    assert not found.keys() & set(found.values())
    kept = [index for index in range(len(texts)) if index not in found]
    assert all(jaccard(runs[one], runs[other]) < SURELY_FOUND for one, other in combinations(kept, 2))


def blog() -> dict[int, dict[str, object]]:
    """Posts with a copy (4), a near copy (5), a chain of own replies (10 to 15), one ask answered twice (20,
    21)."""
    posts = {number: post(number, text(number)) for number in (1, 2, 3)}
    posts[4] = post(4, text(1))
    posts[5] = post(5, with_change(text(2), 17))
    for number in range(10, 16):
        trail = [item("frank", text(earlier, 15), str(earlier)) for earlier in range(10, number)]
        if number == 10:
            posts[number] = post(number, text(number, 15))
            continue
        own = item("frank", text(number, 15), str(number), is_current_item=True)
        posts[number] = post(number, body="", trail=[*trail, own], reblogged_root_id="10")
    for number in (20, 21):
        posts[number] = post(
            number, type="answer", question="what is a heron to you?", asking_name="bob",
            answer=f"<p>{text(number)}</p>",
        )  # fmt: skip
    return posts


def test_the_oldest_copy_survives_and_the_report_adds_up(tmp_path: Path) -> None:
    corpus, report = prepare(tmp_path / "out", backup(tmp_path / "frank", blog()))
    assert documents(corpus).keys() == {"1", "2", "3", *map(str, range(10, 16)), "20", "21"}
    assert report["dropped"] == {"duplicate": 1, "near_duplicate": 1}
    assert report["read"] == report["kept"] + 2 == 13
    assert {example["post"] for example in report["examples_dropped"]["near_duplicate"]} == {"frank:5"}


def test_order_and_workers_make_no_difference(tmp_path: Path) -> None:
    """T13, and the first half of T11: the same survivors from shuffled lines and from worker processes."""
    lines = [json.dumps(one) + "\n" for one in blog().values()]
    found = []
    for seed, pool in ((0, None), (1, None), (2, Processes(2))):
        path = tmp_path / str(seed) / "posts.jsonl"
        path.parent.mkdir()
        random.Random(seed).shuffle(lines)
        path.write_text("".join(lines), encoding="utf-8")
        corpus, _ = prepare(tmp_path / f"out{seed}", path, pool=pool)
        found.append({(row["post_id"], row["group"], row["split"]) for row in corpus.rows()})
    assert found[0] == found[1] == found[2]


def test_no_thread_is_on_both_sides_and_old_posts_stay_where_they_are(tmp_path: Path) -> None:
    """T14: a chain, an edited copy, an ask answered twice; then more posts."""
    half = config(validation_share=0.5)
    posts = blog() | {number: post(number, text(number)) for number in range(100, 130)}
    before = {row["post_id"]: row for row in prepare(
        tmp_path / "out", backup(tmp_path / "frank", posts), settings=half
    )[0].rows()}  # fmt: skip
    assert len({before[str(number)]["group"] for number in range(10, 16)}) == 1
    assert before["20"]["group"] == before["21"]["group"]
    sides = {(row["group"], row["split"]) for row in before.values()}
    assert len(sides) == len({group for group, _ in sides})
    assert {row["split"] for row in before.values()} == {"train", "validation"}
    more = {number: post(number, with_change(text(number - 100), 20)) for number in range(200, 230)}
    more |= {number: post(number, text(number)) for number in range(300, 320)}
    after = {row["post_id"]: row for row in prepare(
        tmp_path / "out", backup(tmp_path / "frank", more), settings=half
    )[0].rows()}  # fmt: skip
    assert {name: after[name]["split"] for name in before} == {
        name: row["split"] for name, row in before.items()
    }
    assert len(after) == len(before) + 20
