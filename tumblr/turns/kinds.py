"""What a turn may be: its kinds and states, what is done to tumblr, the state that a post is sent with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class TurnKind(StrEnum):
    """What the bot speaks about."""

    ASK = "ask"
    ORIGINAL = "original"
    REVIEW = "review"
    """An ask that orders a review."""
    MOOD = "mood"
    """An ask that wants to see the mood."""
    COMMAND = "command"
    """An ask that is obeyed, not answered: to follow, to unfollow, to answer a hidden ask."""
    REBLOG = "reblog"
    """Somebody has reblogged a post of the bot's and said something."""
    REPLY = "reply"
    """Somebody has replied to a post of the bot's."""
    MENTION = "mention"
    """Somebody has named the bot in a post."""
    TREAT = "treat"
    """One more text for somebody who talked to the bot on Halloween."""
    DASH = "dash"
    """Somebody whom the bot follows has said something that is worth a reblog."""


CONVERSATION_KINDS = frozenset({TurnKind.REBLOG, TurnKind.REPLY, TurnKind.MENTION})
"""What people say to the bot on their own blogs."""

UNASKED_KINDS = frozenset({TurnKind.ORIGINAL, TurnKind.DASH})
"""What nobody waits for an answer to."""

INBOX_KINDS = frozenset({TurnKind.ASK, TurnKind.REVIEW, TurnKind.MOOD, TurnKind.COMMAND})
"""What an ask may become; each ask becomes one of these once."""


class TurnState(StrEnum):
    """How far a turn has come."""

    WAITING = "waiting"
    """Written down; others go first, for a reason that is stored."""
    FOUND = "found"
    """Its turn has come; nothing has been asked for yet."""
    REQUESTED = "requested"
    """A text has been asked for; the request is stored as it is sent."""
    CHOSEN = "chosen"
    """The text is there."""
    HELD = "held"
    """The text waits for the operator's decision."""
    POSTING = "posting"
    """What will be sent to tumblr is stored; it may have arrived there or not."""
    POSTED = "posted"
    """It is on the blog or in the queue."""
    DRAFTED = "drafted"
    """It waits among the drafts for a human."""
    SKIPPED = "skipped"
    """The bot will not speak; the reason is stored."""
    DONE = "done"
    """A command was obeyed; nothing was posted."""
    FAILED = "failed"
    """Every attempt failed; the reason is stored."""


CLOSED = frozenset({TurnState.POSTED, TurnState.DRAFTED, TurnState.SKIPPED, TurnState.DONE, TurnState.FAILED})

IN_WORK = frozenset({TurnState.FOUND, TurnState.REQUESTED, TurnState.CHOSEN, TurnState.POSTING})
"""States of a turn that the driver moves."""

MOVES: Mapping[TurnState, frozenset[TurnState]] = {
    TurnState.WAITING: frozenset({TurnState.FOUND, TurnState.SKIPPED}),
    TurnState.FOUND: frozenset({TurnState.REQUESTED, TurnState.POSTING, TurnState.SKIPPED, TurnState.FAILED}),
    TurnState.REQUESTED: frozenset({TurnState.CHOSEN, TurnState.FOUND, TurnState.FAILED}),
    TurnState.CHOSEN: frozenset(
        {TurnState.HELD, TurnState.POSTING, TurnState.FOUND, TurnState.SKIPPED, TurnState.FAILED}
    ),
    TurnState.HELD: frozenset({TurnState.CHOSEN, TurnState.FOUND, TurnState.SKIPPED}),
    TurnState.POSTING: frozenset(
        {TurnState.POSTED, TurnState.DRAFTED, TurnState.DONE, TurnState.SKIPPED, TurnState.FAILED}
    ),
    TurnState.DRAFTED: frozenset({TurnState.FOUND, TurnState.POSTED}),
    TurnState.POSTED: frozenset({TurnState.FOUND}),
}
"""The moves a turn may make. From ``posting`` there is no way back: the post may exist. Only the operator
opens a closed turn again, by sending its draft back."""


class Action(StrEnum):
    """What is done to tumblr."""

    ANSWER_ASK = "answer_ask"
    """Make an ask into its answer: an edit that gives it the answer, tags and a new state."""

    CREATE_TEXT = "create_text"
    REBLOG = "reblog"
    CREATE_PHOTO = "create_photo"
    FOLLOW = "follow"
    """Have the dashboard account follow a blog."""

    UNFOLLOW = "unfollow"
    NOTHING = "nothing"
    """Change nothing on tumblr."""


REPEATABLE = frozenset({Action.ANSWER_ASK, Action.FOLLOW, Action.UNFOLLOW, Action.NOTHING})
"""Actions that do no harm when tumblr, late, carries out an earlier call as well."""

FOLLOWING = {Action.FOLLOW: True, Action.UNFOLLOW: False}
"""Actions that change whom the dashboard account follows, and whether it does so afterwards."""


class PostState(StrEnum):
    """The state that a post is sent with."""

    PUBLISHED = "published"
    QUEUE = "queue"
    DRAFT = "draft"
    NONE = "done"
    """Nothing is posted."""
