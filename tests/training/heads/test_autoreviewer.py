"""The autoreviewer learns from what the operator did with drafts, and reads what it will read in serving."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoresponder.jobs.head_texts import answer_reviewer_text, answer_selector_text, textpost_selector_text
from autoresponder.jobs.model_folder import load_generator, load_heads
from autoresponder.jobs.prompts import AnswerPrompt, Voice
from munging.prompts.continuation import parse_continuation
from munging.prompts.formats import FORMATS
from munging.thread import Identity
from tests.training.heads.toy import NOW, WORDS, make_model, rows_file
from training.noted import Standing, write_standing
from training.scoring_heads.liked import Reading
from training.scoring_heads.reviewed import read_log, reviewed_rows
from training.scoring_heads.thresholds import Judged, WantedRates, choose_thresholds, rates_at

IDENTITY = Identity("frank", "Frank")
V10 = Reading(FORMATS["v10"], IDENTITY, "US/Pacific")
LATER = Reading(FORMATS["later"], IDENTITY, "US/Pacific")
THEN = 1_612_612_800.0
Run = Callable[..., tuple[int, dict[str, Any], str]]


def sent(post_id: int, state: str = "draft", **changes: Any) -> dict[str, Any]:
    """A line of ``python -m tumblr export``."""
    return {
        "post_id": str(post_id), "requested__state": state, "kind": "ask", "post": f"I like {post_id}",
        "tags": ["a tag"], "asking_name": "bob", "question": "<p>do you?</p>", "time": THEN - 1000 + post_id,
        "reasons": [], "rejected": False,
    } | changes  # fmt: skip


def write_log(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_what_the_operator_did_is_what_is_learned(tmp_path: Path) -> None:
    lines = [
        sent(1),  # published as 101
        sent(2),  # deleted
        sent(3), sent(3, post="better", time=THEN - 900),  # sent back, then published
        sent(4, "queue"),  # left alone
        sent(5, "queue"),  # taken out of the queue
        sent(6), sent(7, "queue"),  # nobody has decided
        sent(8, rejected=True),  # the bot itself
        sent(9, time=THEN + 5), sent(10, time=THEN - 9999),  # after and before what was looked at
        sent(11, "published"), sent(12, post=None),  # never a draft; a command's
    ]  # fmt: skip
    standing = Standing(
        whole=True,
        since=THEN - 2000,
        read_at=THEN,
        published=frozenset({"1", "101", "3", "4", "11"}),
        waiting=frozenset({"6", "7"}),
    )
    log = list(read_log(write_log(tmp_path / "log.jsonl", lines)))
    found = reviewed_rows(log, standing, V10, 3, THEN, seed=1)
    verdicts = [(row.post_id, row.target) for row in found.rows]
    assert sorted(verdicts) == [("1", 0), ("2", 1), ("3", 0), ("3", 1), ("5", 1)]
    assert next(row.text for row in found.rows if (row.post_id, row.target) == ("3", 0)).endswith(" better")
    assert found.counts == {
        "accepted": 2, "rejected": 3, "queued": 1, "waiting": 2,
        "sent back by the bot": 1, "not looked at": 2,
    }  # fmt: skip
    assert len({row.group for row in found.rows}) == 1  # all answer the same words


@pytest.mark.parametrize("reading", [V10, LATER], ids=["v10", "later"])
@pytest.mark.parametrize("cut", [False, True])
def test_the_reviewer_is_trained_on_what_it_is_given(tmp_path: Path, reading: Reading, cut: bool) -> None:
    """A thread with the candidate in it, as training prints it from the log and serving from the job."""
    talk = "友alice会first post域my comment友bob会bob text域"
    voice = Voice(reading.form, reading.identity, years={2014: 1.0})
    written = parse_continuation(" #a tag\n It stands on one leg.", reading.form, reading.identity)
    lines = [
        sent(1, kind="reblog", question=talk, post=written.body, tags=list(written.tags),
             selector_cut_to_final_exchange=cut),
    ]  # fmt: skip
    standing = Standing(whole=True, since=0, read_at=THEN)
    log = list(read_log(write_log(tmp_path / "log.jsonl", lines)))
    (row,) = reviewed_rows(log, standing, reading, 0, THEN, seed=1).rows
    prompt = AnswerPrompt.of(talk, voice, present="3 AM February 2021", job_id="a")
    served = answer_selector_text(prompt, "", written, voice, cut_to_final_exchange=cut)
    assert row.text == answer_reviewer_text(prompt, served, written, voice)
    assert row.text_type == "responses"


def test_an_original_is_read_as_it_is_served(tmp_path: Path) -> None:
    voice = Voice(V10.form, V10.identity)
    prompt = " Frank posted:\n\n Written 3 AM February 2021"
    raw = " | Frank's tags: #herons\n It stands on one leg."
    post = parse_continuation(prompt + raw, V10.form, V10.identity)
    lines = [sent(1, kind="original", question=None, post=post.body, tags=list(post.tags))]
    standing = Standing(whole=True, since=0, read_at=THEN)
    log = list(read_log(write_log(tmp_path / "log.jsonl", lines)))
    (row,) = reviewed_rows(log, standing, V10, 0, THEN, seed=1).rows
    assert row.text == textpost_selector_text(prompt, raw, voice)
    assert row.text_type == "originals"


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=2, max_size=80),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_thresholds_keep_to_the_wanted_rates(
    texts: list[tuple[float, bool, bool]], false_accept: float, false_reject: float
) -> None:
    judged = Judged.of(*zip(*texts, strict=True))
    if judged.rejected.all() or not judged.rejected.any():
        with pytest.raises(ValueError, match="accepted and rejected"):
            choose_thresholds(judged, WantedRates())
        return
    chosen = choose_thresholds(judged, WantedRates(false_accept, false_reject))
    rates = rates_at(chosen, judged)
    assert rates["false_accept"] <= false_accept + 1e-9
    assert rates["false_reject"] <= false_reject + 1e-9


def test_thresholds_of_known_texts() -> None:
    """Ten bad answers at 0.1, 0.2 … 1.0 and ten good at 0.05 … 0.95: one of ten goes wrong each way.

    A new one goes wrong with probability 2 / 11, which 0.2 allows and 0.1 does not.
    """
    bad, good = np.arange(1, 11) / 10, np.arange(1, 11) / 10 - 0.05
    judged = Judged.of(np.concatenate([bad, good]), [True] * 10 + [False] * 10, [False] * 20)
    chosen = choose_thresholds(judged, WantedRates(0.2, 0.2))
    assert chosen.accept_below == chosen.accept_originals_below == pytest.approx(0.2)
    assert chosen.reject_above == pytest.approx(0.85)
    rates = rates_at(chosen, judged)
    assert (rates["false_accept"], rates["false_reject"]) == (0.1, 0.1)
    assert rates["left_to_a_human"] == pytest.approx(1 - rates["accepted"] - rates["sent_back"])


def test_thresholds_keep_to_the_rates_for_texts_still_to_come() -> None:
    """Probabilities of all texts are uniform, so a threshold is itself the share of new texts below it."""
    rng = np.random.default_rng(7)
    is_bad = np.arange(80) < 40
    chosen = [
        choose_thresholds(Judged.of(rng.random(80), is_bad, np.zeros(80)), WantedRates(0.0875, 0.05))
        for _ in range(4000)
    ]
    assert 0.06 < np.mean([one.accept_below for one in chosen]) <= 0.0875
    assert 0.03 < 1 - np.mean([one.reject_above for one in chosen]) <= 0.05


def test_a_handful_of_decisions_promises_nothing() -> None:
    chosen = choose_thresholds(Judged.of([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], [0, 1, 0, 1]), WantedRates())
    assert (chosen.accept_below, chosen.accept_originals_below, chosen.reject_above) == (0.0, 0.0, 1.0)


def drafts_of_months(now: float) -> tuple[list[dict[str, Any]], Standing]:
    """A log in which the operator deleted what says hate."""
    rng = random.Random(4)
    lines, published = [], set()
    for number in range(400):
        good = rng.random() < 0.5
        words = f"I {'love' if good else 'hate'} {rng.choice(WORDS)} and {rng.choice(WORDS)}"
        asks = number % 2 == 0
        lines.append(
            sent(
                1000 + number,
                kind="ask" if asks else "original",
                question=f"<p>{rng.choice(WORDS)} {number}?</p>" if asks else None,
                post=words,
                time=now - (400 - number) * 3600,
            )
        )
        published |= {str(1000 + number)} if good else set()
    standing = Standing(whole=True, since=0, read_at=now, published=frozenset(published))
    return lines, standing


def test_a_reviewer_from_a_log_of_drafts(run: Run, tmp_path: Path) -> None:
    lines, standing = drafts_of_months(NOW)
    log, notes, model = tmp_path / "log.jsonl", tmp_path / "notes", make_model(tmp_path / "model")
    write_log(log, lines)
    command = ("autoreviewer", "--log", log, "--notes", notes, "--model", model, "--epochs", 25)
    status, _, said = run(*command)
    assert status == 2
    assert "python -m training notes" in said
    notes.mkdir(exist_ok=True)
    write_standing(notes, standing)
    status, report, said = run(*command, "--rate", 3e-3)
    assert status == 0, said
    assert report["promoted"]
    assert report["texts"] == {"accepted": len(standing.published), "rejected": 400 - len(standing.published)}
    assert report["test"]["all"]["auc"] > 0.75
    assert report["test"]["all"]["reliability"]
    thresholds = report["thresholds"]
    assert thresholds["wanted"] == {"false_accept": 0.0875, "false_reject": 0.03}
    assert thresholds["calibration"]["false_accept"] <= 0.0875
    assert thresholds["calibration"]["false_reject"] <= 0.03
    assert 0 < thresholds["screening.autoreview_accept"] < thresholds["screening.autoreview_reject"] < 1
    head = load_heads(load_generator(str(model), device="cpu"))["autoreviewer"]
    assert head.settings.reads == "review"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--log", "none.jsonl", "--notes", "notes"), "none.jsonl is not there"),
        (("--log", "other.jsonl", "--notes", "notes"), "line 1: not what python -m tumblr export prints"),
        (("--log", "rows.jsonl"), "--log needs --notes"),
        (("--rows", "glad.jsonl"), "a target is 0 or 1"),
        (("--rows", "rows.jsonl", "--false-accept", 1.5), "are shares, from 0 to 1"),
    ],
)
def test_wrong_input_is_a_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[Any, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows_file(Path("rows.jsonl"))
    Path("other.jsonl").write_text('{"post": "I like 1"}\n')
    rows_file(Path("glad.jsonl"), sentiment=True)
    Path("notes").mkdir()
    write_standing(Path("notes"), Standing(whole=True, since=0, read_at=1))
    status, _, error = run("autoreviewer", *options)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1
