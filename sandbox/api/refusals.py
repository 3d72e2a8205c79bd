"""How the legacy writing endpoints word the refusals of ``posting``."""

from __future__ import annotations

from sandbox.api.envelope import ApiError, empty_post, legacy_refusal
from sandbox.errors import CannotReblogError, EmptyPostError, PostingError, PostLimitError


def refusal(error: PostingError) -> ApiError:
    """The document for a refused post."""
    if isinstance(error, EmptyPostError):
        return empty_post()
    status = 403 if isinstance(error, PostLimitError | CannotReblogError) else 400
    return legacy_refusal(status, str(error))
