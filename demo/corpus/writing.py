"""Many short texts from one network: rows grow side by side, behind beginnings that they share.

The bot's own writer reads every prompt apart, which suits one prompt and thirteen candidates. Here prompts
are thousands, alike but for their last words: these are fed to the rows token by token, while others write.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from autoresponder.generation.cache_slots import Prefix
from autoresponder.generation.decoder import Decoder
from autoresponder.sampling.base import Sampler, draw


@dataclass(frozen=True)
class Try:
    """A text to be written: ``form`` names its beginning, ``fed`` are the ids behind that.

    ``seed`` decides the draws, ``most`` is the longest text in tokens. The last ``begun`` of what is fed are
    the text's own.
    """

    key: str
    form: str
    fed: tuple[int, ...]
    seed: str
    most: int
    begun: int = 0


@dataclass(frozen=True)
class WrittenText:
    """Ids of a text without its end; ``ended`` tells whether it came to one."""

    ids: tuple[int, ...]
    ended: bool


@dataclass
class _Row:
    attempt: Try
    chance: random.Random
    fed: int = 0
    ids: list[int] = field(default_factory=list)
    pending: int = 0

    @property
    def is_fed(self) -> bool:
        """Whether the next token is the row's own."""
        return self.fed == len(self.attempt.fed)


class ManyWriter:
    """Writes tries of several forms; a free slot takes the next try at once."""

    def __init__(self, decoder: Decoder, sampler: Sampler, ends: frozenset[int]) -> None:
        self._decoder = decoder
        self._sampler = sampler
        self._ends = ends
        self._prefixes: dict[str, Prefix] = {}

    @torch.inference_mode()
    def write(
        self,
        beginnings: Mapping[str, Sequence[int]],
        tries: Iterator[Try],
        done: Callable[[Try, WrittenText], None],
    ) -> None:
        """Write all tries, in their order; ``done`` hears of each that is finished."""
        rows: list[_Row] = []
        state = self._sampler.begin(torch.empty(0))
        while True:
            while len(rows) < self._decoder.slots and (attempt := next(tries, None)) is not None:
                rows.append(self._begin(len(rows), attempt, beginnings))
                state = torch.cat([state, self._sampler.begin(torch.zeros(1))])
            if not rows:
                return
            state = self._step(rows, state)
            for slot in reversed(range(len(rows))):
                written = self._finished(rows[slot])
                if written is None:
                    continue
                done(rows[slot].attempt, written)
                last = len(rows) - 1
                if slot != last:
                    self._decoder.move(last, slot)
                    rows[slot], state[slot] = rows[last], state[last]
                rows.pop()
                state = state[:last]

    def _begin(self, slot: int, attempt: Try, beginnings: Mapping[str, Sequence[int]]) -> _Row:
        if attempt.form not in self._prefixes:
            self._prefixes[attempt.form] = self._decoder.prefill(beginnings[attempt.form])
        self._decoder.place(slot, self._prefixes[attempt.form])
        return _Row(attempt, random.Random(attempt.seed), fed=1, pending=attempt.fed[0])

    def _step(self, rows: Sequence[_Row], state: Tensor) -> Tensor:
        logits = self._decoder.step([row.pending for row in rows])  # (B, V)
        writing = [place for place, row in enumerate(rows) if row.is_fed]
        for row in rows:
            if not row.is_fed:
                row.pending = row.attempt.fed[row.fed]
                row.fed += 1
        if not writing:
            return state
        own, seen = logits[writing], state[writing]
        uniforms = torch.tensor([rows[number].chance.random() for number in writing])
        tokens = draw(self._sampler.step(own, seen), uniforms)
        state[writing] = self._sampler.observe(tokens, own, seen)
        for number, token in zip(writing, tokens.tolist(), strict=True):
            rows[number].pending = token
            rows[number].ids.append(token)
        return state

    def _finished(self, row: _Row) -> WrittenText | None:
        if not row.ids:
            return None
        attempt = row.attempt
        begun = attempt.fed[len(attempt.fed) - attempt.begun :]
        if row.ids[-1] in self._ends:
            return WrittenText((*begun, *row.ids[:-1]), ended=True)
        return WrittenText((*begun, *row.ids), ended=False) if len(row.ids) >= attempt.most else None
