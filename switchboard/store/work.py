"""What the store's verbs share: settings, the running transaction, and what it changes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, case, delete, func, insert, or_, select, update

from switchboard.job_factory import NewJob
from switchboard.messages.fields import MAX_ERROR_CHARACTERS, SINGLE_SHOT, JobState, JobType
from switchboard.settings import SwitchboardConfig
from switchboard.store.schema import candidates, clients, jobs, leases, requests, results

OPEN_STATES: tuple[JobState, ...] = ("submitted", "generating", "generated", "selecting")
NEEDS_GENERATOR: tuple[JobState, ...] = ("submitted", "generating")
NEEDS_SELECTOR: tuple[JobState, ...] = ("generated", "selecting")
FAILURE_STATES: tuple[JobState, ...] = ("failed", "expired", "cancelled")

NOBODY, GENERATORS, SELECTORS = 0, 1, 2
"""To whom a job is offered."""

# Statements are built once: building one costs several times what running it does.
_ID = jobs.c.id == bindparam("job_id")
_IDS = jobs.c.id.in_(bindparam("job_ids", expanding=True))
_JOB = select(jobs).where(_ID)
_JOBS = select(jobs).where(_IDS)
_INSERT_JOB, _INSERT_REQUEST = insert(jobs), insert(requests)
_OFFERS = (
    select(
        *(jobs.c[name] for name in ("id", "kind", "state", "wanted", "accepted", "offered", "free")),
        func.coalesce(func.sum(leases.c.candidates), 0).label("leased_candidates"),
        func.count(leases.c.token).label("holders"),
    )
    .outerjoin(leases, leases.c.job_id == jobs.c.id)
    .where(_IDS)
    .group_by(jobs.c.seq)
)
_OFFER = update(jobs).where(_ID).values(offered=bindparam("new_offered"), free=bindparam("new_free"))
_CHANGED = ("state", "state_at", "accepted", "attempts", "leased", "offered", "free", "error")
_CHANGE = update(jobs).where(_ID).values({name: bindparam(f"new_{name}") for name in _CHANGED})
_FAIL = update(jobs).where(_ID).values(attempts=jobs.c.attempts + 1, error=bindparam("new_error"))
YIELDED = 200.0
"""So many candidates of other jobs go before a job whose turn it is, but for which nobody waits."""
_YIELDING = or_(jobs.c.internal, jobs.c.kind == "textpost")
_ME = clients.c.name == bindparam("client")
_STANDING = select(
    func.coalesce(func.sum(clients.c.open), 0).label("all_open"),
    func.max(case((_ME, clients.c.open))).label("open"),
    func.max(case((_ME, clients.c.turn))).label("turn"),
    func.coalesce(func.max(clients.c.turn), 0.0).label("latest"),
    select(case((_YIELDING, jobs.c.turn - YIELDED), else_=jobs.c.turn))
    .where(jobs.c.offered == GENERATORS, jobs.c.attempts == 0)
    .order_by(jobs.c.turn)
    .limit(1)
    .scalar_subquery()
    .label("next"),
)
_NEW_CLIENT = insert(clients)
_OPEN = update(clients).where(_ME).values(open=clients.c.open + 1, turn=bindparam("new_turn"))
_CLOSE = (
    update(clients).where(clients.c.name == bindparam("client")).values(open=clients.c.open - bindparam("n"))
)
_END_LEASES = delete(leases).where(leases.c.job_id.in_(bindparam("job_ids", expanding=True)))
_DROP = {
    table.name: delete(table).where(table.c.job_id.in_(bindparam("job_ids", expanding=True)))
    for table in (candidates, requests, results)
}


@dataclass(frozen=True)
class Transition:
    """A job went from one state to another; `seconds` is the time it spent in the old one."""

    job: str
    kind: JobType
    old: JobState | None
    new: JobState
    worker: str | None
    seconds: float


@dataclass
class Changes:
    """Who should look again: those who wait for these jobs, and so many generators and selectors."""

    jobs: set[str] = field(default_factory=set)
    generators: int = 0
    selectors: int = 0
    everything: bool = False
    """Whether all should look who wait for anything."""

    def __bool__(self) -> bool:
        return bool(self.jobs or self.generators or self.selectors or self.everything)

    def add(self, other: "Changes") -> None:
        """Take in what else has changed."""
        self.jobs |= other.jobs
        self.generators += other.generators
        self.selectors += other.selectors
        self.everything |= other.everything

    def offer(self, offered: int) -> None:
        """Count one more offer."""
        self.generators += offered == GENERATORS
        self.selectors += offered == SELECTORS


def offer_of(kind: str, state: str, missing: int, leased: int, holders: int) -> tuple[int, int]:
    """To whom a job in this state is offered, and how much of it.

    `missing` candidates are not in, `leased` of them are under lease; `holders` is the number of leases.
    """
    if state in NEEDS_SELECTOR:
        return (NOBODY, 0) if holders else (SELECTORS, 1)
    if state not in NEEDS_GENERATOR:
        return NOBODY, 0
    free = int(not holders) if kind in SINGLE_SHOT else max(0, missing - leased)
    return (GENERATORS if free else NOBODY), free


@dataclass(frozen=True)
class Standing:
    """Where a client stands among all of them when it submits a job."""

    all_open: int
    """Jobs of all clients that have no end yet."""

    open: int
    """The client's own among them."""

    turn: float
    """When its next job has its turn. A client's jobs take their turns one after the other, each beginning
    where the one before it ends, but none before the job that is next in line now: so whoever has submitted a
    thousand jobs keeps nobody waiting for more than one (start-time fair queueing, Goyal et al. 1996)."""

    is_new: bool
    """Whether it has never submitted anything."""


