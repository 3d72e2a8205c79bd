"""What a completions server answers, read as far as it is used; anything else in it is left alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

MOST_CHOICES = 64
MOST_CHARACTERS = 1_000_000  # of one text
MOST_TOKENS = 1_000_000
SHOWN = 200  # characters of a refusal that are repeated

Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class NonsenseError(ValueError):
    """An answer that is not one of a completions server."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Choice(_Read):
    index: Count = 0
    text: str = Field(max_length=MOST_CHARACTERS)
    finish_reason: Literal["stop", "length"]
    logprobs: list[FiniteFloat] | None = Field(None, max_length=MOST_TOKENS)
    """Of each token, in nats, where the server tells them."""

    @model_validator(mode="before")
    @classmethod
    def _either_form(cls, content: Any) -> Any:
        """OpenAI's ``token_logprobs`` is a list; llama.cpp has an object for each token under ``content``."""
        given = content.get("logprobs") if isinstance(content, dict) else None
        if not isinstance(given, dict):
            return content
        found = given.get("token_logprobs")
        if found is None and isinstance(given.get("content"), list):
            found = [one.get("logprob") if isinstance(one, dict) else None for one in given["content"]]
        return {**content, "logprobs": found}


class _Details(_Read):
    cached_tokens: Count | None = None


class Usage(_Read):
    """Tokens that the server counted."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None

    @property
    def known_tokens(self) -> int:
        """Tokens of the prompt that the server had read before."""
        details = self.prompt_tokens_details
        return (details.cached_tokens or 0) if details else 0


class Completion(_Read):
    """An answer: one or more texts behind a prompt."""

    choices: list[Choice] = Field(min_length=1, max_length=MOST_CHOICES)
    usage: Usage = Usage()

    def in_order(self) -> list[Choice]:
        """The texts by their index."""
        return sorted(self.choices, key=lambda choice: choice.index)


class ServedModel(_Read):
    """A model that the server lists."""

    id: str = Field(max_length=1000)
    max_model_len: Annotated[int, Field(ge=1)] | None = None
    """The longest row it reads, where it says so (vLLM)."""


class ServedModels(_Read):
    data: list[ServedModel] = Field(max_length=10_000)


def read_completion(body: bytes, wanted: int) -> Completion:
    """An answer with the wanted number of texts. Raises NonsenseError."""
    try:
        completion = Completion.model_validate_json(body)
    except ValidationError as error:
        raise NonsenseError(_first(error)) from None
    indices = {choice.index for choice in completion.choices}
    if len(completion.choices) != wanted or len(indices) != wanted:
        raise NonsenseError(f"{len(indices)} texts came where {wanted} were asked for")
    return completion


def read_models(body: bytes) -> list[ServedModel]:
    """The models that the server lists. Raises NonsenseError."""
    try:
        return ServedModels.model_validate_json(body).data
    except ValidationError as error:
        raise NonsenseError(_first(error)) from None


def shown(body: bytes) -> str:
    """The beginning of a refusal, on one line."""
    return " ".join(body[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
