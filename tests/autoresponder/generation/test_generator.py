"""The writing loop against slow, obvious ones, and its ends: marks, limits, refills, sliding."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from autoresponder.errors import JobError, NotFiniteError, WritingStoppedError
from autoresponder.generation.cache_slots import Prefix
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.generation.generator import Finished, GenerationAttempt, Writer, WritingLimits
from autoresponder.generation.prompt_cache import PromptCache
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.trunk import run_trunk
from autoresponder.sampling.base import TARGETS_2021, Sampler, TopK, draw
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SamplerConfig

NEVER = re.compile(r"(?!)")
TURN = re.compile(r"(?m)^#\d+ \S+ commented:|^ Frank posted:$")
GREEDY = TopK(1)
PROMPTS = ([0, 40, 41, 42, 43], [0, 50], [0, 60, 61])


class ListSource:
    """Gives tries one after the other and keeps what comes back, by number."""

    def __init__(self, tries: Sequence[GenerationAttempt]) -> None:
        self._left = list(tries)
        self.finished: dict[int, Finished] = {}

    def next_attempt(self) -> GenerationAttempt | None:
        return self._left.pop(0) if self._left else None

    def finish(self, finished: Finished) -> None:
        self.finished[finished.attempt.number] = finished

    def fail(self, attempt: GenerationAttempt, error: JobError) -> None:
        raise error

    def texts(self) -> list[str]:
        return [finished.written.text for _, finished in sorted(self.finished.items())]


def some_tries(count: int, max_new: int, prompts: Sequence[list[int]] = PROMPTS) -> list[GenerationAttempt]:
    return [
        GenerationAttempt(
            number, tuple(prompt), "", draws_of_attempt(seeded("job", number), TARGETS_2021, max_new)
        )
        for number, prompt in zip(range(count), itertools.cycle(prompts), strict=False)
    ]


def write(
    decoder: Decoder,
    encoder: TextEncoder,
    tries: Sequence[GenerationAttempt],
    limits: WritingLimits,
    sampler: Sampler = GREEDY,
    phrase: re.Pattern[str] = NEVER,
) -> ListSource:
    source = ListSource(tries)
    Writer(decoder, encoder, sampler, limits, phrase).run(source)
    assert len(source.finished) == len(tries)
    return source


def slow_windows(
    network: GPT2LMHeadModel,
    encoder: TextEncoder,
    attempt: GenerationAttempt,
    limits: WritingLimits,
    sampler: Sampler,
) -> str:
    """One text, window by window, every token by a full pass over all that the window may see."""
    state = sampler.begin(torch.tensor([attempt.draws.target]))
    new: list[int] = []
    while len(new) < limits.max_new:
        seen = [*attempt.prompt_ids, *new][-limits.prompt :]
        window: list[int] = []
        for _ in range(limits.window):
            logits = network(torch.tensor([seen + window])).logits[:, -1]
            uniform = torch.tensor([attempt.draws.tokens[len(new) + len(window)]])
            token = draw(sampler.step(logits, state), uniform)
            state = sampler.observe(token, logits, state)
            window.append(int(token))
        new += window
        if encoder.eot in window or len(set(window)) < 0.2 * len(window):
            break
    return encoder.decode(new[: new.index(encoder.eot)] if encoder.eot in new else new)


def test_greedy_text_equals_transformers_generate(network: GPT2LMHeadModel, encoder: TextEncoder) -> None:
    limits = WritingLimits(context=250, window=100, max_new=30)
    source = write(Decoder(network, 3), encoder, some_tries(3, 30), limits)
    reference: Any = network
    for prompt, text in zip(PROMPTS, source.texts(), strict=True):
        row = torch.tensor([prompt])
        ids = reference.generate(
            row, attention_mask=torch.ones_like(row), do_sample=False, max_new_tokens=30, pad_token_id=0
        )
        assert text == encoder.decode(ids[0, len(prompt) :].tolist())


@pytest.mark.parametrize("scheme", ["two_stage_mirostat", "breakruns"])
def test_sampled_text_beyond_the_context_equals_the_slow_window_loop(
    network: GPT2LMHeadModel, encoder: TextEncoder, scheme: str
) -> None:
    """Texts of 90 tokens in a context of 40: windows 3 to 9 each begin with a slide."""
    limits = WritingLimits(context=40, window=10, max_new=90)
    sampler = build_sampler(SamplerConfig(name=scheme), 10)
    tries = some_tries(4, 90)
    source = write(Decoder(network, 3), encoder, tries, limits, sampler)
    lengths = {finished.tokens for finished in source.finished.values()}
    assert max(lengths) == 90
    for attempt, text in zip(tries, source.texts(), strict=True):
        assert text == slow_windows(network, encoder, attempt, limits, sampler)


def test_windows_beyond_the_context_are_not_remembered_as_prompts(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    """No other text begins like the middle of this one; they would push out what others begin with."""
    limits = WritingLimits(context=40, window=10, max_new=90)
    sampler = build_sampler(SamplerConfig(name="top_p", temperature=1.5, top_p=1.0), 10)
    prompts = [list(range(60, 90))]
    known = PromptCache(10**7)
    source = write(Decoder(network, 2, known=known), encoder, some_tries(2, 90, prompts), limits, sampler)
    assert max(finished.tokens for finished in source.finished.values()) > 10
    expected = Decoder(network, 1).prefill(prompts[0][:-1])
    assert known.bytes == expected.bytes
    assert known.longest(prompts[0]).length == expected.length


def test_a_prompt_longer_than_its_room_keeps_its_last_tokens(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    limits = WritingLimits(context=40, window=10, max_new=20)
    ids = list(range(100, 150))
    for length in (29, 30, 31, 50):
        (long,) = write(Decoder(network, 1), encoder, some_tries(1, 20, [ids[-length:]]), limits).texts()
        (short,) = write(
            Decoder(network, 1), encoder, some_tries(1, 20, [ids[-length:][-30:]]), limits
        ).texts()
        assert long == short


@pytest.mark.parametrize("slots", [1, 2, 5, 9])
def test_texts_and_their_order_do_not_depend_on_the_batch(
    network: GPT2LMHeadModel, encoder: TextEncoder, slots: int
) -> None:
    limits = WritingLimits(context=60, window=20, max_new=50)
    sampler = build_sampler(SamplerConfig(), 20)
    tries = some_tries(7, 50)
    alone = [write(Decoder(network, 1), encoder, [one], limits, sampler).texts()[0] for one in tries]
    assert write(Decoder(network, slots), encoder, tries, limits, sampler).texts() == alone


class ScriptDecoder(Decoder):
    """Writes given texts instead of asking a network; a prompt's second id says which one."""

    def __init__(self, slots: int, scripts: Sequence[Sequence[int]], vocabulary: int) -> None:
        self.slots = slots
        self.device = torch.device("cpu")
        self.keep = ()
        self.known_tokens = 0
        self.prefills: list[list[int]] = []
        self.widths: list[int] = []
        self._scripts = scripts
        self._vocabulary = vocabulary
        self._left: list[list[int]] = [[] for _ in range(slots)]
        self._which: dict[int, int] = {}

    def prefill(self, ids: Sequence[int], *, remember: bool = True) -> Prefix:
        assert remember
        self.prefills.append(list(ids))
        prefix = Prefix((), len(ids))
        self._which[id(prefix)] = ids[1]
        return prefix

    def place(self, slot: int, prefix: Prefix) -> None:
        self._left[slot] = list(self._scripts[self._which[id(prefix)]])

    def clear(self, slot: int) -> None:
        self._left[slot] = []

    def move(self, source: int, target: int) -> None:
        self._left[target] = self._left[source]

    def step(self, tokens: Sequence[int]) -> Tensor:
        self.widths.append(len(tokens))
        logits = torch.zeros(len(tokens), self._vocabulary)
        for slot in range(len(tokens)):
            logits[slot, self._left[slot].pop(0)] = 100.0
        return logits


