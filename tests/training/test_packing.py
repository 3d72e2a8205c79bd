"""Packed blocks: every token once in an epoch, and each batch a function of seed and number."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from training.documents import IGNORED, JITTER, WIDTHS, DocumentBatches
from training.packing import Interleaved, PackedBlocks, join_documents

END = 0


def documents(count: int, seed: int = 1) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [[int(t) for t in rng.integers(1, 50, rng.integers(1, 60))] for _ in range(count)]


class TestStream:
    def test_the_end_token_stands_before_each_document_and_last(self) -> None:
        assert join_documents([[1, 2], [3]], END).tolist() == [0, 1, 2, 0, 3, 0]


class TestPackedBlocks:
    @given(length=st.integers(64, 400), batch=st.integers(1, 4), seed=st.integers(0, 99))
    @settings(max_examples=30, deadline=None)
    def test_an_epoch_sees_disjoint_blocks(self, length: int, batch: int, seed: int) -> None:
        blocks = PackedBlocks(np.arange(length), 16, batch, seed)
        seen = torch.cat([blocks.at(n).flatten() for n in range(blocks.batches_per_epoch)])
        assert len(seen) == blocks.batches_per_epoch * batch * 16
        assert len(set(seen.tolist())) == len(seen)

    def test_blocks_run_on_over_the_streams_end(self) -> None:
        blocks = PackedBlocks(np.arange(40), 16, 1, 3)
        for number in range(20):
            row = blocks.at(number)[0]
            assert torch.equal((row - row[0]) % 40, torch.arange(16))

    def test_epochs_differ_in_offset_and_order(self) -> None:
        blocks = PackedBlocks(np.arange(400), 16, 1, 3)
        starts = [[int(blocks.at(e * 25 + n)[0, 0]) for n in range(25)] for e in range(3)]
        assert len({tuple(epoch) for epoch in starts}) == 3
        assert len({start % 16 for epoch in starts for start in epoch}) > 1

    def test_a_batch_depends_on_nothing_but_seed_and_number(self) -> None:
        there, back = (PackedBlocks(np.arange(400), 16, 2, 3) for _ in range(2))
        forwards = [there.at(n) for n in range(30)]
        backwards = [back.at(n) for n in reversed(range(30))][::-1]
        assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))

    def test_too_short_a_stream_is_refused(self) -> None:
        with pytest.raises(ValueError, match="do not fill"):
            PackedBlocks(np.arange(15), 16, 1, 0)


class TestDocumentBatches:
    @given(seed=st.integers(0, 199), rows=st.integers(50, 300))
    @settings(max_examples=30, deadline=None)
    def test_no_batch_is_more_than_one_step_too_wide(self, seed: int, rows: int) -> None:
        # Lengths are blurred: a row that joins a full batch last can make all of it one step wider.
        batches = DocumentBatches(documents(rows, seed), END, 64, 256, seed=seed)
        for number in range(40):
            batch = batches.at(number)
            assert batch.shape[0] <= max(1, 256 // WIDTHS)
            assert batch.numel() <= 256 + batch.shape[0] * WIDTHS

    def test_an_epoch_sees_every_document_once(self) -> None:
        rows = documents(100)
        batches = DocumentBatches(rows, END, 64, 256, seed=1)
        number = 0
        for _ in range(2):
            seen: list[list[int]] = []
            while len(seen) < len(rows):
                seen += [[int(t) for t in row if t != IGNORED] for row in batches.at(number)]
                number += 1
            assert sorted(seen) == sorted([END, *row, END] for row in rows)

    def test_batches_hold_about_so_many_tokens_and_rows_alike_in_length(self) -> None:
        batches = DocumentBatches(documents(200), END, 64, 512, seed=1)
        for number in range(20):
            batch = batches.at(number)
            assert batch.numel() <= 512
            assert batch.shape[1] % WIDTHS == 0
            lengths = (batch != IGNORED).sum(dim=1)
            assert int(lengths.max() - lengths.min()) <= WIDTHS + JITTER

    def test_padding_stands_on_the_right_only(self) -> None:
        batch = DocumentBatches(documents(30), END, 64, 512, seed=1).at(0)
        real = batch != IGNORED
        assert bool((real.int().diff(dim=1) <= 0).all())
        assert bool((batch[:, 0] == END).all())

    def test_long_documents_lose_their_end(self) -> None:
        batch = DocumentBatches([[1] * 100], END, 64, 512, seed=1).at(0)
        assert batch.tolist() == [[END, *[1] * 63]]

    def test_evaluation_takes_each_row_once(self) -> None:
        batches = DocumentBatches(documents(30), END, 64, 256, seed=1)
        assert sum(len(batch) for batch in batches.in_order()) == 30

    def test_no_documents_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no documents"):
            DocumentBatches([], END, 64, 256, seed=1)


class _Counting:
    def __init__(self, sign: int) -> None:
        self.sign = sign

    def at(self, number: int, /) -> Tensor:
        return torch.tensor([self.sign * number])


def test_interleaved_goes_through_both_kinds_in_order() -> None:
    batches = Interleaved(_Counting(1), _Counting(-1), 3)
    assert [int(batches.at(n)) for n in range(8)] == [0, 1, 0, 2, 3, -1, 4, 5]
