"""What can go wrong with tumblr or with the store; each error says what to do.

For a call that writes, one question matters most: may it have taken effect all the same?
``may_have_happened`` answers it.
"""

# ruff: noqa: N818 - the errors are named for what is wrong

from __future__ import annotations

from typing import ClassVar


class TumblrError(Exception):
    """Tumblr did not do what was asked."""

    may_have_happened: ClassVar[bool] = False
    """Whether a write that ended so may have taken effect."""


class Unauthorized(TumblrError):
    """The keys are wrong, or are not a member of the blog: a human has to fix the configuration.

    ``detail`` is tumblr's reason, ``keys`` the setting that holds the keys.
    """

    def __init__(self, detail: str, keys: str = "tumblr.base_keys") -> None:
        may_post = ", and that their account may post to blog.blog_name" if "base" in keys else ""
        super().__init__(
            f"tumblr refuses the API keys ({detail}); check the four strings in {keys}{may_post}"
        )
        self.detail = detail


class NotFound(TumblrError):
    """No such post or blog, or it is hidden from us."""


class TurnedDown(TumblrError):
    """Tumblr answers that it will not do this.

    ``passing``: its answer names no reason that is known to last. Now and then tumblr turns down what it does
    a minute later, so that only hours of the same answer are final.
    """

    def __init__(self, detail: str, *, passing: bool = False) -> None:
        super().__init__(detail)
        self.passing = passing


class Forbidden(TurnedDown):
    """Tumblr forbids this action on this target; another target may be fine."""


class Refused(TurnedDown):
    """Tumblr finds fault with what was sent; unless it is ``passing``, the same again would fail again."""


class PicturesRefused(Refused):
    """Tumblr takes the pictures of a post not, or not so many bytes; without them it may take the post."""


class LimitReached(TumblrError):
    """A limit of tumblr's is used up: calls per hour or day, posts per day, posts in the queue.

    ``retry_after_seconds`` is how long to leave tumblr alone.
    """

    def __init__(self, detail: str, retry_after_seconds: float) -> None:
        super().__init__(f"{detail}; trying again in {retry_after_seconds:.0f} s")
        self.retry_after_seconds = retry_after_seconds


class PictureLimitReached(LimitReached):
    """The day's pictures are used up; a post without any may still be made."""


class TumblrUnavailable(TumblrError):
    """No usable answer: a time-out, a cut connection, a server error, a page of HTML. Try again later."""

    may_have_happened = True


class Unreachable(TumblrUnavailable):
    """There is not even a connection; no other call would have one now. Nothing was sent."""

    may_have_happened = False


class MalformedAnswer(TumblrError):
    """Tumblr answered with something that does not have the documented form."""

    may_have_happened = True


class StoreError(Exception):
    """The database cannot be used; the text says why and what to do. Nothing stored before is lost."""


class StoreFull(StoreError):
    """The disk, or the room the database may take, is full."""


class StaleTurn(RuntimeError):
    """A turn was no longer in the state from which it should have moved: a mistake in the program."""