def script(encoder: TextEncoder, text: str, *, end: bool = True, after: str = " and more" * 9) -> list[int]:
    """A text, perhaps an end token, and what a model might go on to say."""
    return [*encoder.encode_text(text), *([encoder.eot] if end else []), *encoder.encode_text(after)]


def run_scripts(
    encoder: TextEncoder, texts: Sequence[list[int]], slots: int, *, window: int = 100, max_new: int = 300
) -> tuple[ListSource, ScriptDecoder]:
    decoder = ScriptDecoder(slots, texts, len(encoder))
    prompts = [[encoder.eot, which, 9] for which in range(len(texts))]
    limits = WritingLimits(context=900, window=window, max_new=max_new)
    tries = some_tries(len(texts), max_new, prompts)
    return write(decoder, encoder, tries, limits, phrase=TURN), decoder


def test_a_text_ends_at_its_end_token(encoder: TextEncoder) -> None:
    source, decoder = run_scripts(encoder, [script(encoder, " #a\n hello 🕒")], slots=1)
    written = source.finished[0].written
    assert (written.text, written.ended, written.repeating) == (" #a\n hello 🕒", True, False)
    assert len(decoder.widths) == source.finished[0].tokens == len(encoder.encode_text(written.text)) + 1


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        (" #a\n hello\n\n#3 bob commented:\n\n", " and more"),
        (" #a\n hello\n\n Frank posted:\n", " and more"),
    ],
    ids=["numbered phrase", "original post"],
)
def test_a_text_stops_where_someone_else_begins_to_speak(
    encoder: TextEncoder, text: str, goes_on: str
) -> None:
    source, decoder = run_scripts(encoder, [script(encoder, text, end=False, after=goes_on * 40)], slots=1)
    written = source.finished[0].written
    assert TURN.search(written.text)
    assert not written.ended
    assert len(decoder.widths) <= len(encoder.encode_text(text)) + 1


