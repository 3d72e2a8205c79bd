"""What can go wrong between a process and the switchboard, as the client sees it.

SwitchboardError
├── SwitchboardUnreachable    no usable answer: not running, cut off, timed out; try again later
├── SwitchboardBusy           it asks for patience (429, 503): try again after `retry_after` seconds
└── SwitchboardRefused        it will never accept this (4xx): `status`, `error`, `field`
    ├── SwitchboardConflict   the id is taken by another request, or the worker name by a twin (409)
    └── SwitchboardForbidden  the token is missing or wrong for this (401, 403)
"""


class SwitchboardError(Exception):
    """Base of all errors of the switchboard's client."""


class SwitchboardUnreachable(SwitchboardError):  # noqa: N818 - named for what is wrong
    """No usable answer came; whether the request was taken is not known, repeating it is safe."""


class SwitchboardBusy(SwitchboardError):  # noqa: N818 - named for what is wrong
    """The switchboard has too many open jobs, or cannot store anything now; nothing was changed."""

    def __init__(self, error: str, retry_after: float) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after = retry_after


class SwitchboardRefused(SwitchboardError):  # noqa: N818 - named for what is wrong
    """The request is wrong and would be refused again; nothing was changed."""

    def __init__(self, status: int, error: str, field: str = "") -> None:
        where = f" (field {field})" if field else ""
        super().__init__(f"the switchboard refused the request with status {status}: {error}{where}")
        self.status = status
        self.error = error
        self.field = field


class SwitchboardConflict(SwitchboardRefused):
    """The id belongs to a different request, or another process uses this worker's name."""


class SwitchboardForbidden(SwitchboardRefused):
    """The token is missing, wrong, or of another role."""
