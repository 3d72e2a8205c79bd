"""The commands that make heads, called as an operator calls them, on a toy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from autoresponder.heads.scoring import Scorer
from autoresponder.heads.standing import version_line
from autoresponder.heads.versions import folder_of, read_current, version_folder
from autoresponder.jobs.model_folder import load_generator, load_heads
from switchboard.settings import SwitchboardConfig
from switchboard.store import JobStore
from tests.training.heads.toy import (
    DAY,
    NOW,
    WORDS,
    configuration,
    make_model,
    noted_posts,
    rows_file,
    write_notes,
)
from training.files import fault_of_sealed, write_json
from training.noted import Standing, write_standing
from training.scoring_heads.activations import Activations, as_hidden
from training.scoring_heads.fit import SELECTOR, new_head
from training.tokenizer import END

Run = Callable[..., tuple[int, dict[str, Any], str]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


def test_a_first_selector_is_put_in_use_and_a_worse_one_never(run: Run, model: Path, tmp_path: Path) -> None:
    good = rows_file(tmp_path / "rows.jsonl")
    status, first, _ = run("selector", "--model", model, "--rows", good, "--epochs", 8)
    assert status == 0, first
    assert first["promoted"]
    assert first["test"]["all"]["auc"] > 0.9
    assert first["test"]["originals"]["rows"] + first["test"]["responses"]["rows"] == first["rows"]["test"]
    assert first["rows_sha256"]
    generator = load_generator(str(model), device="cpu")
    assert load_heads(generator).keys() == {"selector"}
    worse = ("selector", "--model", model, "--rows", good, "--epochs", 1, "--rate", 1e-9)
    status, second, _ = run(*worse)
    assert status == 4
    assert not second["promoted"]
    assert second["comparison"]["challenger"] < second["comparison"]["incumbent"]
    assert read_current(model / "heads").heads["selector"].current == first["version"]


def test_promote_and_rollback(run: Run, model: Path, tmp_path: Path) -> None:
    rows = rows_file(tmp_path / "rows.jsonl")
    made = ("selector", "--model", model, "--rows", rows, "--epochs", 1, "--keep-old")
    versions = []
    for seed in (1, 2):
        status, report, _ = run(*made, "--seed", seed)
        assert status == 0
        versions.append(report["version"])
    assert not (model / "heads" / "current.json").exists()
    assert run("promote", "--model", model, "--version", versions[0])[0] == 0
    _, report, said = run("promote", "--model", model)
    assert report == {
        "command": "promote",
        "head": "selector",
        "version": versions[1],
        "replaced": versions[0],
        "announced": False,
    }
    assert f"`python -m training promote selector --version {versions[1]}` does it" in " ".join(said.split())
    assert folder_of(model / "heads", "selector").name == versions[1]
    assert run("rollback", "--model", model)[1]["version"] == versions[0]
    assert run("rollback", "--model", model)[1]["version"] == ""
    status, _, said = run("rollback", "--model", model)
    assert status == 2
    assert "there is no selector head before the one in use" in said
    (model / "heads" / "versions" / "selector" / versions[1] / "selector.safetensors").write_bytes(b"half")
    status, _, said = run("promote", "--model", model, "--version", versions[1])
    assert status == 2
    assert "is not as it was written" in said


def test_the_same_seed_gives_the_same_figures_with_any_cache(run: Run, model: Path, tmp_path: Path) -> None:
    rows = rows_file(tmp_path / "rows.jsonl")
    reports = []
    for budget in (10.0, 0.0, 5e-5):
        configuration(tmp_path, cache_gb=budget, promotion={"min_rows": 20})
        work = tmp_path / f"work{budget}"
        options = ("--rows", rows, "--epochs", 2, "--keep-old", "--work", work)
        reports.append(run("selector", "--model", model, *options)[1])
    assert [report["activations"]["kept_rows"] for report in reports][1] == 0
    assert 0 < reports[2]["activations"]["kept_rows"] < reports[0]["activations"]["kept_rows"]
    assert reports[0]["test"] == reports[1]["test"] == reports[2]["test"]
    assert reports[0]["activations"]["computed_rows"] < reports[1]["activations"]["computed_rows"]


def test_a_head_whose_training_is_killed_again_and_again_is_the_same(
    run: Run, model: Path, tmp_path: Path
) -> None:
    """With the twelve kills of the generator's test these make twenty."""
    rows = rows_file(tmp_path / "rows.jsonl")
    options = ("--rows", rows, "--epochs", 6, "--keep-old")
    whole = run("selector", "--model", model, "--heads", tmp_path / "whole", *options)[1]
    command = ["selector", "--config", tmp_path / "config.json", "--model", model, *options]
    script = [
        sys.executable,
        "-m",
        "tests.training.heads.killing",
        8,
        *command,
        "--heads",
        tmp_path / "killed",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        list(map(str, script)), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    killed = json.loads(done.stdout.splitlines()[-1])
    assert killed["test"] == whole["test"]
    before, after = (
        version_folder(tmp_path / name, "selector", report["version"]) / "selector.safetensors"
        for name, report in (("whole", whole), ("killed", killed))
    )
    assert before.read_bytes() == after.read_bytes()
    assert not list(tmp_path.glob("*.work/checkpoint-*"))


def test_a_damaged_checkpoint_of_a_head_is_told_and_not_used(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_file(tmp_path / "rows.jsonl")
    options = ("--rows", rows, "--epochs", 2, "--keep-old", "--work", tmp_path / "work")
    whole = run("selector", "--model", model, *options)[1]
    assert whole["checkpoint_passed_over"] == ""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.scoring_heads.making.store_version", stop)
        assert run("selector", "--model", model, *options)[0] == 130
    (checkpoint,) = tmp_path.glob("work/checkpoint-*/checkpoint.safetensors")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-9] + b"x" * 9)
    again = run("selector", "--model", model, *options)[1]
    assert "is not as it was written" in again["checkpoint_passed_over"]
    assert again["test"] == whole["test"]


