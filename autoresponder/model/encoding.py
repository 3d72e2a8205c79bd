"""Text to token ids and back.

The end token (EOT) is the only control token. It enters a row as an id, put there by this module,
never as text: every text is encoded with the tokenizer's special tokens switched off, so whatever
a user types stays text. All pieces of a prompt are encoded in one go, because the model was trained
on whole documents, in which a token may span structure and text (" hello" after a newline).
"""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerFast

from autoresponder.errors import TokenizerMismatchError
from munging.control import END
from munging.prompts.formats import Prompt

UNFINISHED = "\ufffd"  # what a decoder gives for bytes that are not yet a whole character


class TextEncoder:
    """A tokenizer with the end token's id, and no way for text to become a control token."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        """Take a tokenizer; raises TokenizerMismatchError when it cannot keep text and control apart."""
        if not isinstance(tokenizer.eos_token_id, int):
            raise TokenizerMismatchError(
                "the tokenizer names no end token", "set eos_token in tokenizer_config.json"
            )
        self.tokenizer = tokenizer
        self.eot: int = tokenizer.eos_token_id
        special = set(tokenizer.all_special_ids)
        for text in tokenizer.all_special_tokens:
            if special & set(self.encode_text(text)):
                raise TokenizerMismatchError(
                    f"the tokenizer reads the text {text!r} as a control token even where that is forbidden",
                    "use the tokenizer.json the checkpoint was trained with",
                )

    def __len__(self) -> int:
        """Number of ids up to the last that the tokenizer knows."""
        return max(self.tokenizer.get_vocab().values()) + 1

    def encode_text(self, text: str) -> list[int]:
        """Encode text in which nothing is control, whoever wrote it."""
        ids: list[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True, verbose=False
        )
        return ids

    def encode_prompt(self, prompt: Prompt) -> list[int]:
        """Encode a prompt: the end token exactly once, in front, then the text without end marks.

        Nobody's words hold that mark. The text of the tokenizer's own end token stays in them, as text.
        """
        return [self.eot, *self.encode_text(prompt.text.replace(END, ""))]

    def encode_for_head(self, text: str, max_tokens: int) -> list[int]:
        """Encode a text that a head is to judge: end token, text, end token (the selection token).

        A text too long loses its end: the row is the first ``max_tokens - 1`` ids and the selection
        token. End marks in the text are dropped, for a head looks at the last one.
        """
        ids = [self.eot, *self.encode_text(text.replace(END, ""))]
        return [*ids[: max_tokens - 1], self.eot]

    def decode(self, ids: Sequence[int]) -> str:
        """Give the text of ids, control tokens left out."""
        text: str = self.tokenizer.backend_tokenizer.decode(list(ids), skip_special_tokens=True)
        return text


class Detokenizer:
    """Text of a row that grows by one id at a time, in constant work per id.

    A character can span several ids; its bytes are held back until it is whole. ``text`` is always
    a prefix of the decoding of all ids, and equal to it after ``finish``.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._ids: list[int] = []
        self._context = 0  # where the ids begin that are decoded again, so that joins come out right
        self._read = 0  # ids before this one are in the text
        self.text = ""

    def push(self, token: int) -> str:
        """Add an id; return the text that became whole by it."""
        self._ids.append(token)
        known = self._encoder.decode(self._ids[self._context : self._read])
        seen = self._encoder.decode(self._ids[self._context :])
        if seen.endswith(UNFINISHED):
            return ""
        return self._take(seen[len(known) :])

    def finish(self) -> str:
        """Give out what is held back, whole or not; return the whole text."""
        known = self._encoder.decode(self._ids[self._context : self._read])
        seen = self._encoder.decode(self._ids[self._context :])
        self._take(seen[len(known) :])
        return self.text

    def _take(self, new: str) -> str:
        self._context, self._read = self._read, len(self._ids)
        self.text += new
        return new
