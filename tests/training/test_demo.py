"""The whole run on a tiny plan: a folder that the bot can serve from, and a report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors import safe_open

from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import load_generator, load_heads
from autoresponder.model.encoding import TextEncoder
from training.__main__ import main
from training.demo import Folders, Plan, train_demo
from training.reports import running_mean
from training.rows import CorpusError, DocumentRow, read_rows
from training.tokenizer import END, train_tokenizer


class TestTokenizer:
    def test_any_text_comes_back(self) -> None:
        encoder = TextEncoder(train_tokenizer(["the rain and the cat"] * 3, 280))
        for text in (" the cat", "naïve ☂ 友", "a\n\n b", ""):
            assert encoder.decode(encoder.encode_text(text)) == text

    def test_the_end_mark_in_a_text_stays_text(self) -> None:
        encoder = TextEncoder(train_tokenizer(["the rain"], 280))
        assert encoder.eot not in encoder.encode_text(f"a{END}b")
        assert len(encoder) <= 280

    def test_prompt_and_continuation_encode_as_the_whole(self, tiny_corpus: Path) -> None:
        rows = read_rows(tiny_corpus / "documents.jsonl", DocumentRow)
        encoder = TextEncoder(train_tokenizer([row.text for row in rows], 400))
        prompt, continuation = " Written 3 PM May 2021 | Frank's tags:", " #a, #b\n I like rain."
        parts = encoder.encode_text(prompt) + encoder.encode_text(continuation)
        assert parts == encoder.encode_text(prompt + continuation)


class TestRows:
    def test_a_wrong_row_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "documents.jsonl"
        path.write_text('{"text": "a", "split": "train"}\n{"text": "a", "split": "tomorrow"}\n')
        with pytest.raises(CorpusError, match="line 2: split"):
            read_rows(path, DocumentRow)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"documents\.jsonl is not there"):
            read_rows(tmp_path / "documents.jsonl", DocumentRow)


class TestRun:
    def test_the_folder_is_whole_and_loads(self, tiny_model: Path) -> None:
        generator = load_generator(str(tiny_model / "out"), device="cpu")
        heads = load_heads(generator)
        scores = Scorer(generator.network, generator.encoder, heads).score(
            ["I love rain"], ["good"], "responses"
        )
        assert 0 < scores.selector_probabilities[0] < 1
        assert set(heads["selector"].settings.calibration) == {"responses", "originals"}

    def test_weights_are_kept_in_half_precision(self, tiny_model: Path) -> None:
        for name in ("model", "heads/selector", "heads/sentiment"):
            with safe_open(tiny_model / "out" / f"{name}.safetensors", framework="pt") as file:
                assert {file.get_tensor(key).dtype for key in file.keys()} == {torch.float16}  # noqa: SIM118

    def test_the_report_says_what_was_made(self, tiny_model: Path) -> None:
        report = json.loads((tiny_model / "out" / "report.json").read_text())
        assert report["generator"]["parameters"] > 0
        assert 0 <= report["selector"]["test"]["all"]["average_precision"] <= 1
        assert -1 <= report["sentiment"]["test"]["all"]["correlation"] <= 1
        assert (tiny_model / "out" / "losses.png").read_bytes().startswith(b"\x89PNG")

    def test_no_checkpoint_is_left_behind(self, tiny_model: Path) -> None:
        assert list((tiny_model / "work").iterdir()) == []

    def test_the_same_seed_gives_the_same_model(
        self, tiny_model: Path, tiny_corpus: Path, tiny_plan: Plan, tmp_path: Path
    ) -> None:
        train_demo(Folders(tiny_corpus, tmp_path / "out", tmp_path), tiny_plan, Console(quiet=True))
        for name in (
            "model.safetensors",
            "tokenizer.json",
            "heads/selector.json",
            "heads/sentiment.safetensors",
        ):
            assert (tmp_path / "out" / name).read_bytes() == (tiny_model / "out" / name).read_bytes()

    def test_another_plan_gives_another_model(
        self, tiny_model: Path, tiny_corpus: Path, tiny_plan: Plan, tmp_path: Path
    ) -> None:
        other = replace(tiny_plan, schedule=replace(tiny_plan.schedule, seed=5))
        train_demo(Folders(tiny_corpus, tmp_path / "out", tmp_path), other, Console(quiet=True))
        name = "out/model.safetensors"
        assert (tmp_path / name).read_bytes() != (tiny_model / name).read_bytes()

    def test_a_missing_corpus_is_one_clear_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        places = ["--corpus", str(tmp_path / "no"), "--out", str(tmp_path), "--work", str(tmp_path)]
        status = main(["demo", "--config", "demo/training.json", *places])
        assert status == 2
        assert "write the corpus first" in capsys.readouterr().err

    def test_the_running_mean_starts_at_the_first_loss(self) -> None:
        assert running_mean([2.0, 1.0]) == [2.0, pytest.approx(1.97)]
