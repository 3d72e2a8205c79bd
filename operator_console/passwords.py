"""Passwords: argon2id, at most two at once, the same work whether or not a name is known."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from operator_console.errors import TooMany

LONGEST_PASSWORD = 1024
"""Characters. A longer one is wrong without being hashed."""

LEAST_PASSWORD = 10
AT_ONCE = 2
"""Passwords that are checked at the same time: each takes the hash's memory."""

MOST_MEMORY_KIB, MOST_ROUNDS, MOST_LANES = 262_144, 16, 16
"""Of a stored hash. More would let one login exhaust the machine."""

WINDOW_SECONDS = 900.0
REMEMBERED_ADDRESSES = 10_000


def hash_of(password: str) -> str:
    """What is stored of a password. Raises ValueError when it is too short or too long."""
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return PasswordHasher().hash(password)


def problem_of(stored: str) -> str | None:
    """What is wrong with a stored hash; None: nothing is."""
    try:
        asked = extract_parameters(stored)
    except InvalidHashError:
        return "is none that python -m operator_console password has printed"
    excess = (
        asked.memory_cost > MOST_MEMORY_KIB or asked.time_cost > MOST_ROUNDS or asked.parallelism > MOST_LANES
    )
    return "takes more memory or time than a login may" if excess else None


class PasswordCheck:
    """Checks passwords against stored hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(16))
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def is_right(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one's; None: nobody has this name. Raises TooMany."""
        if len(password) > LONGEST_PASSWORD:
            return False
        if not self._places.acquire(blocking=False):
            raise TooMany("too many logins at once; try again in a moment", 1)
        try:
            return self._hasher.verify(stored or self._nobodys, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._places.release()


class LoginLimit:
    """Bounds wrong passwords by the address they come from; other addresses are not affected."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, deque[float]] = {}

    def check(self, address: str) -> None:
        """Raise TooMany while an address has to wait."""
        with self._lock:
            failures = self._recent(address)
            if len(failures) >= self._most:
                left = WINDOW_SECONDS - (self._clock() - failures[0])
                raise TooMany("too many wrong passwords; wait, or log in from elsewhere", max(1, round(left)))

    def failed(self, address: str) -> None:
        """Count a wrong password."""
        with self._lock:
            self._recent(address).append(self._clock())
            while len(self._failures) > REMEMBERED_ADDRESSES:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, address: str) -> None:
        """A right password ends the count."""
        with self._lock:
            self._failures.pop(address, None)

    def _recent(self, address: str) -> deque[float]:
        failures = self._failures.setdefault(address, deque(maxlen=self._most))
        while failures and self._clock() - failures[0] >= WINDOW_SECONDS:
            failures.popleft()
        return failures
