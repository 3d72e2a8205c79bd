"""Whom the dashboard account follows: read from tumblr once, then kept up to date by the commands."""

from __future__ import annotations

import structlog

from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.turns.turn import NewTurn

READ = "follows read"
"""Name of the mark that says that the list was read."""

log = structlog.get_logger()


class FollowList:
    """Sees to it that the list is there."""

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        self._account = bot.tumblr.dashboard
        self._cursors = bot.cursors
        self._due = settings.tumblr.reread_follows or bot.cursors.cursor(READ) is None

    def find(self) -> list[NewTurn]:
        """Read the list, if that has not been done yet. Finds no turns."""
        if self._due and self._account is not None:
            names = sorted({name.lower() for name in self._account.following()})
            self._cursors.replace_follows(names)
            self._cursors.set_cursor(READ, True)
            self._due = False
            log.info("list of followed blogs read", blogs=len(names))
        return []
