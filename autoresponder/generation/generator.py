"""Writing: rows of text grow side by side, each with its own prompt, random numbers and end.

A row ends at the end token, where it begins to speak for someone else, when it repeats itself, or
at its limit. A free slot is filled with the next try at once, of whatever job; when there is none, the
batch shrinks. Beyond the context a row slides: at every window boundary its last ids are run anew from
position 0.
"""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from autoresponder.errors import JobError, NotFiniteError, WritingStoppedError
from autoresponder.generation.acceptance import GeneratedText
from autoresponder.generation.cache_slots import Prefix
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.draws import AttemptDraws
from autoresponder.model.encoding import Detokenizer, TextEncoder
from autoresponder.model.trunk import Reading
from autoresponder.sampling.base import Sampler, draw, surprisal
from munging.control import TAGS

CONTEXT_MARGIN = 4  # positions of the network that are left unused
DISTINCT_SHARE = 0.2  # a window with a smaller share of distinct tokens is repetition
PROMPTS_AT_HAND = 8  # distinct prompts of running jobs that are kept for their next tries


@dataclass(frozen=True)
class WritingLimits:
    """Sizes in tokens. A prompt may have ``context - window``, so that a window always fits."""

    context: int
    window: int = 100
    max_new: int = 1600

    @property
    def prompt(self) -> int:
        """The longest text that a window can follow."""
        return self.context - self.window


@dataclass
class WritingFigures:
    """What writing did, for the log; times in seconds.

    ``prompt_tokens`` counts each distinct prompt once; of a job its own, of a run those that were run.
    ``prompt_known`` of them had been run for an earlier prompt.
    """

    prompt_tokens: int = 0
    prompt_known: int = 0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
    tokens: int = 0
    steps: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Tokens of all rows per second of decoding."""
        return self.tokens / self.decode_seconds if self.decode_seconds else 0.0


@dataclass(frozen=True)
class GenerationAttempt:
    """One try at one candidate: where it starts and what chance gave it.

    ``stats`` counts what is done for the job the try belongs to; all tries of a job, and no others,
    share it.
    """

    number: int
    prompt_ids: tuple[int, ...]
    prompt_text: str
    draws: AttemptDraws
    stats: WritingFigures = field(default_factory=WritingFigures, compare=False)


@dataclass(frozen=True)
class Finished:
    """A try that came to its end."""

    attempt: GenerationAttempt
    written: GeneratedText
    tokens: int
    mean_surprisal: float | None  # where it is known
    reading: Reading | None = None  # where the text came to its own end within the context


class AttemptSource(Protocol):
    """Where tries come from and finished ones go; a job's, or several jobs' in turn."""

    def next_attempt(self) -> GenerationAttempt | None:
        """The next try to begin, or none for now; asked at every step that leaves a slot free."""
        ...

    def finish(self, finished: Finished) -> None:
        """Take a finished try."""
        ...

    def fail(self, attempt: GenerationAttempt, error: JobError) -> None:
        """Hear that a try broke: whatever else was running for its job has been dropped too."""
        ...


@dataclass
class _Row:
    attempt: GenerationAttempt
    text: Detokenizer
    tokens: list[int] = field(default_factory=list)
    surprisal: float = 0.0
    repeating: bool = False
    ended: bool = False
    broken: bool = False  # the network gave it no finite numbers
    pending: int = 0  # the id that is fed to the network next
    slid: bool = False
    closing: bool = False  # over; its end token is still to be read, for the heads
    line: int = 0  # where the first line begins in which someone else may still begin to speak

    def finished(self, streams: Mapping[int, Tensor] | None) -> Finished:
        ids = (*self.attempt.prompt_ids, *self.tokens)
        written = GeneratedText(
            text=self.text.finish(),
            ended=self.ended,
            repeating=self.repeating,
            roll=self.attempt.draws.roll,
            prompt=self.attempt.prompt_text,
        )
        return Finished(
            self.attempt,
            written,
            len(self.tokens),
            self.surprisal / max(1, len(self.tokens)),
            None if streams is None else Reading(ids, streams),
        )


class Writer:
    """Writes the tries of a source, up to ``slots`` of them at a time."""

    def __init__(
        self,
        decoder: Decoder,
        encoder: TextEncoder,
        sampler: Sampler,
        limits: WritingLimits,
        control_phrase: re.Pattern[str],
        *,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``stop`` is asked at every step and ends the run with WritingStoppedError."""
        self._decoder = decoder
        self._encoder = encoder
        self._sampler = sampler
        self._limits = limits
        self._control_phrase = control_phrase
        self._stop = stop
        self._clock = clock

    @torch.inference_mode()
    def run(self, source: AttemptSource) -> WritingFigures:
        """Write until the source has no more tries. Raises WritingStoppedError, or what the source raises."""
        batch = _Batch(self._decoder, self._sampler, self._encoder, self._limits, self._clock)
        batch.fill(source)
        while batch.rows:
            if self._stop():
                raise WritingStoppedError("the generator is shutting down")
            batch.grow()
            batch.settle(source, self._is_over)
        return batch.figures

    def _is_over(self, row: _Row) -> bool:
        """Whether a row has ended; a finished window is tested for repetition on the way."""
        window = self._limits.window
        full = len(row.tokens) % window == 0
        row.ended = row.tokens[-1] == self._encoder.eot
        over = (
            row.ended
            or len(row.tokens) >= self._limits.max_new
            or self._speaks_for_others(row)
            or row.text.text.count(TAGS) > 1
        )
        if over or full:
            last = row.tokens[-window:] if full else row.tokens[-(len(row.tokens) % window) :]
            row.repeating |= _repeats(last)
        return over or row.repeating

    def _speaks_for_others(self, row: _Row) -> bool:
        """Whether someone else's turn begins in a row's text, for certain.

        A match at the very end is not: the line may go on in a way that makes it ordinary text. A phrase
        stands in one line, so lines that were seen whole are not searched again.
        """
        text = row.text.text
        phrase = self._control_phrase.search(text, row.line)
        row.line = text.rfind("\n") + 1
        return phrase is not None and phrase.end() < len(text)


