"""The kinds of turn that are commands in asks; see ``commands.py`` for what counts as one.

A review is written like an answer. The other commands need no text: what they do is known at once.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Protocol

from munging.formats import PromptFormat, normalize
from munging.thread import Identity
from munging.tumblr_html import to_html
from switchboard.messages import SelectionOutcome
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.moods.picture import MoodPicture
from tumblr.responding.handlers.base import PlannedPost, stored
from tumblr.screening.word_lists import ScreenedText
from tumblr.turns.commands import AnswerHidden, Command, Follow, Invalid, OrderReview, ShowMood
from tumblr.turns.tags import clean_tags
from tumblr.turns.turn import Action, NewTurn, StoredMoodInput, StoredRequest, Turn, TurnKind

DONE = "done"
"""The state of what is done without a post."""


def command_turn(ask: TumblrPost, asker: str, command: Command) -> NewTurn:
    """The turn of an ask that is a command; one that cannot be obeyed is remembered as skipped."""
    kind, fields = TurnKind.COMMAND, {"timestamp": ask.timestamp}
    match command:
        case Invalid(reason):
            return NewTurn(kind, ask.id, asker, skip_reason=reason)
        case Follow(follow):
            action = Action.FOLLOW if follow else Action.UNFOLLOW
            return NewTurn(kind, ask.id, asker, {**fields, "command": action})
        case AnswerHidden(post_id):
            return NewTurn(kind, ask.id, asker, {**fields, "command": Action.NOTHING, "hidden_ask": post_id})
        case ShowMood(days):
            return NewTurn(TurnKind.MOOD, ask.id, asker, {**fields, "days": days})
        case OrderReview():
            return NewTurn(TurnKind.REVIEW, ask.id, asker, {**fields, "lines": command.lines})


@dataclass(frozen=True)
class ReviewHandler:
    """A review: the post begins with what was ordered, the model goes on."""

    identity: Identity
    form: PromptFormat
    always_draft: bool
    help_url: str | None

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """Now."""
        return now

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """A text that goes on from the review's first lines; the prompt says nothing of the time."""
        start = self.form.start("review", self.identity)
        fields = {
            "question": normalize("\n".join([start, *turn.input["lines"], "", ""])),
            "asking_name": turn.who,
            "mood": mood,
            "exact_prompt": True,
            "write_review_override": True,
            "return_all_conts": True,  # for the post log
        }
        return stored("answer", fields, turn, now), None

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """A post of its own without tags; the text is screened as one that nobody asked for."""
        text = "\n".join([*turn.input["lines"], "", chosen.post.lstrip("\n")])
        body = to_html(text, self.identity, folded_lines=self.form.folded_lines)
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as="published",
            html=body + self._explanation(turn.who),
            tags=(),
            draft=ScreenedText(asker="", question="", answer=text, tags=clean_tags(chosen.tags)),
            discard=turn.input_id,
            notes=("reviews are drafted",) if self.always_draft else (),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:  # noqa: ARG002
        """Nothing: an order has no tone."""
        return None

    def _explanation(self, asker: str) -> str:
        more = f' (<a href="{escape(self.help_url)}">more about it</a>)' if self.help_url else ""
        return (
            f"<p>{'-' * 20}</p><p>Written because {mention(asker)} asked. Anyone can have a book reviewed: "
            f"send me an ask that says <b>!review title, author, stars</b>; the title is enough{more}.</p>"
        )


class ImmediateHandler(Protocol):
    """The rules of a kind of turn that needs no text of the generator's."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:
        """What to do about the turn."""
        ...


@dataclass(frozen=True)
class MoodHandler:
    """A request to see the mood: a picture is published at once, unscreened; the operator gets a draft."""

    operator: str | None
    picture: Callable[[float, str, datetime], MoodPicture]
    """Draws the mood of so many days, for somebody, up to a moment."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:
        """A photo post without tags."""
        shown = self.picture(float(turn.input["days"]), turn.who, now)
        is_operator = self.operator is not None and turn.who.casefold() == self.operator.casefold()
        return PlannedPost(
            action=Action.CREATE_PHOTO,
            publish_as="published",
            html=shown.caption,
            tags=(),
            draft=None,
            image=base64.b64encode(shown.png).decode("ascii"),
            discard=turn.input_id,
            notes=("the operator asked for it",) if is_operator else (),
        )


@dataclass(frozen=True)
class CommandHandler:
    """A command that changes whom the bot follows, or nothing on tumblr but the command itself."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:  # noqa: ARG002
        """Do it, then delete the ask."""
        return PlannedPost(
            action=Action(turn.input["command"]),
            publish_as=DONE,
            html="",
            tags=(),
            draft=None,
            target=turn.who,
            discard=turn.input_id,
        )


def mention(asker: str) -> str:
    """A link to whoever asked, which tells them that they were mentioned."""
    if asker == ANONYMOUS:
        return "somebody"
    name = escape(asker)
    return f'<a class="tumblelog" href="https://{name}.tumblr.com/">@{name}</a>'
