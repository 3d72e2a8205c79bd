"""Finding asks: which questions in the inbox become turns now.

In this order: asks that are known already are left out, and those that are not to be answered are remembered
as skipped, some of them deleted; limited users are left to chance; of each asker only the oldest ask is
taken, and none while another of theirs is being answered; the oldest go first. In later years chance came
last.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from munging.images import ImagePlaces
from munging.user_text import question_from_html
from tumblr.api.client import Reader
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.finders.ask_rules import AskRules, surplus, why_not_ask
from tumblr.finders.waiting import Limited
from tumblr.responding.handlers.commands import command_turn
from tumblr.turns.commands import AnswerHidden, Follow, Invalid, read_command
from tumblr.turns.image_texts import image_fields
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.turn import INBOX_KINDS, NewTurn, Turn, TurnKind

HIDDEN_ASK_TAGS = ("an ask that my inbox does not show me", "answered because my operator pointed at it")
"""Tags of the answer to an ask that the operator named by its id."""

log = structlog.get_logger()


def choose_asks(
    asks: Sequence[TumblrPost],
    busy: Collection[str],
    limited: Limited,
    draw: Callable[[], float],
    *,
    equity_first: bool = False,
) -> list[TumblrPost]:
    """The asks to take now, oldest first.

    ``busy`` names the askers of whom an ask is being answered; ``draw`` gives numbers in [0, 1). The oldest
    ask of each asker is taken of those that chance has left, with ``equity_first`` of all of them.
    """

    def lucky(asks: Sequence[TumblrPost]) -> list[TumblrPost]:
        return [ask for ask in asks if draw() < limited.odds(asker_of(ask), ask.question or "")]

    return lucky(_oldest(asks, busy)) if equity_first else _oldest(lucky(asks), busy)


def _oldest(asks: Sequence[TumblrPost], busy: Collection[str]) -> list[TumblrPost]:
    chosen: dict[str, TumblrPost] = {}
    for ask in sorted(asks, key=_age):
        if asker_of(ask) not in busy:
            chosen.setdefault(asker_of(ask), ask)
    return list(chosen.values())


def asker_of(ask: TumblrPost) -> str:
    """Who asks; anonymous askers count as one person."""
    return ask.asking_name or ANONYMOUS


def _age(post: TumblrPost) -> tuple[int, int]:
    return post.timestamp, int(post.id)


class Memory(Protocol):
    """What finding asks needs to know of the past."""

    def known(self, kinds: Collection[TurnKind], input_ids: Collection[str]) -> set[str]:
        """Those of the inputs for which there is a turn of one of these kinds."""
        ...

    def open_turns(self, kind: TurnKind | None = None) -> list[Turn]:
        """The turns that are not closed."""
        ...


class AskFinder:
    """Reads the inbox and says which asks become turns."""

    kind = TurnKind.ASK

    def __init__(
        self,
        reader: Reader,
        memory: Memory,
        limited: Limited,
        *,
        start_timestamp: int,
        rng: random.Random,
        clock: Callable[[], float],
        operator: str | None = None,
        most: Callable[[], int | None] = lambda: None,
        rules: AskRules | None = None,
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._limited = limited
        self._start = start_timestamp
        self._rng = rng
        self._clock = clock
        self._operator = operator
        self._most = most
        self._rules = rules or AskRules()
        self._isolation = Quarantine()

    def find(self) -> list[NewTurn]:
        """The new turns, oldest ask first; what is neither ask nor command is remembered as skipped."""
        page = self._reader.inbox()
        for problem in page.problems:
            log.warning("inbox entry skipped", reason=problem)
        recent = [post for post in page.posts if post.timestamp >= self._start]
        known = self._memory.known(INBOX_KINDS, [post.id for post in recent])
        new = [post for post in recent if post.id not in known]
        sound = [post for post in new if post.is_ask and self._is_sound(post)]
        refused = self._refused(sound)
        fit = [post for post in sound if post.id not in refused]
        first, draw = self._rules.equity_first, self._rng.random
        asks = choose_asks(fit, self._busy(), self._limited, draw, equity_first=first)
        return [
            *(_no_ask(post, "it is a submission, not an ask") for post in new if not post.is_ask),
            *refused.values(),
            *(turn for ask in asks[: self._most()] for turn in self._turns_or_none(ask)),
        ]

    def _is_sound(self, ask: TumblrPost) -> bool:
        """Whether an ask can be read; one that cannot leaves its asker's place to their next."""
        return self._isolation.run(ask.id, lambda: (self._refusal(ask), self._turn(ask))) is not None

    def _turns_or_none(self, ask: TumblrPost) -> list[NewTurn]:
        return self._isolation.run(ask.id, lambda: self._turns(ask)) or []

    def _refused(self, asks: Sequence[TumblrPost]) -> dict[str, NewTurn]:
        """Those of the asks that are not answered at all, by id, as turns that are skipped."""
        refused = {ask.id: turn for ask in asks if (turn := self._refusal(ask)) is not None}
        left = [ask for ask in asks if ask.id not in refused]
        too_many = surplus(left, self._rules, self._rng)
        deleted = {ask.id: self._deleted(ask, too_many[ask.id]) for ask in left if ask.id in too_many}
        return {**refused, **deleted}

    def _refusal(self, ask: TumblrPost) -> NewTurn | None:
        reason = self._rules.answered.why_not(asker_of(ask))
        if reason is not None:
            wish = read_command(ask.summary, asker_of(ask), self._operator)
            return None if isinstance(wish, Follow) else self._deleted(ask, reason)
        reason = why_not_ask(ask, self._rules)
        return None if reason is None else _no_ask(ask, reason)

    def _deleted(self, ask: TumblrPost, reason: str) -> NewTurn:
        return _no_ask(ask, reason, delete=self._rules.deletes)

    def _turns(self, ask: TumblrPost) -> list[NewTurn]:
        """The turn of an ask; of a command that names a hidden ask, that ask's turn too."""
        command = read_command(ask.summary, asker_of(ask), self._operator)
        if command is None:
            return [self._turn(ask)]
        if not isinstance(command, AnswerHidden):
            return [command_turn(ask, asker_of(ask), command)]
        hidden = self._reader.post(command.post_id)
        if hidden is None or not hidden.is_ask or hidden.state != "submission":
            refusal = Invalid(f"{command.post_id} is no ask that waits for an answer")
            return [command_turn(ask, asker_of(ask), refusal)]
        found = self._turn(hidden)
        named = replace(found, input={**found.input, "tags": list(HIDDEN_ASK_TAGS)})
        return [named, command_turn(ask, asker_of(ask), command)]

    def _turn(self, ask: TumblrPost) -> NewTurn:
        return ask_turn(ask, reads_images=self._rules.reads_images)

    def _busy(self) -> set[str]:
        """Askers with a turn in work; one whose turn rests after a failure may be answered meanwhile."""
        now = self._clock()
        open_turns = (turn for kind in INBOX_KINDS for turn in self._memory.open_turns(kind))
        return {turn.who for turn in open_turns if turn.not_before <= now}


def ask_turn(ask: TumblrPost, *, reads_images: bool = False) -> NewTurn:
    """The turn of an ask, with all that answering it needs."""
    raw = ask.question or ""
    places = ImagePlaces() if reads_images else None
    return NewTurn(
        kind=TurnKind.ASK,
        input_id=ask.id,
        who=asker_of(ask),
        input={
            "question_html": raw,
            "question": question_from_html(raw, places),
            "timestamp": ask.timestamp,
            **image_fields(places, ask.payload),
        },
    )


def _no_ask(post: TumblrPost, reason: str, *, delete: bool = False) -> NewTurn:
    discard = post.id if delete else None
    return NewTurn(TurnKind.ASK, post.id, who=asker_of(post), skip_reason=reason, discard=discard)
