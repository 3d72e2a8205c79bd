"""A service that is not there: asked again after 1, 2, 4 … 60 seconds, and told of once, not every time."""

from __future__ import annotations

from collections.abc import Callable

import structlog

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a service that did not answer is asked again."""

log = structlog.get_logger()


class Backoff:
    """Whether a service is to be left alone for now."""

    def __init__(self, service: str, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock
        self._pause = 0.0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether it is too early to ask again."""
        return self._clock() < self._until

    @property
    def until(self) -> float:
        """Unix seconds from which on the service may be asked again."""
        return self._until

    def begin(self, error: Exception, at_least: float = 0.0) -> None:
        """The service did not answer, or asked for so many seconds of patience."""
        if self._pause == 0.0:
            log.warning(
                f"{self._service} not available", reason=str(error), hint="nothing is lost; trying again"
            )
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._until = self._clock() + max(self._pause, at_least)

    def end(self) -> None:
        """The service answers."""
        if self._pause:
            log.info(f"{self._service} available again")
        self._pause = self._until = 0.0
