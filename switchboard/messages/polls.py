"""How workers exchange results for work."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, FiniteFloat, model_validator

from switchboard.messages.fields import (
    MAX_CANDIDATES_PER_BATCH,
    MAX_JOBS_PER_POLL,
    MAX_RETAINED_TEXTS,
    Identifier,
    JobType,
    Label,
    LeaseTokens,
    Probability,
    ResultStatus,
    Text,
    Token,
    WaitSeconds,
    WireModel,
    WorkerName,
    is_none,
)
from switchboard.messages.jobs import GenerationJob, RawSelectJob, SelectionJob
from switchboard.messages.learning import MAX_HEADS, HeadWish
from switchboard.messages.pictures import CaptionJob, PictureJob
from switchboard.messages.results import GeneratorResult, SelectionResult, SelectorResult

_OF_2021 = frozenset({"results", "retention_stack", "n_retention"})
"""All that a worker of 2021 says in its polls."""


class _Poll(WireModel):
    worker: WorkerName | None = Field(None, description="name of the worker, unique and stable over restarts")
    instance: Label = Field(
        "", description="random for each start of the worker, to tell restarts from twins"
    )
    wait: WaitSeconds = Field(0.0, description="seconds to wait for work if there is none")
    max_jobs: int = Field(1, ge=0, le=MAX_JOBS_PER_POLL, description="jobs wanted; 0 only posts and renews")
    leases: LeaseTokens | None = Field(
        None,
        description="all leases this worker still holds: renewed, its other ones given back; null: neither",
    )

    @property
    def is_of_2021(self) -> bool:
        """Whether it says nothing that workers of 2021 do not say; these know no later part of a reply."""
        return self.model_fields_set <= _OF_2021


class GeneratorPoll(_Poll):
    """A generator posts results and asks for work (POST /pollgenerator, JSON)."""

    results: dict[Identifier, GeneratorResult] = Field(
        default_factory=dict, max_length=MAX_JOBS_PER_POLL, description="results by job id"
    )
    capabilities: list[JobType] | None = Field(
        None, max_length=8, description="types served; null: answer, textpost and raw_select"
    )
    batch_size: int = Field(
        1,
        ge=1,
        le=MAX_CANDIDATES_PER_BATCH,
        description="candidates it writes at once; a lease is for up to that many",
    )


class SelectorPoll(_Poll):
    """A selector posts results and asks for finished candidate sets (POST /pollselector, JSON)."""

    results: dict[Identifier, SelectorResult] = Field(
        default_factory=dict, max_length=MAX_JOBS_PER_POLL, description="results by job id"
    )
    retention_stack: list[Text] | None = Field(
        None,
        max_length=MAX_RETAINED_TEXTS,
        description="texts to take into the retention list (to bring an old one along)",
    )
    n_retention: int | None = Field(None, description="sent by selectors of 2021; not read")
    retention_dropped: list[Text] = Field(
        default_factory=list,
        max_length=MAX_RETAINED_TEXTS,
        description="texts whose score no longer suffices",
    )

    @property
    def owns_retained(self) -> bool:
        """Whether the list that comes with it is the whole one: selectors of 2021 keep it themselves."""
        return self.is_of_2021 and self.retention_stack is not None

    @model_validator(mode="after")
    def _results_name_their_job(self) -> Self:
        for key, result in self.results.items():
            if isinstance(result, SelectionResult) and result.base_id != key:
                raise ValueError(f"the result under {key} says base_id {result.base_id}")
        return self


GeneratorWork = Annotated[GenerationJob | RawSelectJob | CaptionJob | PictureJob, Field(discriminator="type")]


class _PollReply(WireModel):
    statuses: dict[Identifier, ResultStatus] = Field(
        default_factory=dict, description="what became of each result"
    )
    leases: dict[Token, FiniteFloat] = Field(
        default_factory=dict,
        description="leases that were renewed, with the seconds they last; others are over",
    )


class GeneratorPollReply(_PollReply):
    """Jobs for a generator, and what became of its results.

    On the wire the jobs stand by id beside "$statuses" and "$leases", and "$heads" and "$wishes" where there
    are any (an id cannot contain a dollar sign).
    """

    jobs: dict[Identifier, GeneratorWork] = Field(default_factory=dict, description="jobs by id")
    heads: Label | None = Field(
        None, description="version of the heads that generators are to use, if announced"
    )
    wishes: list[HeadWish] = Field(
        default_factory=list,
        max_length=MAX_HEADS,
        description="heads that the operator wants in use",
    )

    def to_wire(self, *, jobs_alone: bool = False) -> dict[str, Any]:
        """The flat form; with ``jobs_alone`` as workers of 2021 know it, to whom every key is a job."""
        inner = self.model_dump(mode="json")
        if jobs_alone:
            return dict(inner["jobs"])
        beside = {f"${name}": inner[name] for name in ("heads", "wishes") if inner[name]}
        return {**inner["jobs"], "$statuses": inner["statuses"], "$leases": inner["leases"], **beside}

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """Reads the flat form."""
        jobs = {key: job for key, job in body.items() if not key.startswith("$")}
        return cls.model_validate(
            {
                "jobs": jobs,
                "statuses": body.get("$statuses", {}),
                "leases": body.get("$leases", {}),
                "heads": body.get("$heads"),
                "wishes": body.get("$wishes", []),
            }
        )


class HeadsAnnouncement(WireModel):
    """Heads that running generators are to take up (POST /announce, JSON)."""

    heads: Label = Field(min_length=1, description="their version, as the training command names it")


class SelectorPollReply(_PollReply):
    """Finished candidate sets for a selector, the scored part of the retention list, and result statuses."""

    SELECTION_PROMPT_STACK: dict[Identifier, SelectionJob] = Field(
        default_factory=dict, description="sets by job id"
    )
    RETENTION_STACK: list[Text] = Field(
        default_factory=list, description="retained texts that have scores, sorted"
    )
    RETENTION_STACK_PROBA: list[Probability] = Field(
        default_factory=list, description="their selector probabilities"
    )
    RETENTION_STACK_SENTIMENT: list[FiniteFloat] = Field(
        default_factory=list, description="their sentiment logit differences"
    )
    RETENTION_STACK_AUTOREVIEW: list[Probability | None] | None = Field(
        None,
        description="their probabilities of being rejected; left out where no model gave any",
        exclude_if=is_none,
    )

    def to_2021(self, texts: Sequence[str] | None) -> dict[str, Any]:
        """The reply for a selector of 2021: scores in the order of its own list, null until all are known."""
        scores = dict(zip(self.RETENTION_STACK, self.RETENTION_STACK_PROBA, strict=True))
        are_known = texts is not None and all(text in scores for text in texts)
        return {
            "SELECTION_PROMPT_STACK": self.model_dump(mode="json")["SELECTION_PROMPT_STACK"],
            "RETENTION_STACK_PROBA": [scores[text] for text in texts or ()] if are_known else None,
        }
