"""The store's verbs, one transaction each."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection

from switchboard.job_factory import NewJob
from switchboard.messages import (
    GeneratorPoll,
    GeneratorPollReply,
    HeadStanding,
    HeadWish,
    LearningReply,
    SelectorPoll,
    SelectorPollReply,
    StatusReport,
    SubmitReply,
    WeekReport,
)
from switchboard.messages.fields import JobState, JobType
from switchboard.settings import SwitchboardConfig
from switchboard.store import (
    costs,
    generating,
    learning,
    leases,
    migrations,
    reporting,
    retention,
    selecting,
    submitting,
    sweeping,
)
from switchboard.store.committing import Committer
from switchboard.store.database import SWEEPING_LOCK, Database, StoreUnavailable
from switchboard.store.leases import Holder
from switchboard.store.listening import Neighbours
from switchboard.store.submitting import StoredResult
from switchboard.store.work import Changes, Transition, Work

T = TypeVar("T")

ALL_JOB_TYPES: tuple[JobType, ...] = ("answer", "textpost", "raw_select")
"""What a generator serves that does not say what it does: pictures need a model of their own."""

Observer = Callable[[Sequence[Transition]], None]
Watcher = Callable[[Changes], None]


def _new_token() -> str:
    return secrets.token_hex(16)


def _no_time() -> str:
    return ""


class JobStore:
    """Jobs, candidates, leases, results and the retention list, in one database.

    Every verb is one transaction: it happens as a whole, before it returns, or not at all. Verbs raise
    StoreUnavailable when the database cannot be used (a full disk, say); then nothing was changed.
    `clock` gives unix seconds. `written_now` gives the time that is written into prompts when retained texts
    are scored. Close the store when done with it.
    """

    def __init__(
        self,
        settings: SwitchboardConfig,
        *,
        clock: Callable[[], float],
        new_token: Callable[[], str] = _new_token,
        written_now: Callable[[], str] = _no_time,
    ) -> None:
        self.settings = settings
        self.swept: Counter[str] = Counter()
        self._clock = clock
        self._new_token = new_token
        self._written_now = written_now
        self._observers: list[Observer] = []
        self._watchers: list[Watcher] = []
        self._seen: dict[str, float] = {}  # jobs whose end was read, and when; not stored yet
        self._database = Database(settings.database_url)
        self._neighbours = Neighbours(self._database, self._tell)
        self._committer = Committer(self._database, self._before_commit)
        with ExitStack() as undo:
            undo.callback(self.close)
            self.schema_version = self._open()
            undo.pop_all()
        self._neighbours.start()

    def _open(self) -> int:
        with self._database.write() as connection:
            work = self._new_work(connection)
            version = migrations.migrate(connection, work.now)
            leases.shorten_after_restart(work)
        return version

    def observe(self, observer: Observer) -> None:
        """Have `observer` called after each writing transaction, with the transitions it stored, if any."""
        self._observers.append(observer)

    def watch(self, watcher: Watcher) -> None:
        """Have `watcher` called after each writing transaction that offers work to somebody or ends a job."""
        self._watchers.append(watcher)

    def close(self) -> None:
        """Close the database, with what is still to be written in it if that can be done."""
        self._neighbours.close()
        with suppress(StoreUnavailable):
            self._store_seen()
        self._database.close()

    def check(self) -> None:
        """Raise StoreUnavailable if the database cannot be read."""
        with self._database.glance() as connection:
            reporting.touch(connection)

    # --- the client's verbs

    def submit(self, new: NewJob) -> SubmitReply:
        """Store a job, or find the one this request made before. Raises IdTaken, TooManyOpenJobs."""
        return self._do(lambda work: submitting.submit(work, new))

    def result(self, job_id: str) -> StoredResult:
        """What became of a job. Its result stays; only the time of the first reading is remembered.

        That is stored with the next sweep: if it is lost before, the result is kept for longer.
        """
        with self._database.glance() as connection:
            found = submitting.read_result(connection, job_id)
        if found.done and not found.delivered:
            self._seen.setdefault(job_id, self._clock())
        return found

    def acknowledge(self, job_id: str) -> JobState:
        """The client has the result safe: remove it; returns the state the job is in then."""
        return self._do(lambda work: submitting.acknowledge(work, job_id))

    def cancel(self, job_id: str) -> JobState:
        """Give up a job that has no end yet; returns the state the job is in then."""
        return self._do(lambda work: submitting.cancel(work, job_id))

    def clear(self, job_id: str) -> list[str]:
        """Be done with a job whatever its state; says what was cleared."""
        return self._do(lambda work: submitting.clear(work, job_id))

    def clear_client(self, client: str) -> list[str]:
        """Be done with all jobs of one client; returns their ids."""
        return self._do(lambda work: submitting.clear_client(work, client))

    # --- the workers' verbs

    def exchange_generator(self, poll: GeneratorPoll) -> GeneratorPollReply:
        """Take in results, renew leases, reserve work for a generator; with nothing to do it only reads."""
        holder = Holder(poll.worker, poll.instance, "generation")
        kinds = poll.capabilities if poll.capabilities is not None else ALL_JOB_TYPES
        if not (poll.results or poll.leases):
            with self._database.read() as connection:
                wants = poll.max_jobs > 0 and generating.has_work(connection, kinds)
                if not wants and not leases.attention_needed(connection, self._clock(), holder, poll.leases):
                    return GeneratorPollReply(**_told_of_heads(connection))

        def exchange(work: Work) -> GeneratorPollReply:
            leases.expire(work)
            statuses = generating.take(work, holder, poll.results)
            costs.count(work, holder, poll.results, statuses)
            renewed = self._keep_leases(work, holder, poll.leases)
            jobs = generating.reserve(work, holder, kinds, poll.batch_size, poll.max_jobs)
            told = _told_of_heads(work.connection)
            return GeneratorPollReply(jobs=jobs, statuses=statuses, leases=renewed, **told)

        return self._do(exchange)

    def announce_heads(self, version: str) -> None:
        """Tell all generators, from their next poll on, which heads to take up."""
        self._do(lambda work: generating.announce_heads(work, version))

    def report_head(self, standing: HeadStanding) -> None:
        """Keep which version of a head is in use, and which there are."""
        self._do(lambda work: learning.report_head(work, standing))

    def report_week(self, report: WeekReport) -> None:
        """Keep what a weekly run of training has done."""
        self._do(lambda work: learning.report_week(work, report))

    def wish(self, wish: HeadWish) -> None:
        """Have generators put a version of a head in use. Raises WishRefused."""
        self._do(lambda work: learning.wish(work, wish))

    def learned(self) -> LearningReply:
        """What was reported about heads."""
        with self._database.read() as connection:
            return learning.learned(connection)

    def exchange_selector(self, poll: SelectorPoll) -> SelectorPollReply:
        """Take in choices, renew leases, reserve candidate sets; with nothing to do it only reads."""
        holder = Holder(poll.worker, poll.instance, "selection")
        if self._selector_is_idle(poll, holder):
            return self._with_retained(SelectorPollReply())

        def exchange(work: Work) -> SelectorPollReply:
            leases.expire(work)
            statuses = selecting.take(work, holder, poll.results)
            added, removed = poll.retention_stack or [], poll.retention_dropped
            if poll.owns_retained:
                removed = retention.others(work.connection, added)
            selecting.change_retained(work, added=added, removed=removed)
            renewed = self._keep_leases(work, holder, poll.leases)
            sets = selecting.reserve(work, holder, poll.max_jobs)
            reply = SelectorPollReply(SELECTION_PROMPT_STACK=sets, statuses=statuses, leases=renewed)
            return _carrying(reply, retention.scored_texts(work.connection))

        return self._do(exchange)

    def _selector_is_idle(self, poll: SelectorPoll, holder: Holder) -> bool:
        if poll.results or poll.leases or poll.retention_dropped:
            return False
        now, stack = self._clock(), poll.retention_stack
        with self._database.read() as connection:
            if stack and not all(retention.contains(connection, text) for text in stack):
                return False
            if poll.owns_retained and retention.others(connection, stack or []):
                return False
            wants = poll.max_jobs > 0 and selecting.has_work(connection, now, self.settings)
            return not wants and not leases.attention_needed(connection, now, holder, poll.leases)

    def _with_retained(self, reply: SelectorPollReply) -> SelectorPollReply:
        with self._database.read() as connection:
            return _carrying(reply, retention.scored_texts(connection))

    @staticmethod
    def _keep_leases(work: Work, holder: Holder, named: list[str] | None) -> dict[str, float]:
        return {} if named is None else leases.keep(work, holder, named)

    # --- what time does, and what can be seen

    def sweep(self) -> Counter[str]:
        """Do all that is due: end leases, expire jobs, remove what nobody fetched; says how many of what.

        Of several switchboards on one database that want to at the same time one does.
        """
        self._store_seen()
        total: Counter[str] = Counter()
        with self._database.alone(SWEEPING_LOCK) as is_mine:
            while is_mine and self._sweep_is_due():
                total += self._do(sweeping.sweep)
        if total:
            self._database.tidy()
        self.swept.update(total)
        return total

    def _sweep_is_due(self) -> bool:
        with self._database.read() as connection:
            return sweeping.is_due(connection, self._clock(), self.settings)

    def status(self, job_id: str | None = None) -> StatusReport:
        """What there is; workers are not known here."""
        now = self._clock()
        with self._database.read() as connection:
            texts, unscored = retention.counts(connection)
            return StatusReport(
                version=str(self.schema_version),
                counts=reporting.state_counts(connection),
                open_jobs=submitting.open_jobs(connection),
                open_jobs_limit=self.settings.max_open_jobs,
                oldest_open_seconds=reporting.oldest_open_seconds(connection, now),
                jobs=reporting.open_lines(connection, now),
                failures=reporting.failure_lines(connection, now),
                retained=texts,
                retained_unscored=unscored,
                swept=dict(self.swept),
                work=costs.of_day(connection, now),
                job=reporting.detail(connection, job_id) if job_id is not None else None,
            )

    def waiting_kinds(self) -> set[JobType]:
        """The types of the jobs that wait for a generator."""
        with self._database.read() as connection:
            return reporting.kinds_for_generators(connection)

    def leases_by_worker(self) -> dict[str, int]:
        """How many leases each named worker holds."""
        with self._database.read() as connection:
            return leases.by_worker(connection)

    def _store_seen(self) -> None:
        seen = dict(self._seen)
        if seen:
            self._do(lambda work: submitting.mark_delivered(work, seen))
            for job_id in seen:
                self._seen.pop(job_id, None)

    def _new_work(self, connection: Connection) -> Work:
        return Work(connection, self._clock(), self.settings, self._new_token, self._written_now)

    def _do(self, verb: Callable[[Work], T]) -> T:
        """Run a verb in a transaction; what it has changed is told when it is stored."""

        def run(connection: Connection) -> tuple[Work, T]:
            work = self._new_work(connection)
            value = verb(work)
            work.finish()
            return work, value

        done: tuple[Work, T] = self._committer.run(run)
        work, value = done
        for observer in self._observers:
            observer(work.transitions)
        self._tell(work.changes)
        return value

    def _before_commit(self, connection: Connection, done: Sequence[tuple[Work, object]]) -> None:
        together = Changes()
        for work, _ in done:
            together.add(work.changes)
        self._neighbours.tell(connection, together)

    def _tell(self, changes: Changes) -> None:
        for watcher in self._watchers if changes else ():
            watcher(changes)


def _told_of_heads(connection: Connection) -> dict[str, Any]:
    return {
        "heads": generating.announced_heads(connection),
        "wishes": learning.wanted_heads(connection),
    }


def _carrying(reply: SelectorPollReply, scored: list[retention.ScoredText]) -> SelectorPollReply:
    return reply.model_copy(
        update={
            "RETENTION_STACK": [one.text for one in scored],
            "RETENTION_STACK_PROBA": [one.selection_proba for one in scored],
            "RETENTION_STACK_SENTIMENT": [one.sentiment_logit_diff for one in scored],
            "RETENTION_STACK_AUTOREVIEW": selecting.none_if_empty([one.autoreview for one in scored]),
        }
    )
