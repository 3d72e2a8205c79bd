"""How likely the bot is to speak next in a thread: the probability of its name where the next one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from autoresponder.errors import NotFiniteError
from autoresponder.heads.length_batches import PASS_TOKENS, padded, passes
from autoresponder.model.encoding import TextEncoder
from munging.control import END
from munging.prompts.next_speaker import SpeakerPrompt


@dataclass(frozen=True)
class Odds:
    """The probability of the bot's name behind a thread, and behind the last line of it alone."""

    after_thread: float
    after_line: float


@dataclass(frozen=True)
class _Row:
    """A text's ids and those of the name behind it; ``barred`` are ids with which no name may begin."""

    before: tuple[int, ...]
    name: tuple[int, ...]
    barred: tuple[int, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """What the network reads: the name's last id is asked for, not read."""
        return self.before + self.name[:-1]


class NextSpeaker:
    """A generator, asked who speaks next."""

    def __init__(
        self,
        network: PreTrainedModel,
        encoder: TextEncoder,
        positions: int,
        pass_tokens: int = PASS_TOKENS,
    ) -> None:
        """``positions`` is the longest row the network reads, ``pass_tokens`` bounds a pass over several."""
        self._network = network
        self._encoder = encoder
        self._positions = positions
        self._pass_tokens = pass_tokens

    def odds(self, prompts: Sequence[SpeakerPrompt]) -> list[Odds]:
        """The probabilities for each prompt. Raises NotFiniteError.

        A name of several tokens has the product of their probabilities. The first token of every other
        speaker's name is impossible, unless the bot's begins with it; all other tokens share what it would
        have had. Of a thread too long to be read the end counts.
        """
        asked = [(self._row(one, one.before), self._row(one, one.last_line)) for one in prompts]
        rows = list(dict.fromkeys(row for pair in asked for row in pair))
        found: dict[_Row, float] = {}
        for batch in passes(rows, self._pass_tokens):
            found.update(zip(batch, self._probabilities(batch), strict=True))
        return [Odds(found[thread], found[line]) for thread, line in asked]

    def _row(self, prompt: SpeakerPrompt, text: str) -> _Row:
        name = tuple(self._encoder.encode_text(prompt.name))
        words = self._encoder.encode_text(text.replace(END, ""))
        room = self._positions - len(name)
        first = {self._encoder.encode_text(other)[0] for other in prompt.others}
        kept = words[max(0, len(words) - room) :]
        return _Row((self._encoder.eot, *kept), name, tuple(sorted(first - {name[0]})))

    @torch.inference_mode()
    def _probabilities(self, batch: Sequence[_Row]) -> list[float]:
        """The probability of each row's name."""
        ids = padded(batch).to(self._network.device)
        base: Any = self._network.base_model
        hidden = base(
            ids, attention_mask=torch.ones_like(ids), use_cache=False
        ).last_hidden_state  # (B, T, d)
        return [self._probability(row, hidden[place]) for place, row in enumerate(batch)]

    def _probability(self, row: _Row, hidden: Tensor) -> float:
        """The probability of one row's name, given the network's last states (T, d)."""
        network: Any = self._network
        project = network.get_output_embeddings()
        at = slice(len(row.before) - 1, len(row.ids))
        logits = project(hidden[at]).double()  # (tokens of the name, vocabulary)
        logits[0, list(row.barred)] = -torch.inf
        logs = logits.log_softmax(-1)
        total = logs[torch.arange(len(row.name)), torch.tensor(row.name)].sum()
        if bool(total.isnan()):
            raise NotFiniteError("the network's outputs are not finite numbers")
        return float(total.exp())
