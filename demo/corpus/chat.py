"""Prompts in the chat form of the model that writes the corpus (ChatML, as SmolLM 2 was tuned with)."""

from __future__ import annotations

from collections.abc import Sequence

from autoresponder.model.encoding import TextEncoder
from demo.corpus.tables import Voice

START, END = "<|im_start|>", "<|im_end|>"


class ChatForm:
    """Turns of a conversation as token ids. Words never become control tokens, whoever wrote them."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        vocabulary = encoder.tokenizer.get_vocab()
        self._start, self.end = vocabulary[START], vocabulary[END]
        self._newline = encoder.encode_text("\n")

    def beginning(self, voice: Voice) -> list[int]:
        """What all conversations with one voice begin with: its page, and its examples as turns."""
        ids = self._turn("system", voice.system)
        for said, answered in voice.examples:
            ids += [*self._turn("user", said), *self._turn("assistant", answered)]
        return ids

    def asked(self, turns: Sequence[str]) -> list[int]:
        """What follows the beginning: turns of the user and the voice, the user's last, and who is next."""
        ids: list[int] = []
        for number, text in enumerate(turns):
            ids += self._turn("assistant" if number % 2 else "user", text)
        return [*ids, self._start, *self._encoder.encode_text("assistant\n")]

    def words(self, text: str) -> list[int]:
        """Plain words, with which a turn is begun."""
        return self._encoder.encode_text(text) if text else []

    def _turn(self, who: str, text: str) -> list[int]:
        return [self._start, *self._encoder.encode_text(f"{who}\n{text}"), self.end, *self._newline]
