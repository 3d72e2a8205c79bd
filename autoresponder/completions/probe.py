"""What a server can do, tried out before it is relied on; what it cannot is refused by name.

A server that does not know a field leaves it out and says nothing. So a sampler is asked for with numbers
that leave one token each time, where without it the texts of two seeds would hardly be the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autoresponder.completions.client import CompletionsClient
from autoresponder.completions.kinds import MIROSTAT_1, SERVERS, Sampling
from autoresponder.completions.server import CompletionsServer, Question
from autoresponder.errors import ModelError, ServerFailedError, ServerRefusedError
from autoresponder.model.encoding import TextEncoder
from autoresponder.sampling.registry import numbers_of
from autoresponder.settings import CompletionsConfig, GeneratorConfig
from bot_network import shown_url

TEXT = "Once upon a time there was a river, and"
TOKENS = 12
USUAL_TARGET = 2.0  # bits
HOT = 5.0  # a temperature at which hardly two texts are the same
ONE_TOKEN = 1e-4  # a mass that one token has, and a target in bits that one token meets


@dataclass(frozen=True)
class Found:
    """A model on a server that can do what it is asked for."""

    model: str
    longest_row: int | None = None
    """Tokens, where the server says so."""


def look_at(client: CompletionsClient, settings: GeneratorConfig, encoder: TextEncoder, window: int) -> Found:
    """Try a server out with what it will be asked for; ``window`` in tokens.

    Raises ModelError for what it cannot do, ServerUnreachableError when it is away.
    """
    name, served = settings.sampler.name, settings.completions
    known = SERVERS[served.server].samplers
    if name not in known:
        raise ModelError(
            f"a server of kind {served.server} has no sampler {name}",
            f"set generator.sampler.name to {' or '.join(known)}",
        )
    model, longest = _model(client, served)
    server = CompletionsServer(client, served, model, encoder)
    prompt = (encoder.eot, *encoder.encode_text(TEXT))
    usual = Question(prompt, 1, TOKENS, 1, Sampling(name, numbers_of(settings.sampler, window), USUAL_TARGET))
    _takes_prompt(server, served, usual)
    texts = min(served.choices_per_request, settings.batch_size)
    _writes_many(server, replace(usual, texts=texts, most_tokens=2))
    _draws(server, name, usual)
    return Found(model, longest)


def _model(client: CompletionsClient, settings: CompletionsConfig) -> tuple[str, int | None]:
    """The model's name on the server, and the longest row that it reads; some servers cannot list models."""
    try:
        listed = {model.id: model.max_model_len for model in client.models()}
    except (ServerRefusedError, ServerFailedError) as error:
        if settings.model:
            return settings.model, None
        raise ModelError(
            f"{shown_url(settings.url)} lists no models: {error}",
            "name one in generator.completions.model, and mind url and token",
        ) from None
    if settings.model:
        return settings.model, listed.get(settings.model)
    if len(listed) != 1:
        raise ModelError(
            f"the server at {shown_url(settings.url)} lists not one model but {', '.join(listed) or 'none'}",
            "name one in generator.completions.model",
        )
    return next(iter(listed.items()))


def _takes_prompt(server: CompletionsServer, settings: CompletionsConfig, question: Question) -> None:
    """Whether the prompt arrives as it was sent."""
    try:
        server.write(question)
    except (ServerRefusedError, ServerFailedError) as error:
        form = {"ids": "token ids", "text": "text"}[settings.prompts]
        hint = (
            "use a server that does, or set generator.completions.prompts to text and mind what it says there"
        )
        other = "let generator.model be the folder of the very model that is served"
        raise ModelError(
            f"the server does not take a prompt of {form}: {error}",
            hint if settings.prompts == "ids" else other,
        ) from None


def _writes_many(server: CompletionsServer, question: Question) -> None:
    """Whether it writes as many texts as it is asked for."""
    if question.texts == 1:
        return
    try:
        server.write(question)
    except (ServerRefusedError, ServerFailedError) as error:
        raise ModelError(
            f"the server does not write {question.texts} texts for one request (n): {error}",
            "lower generator.completions.choices_per_request, to 1 if it does not know n",
        ) from None


def _draws(server: CompletionsServer, name: str, question: Question) -> None:
    """Whether it draws at all, and draws with the sampler."""
    numbers = question.sampling.numbers
    if name != MIROSTAT_1:
        free = Sampling(name, replace(numbers, temperature=HOT, top_p=1.0))
        if _same(_two(server, replace(question, sampling=free))):
            raise ModelError(
                "the server writes the same text whatever the seed, even at a high temperature",
                "let it draw: look for its settings of sampling and seeds",
            )
    narrow = Sampling(name, replace(numbers, temperature=HOT, top_p=ONE_TOKEN), target=ONE_TOKEN)
    if not _same(_two(server, replace(question, sampling=narrow))):
        raise ModelError(
            f"the server does not draw with the sampler {name}: its numbers change nothing",
            "set generator.sampler.name to another one, or generator.completions.server to what serves there",
        )


def _two(server: CompletionsServer, question: Question) -> list[str]:
    """Texts of two seeds."""
    try:
        return [server.write(replace(question, seed=seed)).choices[0].text for seed in (1, 2)]
    except (ServerRefusedError, ServerFailedError) as error:
        raise ModelError(
            f"the server does not draw as it is asked to: {error}",
            "mind generator.completions.server, which says what serves there",
        ) from None


def _same(texts: Sequence[str]) -> bool:
    return len(set(texts)) == 1
