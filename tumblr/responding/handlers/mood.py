"""A request to see the mood: a picture is published at once, unscreened; the operator gets a draft."""

from __future__ import annotations

import base64
from datetime import datetime

from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.moods.current import mood_system
from tumblr.moods.picture import MoodPictures
from tumblr.responding.handlers.base import ImmediateHandler, about
from tumblr.turns.inputs import ShowMoodInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


class MoodHandler(ImmediateHandler, kinds=(TurnKind.MOOD,)):
    """A photo post without tags."""

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        super().__init__(bot, settings)
        system, notes = mood_system(settings.mood), settings.mood.notes
        self._pictures = MoodPictures(bot.turns, settings.blog.blog_name, settings.zone, system, notes)

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:
        """The picture of so many days, with a caption that explains it."""
        shown = self._pictures.draw(about(turn, ShowMoodInput).days, turn.who, now)
        return PlannedPost(
            action=Action.CREATE_PHOTO,
            publish_as=PostState.PUBLISHED,
            html=shown.caption,
            tags=(),
            draft=None,
            image=base64.b64encode(shown.png).decode("ascii"),
            discard=turn.input_id,
            notes=("the operator asked for it",) if self.settings.is_operator(turn.who) else (),
        )
