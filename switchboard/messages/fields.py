"""The kinds of field that wire messages are made of, with the limits of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, JsonValue, StringConstraints

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_JSON_DEPTH = 16
MAX_ID_CHARACTERS = 128
MAX_QUESTION_CHARACTERS = 200_000
MAX_PROMPT_CHARACTERS = 2 * MAX_QUESTION_CHARACTERS + 1_000  # cleaning a question can make it longer
MAX_TEXT_CHARACTERS = 50_000
MAX_TEXTS = 64
MAX_CANDIDATES_PER_BATCH = 64
MAX_JOBS_PER_POLL = 64
MAX_WAIT_SECONDS = 30.0
MAX_RETAINED_TEXTS = 500
MAX_SCORED_CANDIDATES = 1024  # all candidates of a job together with the whole retention list
MAX_LABEL_CHARACTERS = 200
MAX_ERROR_CHARACTERS = 2_000
MAX_TAGS = 200
MAX_MENTIONS = 200


class WireModel(BaseModel):
    """Base of everything that crosses the wire: immutable; unknown fields, NaN and infinity refused."""

    # Messages carry people's texts: an error about one must not put them into a log.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def is_none(value: object) -> bool:
    """Whether a later addition to a message has nothing to say; it is then left out, as if unknown."""
    return value is None


def _empty_is_false(value: object) -> object:
    return False if value == "" else value


JobType = Literal["answer", "textpost", "raw_select", "caption", "picture"]
"""What a worker is asked to do. This is the whole list: nothing else is ever called by name."""

SINGLE_SHOT: frozenset[JobType] = frozenset({"raw_select", "caption", "picture"})
"""Types of which one worker does the whole; the others are candidates, which several may write."""

JobState = Literal[
    "submitted",
    "generating",
    "generated",
    "selecting",
    "finished",
    "acknowledged",
    "failed",
    "expired",
    "cancelled",
    "unknown",
]
"""Where a job stands. States only move forward; `unknown` is the answer about an id that is not stored."""

ResultStatus = Literal[
    "accepted", "duplicate", "surplus", "unknown", "stale_lease", "already finished", "refused"
]
"""What became of a posted result. Every one of them is final: the worker may forget the result."""

Flag = Annotated[bool, BeforeValidator(_empty_is_false)]
"""A yes or no: 0/1, true/false, yes/no, on/off; empty text is no."""

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$", min_length=1, max_length=MAX_ID_CHARACTERS),
]
WorkerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:@-]+$", min_length=1, max_length=64)]
Label = Annotated[str, StringConstraints(max_length=MAX_LABEL_CHARACTERS)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARACTERS)]
LongText = Annotated[str, StringConstraints(max_length=MAX_QUESTION_CHARACTERS)]
PromptText = Annotated[str, StringConstraints(max_length=MAX_PROMPT_CHARACTERS)]
ErrorText = Annotated[str, StringConstraints(max_length=MAX_ERROR_CHARACTERS)]
Probability = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_CHARACTERS)]
ModelInfo = Annotated[dict[Label, JsonValue], Field(max_length=64)]
WaitSeconds = Annotated[FiniteFloat, Field(ge=0.0, le=MAX_WAIT_SECONDS)]
LeaseTokens = Annotated[list[Token], Field(max_length=MAX_JOBS_PER_POLL)]