def test_a_line_that_only_begins_like_a_phrase_goes_on(encoder: TextEncoder) -> None:
    text = " #a\n hello\n Frank posted: a river"
    source, _ = run_scripts(encoder, [script(encoder, text)], slots=1)
    assert source.finished[0].written.text == text


class Watched:
    """A control phrase that notes how much of a text it was searched in."""

    def __init__(self) -> None:
        self.searched: list[int] = []

    def search(self, text: str, begin: int = 0) -> re.Match[str] | None:
        self.searched.append(len(text) - begin)
        return TURN.search(text, begin)


@pytest.mark.parametrize("lines", [5, 20])
def test_only_the_line_at_hand_is_searched_for_a_speaker(encoder: TextEncoder, lines: int) -> None:
    text = " #a\n" + " a line of some words\n" * lines + "#3 bob commented:\n"
    watched: Any = Watched()
    limits = WritingLimits(context=2000, window=1000, max_new=900)
    decoder = ScriptDecoder(1, [script(encoder, text, end=False)], len(encoder))
    tries = some_tries(1, 900, [[encoder.eot, 0, 9]])
    source = write(decoder, encoder, tries, limits, phrase=watched)
    assert source.finished[0].written.text.rstrip("\n") == text.rstrip("\n")
    assert max(watched.searched) <= len(" a line of some words\n") + 4


def test_a_text_stops_at_its_limit(encoder: TextEncoder) -> None:
    source, _ = run_scripts(encoder, [list(range(50, 200))], slots=1, max_new=40)
    assert source.finished[0].tokens == 40
    assert not source.finished[0].written.ended


def window_of(distinct: int, length: int = 20) -> list[int]:
    return [50 + i % distinct for i in range(length)]


@pytest.mark.parametrize(
    ("windows", "repeating", "tokens"),
    [
        ([window_of(4), window_of(4)], False, 40),
        ([window_of(3), window_of(20)], True, 20),
        ([window_of(20), window_of(3)], True, 40),
        ([window_of(20), window_of(1, length=6)], True, 26),
        ([window_of(20), window_of(1, length=5)], False, 25),
    ],
    ids=["a fifth is enough", "first window", "later window", "begun window", "a begun one of a fifth"],
)
def test_repetition_is_tested_window_by_window(
    encoder: TextEncoder, windows: Sequence[list[int]], repeating: bool, tokens: int
) -> None:
    text = list(itertools.chain(*windows))
    source, _ = run_scripts(encoder, [text + [99] * 9], slots=1, window=20, max_new=len(text))
    assert source.finished[0].written.repeating is repeating
    assert source.finished[0].tokens == tokens


