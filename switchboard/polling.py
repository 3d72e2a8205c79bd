"""The two kinds of worker as `switchboard.worker` sees them: one function that trades results for jobs.

poll = GeneratorExchange(client, worker="gpu-1", batch_size=13)
run_worker(poll, handle, shutdown)
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from switchboard.client import SwitchboardClient
from switchboard.messages import (
    CaptionJob,
    CaptionResult,
    GenerationJob,
    GenerationResult,
    GeneratorPoll,
    HeadWish,
    JobType,
    PictureJob,
    PictureResult,
    RawSelectJob,
    RawSelectResult,
    ResultStatus,
    SelectionJob,
    SelectionResult,
    SelectorPoll,
    SelectorPollReply,
    WorkerError,
)

JobT = TypeVar("JobT")

ResultIn = TypeVar("ResultIn", contravariant=True)

GeneratorJob = GenerationJob | RawSelectJob | CaptionJob | PictureJob
GeneratorAnswer = GenerationResult | RawSelectResult | CaptionResult | PictureResult


@dataclass(frozen=True)
class Exchanged(Generic[JobT]):
    """What one exchange brought.

    `jobs` and their lease `tokens` stand by job id, `statuses` say what became of each result, `leases`
    gives the seconds left of every lease that was renewed; one that is missing there is over.
    `lease_seconds` is the time of the new jobs' leases.
    """

    jobs: Mapping[str, JobT]
    tokens: Mapping[str, str]
    lease_seconds: Mapping[str, float]
    statuses: Mapping[str, ResultStatus]
    leases: Mapping[str, float]


class Exchange(Protocol[JobT, ResultIn]):
    """Trades results for jobs; raises the errors of `switchboard.errors`."""

    def __call__(
        self,
        results: Mapping[str, ResultIn | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[JobT]:
        """Post `results` by job id, renew exactly `leases`, and ask for up to `max_jobs`."""
        ...


class GeneratorExchange:
    """Polls as a generator.

    `worker` must be unique among all workers, and should stay the same over restarts: then a restarted
    generator's unfinished work is handed out again at once. `batch_size` is how many candidates it writes at
    once. `capabilities` are the types of job it serves; if None answers, textposts and scores. `on_heads` is
    told which heads are announced, `on_wishes` at each poll which the operator wants in use.
    """

    def __init__(
        self,
        client: SwitchboardClient,
        *,
        worker: str,
        batch_size: int = 1,
        capabilities: Sequence[JobType] | None = None,
        on_heads: Callable[[str], None] | None = None,
        on_wishes: Callable[[Sequence[HeadWish]], None] | None = None,
    ) -> None:
        self._client = client
        self._worker = worker
        self._batch_size = batch_size
        self._capabilities = list(capabilities) if capabilities is not None else None
        self._on_heads = on_heads
        self._on_wishes = on_wishes
        self._instance = secrets.token_hex(8)

    def __call__(
        self,
        results: Mapping[str, GeneratorAnswer | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[GeneratorJob]:
        """One POST /pollgenerator."""
        poll = GeneratorPoll(
            results={
                job_id: result.with_keys() if isinstance(result, GenerationResult) else result
                for job_id, result in results.items()
            },
            worker=self._worker,
            instance=self._instance,
            capabilities=self._capabilities,
            batch_size=self._batch_size,
            max_jobs=max_jobs,
            wait=wait_seconds,
            leases=list(leases),
        )
        reply = self._client.poll_generator(poll)
        if reply.heads is not None and self._on_heads is not None:
            self._on_heads(reply.heads)
        if self._on_wishes is not None:
            self._on_wishes(reply.wishes)
        held = {job_id: job.lease for job_id, job in reply.jobs.items() if job.lease is not None}
        return Exchanged(
            jobs=reply.jobs,
            tokens={job_id: lease.token for job_id, lease in held.items()},
            lease_seconds={job_id: lease.lasts_seconds for job_id, lease in held.items()},
            statuses=reply.statuses,
            leases=reply.leases,
        )


@dataclass(frozen=True)
class RetainedText:
    """A text of the retention list, with its scores."""

    text: str
    selector_probability: float
    sentiment_logit_difference: float
    autoreview: float | None = None


@dataclass(frozen=True)
class SelectionWork:
    """A candidate set, and the retention list as it was when the set was handed out."""

    job: SelectionJob
    retained: tuple[RetainedText, ...]


def _keep_all(_retained: Sequence[RetainedText]) -> list[str]:
    return []


class SelectorExchange:
    """Polls as a selector.

    `dropped` is the selector's rule for the retention list: given the list with its scores, the texts that
    are to leave it. It is asked after each poll, and its answer sent with the next.
    """

    def __init__(
        self,
        client: SwitchboardClient,
        *,
        worker: str,
        dropped: Callable[[Sequence[RetainedText]], list[str]] = _keep_all,
    ) -> None:
        self._client = client
        self._worker = worker
        self._dropped = dropped
        self._to_drop: list[str] = []
        self._instance = secrets.token_hex(8)

    def __call__(
        self,
        results: Mapping[str, SelectionResult | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[SelectionWork]:
        """One POST /pollselector."""
        poll = SelectorPoll(
            results=dict(results),
            worker=self._worker,
            instance=self._instance,
            max_jobs=max_jobs,
            wait=0.0 if self._to_drop else wait_seconds,
            leases=list(leases),
            retention_dropped=self._to_drop,
        )
        reply = self._client.poll_selector(poll)
        retained = retained_of(reply)
        self._to_drop = self._dropped(retained)
        sets = reply.SELECTION_PROMPT_STACK
        held = {job_id: job.lease for job_id, job in sets.items() if job.lease is not None}
        return Exchanged(
            jobs={job_id: SelectionWork(job, retained) for job_id, job in sets.items()},
            tokens={job_id: lease.token for job_id, lease in held.items()},
            lease_seconds={job_id: lease.lasts_seconds for job_id, lease in held.items()},
            statuses=reply.statuses,
            leases=reply.leases,
        )


def retained_of(reply: SelectorPollReply) -> tuple[RetainedText, ...]:
    """The scored part of the retention list, from the lists that carry it."""
    texts, reviews = (
        reply.RETENTION_STACK,
        reply.RETENTION_STACK_AUTOREVIEW or [None] * len(reply.RETENTION_STACK),
    )
    scores = zip(texts, reply.RETENTION_STACK_PROBA, reply.RETENTION_STACK_SENTIMENT, reviews, strict=True)
    return tuple(RetainedText(*scored) for scored in scores)
