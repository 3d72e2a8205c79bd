"""The only file that creates, edits or deletes posts.

What is to be done is an ``Intent``, stored beforehand; it is carried out here, once. Whether it was done
after all, when that is not known, is found out by ``reconcile.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tumblr.client import Writer
from tumblr.turns import Intent

ANSWER_ASK = "answer_ask"
"""Make an ask into its answer: an edit that gives it the answer, tags and a new state."""

CREATE_TEXT = "create_text"
"""Create a text post."""

REPEATABLE = frozenset({ANSWER_ASK})
"""Actions that do no harm when tumblr, late, carries out an earlier call as well."""


@dataclass(frozen=True)
class Posted:
    """A post that is on tumblr: its id, its state as tumblr calls it, and what tumblr said."""

    post_id: str
    state: str
    answer: Mapping[str, Any]


class Publisher:
    """Carries out intents. A process that only looks has none."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._actions: Mapping[str, Callable[[Intent], Mapping[str, Any]]] = {
            ANSWER_ASK: self._answer_ask,
            CREATE_TEXT: self._create_text,
        }

    def carry_out(self, intent: Intent) -> Posted:
        """Send an intent to tumblr; raises the errors of ``tumblr.errors``."""
        answer = self._actions[intent.action](intent)
        state = answer.get("state")
        return Posted(str(answer["id"]), state if isinstance(state, str) else intent.state, answer)

    def _answer_ask(self, intent: Intent) -> Mapping[str, Any]:
        if intent.post_id is None:
            raise ValueError("an answer needs the id of its ask")
        fields = {"answer": intent.html, "tags": ",".join(intent.tags), "state": intent.state}
        return self._writer.edit(intent.post_id, fields)

    def _create_text(self, intent: Intent) -> Mapping[str, Any]:
        fields = {"body": intent.html, "tags": ",".join(intent.tags), "state": intent.state}
        return self._writer.create_text(fields)
