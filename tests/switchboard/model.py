"""What the store should know of jobs and leases, in a few lines: the reference that it is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from switchboard.settings import SwitchboardConfig

LEASE = 10.0
SETTINGS = SwitchboardConfig(
    generation_lease_seconds=LEASE,
    raw_select_lease_seconds=LEASE,
    selection_lease_seconds=LEASE,
    max_attempts=3,
    delivered_retention_seconds=60.0,
    undelivered_retention_seconds=120.0,
    job_expiry_seconds=90.0,
    max_open_jobs=100,
)
WANTED = 3
OPEN = ("submitted", "generating", "generated", "selecting")


@dataclass
class ModelLease:
    token: str
    worker: str
    ends: float
    candidates: int


@dataclass
class ModelJob:
    """What the store should know of a job."""

    kind: str
    submitted_at: float
    state: str = "submitted"
    state_at: float = 0.0
    keys: list[str] = field(default_factory=list)
    attempts: int = 0
    leases: list[ModelLease] = field(default_factory=list)
    result: str | None = None
    delivered_at: float | None = None

    def move(self, state: str, now: float) -> None:
        self.state, self.state_at = state, now

    def give_up(self, state: str, now: float) -> None:
        self.leases.clear()
        self.move(state, now)

    def fail_attempt(self, now: float) -> None:
        self.attempts += 1
        if self.state in OPEN and self.attempts >= SETTINGS.max_attempts:
            self.give_up("failed", now)

    def removable(self, now: float) -> bool:
        ended = self.state not in OPEN
        seen = self.delivered_at is not None and self.delivered_at <= now - 60
        acknowledged = self.state == "acknowledged" and self.state_at <= now - 60
        return ended and (seen or acknowledged or self.state_at <= now - 120)
