"""The store against a model of a few lines: any message in any order, time passing and restarts between."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from switchboard.job_factory import JobRules
from switchboard.messages import MoodRecord, WorkerError
from switchboard.settings import CandidatesConfig
from tests.switchboard.bench import Bench, choice, generation_result, scores
from tests.switchboard.model import LEASE, OPEN, SETTINGS, WANTED, ModelJob, ModelLease

WORKERS = st.sampled_from(["w1", "w2", "w3"])
MANY = 1_000_000
MOOD = MoodRecord(name="unrestricted", min_allowed_score=-9.0, max_allowed_score=9.0)


class StoreMachine(RuleBasedStateMachine):
    """Clients, generators and selectors that do anything at any time, messages repeated and delayed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'store.sqlite'}"
        self.bench = Bench(url, SETTINGS, JobRules(CandidatesConfig(answer=WANTED), rejection_sample=()))
        self.jobs: dict[str, ModelJob] = {}
        self.numbers = itertools.count()
        self.batches: list[
            tuple[str, str, list[str], str]
        ] = []  # job, lease, keys, worker: sent once or more

    def teardown(self) -> None:
        self.bench.store.close()
        self.folder.cleanup()

    @property
    def now(self) -> float:
        return self.bench.clock.now

    def pick(self, index: int, *states: str, kind: str | None = None) -> str | None:
        """Some job in one of these states."""
        ids = [i for i, job in self.jobs.items() if job.state in states and kind in (None, job.kind)]
        return ids[index % len(ids)] if ids else None

    def expire(self) -> None:
        """What every verb of workers does first."""
        for job in self.jobs.values():
            ended = [lease for lease in job.leases if lease.ends <= self.now]
            job.leases = [lease for lease in job.leases if lease.ends > self.now]
            for _lease in ended:
                job.fail_attempt(self.now)

    # --- clients

    @initialize()
    def some_jobs(self) -> None:
        for kind in ("answer", "answer", "raw_select"):
            self.submit(kind)

    @rule(kind=st.sampled_from(["answer", "raw_select"]))
    def submit(self, kind: str) -> None:
        job_id = f"j{next(self.numbers)}"
        reply = self.bench.answer(job_id) if kind == "answer" else self.bench.raw_select(job_id)
        assert not reply.collision
        self.jobs[job_id] = ModelJob(kind, self.now, state_at=self.now)

    @precondition(lambda self: self.jobs)
    @rule(index=st.integers(0, MANY))
    def submit_again(self, index: int) -> None:
        job_id = list(self.jobs)[index % len(self.jobs)]
        answer = self.jobs[job_id].kind == "answer"
        reply = self.bench.answer(job_id) if answer else self.bench.raw_select(job_id)
        assert (reply.collision, reply.state) == (True, self.jobs[job_id].state)

    @precondition(lambda self: self.jobs)
    @rule(index=st.integers(0, MANY))
    def read_result(self, index: int) -> None:
        job_id = list(self.jobs)[index % len(self.jobs)]
        job, found = self.jobs[job_id], self.bench.store.result(job_id)
        assert (found.state, found.done) == (job.state, job.state not in OPEN)
        assert (found.body is not None) == (job.state == "finished")
        assert found.body is None or (job.result is not None and job.result in found.body)
        assert (found.error is not None) == (job.state in ("failed", "expired", "cancelled", "acknowledged"))
        if found.done and job.delivered_at is None:
            job.delivered_at = self.now

    @rule(index=st.integers(0, MANY), state=st.sampled_from([*OPEN, "finished", "failed"]))
    def acknowledge(self, index: int, state: str) -> None:
        job_id = self.pick(index, state)
        if job_id is None:
            return
        job = self.jobs[job_id]
        if job.state == "finished":
            job.move("acknowledged", self.now)
        assert self.bench.store.acknowledge(job_id) == job.state

    @rule(index=st.integers(0, MANY), state=st.sampled_from([*OPEN, "finished"]))
    def cancel(self, index: int, state: str) -> None:
        job_id = self.pick(index, state)
        if job_id is None:
            return
        job = self.jobs[job_id]
        if job.state in OPEN:
            job.give_up("cancelled", self.now)
        assert self.bench.store.cancel(job_id) == job.state

    # --- generators

    def handable(self) -> list[str]:
        ids = []
        for job_id, job in self.jobs.items():
            free = WANTED - len(job.keys) - sum(lease.candidates for lease in job.leases)
            ready = not job.leases if job.kind == "raw_select" else free > 0
            if job.state in ("submitted", "generating") and ready:
                ids.append(job_id)
        return sorted(ids, key=lambda i: (self.jobs[i].attempts, int(i[1:])))

    def given_to(
        self, worker: str, ids: list[str], states: Sequence[str] = ("submitted", "generating")
    ) -> list[str]:
        """A job that failed before is a suspect: it is worked on alone."""
        held = [job for job in self.jobs.values() if any(lease.worker == worker for lease in job.leases)]
        held = [job for job in held if job.state in states]
        if any(job.attempts for job in held):
            return []
        clean = [job_id for job_id in ids if not self.jobs[job_id].attempts]
        return clean or ([] if held else ids[:1])

    @rule(worker=WORKERS, batch_size=st.integers(1, 4), max_jobs=st.integers(1, 3))
    def take_work(self, worker: str, batch_size: int, max_jobs: int) -> None:
        self.expire()
        expected = self.given_to(worker, self.handable()[:max_jobs])
        jobs = self.bench.poll(worker, batch_size=batch_size, max_jobs=max_jobs).jobs
        assert list(jobs) == expected
        for job_id, handed in jobs.items():
            job, lease = self.jobs[job_id], handed.lease
            assert lease is not None
            assert lease.attempt == job.attempts + 1
            free = WANTED - len(job.keys) - sum(one.candidates for one in job.leases)
            assert lease.candidates == (min(batch_size, free) if job.kind == "answer" else 0)
            job.leases.append(ModelLease(lease.token, worker, self.now + LEASE, lease.candidates))
            if job.state == "submitted":
                job.move("generating", self.now)
            keys = [f"{lease.token}:{n}" for n in range(max(1, lease.candidates))]
            self.batches.append((job_id, lease.token, keys, worker))

    @precondition(lambda self: self.batches)
    @rule(index=st.integers(0, MANY), part=st.integers(1, 4))
    def post_batch(self, index: int, part: int) -> None:
        """Deliver some batch: in time or late, for the first time or again, whole or in part."""
        job_id, token, keys, worker = self.batches[index % len(self.batches)]
        self.expire()
        job = self.jobs.get(job_id)
        if job is not None and job.kind == "raw_select":
            status = self.bench.post(job_id, scores(2, lease=token, value=0.25), worker)
            assert status == self.expect_scores(job)
            return
        sent = keys[:part]
        status = self.bench.post(job_id, generation_result(len(sent), lease=token, keys=sent), worker)
        assert status == (self.expect_batch(job, token, sent) if job is not None else "unknown")

    def expect_scores(self, job: ModelJob) -> str:
        if job.state == "finished":
            return "duplicate"
        if job.state not in ("submitted", "generating"):
            return "stale_lease"
        job.leases.clear()
        job.result = "0.25"
        job.move("finished", self.now)
        return "accepted"

    def expect_batch(self, job: ModelJob, token: str, sent: list[str]) -> str:
        kept = job.keys if job.state in OPEN else []
        new = [key for key in sent if key not in kept]
        if job.state not in ("submitted", "generating"):
            return "surplus" if new else "duplicate"
        accepted = new[: WANTED - len(job.keys)]
        job.keys += accepted
        job.attempts = 0 if accepted else job.attempts
        job.leases = [lease for lease in job.leases if lease.token != token]
        if job.state == "submitted":
            job.move("generating", self.now)
        if len(job.keys) == WANTED:
            job.leases.clear()
            job.attempts = 0
            job.move("generated", self.now)
        self.shrink(job)
        return "accepted" if accepted else ("surplus" if new else "duplicate")

    def shrink(self, job: ModelJob) -> None:
        missing = WANTED - len(job.keys)
        for lease in sorted(job.leases, key=lambda one: (one.ends, one.token)):
            lease.candidates = min(lease.candidates, missing)
            missing -= lease.candidates
        job.leases = [lease for lease in job.leases if lease.candidates > 0]

    @rule(index=st.integers(0, MANY), blameless=st.booleans())
    def report_failure(self, index: int, blameless: bool) -> None:
        held = [(i, lease) for i, job in self.jobs.items() for lease in job.leases]
        if not held:
            return
        job_id, lease = held[index % len(held)]
        self.expire()
        job = self.jobs[job_id]
        error = WorkerError(error="broken", lease=lease.token, blameless=blameless)
        post = self.bench.post_choice if job.state == "selecting" else self.bench.post
        status = post(job_id, error, lease.worker)
        if lease not in job.leases:
            assert status == "stale_lease"
            return
        assert status == "accepted"
        job.leases.remove(lease)
        if not blameless:
            job.fail_attempt(self.now)

    @rule(worker=WORKERS)
    def heartbeat(self, worker: str) -> None:
        """Renew all generation leases of a worker."""
        generating = [job for job in self.jobs.values() if job.state == "generating"]
        tokens = [one.token for job in generating for one in job.leases if one.worker == worker]
        self.expire()
        renewed = self.bench.poll(worker, leases=tokens[:64], max_jobs=0).leases
        alive = [one for job in generating for one in job.leases if one.token in tokens]
        assert set(renewed) == {one.token for one in alive}
        for lease in alive:
            lease.ends = self.now + LEASE

    @rule(index=st.integers(0, MANY))
    def finish_writing(self, index: int) -> None:
        """All candidates of an answer at once, without a lease."""
        job_id = self.pick(index, "submitted", "generating", kind="answer")
        if job_id is None:
            return
        self.expire()
        keys = [f"{job_id}:{next(self.numbers)}" for _ in range(WANTED)]
        status = self.bench.post(job_id, generation_result(WANTED, keys=keys))
        assert status == self.expect_batch(self.jobs[job_id], "none", keys)

    # --- selectors

    @rule(worker=WORKERS, max_jobs=st.integers(1, 2))
    def take_set(self, worker: str, max_jobs: int) -> None:
        self.expire()
        ready = [
            i for i, job in self.jobs.items() if job.state in ("generated", "selecting") and not job.leases
        ]
        ready = sorted(ready, key=lambda i: (self.jobs[i].attempts, int(i[1:])))
        expected = self.given_to(worker, ready[:max_jobs], ("generated", "selecting"))
        sets = self.bench.select(worker, max_jobs=max_jobs).SELECTION_PROMPT_STACK
        assert list(sets) == expected
        for job_id, handed in sets.items():
            job = self.jobs[job_id]
            assert handed.lease is not None
            assert len(handed.continuations) == WANTED
            job.leases.append(ModelLease(handed.lease.token, worker, self.now + LEASE, 0))
            if job.state == "generated":
                job.move("selecting", self.now)

    @rule(index=st.integers(0, MANY), state=st.sampled_from([*OPEN, "finished", "acknowledged", "cancelled"]))
    def post_choice(self, index: int, state: str) -> None:
        job_id = self.pick(index, state, kind="answer")
        if job_id is None:
            return
        self.expire()
        job = self.jobs[job_id]
        status = self.bench.post_choice(job_id, choice(job_id, MOOD, post="the choice"))
        if job.state in ("submitted", "generating"):
            assert status == "refused"
        elif job.state in ("generated", "selecting"):
            assert status == "accepted"
            job.leases.clear()
            job.result = "the choice"
            job.move("finished", self.now)
        else:
            assert status == ("duplicate" if job.state == "finished" else "already finished")

    # --- the world

    @rule(seconds=st.sampled_from([1.0, 4.0, 11.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    @rule()
    def restart(self) -> None:
        self.bench.restart()

    @rule()
    def sweep(self) -> None:
        self.expire()
        for job in self.jobs.values():
            if job.state in OPEN and job.submitted_at <= self.now - SETTINGS.job_expiry_seconds:
                job.give_up("expired", self.now)
        self.jobs = {i: job for i, job in self.jobs.items() if not job.removable(self.now)}
        self.bench.store.sweep()

    @invariant()
    def nothing_is_lost_and_nothing_invented(self) -> None:
        counts: dict[str, int] = {}
        for job in self.jobs.values():
            counts[job.state] = counts.get(job.state, 0) + 1
            assert len(job.keys) + sum(lease.candidates for lease in job.leases) <= WANTED
        status = self.bench.store.status()
        assert status.counts == counts
        lines = {line.id: (line.accepted, line.attempts, len(line.workers)) for line in status.jobs}
        expected = {i: job for i, job in self.jobs.items() if job.state in OPEN}
        assert lines == {i: (len(job.keys), job.attempts, len(job.leases)) for i, job in expected.items()}


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def run_schedule(seed: int, steps: int) -> Counter[str]:
    """One long random schedule, which gets further than the short ones; how often each step was taken."""
    rng = random.Random(seed)
    machine = StoreMachine()
    machine.some_jobs()
    taken: Counter[str] = Counter()

    def some() -> int:
        return rng.randrange(MANY)

    def worker() -> str:
        return rng.choice(["w1", "w2", "w3"])

    any_state = (*OPEN, "finished", "failed", "acknowledged", "cancelled")
    kinds: list[tuple[int, Callable[[], None]]] = [
        (3, lambda: machine.submit(rng.choice(["answer", "raw_select"]))),
        (1, lambda: machine.submit_again(some()) if machine.jobs else None),
        (2, lambda: machine.read_result(some()) if machine.jobs else None),
        (1, lambda: machine.acknowledge(some(), rng.choice(any_state))),
        (1, lambda: machine.cancel(some(), rng.choice(OPEN))),
        (6, lambda: machine.take_work(worker(), rng.randint(1, 4), rng.randint(1, 3))),
        (8, lambda: machine.post_batch(some(), rng.randint(1, 4)) if machine.batches else None),
        (2, lambda: machine.finish_writing(some())),
        (3, lambda: machine.report_failure(some(), rng.random() < 0.3)),
        (2, lambda: machine.heartbeat(worker())),
        (4, lambda: machine.take_set(worker(), rng.randint(1, 2))),
        (3, lambda: machine.post_choice(some(), rng.choice(any_state))),
        (4, lambda: machine.time_passes(rng.choice([1.0, 4.0, 10.0, 11.0, 30.0]))),
        (1, machine.restart),
        (1, machine.sweep),
    ]
    weights = [weight for weight, _step in kinds]
    try:
        for _ in range(steps):
            (_weight, step) = rng.choices(kinds, weights)[0]
            step()
            machine.nothing_is_lost_and_nothing_invented()
        taken.update(transition.new for transition in machine.bench.transitions)
    finally:
        machine.teardown()
    return taken


def test_long_random_schedules_of_repeated_and_delayed_messages() -> None:
    """More of them: python -m tests.switchboard.schedules --seeds 1000."""
    reached: Counter[str] = Counter()
    for seed in range(8):
        reached += run_schedule(seed, 120)
    everything = {*OPEN, "finished", "acknowledged", "failed", "expired", "cancelled"}
    assert set(reached) == everything, "the schedules no longer reach every state"
