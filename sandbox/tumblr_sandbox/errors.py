"""Why a post was refused, whatever face of the sandbox it came through."""

from __future__ import annotations

from enum import Enum


class PostingError(Exception):
    """The post cannot be made, or not like this; nothing was changed."""


class EmptyPostError(PostingError):
    """There is nothing in it."""

    def __init__(self) -> None:
        super().__init__("Post cannot be empty.")


class NotThatStateError(PostingError):
    """There is no such state, or no way to it from where the post is."""

    def __init__(self, state: str) -> None:
        super().__init__(f"Unknown state - {state}")
        self.state = state


class CannotReblogError(PostingError):
    """Its author does not let this blog reblog it."""

    def __init__(self) -> None:
        super().__init__("You cannot reblog this post.")


class AskRefusedError(PostingError):
    """The blog takes no such asks, or none from this asker."""


class PostLimitError(PostingError):
    """The user published as many posts today as one may."""

    def __init__(self) -> None:
        super().__init__("You've exceeded your daily post limit.")


class QueueFullError(PostingError):
    """The blog has as many queued posts as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"You cannot queue more than {limit} posts")


class OwnPostError(PostingError):
    """One's own posts cannot be liked."""

    def __init__(self) -> None:
        super().__init__("You cannot like your own post.")


class BlockedError(PostingError):
    """Its author blocked this blog."""

    def __init__(self, action: str) -> None:
        super().__init__(f"You cannot {action} this post.")


class DayLimitError(PostingError):
    """The user did this as often today as one may: follows or likes."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"You've exceeded your daily limit of {kind}.")


class BadMediaError(PostingError):
    """An uploaded file cannot be taken."""


class MediaLimitError(PostingError):
    """The user uploaded as many pictures today as one may."""

    def __init__(self) -> None:
        super().__init__("You've exceeded your daily photo upload limit.")


class VideoLimitError(PostingError):
    """The user uploaded as many films today as one may."""

    def __init__(self) -> None:
        super().__init__("You've exceeded your daily video upload limit.")


class TooManyFollowedError(PostingError):
    """The user follows as many blogs as one may."""

    def __init__(self) -> None:
        super().__init__("You are following too many blogs.")


class BadNpfError(PostingError):
    """What was posted in NPF is not well formed, or too much; ``code`` is tumblr's for it."""

    def __init__(self, reason: str, code: int = 8001) -> None:
        super().__init__(reason)
        self.code = code


class Refusal(Enum):
    """Why something about a community is refused."""

    BANNED = "You are banned from this community."
    PRIVATE = "This community is private, and you are not a member."
    MEMBERS_ONLY = "You are not a member of this community."
    FULL = "This community has no room for more members."
    WRONG_HASH = "This invite link is not valid."
    INVITATION_GONE = "The invitation no longer exists or was declined."
    NOT_PERMITTED = "You may not do this in this community."
    LINK_NOT_PERMITTED = "You may not make invite links."
    LINKS_DISABLED = "Invite links are disabled in this community."
    MESSAGE_TOO_LONG = "The message is too long."
    CANNOT_JOIN = "This blog cannot join the community."
    ALREADY_MEMBER = "This blog is a member already."
    ALREADY_INVITED = "This blog is invited already."
    LAST_ADMIN = "A community needs an admin."
    HANDLE_TAKEN = "This handle is taken."
    HANDLE_TOO_SOON = "The handle was changed less than seven days ago."
    NO_EMOJI = "That is no emoji."
    POST_REACTIONS = "This post has as many reactions as a post may have."
    OWN_REACTIONS = "You have as many reactions to this post as one may have."


class CommunityError(PostingError):
    """Something about a community is refused; nothing was changed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason
