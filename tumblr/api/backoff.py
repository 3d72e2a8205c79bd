"""A service that is not there: asked again after 1, 2, 4 … 60 seconds, and told of once, not every time."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot_lifecycle import FatalError

FINAL_SECONDS = 600.0
"""Refused keys or tokens are for a human to look at when they have been refused for so long."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a service that did not answer is asked again."""

log = structlog.get_logger()


class Backoff:
    """Whether a service is to be left alone for now."""

    def __init__(self, service: str, clock: Callable[[], float]) -> None:
        """``clock`` counts seconds from any moment on."""
        self._service = service
        self._clock = clock
        self._refused_since: float | None = None
        self.patience = FINAL_SECONDS
        """Seconds of refusals after which they are final."""
        self._pause = 0.0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether it is too early to ask again."""
        return self._clock() < self._until

    @property
    def until(self) -> float:
        """When the service may be asked again, by the clock."""
        return self._until

    def begin(self, error: Exception, at_least: float = 0.0) -> None:
        """The service did not answer, or asked for so many seconds of patience."""
        if self._pause == 0.0:
            log.warning(
                f"{self._service} not available", reason=str(error), hint="nothing is lost; trying again"
            )
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._until = self._clock() + max(self._pause, at_least)

    def refuse(self, error: Exception, hint: str) -> None:
        """The service refuses the bot's keys or token, as tumblr does now and then when it is unwell.

        It is asked again later. Raises FatalError once it has refused them for so long as there is
        patience.
        """
        now = self._clock()
        self._refused_since = now if self._refused_since is None else self._refused_since
        if now - self._refused_since >= self.patience:
            raise FatalError(str(error), hint)
        self.begin(error)

    def end(self, *, accepted: bool = True) -> None:
        """The service answers; ``accepted``: also what it had refused the keys for."""
        self._refused_since = None if accepted else self._refused_since
        if self._pause:
            log.info(f"{self._service} available again")
        self._pause = self._until = 0.0
