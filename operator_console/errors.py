"""What ends a request of the console's before its answer."""

# ruff: noqa: N818 - the errors are named for what is wrong

from __future__ import annotations


class ConsoleError(Exception):
    """A request that is refused: with a status, and a text for whoever sent it."""

    status = 400

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which another try may go better."""


class BadRequest(ConsoleError):
    """Something is missing in it, or is not as it must be."""


class NotAllowed(ConsoleError):
    """Whoever is logged in may not do this."""

    status = 403


class Missing(ConsoleError):
    """There is no such thing."""

    status = 404


class TooMany(ConsoleError):
    """Too many at once, or in too short a time."""

    status = 429


class StaleForm(ConsoleError):
    """The form does not come from a page of this login; nothing was done."""

    status = 403


class LoggedOut(ConsoleError):
    """Nobody is logged in, or not any more; nothing was done."""

    status = 401


class BotAway(ConsoleError):
    """The bot or the switchboard does not answer; whether something was done will show."""

    status = 503
