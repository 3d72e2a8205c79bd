"""A server as the rest of the generator knows it: prompts and samplings in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from autoresponder.completions.answers import Completion
from autoresponder.completions.client import CompletionsClient
from autoresponder.completions.kinds import SERVERS, Sampling
from autoresponder.completions.prompts import PromptTexts, SentPrompt, as_ids
from autoresponder.errors import ServerFailedError
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import CompletionsConfig

GREEDY: dict[str, JsonValue] = {"temperature": 0}


@dataclass(frozen=True)
class Question:
    """A request: so many texts behind a prompt, each of at most so many tokens."""

    prompt: tuple[int, ...]
    texts: int
    most_tokens: int
    seed: int
    sampling: Sampling


class CompletionsServer:
    """A model on a completions server; safe to share between threads."""

    def __init__(
        self, client: CompletionsClient, settings: CompletionsConfig, model: str, encoder: TextEncoder
    ) -> None:
        """``model`` is its name on the server, ``encoder`` its tokenizer."""
        self.model = model
        self._client = client
        self._kind = SERVERS[settings.server]
        self._encoder = encoder
        self._texts = PromptTexts(encoder) if settings.prompts == "text" else None

    def write(self, question: Question) -> Completion:
        """Texts drawn with a sampling. Raises the errors of ``CompletionsClient``."""
        fields = self._kind.fields(question.sampling, self._encoder.eot)
        return self._ask(
            question.prompt,
            question.texts,
            {**fields, "seed": question.seed, "max_tokens": question.most_tokens},
        )

    def most_likely(self, prompt: Sequence[int], most_tokens: int) -> str:
        """What the model finds most likely behind a prompt. Raises the errors of ``CompletionsClient``."""
        return self._ask(prompt, 1, {**GREEDY, "max_tokens": most_tokens}).choices[0].text

    def _ask(self, prompt: Sequence[int], texts: int, fields: dict[str, JsonValue]) -> Completion:
        sent = self._sent(prompt)
        many: dict[str, JsonValue] = {"n": texts} if texts > 1 else {}
        completion = self._client.complete(
            {"model": self.model, "prompt": sent.content, **many, **fields}, texts
        )
        counted = completion.usage.prompt_tokens
        if counted is not None and counted != sent.tokens:
            raise ServerFailedError(f"the server reads {counted} tokens where {sent.tokens} were sent")
        return completion

    def _sent(self, prompt: Sequence[int]) -> SentPrompt:
        return as_ids(prompt) if self._texts is None else self._texts.as_text(prompt)