def test_one_text_has_one_score_however_it_is_read(model: Path, tmp_path: Path) -> None:
    """T21: alone, beside longer texts, with an end mark inside, and from activations, kept or not."""
    generator = load_generator(str(model), device="cpu", dtype="float32")
    head = new_head(SELECTOR, generator.network, generator.identity, generator.positions).eval()
    scorer = Scorer(generator.network, generator.encoder, {"selector": head})

    def scores(*texts: str) -> list[float]:
        return scorer.differences({"selector": texts})["selector"].tolist()

    text, long = " I love rain", " I love rain and cats and soup and trains, the river and the reed"
    (alone,) = scores(text)
    assert scores(long, text, " fog")[1] == pytest.approx(alone, abs=1e-5)
    assert scores(f" I love{END} rain") == pytest.approx([alone], abs=1e-5)
    assert scores(long)[0] != pytest.approx(alone, abs=1e-3)
    ids = [generator.encoder.encode_for_head(one, generator.positions) for one in (long, text)]
    for folder in (None, tmp_path / "kept"):
        activations = Activations(generator.network, head.settings.layers, ids, folder, 1e9)
        for _ in range(2):  # computed, then read
            hidden, positions = activations.batch([0, 1])
            with torch.no_grad():
                found = head.difference(head(as_hidden(hidden), positions))
            assert found[1].item() == pytest.approx(alone, abs=1e-2)  # streams are kept in 16 bits


def test_activations_of_another_generator_are_not_used(run: Run, model: Path, tmp_path: Path) -> None:
    """The same rows, the same folder of work, and other weights."""
    rows = rows_file(tmp_path / "rows.jsonl")
    other = make_model(tmp_path / "other", seed=4)
    options = ("--rows", rows, "--epochs", 2, "--keep-old", "--work", tmp_path / "work")
    first = run("selector", "--model", model, *options)[1]
    second = run("selector", "--model", other, *options)[1]
    alone = run("selector", "--model", other, *options[:-1], tmp_path / "work of its own")[1]
    assert first["activations"]["computed_rows"] == second["activations"]["computed_rows"]
    assert second["test"] == alone["test"] != first["test"]


def test_the_later_form_is_narrower(run: Run, model: Path, tmp_path: Path) -> None:
    rows = rows_file(tmp_path / "rows.jsonl")
    sizes = {}
    for form in ("2021", "later"):
        options = ("--rows", rows, "--epochs", 6, "--form", form, "--keep-old")
        report = run(
            "selector", "--model", model, *options, *(("--attention-width", 8) if form == "later" else ())
        )[1]
        sizes[form] = report["parameters"]
        assert report["test"]["all"]["auc"] > 0.8
    assert sizes["later"] < sizes["2021"]


def test_sentiment_from_a_file(run: Run, model: Path, tmp_path: Path) -> None:
    rows = rows_file(tmp_path / "rows.jsonl", 250, sentiment=True)
    status, report, _ = run("sentiment", "--model", model, "--rows", rows, "--epochs", 8)
    assert status == 0
    assert report["test"]["all"]["auc_of_sign"] > 0.95


def test_a_week(run: Run, model: Path, tmp_path: Path) -> None:
    """Train, compare, promote from posts that another machine has collected and put into a place."""
    place = tmp_path / "place"
    write_notes(place, noted_posts(NOW))
    write_standing(place, Standing())
    week = ("weekly", "--only", "train", "--place", place, "--notes", tmp_path / "notes", "--model", model)
    status, report, said = run(*week, "--epochs", 20, "--rate", 3e-3)
    assert status == 0, said
    assert report["selector"]["promoted"]
    assert report["selector"]["test"]["all"]["auc"] > 0.7
    version = report["selector"]["version"]
    assert fault_of_sealed(model / "heads" / "versions" / "selector" / version) is None
    assert run(*week, "--epochs", 1, "--rate", 1e-9)[0] == 4
    assert json.loads((tmp_path / "notes" / "weekly.json").read_text())["command"] == "weekly"


