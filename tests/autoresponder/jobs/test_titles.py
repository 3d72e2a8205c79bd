"""Titles of stories."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from autoresponder.heads.head_2021 import Head
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner
from autoresponder.jobs.titles import (
    EXAMPLES,
    SHUFFLES,
    TITLE_TOKENS,
    TitleWriter,
    clean,
    most_likely_line,
    winner,
)
from autoresponder.model.encoding import TextEncoder
from switchboard.messages import GenerationJob, GenerationResult
from tests.autoresponder.changed import changed

STORY = "Once there was a heron.\n\nIt had a boat."


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ([], ""),
        (["", ""], ""),
        (["Ferns", "", ""], "Ferns"),
        (["A", "B", "A"], "A"),
        (["Heron", "The Heron", "Heron", "The Heron", "A Very Long One"], "The Heron"),
        (["Boats", "Heron"], "Heron"),
    ],
)
def test_the_most_frequent_title_wins_the_longest_on_ties(titles: list[str], expected: str) -> None:
    assert winner(titles) == expected


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (" The Heron\n\nStory: more", "The Heron"),
        ("\n\n The Heron", "The Heron"),
        (' "The Heron" ', "The Heron"),
        ("\u201cThe Heron\u201d", "The Heron"),
        ("", ""),
        ("\n\n", ""),
        ("The 友Heron", "The 友Heron"),  # its own words are carried as written
        ("The\x00 Heron\ufffd", "The Heron"),
    ],
)
def test_a_title_is_one_line_without_quotes(answer: str, title: str) -> None:
    assert clean(answer) == title


class Parrot:
    """A network that always answers with the same texts, one for each prompt in turn."""

    device = "cpu"

    def __init__(self, encoder: TextEncoder, *answers: str) -> None:
        self._encoder = encoder
        self._answers = list(answers)
        self._left: list[int] = []
        self.prompts: list[str] = []
        self.rows: list[int] = []

    def __call__(self, read: torch.Tensor, *, past_key_values: object, use_cache: bool) -> SimpleNamespace:
        assert use_cache
        if past_key_values is None:
            self.prompts.append(self._encoder.decode(read[0].tolist()))
            self.rows.append(read.shape[1])
            answer = self._answers[(len(self.prompts) - 1) % len(self._answers)]
            self._left = [*self._encoder.encode_text(answer), self._encoder.eot]
        else:
            assert read.shape[1] == 1
        logits = torch.zeros(1, read.shape[1], len(self._encoder))
        logits[0, -1, self._left.pop(0)] = 1.0
        return SimpleNamespace(logits=logits, past_key_values=object())


def writer(encoder: TextEncoder, parrot: Parrot, positions: int = 4000) -> TitleWriter:
    network: Any = parrot
    return TitleWriter(partial(most_likely_line, network, encoder), encoder, positions)


def test_it_is_asked_with_the_examples_in_several_orders(encoder: TextEncoder) -> None:
    parrot = Parrot(encoder, " Heron\n\nStory: on", " The Boat\n", " Heron\n")
    assert writer(encoder, parrot).title(STORY, "seed") == "Heron"
    assert len(parrot.prompts) == SHUFFLES
    assert len(set(parrot.prompts)) == SHUFFLES
    for prompt in parrot.prompts:
        assert prompt.endswith("Story: Once there was a heron. It had a boat.\nTitle:")
        assert all(f"Title: {title}\n" in prompt for _, title in EXAMPLES)
    again = Parrot(encoder, " x\n")
    writer(encoder, again).title(STORY, "seed")
    assert again.prompts == parrot.prompts


def test_of_what_does_not_fit_the_story_goes_last(encoder: TextEncoder) -> None:
    parrot = Parrot(encoder, " Heron\n")
    assert writer(encoder, parrot, positions=90).title(STORY, "seed") == "Heron"
    assert max(parrot.rows) <= 90 - TITLE_TOKENS
    assert all(prompt.endswith("\nTitle:") for prompt in parrot.prompts)


def test_no_title_is_longer_than_it_may_be(encoder: TextEncoder) -> None:
    parrot = Parrot(encoder, " heron" * 50)
    title = writer(encoder, parrot).title(STORY, "seed")
    assert 0 < len(encoder.encode_text(title)) <= TITLE_TOKENS + 1


@pytest.mark.parametrize(("wanted", "fiction"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("kind", ["answer", "textpost"])
def test_stories_get_their_title_if_it_is_wanted(
    generator: GeneratorModel,
    heads: dict[str, Head],
    settings: WritingSettings,
    sample: GenerationJob,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    wanted: bool,
    fiction: bool,
) -> None:
    monkeypatch.setattr(TitleWriter, "title", lambda *_: "The Heron")
    share = 1.0 if fiction else 0.0
    writing = changed(settings, fiction_titles=wanted, review_share=0.0, fiction_share=share)
    runner = JobRunner(generator, heads, writing)
    options = sample.kwargs.model_copy(update={"write_fic_override": fiction})
    job = sample.model_copy(update={"type": kind, "kwargs": options})
    result, _ = runner.run("job", job)
    assert isinstance(result, GenerationResult)
    for text in result.continuations:
        assert text.startswith("<h2>The Heron</h2>\n") is (wanted and fiction)


def test_a_real_network_gives_some_title_and_always_the_same(generator: GeneratorModel) -> None:
    ask = partial(most_likely_line, generator.network, generator.encoder)
    one = TitleWriter(ask, generator.encoder, generator.positions)
    assert one.title(STORY, "seed") == one.title(STORY, "seed")
