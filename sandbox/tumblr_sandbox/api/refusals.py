"""How the endpoints word what the services refuse."""

from __future__ import annotations

from tumblr_sandbox.api.envelope import (
    ApiError,
    empty_post,
    errors,
    legacy_refusal,
    limit_exceeded,
    phrase_of,
)
from tumblr_sandbox.errors import (
    BadMediaError,
    BadNpfError,
    BlockedError,
    CannotReblogError,
    CommunityError,
    DayLimitError,
    EmptyPostError,
    MediaLimitError,
    NotThatStateError,
    OwnPostError,
    PostingError,
    PostLimitError,
    QueueFullError,
    Refusal,
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

COMMUNITY_CODES: dict[Refusal, tuple[int, int]] = {
    Refusal.BANNED: (403, 23020),
    Refusal.PRIVATE: (403, 23001),
    Refusal.MEMBERS_ONLY: (403, 23002),
    Refusal.FULL: (403, 23003),
    Refusal.WRONG_HASH: (400, 23014),
    Refusal.INVITATION_GONE: (403, 23015),
    Refusal.NOT_PERMITTED: (403, 0),
    Refusal.LINK_NOT_PERMITTED: (403, 23012),
    Refusal.LINKS_DISABLED: (403, 23017),
    Refusal.MESSAGE_TOO_LONG: (400, 5041),
    Refusal.CANNOT_JOIN: (403, 23008),
    Refusal.ALREADY_MEMBER: (403, 23009),
    Refusal.ALREADY_INVITED: (403, 23011),
    Refusal.LAST_ADMIN: (400, 0),
    Refusal.HANDLE_TAKEN: (400, 0),
    Refusal.HANDLE_TOO_SOON: (400, 0),
    Refusal.NO_EMOJI: (400, 0),
    Refusal.POST_REACTIONS: (400, 22001),
    Refusal.OWN_REACTIONS: (400, 22002),
}
"""Status and code of what the endpoints of communities refuse."""


def refusal(error: PostingError) -> ApiError:
    """The document for a refused post, as the legacy endpoints word it."""
    if isinstance(error, EmptyPostError):
        return empty_post()
    if isinstance(error, CommunityError):
        return _community_refusal(error)
    if isinstance(error, (DayLimitError, TooManyFollowedError)):
        return limit_exceeded()
    return legacy_refusal(403 if isinstance(error, FORBIDDEN) else 400, str(error))


def _community_refusal(error: CommunityError) -> ApiError:
    status, code = COMMUNITY_CODES[error.reason]
    return ApiError(status, errors(phrase_of(status), code, str(error)))


def npf_refusal(error: PostingError) -> ApiError:
    """The same as the NPF endpoints word it: beside ``response``, and without saying why but by a code.

    For people who test clients the reason stands there too, under a name that tumblr does not use.
    """
    if isinstance(error, CommunityError):
        return _community_refusal(error)
    status, code = NPF_CODES.get(type(error), (400, 8001))
    if isinstance(error, BadNpfError):
        code = error.code
    title = "Bad Request" if status == 400 else "Forbidden"
    document = errors(title, code, "Posting failed. Please try again.")
    document["errors"][0][REASON] = str(error)
    return ApiError(status, document)