def test_two_heads_are_compared_on_what_neither_has_learned(run: Run, model: Path, tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes", noted_posts(NOW))
    write_standing(notes, Standing())
    _, first, _ = run("selector", "--model", model, "--notes", notes, "--epochs", 1)
    assert first["promoted"]
    place = tmp_path / "place"
    write_notes(place, noted_posts(NOW))
    write_standing(place, Standing())
    week = ("weekly", "--only", "train", "--place", place, "--notes", notes, "--model", model)
    _, report, _ = run(*week, "--epochs", 1)
    second = report["selector"]
    assert second["rows"]["test"] > first["rows"]["test"], (
        "its newest weeks are more than the first one's test"
    )
    assert second["comparison"]["rows"] == first["rows"]["test"]


def test_a_head_that_has_learned_all_there_is_stays(run: Run, model: Path, tmp_path: Path) -> None:
    rows = rows_file(tmp_path / "rows.jsonl")
    assert run("selector", "--model", model, "--rows", rows, "--epochs", 1)[0] == 0
    older = rows_file(tmp_path / "older.jsonl", count=150)
    status, _, said = run("selector", "--model", model, "--rows", older, "--epochs", 1)
    assert status == 3
    assert "0 labelled rows of the newest 2 weeks that the head in use has not learned from" in said
    assert len(read_current(model / "heads").heads["selector"].before) == 1


def test_a_week_with_decisions_trains_the_autoreviewer_and_tells_the_console(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too few posts for the selector keep nobody from it; the report says what its thresholds would do."""
    store = JobStore(SwitchboardConfig(database_url=f"sqlite:///{tmp_path}/jobs"), clock=lambda: NOW)
    monkeypatch.setattr("training.scoring_heads.told.SwitchboardClient", lambda *_, **__: Told(store))
    notes = write_notes(tmp_path / "notes", noted_posts(NOW, days=3))
    write_json(notes / "chance.json", ["1000", "1001"])
    decisions: list[dict[str, Any]] = [
        {
            "decision": number, "turn": number, "action": ("approve", "reject")[number % 2],
            "post": f"I {('love', 'hate')[number % 2]} {WORDS[number % 10]} {number}", "tags": [],
            "kind": "ask", "question": "you?", "asking_name": f"reader{number}",
            "time": NOW - 40 * DAY + number * DAY / 6,
        }
        for number in range(240)
    ]  # fmt: skip
    lines = "".join(json.dumps(one) + "\n" for one in decisions)
    (notes / "decisions.jsonl").write_text(lines, encoding="utf-8")
    place = ("--only", "train", "--place", tmp_path / "place", "--notes", notes, "--model", model)
    write_notes(tmp_path / "place", noted_posts(NOW, days=3))
    write_standing(tmp_path / "place", Standing())
    status, _, said = run("weekly", *place, "--epochs", 15, "--rate", 3e-3)
    assert status == 3
    assert "labelled rows" in said
    learned = store.learned()
    (line,) = learned.heads
    assert line.standing.head == "autoreviewer"
    assert line.standing.current == read_current(model / "heads").heads["autoreviewer"].current
    (version,) = line.standing.versions or []
    assert version.version == line.standing.current
    assert version.metrics["auc"] is not None
    assert version.losses
    assert learned.week is not None
    reviewer = next(head for head in learned.week.heads if head.head == "autoreviewer")
    assert reviewer.promoted
    assert set(reviewer.thresholds) == {
        "screening.autoreview_accept",
        "screening.autoreview_accept_original",
        "screening.autoreview_reject",
    }
    assert reviewer.last_week["rows"]
    assert next(head.problem for head in learned.week.heads if head.head == "selector")
    (week,) = learned.week.weeks
    assert (week.posts, week.chance_posts) == (36, 2)
    store.close()


class Told:
    """A client whose switchboard is at hand."""

    def __init__(self, store: JobStore) -> None:
        self.report_head = store.report_head
        self.report_week = store.report_week
        self.announce = store.announce_heads

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda now: noted_posts(now, days=3), "labelled rows for"),
        (
            lambda now: [post.model_copy(update={"notes": 1}) for post in noted_posts(now)],
            "labelled rows for",
        ),
        (lambda now: [], "has no posts with notes"),
    ],
)
def test_too_little_to_learn_from_is_status_three(
    run: Run, model: Path, tmp_path: Path, make: Any, said: str
) -> None:
    notes = write_notes(tmp_path / "notes", make(NOW))
    status, _, error = run("selector", "--model", model, "--notes", notes)
    assert status == (2 if "no posts" in said else 3)
    assert said in error
    assert error.count("\n") == 1


def test_one_class_is_status_three(run: Run, model: Path, tmp_path: Path) -> None:
    path = rows_file(tmp_path / "rows.jsonl")
    lines = [json.loads(line) | {"target": 1} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    status, _, error = run("selector", "--model", model, "--rows", path)
    assert status == 3
    assert "one class is nothing to learn from" in error


def test_a_figure_that_is_no_number_is_not_told(tmp_path: Path) -> None:
    """Of a head that says the same of every text there is no correlation."""
    figures = {"all": {"correlation": float("nan"), "rows": 20.0}}
    write_json(tmp_path / "report.json", {"test": figures, "losses": [0.5, float("inf")]})
    line = version_line(tmp_path)
    assert line.metrics == {"rows": 20.0}
    assert line.losses == [0.5]
