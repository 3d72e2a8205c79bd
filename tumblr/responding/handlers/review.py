"""Reviews that were ordered: the post begins with what was ordered, the model goes on."""

from __future__ import annotations

from datetime import datetime
from html import escape

from munging.prompts.formats import normalize
from switchboard.messages import SelectionOutcome
from tumblr.api.models import ANONYMOUS
from tumblr.responding.handlers.base import TurnHandler, about, stored
from tumblr.turns.inputs import ReviewInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.tags import clean_tags
from tumblr.turns.turn import StoredRequest, Turn


class ReviewHandler(TurnHandler, kinds=(TurnKind.REVIEW,)):
    """A review is written like an answer, and posted by itself. An order has no tone that moves the mood."""

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """A text that goes on from the review's first lines; the prompt says nothing of the time."""
        start = self.settings.format.start("review", self.settings.identity)
        fields = {
            "question": normalize("\n".join([start, *about(turn, ReviewInput).lines, "", ""])),
            "asking_name": turn.who,
            "mood": mood,
            "exact_prompt": True,
            "write_review_override": True,
            "return_all_conts": True,  # for the post log
        }
        return stored("answer", fields, turn, now), None

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """A post of its own without tags; the text is screened as one that nobody asked for."""
        text = "\n".join([*about(turn, ReviewInput).lines, "", chosen.post.lstrip("\n")])
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as=PostState.PUBLISHED,
            html=self.html(text) + self._explanation(turn.who),
            tags=(),
            draft=ScreenedText(asker="", question="", answer=text, tags=clean_tags(chosen.tags)),
            discard=turn.input_id,
            notes=("reviews are drafted",) if self.settings.commands.draft_reviews else (),
        )

    def _explanation(self, asker: str) -> str:
        url = self.settings.commands.help_url
        more = f' (<a href="{escape(url)}">more about it</a>)' if url else ""
        return (
            f"<p>{'-' * 20}</p><p>Written because {mention(asker)} asked. Anyone can have a book reviewed: "
            f"send me an ask that says <b>!review title, author, stars</b>; the title is enough{more}.</p>"
        )


def mention(asker: str) -> str:
    """A link to whoever asked, which tells them that they were mentioned."""
    if asker == ANONYMOUS:
        return "somebody"
    name = escape(asker)
    return f'<a class="tumblelog" href="https://{name}.tumblr.com/">@{name}</a>'
