"""The only file that creates, edits or deletes posts.

What is to be done is an ``Intent``, stored beforehand; it is carried out here, once. Whether it was done
after all, when that is not known, is found out by ``reconcile.py``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from munging.figures import figure_name
from tumblr.api.client import AccountWriter
from tumblr.api.errors import NotFound, Refused
from tumblr.api.writer import ReblogTarget, TumblrWriter, Writing
from tumblr.turns.kinds import Action
from tumblr.turns.turn import Intent


@dataclass(frozen=True)
class Posted:
    """A post that is on tumblr: its id, its state as tumblr calls it, and what tumblr said."""

    post_id: str
    state: str
    answer: Mapping[str, Any]


class Publisher:
    """Carries out intents and edits. A process that only looks has none."""

    def __init__(self, writer: TumblrWriter, account: AccountWriter | None = None) -> None:
        self._writer = writer
        self._account = account
        self._actions: Mapping[str, Callable[[Intent], Mapping[str, Any]]] = {
            Action.ANSWER_ASK: self._answer_ask,
            Action.CREATE_TEXT: self._create_text,
            Action.REBLOG: self._reblog,
            Action.CREATE_PHOTO: self._create_photo,
            Action.FOLLOW: self._follow,
            Action.UNFOLLOW: self._unfollow,
            Action.NOTHING: lambda _: {"id": ""},
        }

    def carry_out(self, intent: Intent) -> Posted:
        """Send an intent to tumblr; raises the errors of ``tumblr.api.errors``."""
        answer = self._actions[intent.action](intent)
        state = answer.get("state")
        return Posted(str(answer["id"]), state if isinstance(state, str) else intent.state, answer)

    def _answer_ask(self, intent: Intent) -> Mapping[str, Any]:
        if intent.post_id is None:
            raise ValueError("an answer needs the id of its ask")
        return self._writer.answer(intent.post_id, _writing(intent))

    def _create_text(self, intent: Intent) -> Mapping[str, Any]:
        return self._writer.create(_writing(intent))

    def _reblog(self, intent: Intent) -> Mapping[str, Any]:
        if intent.post_id is None:
            raise ValueError("a reblog needs the id of what it reblogs")
        target = ReblogTarget(intent.target, intent.post_id, intent.reblog_key)
        return self._writer.reblog(target, _writing(intent))

    def _create_photo(self, intent: Intent) -> Mapping[str, Any]:
        return self._writer.create_photo(_writing(intent), base64.b64decode(intent.image))

    def _follow(self, intent: Intent) -> Mapping[str, Any]:
        try:
            self._dashboard().follow(intent.target)
        except NotFound as error:
            raise Refused(str(error)) from None
        return {"id": ""}

    def _unfollow(self, intent: Intent) -> Mapping[str, Any]:
        with suppress(NotFound):  # who is not there is not followed
            self._dashboard().unfollow(intent.target)
        return {"id": ""}

    def _dashboard(self) -> AccountWriter:
        if self._account is None:
            raise Refused("there is no dashboard account (tumblr.dashboard_keys is empty)")
        return self._account

    @property
    def takes_figures(self) -> bool:
        """Whether pictures go along with a post. Otherwise they are uploaded before."""
        return self._writer.takes_figures

    def upload(self, pngs: Sequence[bytes], tags: Sequence[str]) -> str:
        """Create a photo draft with pictures, for their addresses; its id."""
        return self._writer.upload(pngs, tags)

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change fields of an own post; the answer holds the id that it has now."""
        return self._writer.edit(post_id, fields)

    def delete(self, post_id: str) -> None:
        """Delete an own post or ask."""
        self._writer.delete(post_id)


def _writing(intent: Intent) -> Writing:
    pngs = {figure_name(number): base64.b64decode(png) for number, png in enumerate(intent.figures)}
    return Writing(intent.html, intent.tags, intent.state, pngs)
