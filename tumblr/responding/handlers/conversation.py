"""The kinds of turn that people's posts and replies make: the bot reblogs, or posts an answer to a reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from munging.reply_mockup import reply_mockup
from munging.thread import Identity
from munging.tumblr_html import to_html
from switchboard.messages import SelectionOutcome
from switchboard.messages.fields import MAX_TEXT_CHARACTERS
from tumblr.responding.handlers.base import Declined, PlannedPost, generated_p75, stored, times_for_prompts
from tumblr.screening.word_lists import ScreenedText
from tumblr.turns.tags import answer_tags, clean_tags, original_tags
from tumblr.turns.turn import Action, StoredMoodInput, StoredRequest, Turn, TurnKind

Verdict = Callable[[Turn, SelectionOutcome], str | None]
"""Says why a text is not worth posting, or None."""


@dataclass(frozen=True)
class ReblogHandler:
    """A reblog: of a reblog of the bot's own post, of a post that names it, or of one on the dashboard.

    ``user_input`` tells whether it was said to the bot: only then does it move the mood.
    """

    identity: Identity
    timezone: ZoneInfo
    avoided_tags: Sequence[str]
    user_input: bool = True
    why_not: Verdict = lambda _, __: None
    folded_lines: bool = False
    """As in ``AskKind``."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """Now."""
        return now

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The next turn of the thread in the present mood; the sentiment of what was said moves the mood."""
        return thread_requests(turn, mood, now, self.timezone, judged=self.user_input)

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The reblog; its tags name whom it answers. Screened with what others said since the bot last spoke.

        Raises Declined when the text is not worth posting.
        """
        reason = self.why_not(turn, chosen)
        if reason is not None:
            raise Declined(reason)
        tags = answer_tags(chosen.tags, turn.who, self.avoided_tags)
        return PlannedPost(
            action=Action.REBLOG,
            publish_as="published",
            html=to_html(chosen.post, self.identity, folded_lines=self.folded_lines),
            tags=tuple(tags),
            draft=ScreenedText(
                asker=turn.who, question=str(turn.input["said"]), answer=chosen.post, tags=tags
            ),
            post_id=str(turn.input["post_id"]),
            reblog_key=str(turn.input["reblog_key"]),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """What was said, and how all candidates sounded. A post counts once, however it was found."""
        return moved_by(turn, chosen, TurnKind.REBLOG) if self.user_input else None


def below_least(turn: Turn, chosen: SelectionOutcome) -> str | None:
    """The bot's own words must please the selector as much as its turn says; words without a score do."""
    least = turn.input.get("least")
    if least is None or chosen.proba is None or chosen.proba >= least:
        return None
    return f"the selector gives the bot's words {chosen.proba:.3f}, less than {least:.3f}"


@dataclass(frozen=True)
class ReplyHandler:
    """Replies, which tumblr cannot answer: a text post that begins with a picture of the reply."""

    identity: Identity
    timezone: ZoneInfo
    avoided_tags: Sequence[str]
    folded_lines: bool = False
    """As in ``AskKind``."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """Now."""
        return now

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The next turn of the thread in the present mood; the sentiment of the reply moves the mood."""
        return thread_requests(turn, mood, now, self.timezone, judged=True)

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The post. Its tags are the model's; it is screened with the whole thread."""
        head = reply_mockup(
            post_url=str(turn.input["post_url"]),
            post_summary=str(turn.input["summary"]),
            reply_blog_name=turn.who,
            reply_blog_url=f"https://{turn.who}.tumblr.com/",
            reply_body=str(turn.input["text"]),
        )
        said = to_html(chosen.post, self.identity, folded_lines=self.folded_lines)
        tags = original_tags(chosen.tags, self.avoided_tags)
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as="published",
            html=f"{head}\n{said}",
            tags=tuple(tags),
            draft=ScreenedText(
                asker=turn.who,
                question=str(turn.input["prompt"]),
                answer=chosen.post,
                tags=clean_tags(chosen.tags),
            ),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """The reply, and how all candidates sounded."""
        return moved_by(turn, chosen, TurnKind.REPLY)


def thread_requests(
    turn: Turn, mood: str, now: datetime, timezone: ZoneInfo, *, judged: bool
) -> tuple[StoredRequest, StoredRequest | None]:
    """What to ask of the switchboard to continue a thread, and about what was said in it."""
    times = times_for_prompts(now, timezone)
    fields = {
        "question": str(turn.input["prompt"]),
        "exact_prompt": True,
        "asking_name": turn.who,
        "mood": mood,
        "selector_cut_to_final_exchange": True,
        "return_all_conts": True,  # for the post log
        **times,
    }
    text = str(turn.input["text"])[:MAX_TEXT_CHARACTERS]
    about = {"texts": [text], "v10_timestamps": [times["v10_timestamp"]]}
    judgment = stored("raw_select", about, turn, now) if judged and text else None
    return stored("answer", fields, turn, now), judgment


def moved_by(turn: Turn, chosen: SelectionOutcome, kind: TurnKind) -> StoredMoodInput | None:
    """How a turn's input moves the mood; it does not when it was not judged."""
    if turn.judgment is None or turn.judgment.logit_diff is None or turn.chosen_at is None:
        return None
    return StoredMoodInput(
        kind=kind,
        who=turn.who,
        input_id=turn.input_id,
        input_timestamp=int(turn.input["timestamp"]),
        logit_diff=turn.judgment.logit_diff,
        generated_p75=generated_p75(chosen),
        time=datetime.fromtimestamp(turn.chosen_at, UTC),
    )
