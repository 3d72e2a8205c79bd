"""How the legacy writing endpoints word the refusals of ``posting``."""

from __future__ import annotations

from tumblr_sandbox.api.envelope import ApiError, empty_post, errors, legacy_refusal, limit_exceeded
from tumblr_sandbox.errors import (
    BadMediaError,
    BadNpfError,
    BlockedError,
    CannotReblogError,
    DayLimitError,
    EmptyPostError,
    MediaLimitError,
    NotThatStateError,
    OwnPostError,
    PostingError,
    PostLimitError,
    QueueFullError,
    TooManyFollowedError,
    VideoLimitError,
)

FORBIDDEN = (PostLimitError, CannotReblogError, BlockedError, OwnPostError, MediaLimitError, VideoLimitError)
"""Refusals with status 403; the others have 400."""
WRONG_TARGET = 8002
"""The NPF endpoints' code for a post that there is not, or that the key does not fit."""
REASON = "sandbox_reason"
NPF_CODES: dict[type[PostingError], tuple[int, int]] = {
    EmptyPostError: (400, 8001),
    NotThatStateError: (400, 8001),
    BadMediaError: (400, 8005),
    MediaLimitError: (403, 8004),
    VideoLimitError: (400, 8011),
    CannotReblogError: (403, 8002),
    QueueFullError: (403, 8022),
    PostLimitError: (403, 8023),
}
"""Status and code of what the NPF endpoints refuse."""


def refusal(error: PostingError) -> ApiError:
    """The document for a refused post, as the legacy endpoints word it."""
    if isinstance(error, EmptyPostError):
        return empty_post()
    if isinstance(error, (DayLimitError, TooManyFollowedError)):
        return limit_exceeded()
    return legacy_refusal(403 if isinstance(error, FORBIDDEN) else 400, str(error))


def npf_refusal(error: PostingError) -> ApiError:
    """The same as the NPF endpoints word it: beside ``response``, and without saying why but by a code.

    For people who test clients the reason stands there too, under a name that tumblr does not use.
    """
    status, code = NPF_CODES.get(type(error), (400, 8001))
    if isinstance(error, BadNpfError):
        code = error.code
    title = "Bad Request" if status == 400 else "Forbidden"
    document = errors(title, code, "Posting failed. Please try again.")
    document["errors"][0][REASON] = str(error)
    return ApiError(status, document)
