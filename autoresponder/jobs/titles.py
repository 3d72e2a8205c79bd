"""Titles of stories: the generator is shown stories with titles, and asked for that of one more.

It is asked several times, each time with the examples in another order; the most frequent answer wins.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from autoresponder.model.encoding import TextEncoder
from munging.cleaning import without_broken

SHUFFLES = 8
TITLE_TOKENS = 16
"""The longest title."""

STORY_TOKENS = 600
"""So much of a story's beginning is shown at most."""

EXAMPLES = (
    (
        "The lighthouse had been dark for nine years when the keeper's daughter came back with a ladder, a "
        "bucket of paint and no plan at all.",
        "A Ladder and a Bucket",
    ),
    (
        "Nobody in the village would say who had taken the bell. The goat knew, but the goat was not asked.",
        "The Goat Was Not Asked",
    ),
    (
        "Dear sister, you will not believe where I am writing from. There are three moons here, and all of "
        "them are cross with me.",
        "Three Cross Moons",
    ),
    (
        "Mirela sold umbrellas in a town where it had never rained. She was the richest woman in it, and on "
        "the day of the first cloud she closed her shop.",
        "The Umbrella Seller",
    ),
    (
        "They called it the last train, though it ran every night. The conductor punched my ticket twice, "
        "once for each of us, and I was travelling alone.",
        "The Last Train, Every Night",
    ),
    (
        "The robot had one instruction left in its memory, and it was to water the ferns.",
        "Ferns",
    ),
)
"""Beginnings of stories, and their titles."""


class TitleWriter:
    """A generator, asked for titles."""

    def __init__(
        self, most_likely: Callable[[Sequence[int], int], str], encoder: TextEncoder, positions: int
    ) -> None:
        """``most_likely`` gives what a model finds most likely behind ids, in at most so many tokens.

        ``positions`` is the longest row that it reads.
        """
        self._most_likely = most_likely
        self._encoder = encoder
        self._positions = positions

    def title(self, story: str, seed: str) -> str:
        """The title of a story, or nothing; the seed decides in which orders the examples stand."""
        return winner(clean(self._most_likely(ids, TITLE_TOKENS)) for ids in self._prompts(story, seed))

    def _prompts(self, story: str, seed: str) -> Iterator[list[int]]:
        examples = list(EXAMPLES)
        shuffler = random.Random(seed)
        question = self._encoder.encode_text(shown(story))[:STORY_TOKENS]
        for _ in range(SHUFFLES):
            shuffler.shuffle(examples)
            lines = "".join(f"{shown(opening)}\nTitle: {title}\n\n" for opening, title in examples)
            before, asked = self._encoder.encode_text(lines), self._encoder.encode_text("\nTitle:")
            room = self._positions - TITLE_TOKENS - 1 - len(question) - len(asked)
            kept = before[max(0, len(before) - room) :] if room > 0 else []
            ids = [self._encoder.eot, *kept, *question, *asked]
            yield ids[-(self._positions - TITLE_TOKENS) :]


@torch.inference_mode()
def most_likely_line(network: Any, encoder: TextEncoder, ids: Sequence[int], most_tokens: int) -> str:
    """What a network finds most likely behind ids, up to the line's end."""
    written: list[int] = []
    fed, past = list(ids), None
    for _ in range(most_tokens):
        read = torch.tensor([fed], device=network.device)
        answer = network(read, past_key_values=past, use_cache=True)
        past = answer.past_key_values
        token = int(answer.logits[0, -1].argmax())
        if token == encoder.eot:
            break
        written.append(token)
        if "\n" in encoder.decode(written).lstrip():
            break
        fed = [token]
    return encoder.decode(written)


def shown(story: str) -> str:
    """A story as the prompt shows it: on one line."""
    return "Story: " + " ".join(story.split())


def clean(answer: str) -> str:
    """A title in what the generator wrote: its first line, without quotes around it."""
    lines = without_broken(answer).strip().splitlines()
    return lines[0].strip().strip('"\u201c\u201d').strip() if lines else ""


def winner(titles: Iterable[str]) -> str:
    """The most frequent title, the longest of several; nothing when there is none."""
    counts = Counter(title for title in titles if title)
    return max(counts, key=lambda title: (counts[title], len(title), title), default="")
