"""The demo's small model: ``make tiny`` is the operator's commands, and they make a model that serves."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from safetensors import safe_open

from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import load_generator, load_heads
from demo.documents.__main__ import main as write_documents
from training.__main__ import main as train

ROOT = Path(__file__).parents[2]
SMALL = {
    "documents": "--documents 300 --noted 640 --sentiment 400",
    "generator": "--steps 12 --save-every 50 --eval-every 12 --vocabulary 320",
    "sentiment": "--epochs 1",
    "selector": "--epochs 1",
}
"""What makes each command short; of two values for an option the last one counts."""


def recipe() -> list[list[str]]:
    """The commands of ``make tiny``: a module of Python's and its arguments."""
    told = subprocess.run(["make", "-n", "tiny"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = told.stdout.replace("\\\n", " ").splitlines()
    calls = [shlex.split(line) for line in lines if line.startswith(".venv/bin/python -m ")]
    return [call[2:] for call in calls if call[2] in ("demo.documents", "training")]


def in_folder(argument: str, folder: Path) -> str:
    """An argument of the recipe with what it writes put elsewhere, and a small shape."""
    if argument.startswith(("build/", "demo/models/")):
        return str(folder / argument)
    return {"6,192,6,512": "4,32,2,128"}.get(argument, argument)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the recipe makes, in small."""
    folder = tmp_path_factory.mktemp("made")
    for module, *arguments in recipe():
        name = "documents" if module == "demo.documents" else arguments[0]
        call = [in_folder(argument, folder) for argument in arguments] + SMALL.get(name, "").split()
        if module == "demo.documents":
            write_documents(call)
        else:
            assert train(call) == 0, call
    return folder / "demo" / "models" / "tiny"


def test_the_recipe_is_the_operators_commands() -> None:
    assert [call[1] for call in recipe() if call[0] == "training"] == [
        "prepare", "generator", "generator", "sentiment", "selector",
    ]  # fmt: skip


def test_the_model_serves_with_both_heads(made: Path) -> None:
    generator = load_generator(str(made), device="cpu")
    heads = load_heads(generator)
    scores = Scorer(generator.network, generator.encoder, heads).score(["I love rain"], ["good"], "responses")
    assert 0 < scores.selector_probabilities[0] < 1
    assert len(scores.sentiment_logit_differences) == 1


def test_the_loss_falls_and_the_perplexity_is_told(made: Path) -> None:
    losses = json.loads((made / "losses.json").read_text())["loss"]
    assert losses[-1] < losses[0]
    assert json.loads((made / "report.json").read_text())["perplexity_held_out"] > 1


def test_weights_are_kept_in_half_precision(made: Path) -> None:
    for path in (made / "model.safetensors", *made.glob("heads/versions/*/*/*.safetensors")):
        with safe_open(path, framework="pt") as file:
            assert {file.get_slice(key).get_dtype() for key in file.keys()} == {"F16"}  # noqa: SIM118


def test_a_missing_file_of_rows_is_one_clear_line(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    call = [
        "selector",
        "--config",
        str(ROOT / "demo" / "training.json"),
        "--model",
        str(made),
        "--rows",
        str(rows),
    ]
    assert train(call) == 2
    assert "is not there" in capsys.readouterr().err
    rows.write_text('{"text": "a", "target": 1}\n{"text": "a", "split": "tomorrow"}\n')
    assert train(call) == 2
    assert "line 2: target" in capsys.readouterr().err