def test_free_slots_are_filled_and_then_the_batch_shrinks(encoder: TextEncoder) -> None:
    texts = [" a", " hello frank and you", " b", " c", " how are you, frank? hello?"]
    source, decoder = run_scripts(encoder, [script(encoder, text) for text in texts], slots=2)
    assert source.texts() == texts
    assert decoder.widths[0] == 2
    assert decoder.widths[-1] == 1
    assert sum(decoder.widths) == sum(finished.tokens for finished in source.finished.values())


def test_a_prompt_is_run_once_for_all_its_tries(encoder: TextEncoder) -> None:
    decoder = ScriptDecoder(2, [script(encoder, " a")], len(encoder))
    tries = some_tries(6, 50, [[encoder.eot, 0, 9]])
    write(decoder, encoder, tries, WritingLimits(context=900, max_new=50))
    assert decoder.prefills == [[encoder.eot, 0]]


def test_mean_surprise_is_in_bits_per_token(encoder: TextEncoder) -> None:
    class EvenDecoder(ScriptDecoder):
        def step(self, tokens: Sequence[int]) -> Tensor:
            return torch.zeros(len(tokens), 256)

    decoder = EvenDecoder(1, [[]], 256)
    limits = WritingLimits(context=900, max_new=5)
    source = write(decoder, encoder, some_tries(1, 5, [[0, 0, 9]]), limits, TopK(0))
    assert source.finished[0].mean_surprisal == pytest.approx(8.0)


def test_numbers_that_are_not_finite_are_an_error(encoder: TextEncoder) -> None:
    class BrokenDecoder(ScriptDecoder):
        def step(self, tokens: Sequence[int]) -> Tensor:
            return torch.full((len(tokens), len(encoder)), torch.nan)

    with pytest.raises(NotFiniteError):
        write(BrokenDecoder(1, [[]], 0), encoder, some_tries(1, 5, [[0, 0, 9]]), WritingLimits(900))


def test_writing_can_be_stopped(encoder: TextEncoder) -> None:
    decoder = ScriptDecoder(1, [list(range(50, 200))], len(encoder))
    asked = iter([False, False, True])
    writer = Writer(decoder, encoder, GREEDY, WritingLimits(900), NEVER, stop=lambda: next(asked))
    with pytest.raises(WritingStoppedError):
        writer.run(ListSource(some_tries(1, 100, [[0, 0, 9]])))
    assert len(decoder.widths) == 2


def test_figures_count_what_was_done(encoder: TextEncoder) -> None:
    decoder = ScriptDecoder(2, [script(encoder, " a")], len(encoder))
    clock = itertools.count(0.0, 1.0)
    writer = Writer(
        decoder, encoder, GREEDY, WritingLimits(900, max_new=50), NEVER, clock=lambda: next(clock)
    )
    source = ListSource(some_tries(2, 50, [[encoder.eot, 0, 9]]))
    figures = writer.run(source)
    assert figures.prompt_tokens == 3
    assert figures.prefill_seconds == 1.0
    assert figures.steps == figures.decode_seconds == source.finished[0].tokens
    assert figures.tokens == 2 * figures.steps
    assert figures.tokens_per_second == 2.0


def test_a_text_that_came_to_its_end_has_been_read_to_its_end(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    """With kept blocks, a row whose end token is drawn takes one more step, beside rows that go on."""
    limits = WritingLimits(context=200, window=50, max_new=40)
    sampler = build_sampler(SamplerConfig(name="top_p", temperature=1.0, top_p=1.0), 50)
    tries = some_tries(40, 40)
    plain = write(Decoder(network, 4), encoder, tries, limits, sampler)
    kept = write(Decoder(network, 4, keep=(0, 2)), encoder, tries, limits, sampler)
    assert kept.texts() == plain.texts()
    ended = [finished for finished in kept.finished.values() if finished.written.ended]
    assert ended
    for finished in kept.finished.values():
        assert (finished.reading is not None) is finished.written.ended
    for finished in ended:
        assert finished.reading is not None
        assert finished.reading.ids[-1] == encoder.eot
        assert len(finished.reading.ids) == len(finished.attempt.prompt_ids) + finished.tokens
        trunk = run_trunk(network, torch.tensor([finished.reading.ids]), (0, 2))
        for layer, stream in finished.reading.streams.items():
            torch.testing.assert_close(stream, trunk[layer][0], atol=1e-3, rtol=1e-3)
