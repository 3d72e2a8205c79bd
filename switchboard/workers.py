"""Which workers have polled since the switchboard's start. For observation only, so it is kept in memory."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from switchboard.messages import GeneratorPoll, SelectorPoll, WorkerLine
from switchboard.messages.fields import JobType
from switchboard.parsing import RequestError
from switchboard.settings import Role
from switchboard.store.store import ALL_JOB_TYPES

MAX_WORKERS = 256
PRESENT_SECONDS = 300.0
"""A worker that was heard of within this time counts as serving."""


@dataclass
class _Known:
    role: Role
    instance: str
    last_contact: float
    capabilities: tuple[JobType, ...]
    earlier: deque[str] = field(default_factory=lambda: deque(maxlen=8))


class WorkerRegistry:
    """Remembers workers by name, and notices two processes under one name."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def saw(self, poll: GeneratorPoll | SelectorPoll) -> None:
        """Note a poll. Raises RequestError (409) for a process whose name another one has taken over."""
        if poll.worker is None:
            return
        if isinstance(poll, SelectorPoll):
            role: Role = "selector"
            capabilities: tuple[JobType, ...] = ()
        else:
            role = "generator"
            capabilities = ALL_JOB_TYPES if poll.capabilities is None else tuple(poll.capabilities)
        with self._lock:
            self._note(poll.worker, role, poll.instance, capabilities)

    def _note(self, name: str, role: Role, instance: str, capabilities: tuple[JobType, ...]) -> None:
        known = self._known.get(name)
        earlier: deque[str] = deque(maxlen=8)
        if known is not None and known.role == role:
            earlier = known.earlier
            if instance in earlier:
                raise RequestError(409, f"another process works under the name {name}", "worker")
            if known.instance not in ("", instance):
                earlier.append(known.instance)
        self._known[name] = _Known(role, instance, self._clock(), capabilities, earlier)
        if len(self._known) > MAX_WORKERS:
            del self._known[min(self._known, key=lambda one: self._known[one].last_contact)]

    def lines(self, leases: Mapping[str, int]) -> list[WorkerLine]:
        """The workers, the latest contact first."""
        now = self._clock()
        with self._lock:
            lines = [
                WorkerLine(
                    worker=name,
                    role=known.role,
                    last_contact_seconds=max(0.0, now - known.last_contact),
                    capabilities=list(known.capabilities),
                    leases=leases.get(name, 0),
                )
                for name, known in self._known.items()
            ]
        return sorted(lines, key=lambda line: line.last_contact_seconds)

    def unserved(self, waiting: Iterable[JobType]) -> list[JobType]:
        """Those types of waiting jobs that no present generator serves."""
        now = self._clock()
        with self._lock:
            present = [one for one in self._known.values() if now - one.last_contact <= PRESENT_SECONDS]
        served = {kind for one in present for kind in one.capabilities}
        return sorted(kind for kind in set(waiting) if kind not in served)
