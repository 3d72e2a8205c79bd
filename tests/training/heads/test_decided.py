"""What is decided in the console becomes the autoreviewer's rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from munging.prompts.format_table import V10
from munging.thread import Identity
from tests.operator_console.stage import Stage
from tests.training.heads.test_autoreviewer import Run
from training.errors import UsageError
from training.exports import drawn_by_chance, export_into
from training.scoring_heads.decided import Decided, decided_rows, read_decisions
from training.scoring_heads.liked import Reading
from tumblr.responding.post_log import decision_record

READING = Reading(V10, Identity("frank", "Frank"), "UTC")


def exported(stage: Stage, path: Path) -> list[Decided]:
    """The decisions as the command prints them, read back."""
    lines = [json.dumps(decision_record(*one)) for one in stage.world.bot.reviews.seen()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(read_decisions(path))


def test_each_decision_says_what_a_human_thought_of_the_bot_s_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    with Stage(folder, asks=5) as stage:
        browser = stage.browser()

        def decide(turn: int, action: str) -> None:
            form = browser.form(f"/review/{turn}", f"/review/{turn}/decide", 'value="approve"')
            browser.post(f"/review/{turn}/decide", form | {"action": action})

        def revise(turn: int, holding: str, **fields: str) -> None:
            there = f"/review/{turn}/revise"
            browser.post(there, browser.form(f"/review/{turn}", there, holding) | fields)

        decide(1, "approve")
        decide(2, "reject")
        revise(3, "textarea", text="My own words, with soup.", tags="x")
        decide(3, "approve")
        revise(4, 'name="candidate"')
        decide(4, "approve")
        decide(5, "draft")
        (pending,) = (one.number for one in stage.world.bot.reviews.pending() if one.turn_id == 5)
        there = f"/review/undo/{pending}"
        browser.post(there, browser.form("/review/", there))
        stage.later()
        decisions = exported(stage, tmp_path / "decisions.jsonl")
        of_week = export_into(tmp_path / "notes", stage.folder / "tumbl.sqlite")
        published = [post.id for post in stage.world.tumblr.posts.values() if post.state == "published"]
    assert list(read_decisions(tmp_path / "notes" / "decisions.jsonl")) == decisions
    assert of_week["decisions"] == len(decisions)
    assert published
    assert set(published) <= drawn_by_chance(tmp_path / "notes")
    assert export_into(tmp_path / "other", tmp_path / "nothing.sqlite") == {}
    found = decided_rows(decisions, READING, 0, 2e9, seed=1)
    by_turn = [(row.post_id, row.target) for row in found.rows]
    assert sorted(by_turn) == [("1", 0.0), ("2", 1.0), ("3", 1.0), ("4", 0.0), ("4", 1.0)]
    assert found.counts["the operator's words"] == 1
    assert not any("My own words" in row.text for row in found.rows)
    (edit,) = (one.asked for one in decisions if one.turn == 3 and one.action == "approve")
    assert edit["post"] == "My own words, with soup."
    assert edit["first"] is not None
    assert edit["first"] != edit["post"]
    assert all("what do you eat?" in row.text for row in found.rows if row.post_id == "1")


def test_a_file_that_is_no_export_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "other.jsonl"
    wrong.write_text('{"post": "x"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="line 1: not what"):
        list(read_decisions(wrong))
    with pytest.raises(UsageError, match="is not there"):
        list(read_decisions(tmp_path / "none.jsonl"))


def test_a_source_is_needed(run: Run) -> None:
    status, _, said = run("autoreviewer")
    assert status == 2
    assert "one of --log, --decisions and --rows" in said