@dataclass
class Work:
    """One verb's part of a writing transaction."""

    connection: Connection
    now: float
    settings: SwitchboardConfig
    new_token: Callable[[], str]
    written_now: Callable[[], str]
    transitions: list[Transition] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    closed: Counter[str] = field(default_factory=Counter)
    """Jobs of each client that came to their end."""

    def many(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""
        if rows:
            self.connection.execute(statement, rows[0] if len(rows) == 1 else rows)

    def finish(self) -> None:
        """Write down what was counted meanwhile; the last act of every verb."""
        self.many(_CLOSE, [{"client": name, "n": number} for name, number in sorted(self.closed.items())])
        self.closed.clear()

    def job(self, job_id: str) -> Row[Any] | None:
        """The job's row."""
        return self.connection.execute(_JOB, {"job_id": job_id}).one_or_none()

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Row[Any]]:
        """The rows of those of the jobs that there are, by their ids."""
        rows = self.connection.execute(_JOBS, {"job_ids": list(job_ids)})
        return {row.id: row for row in rows}

    def standing(self, client: str) -> Standing:
        """Where a client stands."""
        row = self.connection.execute(_STANDING, {"client": client}).one()
        begins = row.next if row.next is not None else row.latest
        return Standing(row.all_open, row.open or 0, max(begins, row.turn or 0.0), row.turn is None)

    def open_for(self, client: str, standing: Standing, cost: float) -> None:
        """Note that a client has one more open job, which takes so much of its turns."""
        turn = standing.turn + cost
        if standing.is_new:
            self.connection.execute(_NEW_CLIENT, {"name": client, "open": 1, "turn": turn})
        else:
            self.connection.execute(_OPEN, {"client": client, "new_turn": turn})

    def insert(self, new: NewJob, *, internal: bool, turn: float) -> None:
        """Store a job whose id is free."""
        wanted = 0 if new.kind in SINGLE_SHOT else max(1, new.wanted)
        offered, free = offer_of(new.kind, "submitted", wanted, 0, 0)
        is_yielding = internal or new.kind == "textpost"
        self.connection.execute(
            _INSERT_JOB,
            {
                "id": new.id,
                "kind": new.kind,
                "client": new.client,
                "payload_hash": new.payload_hash,
                "internal": internal,
                "state": "submitted",
                "wanted": wanted,
                "accepted": 0,
                "attempts": 0,
                "offered": offered,
                "free": free,
                "turn": turn + YIELDED if is_yielding else turn,
                "submitted_at": self.now,
                "state_at": self.now,
            },
        )
        self.connection.execute(
            _INSERT_REQUEST, {"job_id": new.id, "body": new.body.model_dump_json(exclude={"lease"})}
        )
        self.transitions.append(Transition(new.id, new.kind, None, "submitted", None, 0.0))
        self.changes.offer(offered)

    def step(self, row: Row[Any], old: JobState, new: JobState, worker: str | None = None) -> None:
        """Note that a job goes from a state to another; writing it is the caller's."""
        since = row.state_at if old == row.state else self.now
        self.transitions.append(Transition(row.id, row.kind, old, new, worker, max(0.0, self.now - since)))
        if new not in OPEN_STATES:
            self.changes.jobs.add(row.id)
            if old in OPEN_STATES and not row.internal:
                self.closed[row.client] += 1

    def move(
        self,
        row: Row[Any],
        new: JobState,
        *,
        worker: str | None = None,
        error: str | None = None,
        **changes: Any,
    ) -> None:
        """Put a job into another state, with other changes to its row."""
        self.step(row, row.state, new, worker)
        shown = row.error if error is None else error[:MAX_ERROR_CHARACTERS]
        self.change([changed(row, state=new, state_at=self.now, error=shown, **changes)])

    def change(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write changed rows of jobs, as `changed` makes them."""
        self.many(_CHANGE, rows)

    def reoffer(self, job_ids: Iterable[str]) -> None:
        """Offer what is free of some jobs after leases or counts of theirs have changed."""
        ids = sorted(set(job_ids))
        if not ids:
            return
        changed_offers = []
        for row in self.connection.execute(_OFFERS, {"job_ids": ids}).all():
            missing = row.wanted - row.accepted
            offered, free = offer_of(row.kind, row.state, missing, row.leased_candidates, row.holders)
            self.changes.offer(offered)
            if (offered, free) != (row.offered, row.free):
                changed_offers.append({"job_id": row.id, "new_offered": offered, "new_free": free})
        self.many(_OFFER, changed_offers)

    def end_leases(self, job_ids: Sequence[str]) -> None:
        """Take jobs out of every worker's hands."""
        if job_ids:
            self.connection.execute(_END_LEASES, {"job_ids": job_ids})

    def fail_attempt(self, job_id: str, error: str, worker: str | None) -> None:
        """Count a try that ended without a result; after the last one the job has failed."""
        shown = error[:MAX_ERROR_CHARACTERS]
        self.connection.execute(_FAIL, {"job_id": job_id, "new_error": shown})
        row = self.job(job_id)
        if row is not None and row.state in OPEN_STATES and row.attempts >= self.settings.max_attempts:
            why = f"failed {row.attempts} times, at last: {shown}"
            self.give_up(row, "failed", error=why, worker=worker)

    def give_up(self, row: Row[Any], state: JobState, *, error: str, worker: str | None = None) -> None:
        """End an open job without a result."""
        self.end_leases([row.id])
        self.move(row, state, error=error, worker=worker, offered=NOBODY, free=0)
        self.drop([row.id], "candidates")

    def drop(self, job_ids: Sequence[str], *tables: str) -> None:
        """Remove what is of no use any more; the jobs' own rows stay, so that their ids stay known."""
        for table in tables if job_ids else ():
            self.connection.execute(_DROP[table], {"job_ids": job_ids})


def changed(row: Row[Any], **changes: Any) -> dict[str, Any]:
    """A job's row as it is to become."""
    return {
        "job_id": row.id,
        **{f"new_{name}": changes[name] if name in changes else getattr(row, name) for name in _CHANGED},
    }
