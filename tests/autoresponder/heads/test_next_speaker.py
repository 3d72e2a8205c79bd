"""The probability of the next speaker's name: against the whole network run plainly, one row at a time."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2LMHeadModel, PreTrainedModel

from autoresponder.errors import NotFiniteError
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.heads.next_speaker import NextSpeaker, Odds
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.encoding import TextEncoder
from munging.classic import from_classic
from munging.prompts.formats import V10
from munging.prompts.next_speaker import SpeakerPrompt, speaker_prompt
from switchboard.messages import RawSelectJob, RawSelectResult, SpeakerOdds, SpeakerQuestion
from tests.autoresponder.model.test_other_networks import CONFIGS

POSITIONS = 256
PROMPTS = [
    SpeakerPrompt("#1 someuser posted:\n\n hello frank\n\n#2", "#2", " Frank", (" someuser",)),
    SpeakerPrompt("#1 posted:\n\n a river\n\n#2", "#2", " Frank", ()),
    SpeakerPrompt("#1 bob asked:\n\n how?\n\n#2 al said:\n\n o\n\n#3", "#3", " Frank", (" bob", " al")),
    SpeakerPrompt("so said", "so said", " a river", ()),
]  # fmt: skip


def plainly(
    network: PreTrainedModel, encoder: TextEncoder, prompt: SpeakerPrompt, text: str, positions: int
) -> float:
    """The probability of the name, token after token, each with a run of the whole network of its own."""
    name = encoder.encode_text(prompt.name)
    barred = {encoder.encode_text(other)[0] for other in prompt.others} - {name[0]}
    words = encoder.encode_text(text)
    ids = [encoder.eot, *words[max(0, len(words) - (positions - len(name))) :]]
    call: Any = network
    result = 1.0
    for number, token in enumerate(name):
        logits = call(torch.tensor([ids])).logits[0, -1].double()
        weights = (logits - logits.max()).exp()
        if number == 0:
            weights[sorted(barred)] = 0.0
        result *= float(weights[token] / weights.sum())
        ids.append(token)
    return result


def expect(
    network: PreTrainedModel, encoder: TextEncoder, prompt: SpeakerPrompt, positions: int = POSITIONS
) -> Odds:
    texts = (prompt.before, prompt.last_line)
    return Odds(*(plainly(network, encoder, prompt, text, positions) for text in texts))


def same(got: Odds, wanted: Odds) -> bool:
    """Whether two pairs are equal, as logarithms, up to what single precision leaves open."""
    pairs = zip(vars(got).values(), vars(wanted).values(), strict=True)
    return all(math.isclose(math.log(one), math.log(other), abs_tol=2e-4) for one, other in pairs)


def test_each_prompt_has_the_probability_of_a_plain_run(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    assert len(encoder.encode_text(PROMPTS[-1].name)) > 1
    got = NextSpeaker(network, encoder, POSITIONS).odds(PROMPTS)
    wanted = [expect(network, encoder, prompt) for prompt in PROMPTS]
    assert all(map(same, got, wanted)), (got, wanted)
    assert len({one.after_thread for one in got}) == len(PROMPTS)


@pytest.mark.parametrize("pass_tokens", [1, 60, 10_000])
def test_what_is_asked_together_changes_nothing(
    network: GPT2LMHeadModel, encoder: TextEncoder, pass_tokens: int
) -> None:
    together = NextSpeaker(network, encoder, POSITIONS, pass_tokens).odds([*PROMPTS, *PROMPTS[:1]])
    alone = [NextSpeaker(network, encoder, POSITIONS).odds([prompt])[0] for prompt in PROMPTS]
    assert all(map(same, together, [*alone, alone[0]]))
    assert together[0] == together[-1]


def test_short_rows_are_not_padded_to_the_length_of_long_ones(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    """The last line alone, say, to the length of a whole thread."""
    shapes: list[tuple[int, ...]] = []
    watched = copy.deepcopy(network)
    watched.transformer.wte.register_forward_pre_hook(lambda _, ids: shapes.append(tuple(ids[0].shape)))
    threads = [SpeakerPrompt("~" * length, "~", "a", ()) for length in (100, 90, 30)]
    NextSpeaker(watched, encoder, POSITIONS).odds(threads)
    assert shapes == [(2, 101), (1, 31), (1, 2)]


def test_others_cannot_be_next_and_leave_what_they_would_have_had(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    text = "#1 x posted:\n\n y\n\n#2"
    names = ("a", "b", "z")  # of one token each
    anybody = [SpeakerPrompt(text, "#2", name, ()) for name in names]
    asked = NextSpeaker(network, encoder, POSITIONS)
    a, b, z = (one.after_thread for one in asked.odds(anybody))
    (fewer,) = asked.odds([SpeakerPrompt(text, "#2", "a", ("b", "z"))])
    assert fewer.after_thread == pytest.approx(a / (1.0 - b - z), rel=1e-4)
    assert b + z > 1e-4


def test_a_name_that_begins_as_the_bots_does_is_not_barred(
    network: GPT2LMHeadModel, encoder: TextEncoder
) -> None:
    free, alike = (SpeakerPrompt("hello\n\n#2", "#2", " Frank", names) for names in ((), (" Frank",)))
    first, second = NextSpeaker(network, encoder, POSITIONS).odds([free, alike])
    assert same(first, second)


def test_of_a_thread_that_is_too_long_the_end_counts(network: GPT2LMHeadModel, encoder: TextEncoder) -> None:
    long = SpeakerPrompt("river " * 300 + "\n\n#2", "#2", " Frank", ())
    (got,) = NextSpeaker(network, encoder, POSITIONS).odds([long])
    assert same(got, expect(network, encoder, long))


def test_an_end_mark_in_a_text_is_no_end(network: GPT2LMHeadModel, encoder: TextEncoder) -> None:
    typed = SpeakerPrompt("hello <|endoftext|>frank\n\n#2", "#2", " Frank", ())
    clean = SpeakerPrompt("hello frank\n\n#2", "#2", " Frank", ())
    first, second = NextSpeaker(network, encoder, POSITIONS).odds([typed, clean])
    assert first == second


def test_nothing_asked_nothing_told(network: GPT2LMHeadModel, encoder: TextEncoder) -> None:
    assert NextSpeaker(network, encoder, POSITIONS).odds([]) == []


def test_broken_numbers_are_an_error(fragile: GPT2LMHeadModel, encoder: TextEncoder) -> None:
    with pytest.raises(NotFiniteError):
        NextSpeaker(fragile, encoder, POSITIONS).odds([SpeakerPrompt("so ~~\n\n#2", "#2", " Frank", ())])


def test_a_raw_select_answers_what_it_is_asked(
    generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    classic = "友someuser会hello frank友bob会a river域"
    questions = [SpeakerQuestion(prompt=classic, form="full"), None, SpeakerQuestion(prompt=classic)]
    job = RawSelectJob(texts=["a", "b", "c"], next_speaker=questions)
    result, _report = JobRunner(generator, heads, settings).run("job", job)
    assert isinstance(result, RawSelectResult)
    assert result.next_speaker is not None
    identity = settings.voice.identity
    thread = from_classic(classic, identity)
    asked = NextSpeaker(generator.network, generator.encoder, generator.positions)
    for got, question in zip(result.next_speaker, questions, strict=True):
        if question is None:
            assert got is None
            continue
        assert isinstance(got, SpeakerOdds)
        (wanted,) = asked.odds([speaker_prompt(thread, V10, identity, question.form)])
        assert same(Odds(got.after_thread, got.after_line), wanted)
    plain, _report = JobRunner(generator, heads, settings).run("job", RawSelectJob(texts=["a"]))
    assert "next_speaker" not in plain.model_dump()


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_other_networks_are_asked_alike(kind: str, encoder: TextEncoder) -> None:
    torch.manual_seed(3)
    config = copy.deepcopy(CONFIGS[kind])
    config.vocab_size = len(encoder)
    auto: Any = AutoModelForCausalLM
    other: PreTrainedModel = auto.from_config(config)
    other.requires_grad_(requires_grad=False)
    other.train(mode=False)
    got = NextSpeaker(other, encoder, 128).odds(PROMPTS)
    wanted = [expect(other, encoder, prompt, 128) for prompt in PROMPTS]
    assert all(map(same, got, wanted)), (got, wanted)
