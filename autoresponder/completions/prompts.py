"""A prompt as a server gets it: token ids, or for one that takes none, text without a user's control tokens.

A server that is sent text reads ``<|endoftext|>`` in a user's words as the token. So such words are changed:
an invisible character is put behind their first one. How many tokens the server counted is compared with how
many there should be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from autoresponder.model.encoding import TextEncoder

BREAK = "\u200b"  # zero width space


@dataclass(frozen=True)
class SentPrompt:
    """What goes into a request, and how many tokens the server should count in it."""

    content: str | list[JsonValue]
    tokens: int


def as_ids(ids: Sequence[int]) -> SentPrompt:
    return SentPrompt(list(ids), len(ids))


class PromptTexts:
    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._start = str(encoder.tokenizer.eos_token)
        known = sorted(encoder.tokenizer.all_special_tokens, key=len, reverse=True)
        self._controls = re.compile("|".join(re.escape(token) for token in known))

    def as_text(self, ids: Sequence[int]) -> SentPrompt:
        """The text of ids, of which the first is the end token and no other one is."""
        words = self.disarmed(self._encoder.decode(ids[1:]))
        return SentPrompt(self._start + words, 1 + len(self._encoder.encode_text(words)))

    def disarmed(self, words: str) -> str:
        """Words in which no control token is spelled out."""
        return self._controls.sub(lambda found: found[0][:1] + BREAK + found[0][1:], words)
