"""What a row of the generator's training holds, and what it does not see. T22 of the known failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tests.training.finetune.toy import QUIET, make_corpus
from training.corpus.pool import Here
from training.corpus.prepare import Packing, prepare_tokens
from training.corpus.store import open_corpus
from training.corpus.tokens import load_encoder
from training.finetune.data import IGNORED, DocumentRows, NumberedRows, StreamRows, TokenStream, collate
from training.finetune.trainer import token_loss

LENGTH = 32


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return make_corpus(tmp_path)


def stream_of(corpus: Path, tokenizer: Path) -> TokenStream:
    key, _ = prepare_tokens(open_corpus(corpus), Packing(tokenizer, 64, "own", 1), Here(), QUIET)
    return TokenStream(open_corpus(corpus).tokens(key, "train") or [], corpus.parent / "cache")


def documents(corpus: Path, tokenizer: Path) -> dict[str, dict[str, np.ndarray]]:
    """The rows of an epoch by their text."""
    encoder = load_encoder(str(tokenizer))
    rows = DocumentRows(stream_of(corpus, tokenizer), encoder.eot, LENGTH, 4, 1)
    numbered = NumberedRows(rows, rows.per_epoch)
    found = (dict(numbered[number]) for number in range(len(numbered)))
    return {encoder.decode(row["input_ids"].tolist()): row for row in found}


def test_a_document_is_trained_on_as_if_it_were_alone(corpus: Path, tmp_path: Path) -> None:
    """Another document, longer or shorter, changes neither the row nor its loss beside it."""
    tokenizer = tmp_path / "tok"
    changed = make_corpus(tmp_path / "changed", change=lambda line: {**line, "text": f"{line['text']} again"})
    before, after = documents(corpus, tokenizer), documents(changed, tokenizer)
    mine = next(text for text in before if text in after)
    assert np.array_equal(before[mine]["input_ids"], after[mine]["input_ids"])
    assert np.array_equal(before[mine]["labels"], after[mine]["labels"])
    others = [
        next(row for text, row in found.items() if text not in unchanged)
        for found, unchanged in ((before, after), (after, before))
    ]
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=2, n_positions=48)
    network = GPT2LMHeadModel(config).train(mode=False)

    def loss_beside(*rows: dict[str, np.ndarray]) -> float:
        batch = collate([before[mine], *rows])
        batch["labels"][1:] = IGNORED
        with torch.no_grad():
            outputs = network(batch["input_ids"], attention_mask=batch["attention_mask"])
        return float(token_loss(outputs, batch["labels"]))

    assert [loss_beside(row) for row in others] == pytest.approx([loss_beside()] * 2, abs=1e-5)


def learned_after_an_end(ids: np.ndarray, labels: np.ndarray, end: int) -> Iterator[int]:
    for place in np.flatnonzero(ids[:-1] == end):
        if labels[place + 1] != IGNORED:
            yield int(ids[place + 1])


@pytest.mark.parametrize("kind", ["stream", "documents"])
def test_nobodys_first_token_is_guessed_from_the_end_of_another_thread(corpus: Path, kind: str) -> None:
    tokenizer = corpus.parent / "tok"
    end = load_encoder(str(tokenizer)).eot
    stream = stream_of(corpus, tokenizer)
    rows = StreamRows(stream, LENGTH, 1) if kind == "stream" else DocumentRows(stream, end, LENGTH, 4, 1)
    numbered = NumberedRows(rows, 2 * rows.per_epoch)
    found = [dict(numbered[number]) for number in range(len(numbered))]
    assert sum((row["input_ids"] == end).sum() for row in found) > 50
    assert [token for row in found for token in learned_after_an_end(**_named(row), end=end)] == []


def _named(row: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"ids": row["input_ids"], "labels": row["labels"]}
