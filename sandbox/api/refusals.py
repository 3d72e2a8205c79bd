"""How the legacy writing endpoints word the refusals of ``posting``."""

from __future__ import annotations

from sandbox.api.envelope import ApiError, empty_post, legacy_refusal, limit_exceeded
from sandbox.errors import (
    BlockedError,
    CannotReblogError,
    DayLimitError,
    EmptyPostError,
    MediaLimitError,
    OwnPostError,
    PostingError,
    PostLimitError,
)

FORBIDDEN = (PostLimitError, CannotReblogError, BlockedError, OwnPostError, MediaLimitError)
"""Refusals with status 403; the others have 400."""


def refusal(error: PostingError) -> ApiError:
    """The document for a refused post."""
    if isinstance(error, EmptyPostError):
        return empty_post()
    if isinstance(error, DayLimitError):
        return limit_exceeded()
    status = 403 if isinstance(error, FORBIDDEN) else 400
    return legacy_refusal(status, str(error))