def repeats_itself(tokens: Sequence[int], window: int) -> bool:
    """Whether some window of a whole text repeats itself; the last one may be shorter."""
    return any(_repeats(tokens[start : start + window]) for start in range(0, len(tokens), window))


def _repeats(window: Sequence[int]) -> bool:
    return len(set(window)) < DISTINCT_SHARE * len(window)


class _Batch:
    """The rows that are being written; row i lives in slot i of the decoder."""

    def __init__(
        self,
        decoder: Decoder,
        sampler: Sampler,
        encoder: TextEncoder,
        limits: WritingLimits,
        clock: Callable[[], float],
    ) -> None:
        self.rows: list[_Row] = []
        self.figures = WritingFigures()
        self._decoder = decoder
        self._sampler = sampler
        self._encoder = encoder
        self._limits = limits
        self._clock = clock
        self._state = sampler.begin(torch.empty(0, device=decoder.device))  # (B, width)
        self._prefixes: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()

    def fill(self, source: AttemptSource) -> None:
        """Begin tries until the slots or the tries run out."""
        while len(self.rows) < self._decoder.slots and (attempt := source.next_attempt()):
            self._begin(len(self.rows), attempt)

    def grow(self) -> None:
        """Append one drawn token to every row.

        The host sends what it knows before the step and waits once, for what was drawn.
        """
        began = self._clock()
        chance = [0.0 if row.closing else row.attempt.draws.tokens[len(row.tokens)] for row in self.rows]
        uniforms = torch.tensor(chance, device=self._decoder.device)  # (B,)
        logits = self._decoder.step([row.pending for row in self.rows])  # (B, V)
        tokens = draw(self._sampler.step(logits, self._state), uniforms)  # (B,)
        bits = surprisal(logits, tokens)
        self._state = self._sampler.observe(tokens, logits, self._state)
        drawn, surprisals = torch.stack([tokens.double(), bits.double()]).tolist()
        self._record([int(token) for token in drawn], surprisals)
        self._count(self._clock() - began)

    def _record(self, tokens: Sequence[int], bits: Sequence[float]) -> None:
        for row, token, drawn_bits in zip(self.rows, tokens, bits, strict=True):
            if row.closing:
                continue
            row.broken = not math.isfinite(drawn_bits)
            row.tokens.append(token)
            row.pending = token
            row.surprisal += drawn_bits
            if token != self._encoder.eot:
                row.text.push(token)

    def _count(self, seconds: float) -> None:
        """Count a step, in all and for every job that has rows in it."""
        jobs = {id(row.attempt.stats): row.attempt.stats for row in self.rows}
        for figures in (self.figures, *jobs.values()):
            figures.steps += 1
            figures.decode_seconds += seconds
        for row in self.rows:
            if not row.closing:
                self.figures.tokens += 1
                row.attempt.stats.tokens += 1

    def settle(self, source: AttemptSource, is_over: Callable[[_Row], bool]) -> None:
        """Hand out finished rows, begin new ones in their place or close the gap, slide long ones."""
        self._give_up_broken(source)
        over = [slot for slot, row in enumerate(self.rows) if row.closing or is_over(row)]
        over = [slot for slot in over if not self._stays_to_close(self.rows[slot])]
        for slot in over:
            row = self.rows[slot]
            source.finish(row.finished(self._decoder.streams(slot) if row.closing else None))
        for slot in reversed(over):
            attempt = source.next_attempt()
            if attempt is not None:
                self._begin(slot, attempt)
            else:
                self._drop(slot)
        self.fill(source)
        for slot, row in enumerate(self.rows):
            if row.tokens and len(row.tokens) % self._limits.window == 0 and not row.closing:
                self._slide(slot, row)

    def _give_up_broken(self, source: AttemptSource) -> None:
        """Drop the rows of every job that has a broken one; the others do not notice."""
        broken = {id(row.attempt.stats): row.attempt for row in self.rows if row.broken}
        for slot in reversed(range(len(self.rows))):
            if id(self.rows[slot].attempt.stats) in broken:
                self._decoder.clear(slot)
                self._drop(slot)
        for attempt in broken.values():
            source.fail(attempt, NotFiniteError("the network's logits are not finite numbers"))

    def _stays_to_close(self, row: _Row) -> bool:
        """Let a text that came to its end take one more step, so that the heads need not read it again."""
        if row.closing or row.slid or not row.ended or not self._decoder.keep:
            return False
        row.closing = True
        return True

    def _begin(self, slot: int, attempt: GenerationAttempt) -> None:
        ids = attempt.prompt_ids[-self._limits.prompt :]
        cut = len(ids) < len(attempt.prompt_ids)
        row = _Row(attempt, Detokenizer(self._encoder), pending=ids[-1], slid=cut)
        self._decoder.place(slot, self._prefix(ids, attempt.stats))
        state = self._sampler.begin(torch.tensor([attempt.draws.target], device=self._decoder.device))
        if slot == len(self.rows):
            self.rows.append(row)
            self._state = torch.cat([self._state, state])
        else:
            self.rows[slot] = row
            self._state[slot] = state[0]

    def _drop(self, slot: int) -> None:
        last = len(self.rows) - 1
        if slot != last:
            self.rows[slot] = self.rows[last]
            self._state[slot] = self._state[last]
            self._decoder.move(last, slot)
        self.rows.pop()
        self._state = self._state[:last]

    def _slide(self, slot: int, row: _Row) -> None:
        """Begin a window beyond the context: the last ids move to the positions from 0 on."""
        ids = (*row.attempt.prompt_ids, *row.tokens)
        if len(ids) >= self._limits.prompt:
            row.slid = True
            window = ids[-self._limits.prompt : -1]
            self._decoder.place(slot, self._prefill(window, row.attempt.stats, remember=False))

    def _prefix(self, ids: tuple[int, ...], stats: WritingFigures) -> Prefix:
        """What a prompt leaves to be read by its rows; each distinct prompt is run once."""
        prefix = self._prefixes.pop(ids, None)
        if prefix is None:
            prefix = self._prefill(ids[:-1], stats)
            self.figures.prompt_tokens += len(ids)
        self._prefixes[ids] = prefix
        if len(self._prefixes) > PROMPTS_AT_HAND:
            self._prefixes.popitem(last=False)
        return prefix

    def _prefill(self, ids: Sequence[int], stats: WritingFigures, *, remember: bool = True) -> Prefix:
        began = self._clock()
        prefix = self._decoder.prefill(ids, remember=remember)
        seconds = self._clock() - began
        for figures in (self.figures, stats):
            figures.prefill_seconds += seconds
            figures.prompt_known += self._decoder.known_tokens
        return prefix
