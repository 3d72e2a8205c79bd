"""A store on a bench: a clock one turns by hand, and short words for what clients and workers do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from switchboard.job_factory import JobRules, draft
from switchboard.messages import (
    AnswerRequest,
    GenerationResult,
    GeneratorPoll,
    GeneratorPollReply,
    MoodRecord,
    RawSelectRequest,
    RawSelectResult,
    SelectionJob,
    SelectionResult,
    SelectorPoll,
    SelectorPollReply,
    SubmitReply,
    TextpostRequest,
    WorkerError,
)
from switchboard.settings import SwitchboardConfig
from switchboard.store import JobStore, Transition

START = 1_800_000_000.0


class FakeClock:
    """Unix seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def generation_result(
    count: int,
    *,
    lease: str | None = None,
    keys: Sequence[str] | None = None,
    text: str = "text",
    more: bool = False,
) -> GenerationResult:
    """A batch of `count` candidates; texts are numbered."""
    return GenerationResult(
        continuations=[f"{text} {index}" for index in range(count)],
        mirotarg=[2.0] * count,
        selection_proba=[0.5] * count,
        sentiment_logit_diffs=[0.25] * count,
        model_info={"model_name": "toy"},
        lease=lease,
        candidate_keys=list(keys) if keys is not None else None,
        more=more,
    )


def scores(count: int, *, lease: str | None = None, value: float = 0.5) -> RawSelectResult:
    """Scores for `count` texts."""
    return RawSelectResult(
        selection_proba=[value] * count, sentiment_logit_diffs=[1.0] * count, model_info={}, lease=lease
    )


def choice(
    job_id: str, mood: MoodRecord, *, post: str = "chosen", lease: str | None = None, **fields: Any
) -> SelectionResult:
    """A selector's answer."""
    values = {"post": post, "choice_ix": 0, "choice_index": 0, "mood": mood, "base_id": job_id, **fields}
    return SelectionResult.model_validate({**values, "lease": lease})


class Bench:
    """A store, and the verbs of the people around it."""

    def __init__(
        self, url: str, settings: SwitchboardConfig | None = None, rules: JobRules | None = None
    ) -> None:
        self.url = url
        settings = settings or SwitchboardConfig(
            generation_lease_seconds=600.0, raw_select_lease_seconds=120.0, selection_lease_seconds=120.0
        )
        self.settings = settings.model_copy(update={"database_url": url})
        self.rules = rules or JobRules(rejection_sample=())
        self.clock = FakeClock()
        self.transitions: list[Transition] = []
        self._tokens = (f"token{number}" for number in itertools.count())
        self.store = self._open()

    def _open(self) -> JobStore:
        store = JobStore(
            self.settings,
            clock=self.clock,
            new_token=lambda: next(self._tokens),
            written_now=lambda: "3 PM February 2021",
        )
        store.observe(self.transitions.extend)
        return store

    def restart(self) -> None:
        """Close the store, and open its database again, as a new process would."""
        self.store.close()
        self.store = self._open()

    def answer(self, job_id: str = "a", **fields: Any) -> SubmitReply:
        values = {"question": "how are you?", "asking_name": "bob", **fields}
        return self.store.submit(draft(AnswerRequest(id=job_id, **values), self.rules))

    def textpost(self, job_id: str = "t", **fields: Any) -> SubmitReply:
        return self.store.submit(draft(TextpostRequest(id=job_id, **fields), self.rules))

    def raw_select(
        self, job_id: str = "r", texts: Sequence[str] = ("one", "two"), **fields: Any
    ) -> SubmitReply:
        return self.store.submit(draft(RawSelectRequest(id=job_id, texts=list(texts), **fields), self.rules))

    def poll(self, worker: str | None = "g1", **fields: Any) -> GeneratorPollReply:
        """A generator's poll that takes everything there is, unless told otherwise."""
        values = {"batch_size": 64, "max_jobs": 64, **fields}
        return self.store.exchange_generator(GeneratorPoll(worker=worker, **values))

    def select(self, worker: str | None = "s1", **fields: Any) -> SelectorPollReply:
        """A selector's poll that takes everything there is, unless told otherwise."""
        return self.store.exchange_selector(SelectorPoll(worker=worker, **{"max_jobs": 64, **fields}))

    def post(
        self, job_id: str, result: GenerationResult | RawSelectResult | WorkerError, worker: str | None = "g1"
    ) -> str:
        """Post one generator's result without taking work; its status."""
        return self.poll(worker, results={job_id: result}, max_jobs=0).statuses[job_id]

    def post_choice(
        self, job_id: str, result: SelectionResult | WorkerError, worker: str | None = "s1"
    ) -> str:
        """Post one selector's result without taking work; its status."""
        return self.select(worker, results={job_id: result}, max_jobs=0).statuses[job_id]

    def lease_of(self, job_id: str, worker: str = "g1", batch_size: int = 64) -> str:
        """Take work as a generator; the token of the lease on this job."""
        lease = self.poll(worker, batch_size=batch_size).jobs[job_id].lease
        assert lease is not None
        return lease.token

    def generate(self, job_id: str) -> None:
        """Have all candidates written that are still wanted, and more than that."""
        keys = [f"{job_id}:{next(self._tokens)}" for _ in range(64)]
        assert self.post(job_id, generation_result(64, keys=keys)) == "accepted"

    def take_set(self, job_id: str, worker: str = "s1") -> SelectionJob:
        """Take the finished candidate set as a selector."""
        return self.select(worker).SELECTION_PROMPT_STACK[job_id]

    def finish(self, job_id: str, **fields: Any) -> None:
        """Bring an answer or text post to its end."""
        self.generate(job_id)
        job = self.take_set(job_id)
        assert job.lease is not None
        result = choice(job_id, job.kwargs.mood, lease=job.lease.token, **fields)
        assert self.post_choice(job_id, result) == "accepted"

    def state(self, job_id: str) -> str:
        return self.store.result(job_id).state

    def line(self, job_id: str) -> dict[str, Any]:
        """Everything that is stored about a job."""
        detail = self.store.status(job_id).job
        assert detail is not None
        return detail
