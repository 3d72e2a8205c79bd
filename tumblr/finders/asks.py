"""Finding asks: which questions in the inbox become turns now.

The inbox is read until a page holds nothing new, and now and then to its end; each ask is written down when
it is seen first. Then, in this order: asks that are not to be answered are remembered as skipped, some of
them deleted; limited users are left to chance; of each asker only the oldest ask is taken, and none while
another of theirs is being answered; who was answered least goes first, then the oldest. In later years
chance came last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import structlog

from munging.images import ImagePlaces
from munging.user_text import question_from_html
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.ask_rules import surplus, why_not_ask
from tumblr.finders.damping import HOUR, why_not_listed, why_not_talk
from tumblr.finders.waiting import PendingTurn, odds, put_off
from tumblr.pacing.throttle import Throttle
from tumblr.turns.commands.base import Invalid, Order
from tumblr.turns.commands.hidden_ask import HIDDEN_ASK
from tumblr.turns.commands.registry import commands, read_command
from tumblr.turns.image_texts import image_fields
from tumblr.turns.inputs import AskInput, CommandInput, TurnInput
from tumblr.turns.kinds import INBOX_KINDS, TurnKind
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.turn import NewTurn

HIDDEN_ASK_TAGS = ("an ask that my inbox does not show me", "answered because my operator pointed at it")
"""Tags of the answer to an ask that the operator named by its id."""

WHOLE_INBOX_SECONDS = 600.0
"""How often the inbox is read to its end, and not only until a page holds nothing new."""

GOES_LATER = "others go first: one ask at a time of each asker, and no more than the pace and chance allow"
"""Why an ask is written down that could be answered."""

log = structlog.get_logger()


def choose_asks(
    asks: Sequence[PendingTurn],
    busy: Collection[str],
    draw: Callable[[], float],
    settings: BotSettings,
    answered: Mapping[str, int] = MappingProxyType({}),
) -> list[PendingTurn]:
    """The asks to take now, those of the least answered askers first, then the oldest.

    ``busy`` names the askers of whom an ask is being answered; ``draw`` gives numbers in [0, 1). The oldest
    ask of each asker is taken of those that chance has left, with ``asks.equity_first`` of all of them.
    ``answered`` says how often each asker was answered lately, by name in lower case.
    """

    def lucky(asks: Sequence[PendingTurn]) -> list[PendingTurn]:
        return [ask for ask in asks if draw() < odds(ask.turn.who, ask.text, settings)]

    chosen = lucky(_oldest(asks, busy)) if settings.asks.equity_first else _oldest(lucky(asks), busy)
    return sorted(chosen, key=lambda ask: answered.get(ask.turn.who.lower(), 0))


def _oldest(asks: Sequence[PendingTurn], busy: Collection[str]) -> list[PendingTurn]:
    chosen: dict[str, PendingTurn] = {}
    for ask in sorted(asks, key=_age):
        if ask.turn.who not in busy:
            chosen.setdefault(ask.turn.who, ask)
    return list(chosen.values())


def asker_of(ask: TumblrPost) -> str:
    """Who asks; anonymous askers count as one person."""
    return ask.asking_name or ANONYMOUS


def _age(ask: PendingTurn) -> tuple[int, int]:
    return ask.timestamp, int(ask.turn.input_id)


def pending_ask(turn: NewTurn) -> PendingTurn:
    """The turn of an ask as it waits for its choice."""
    timestamp, text = getattr(turn.input, "timestamp", 0), getattr(turn.input, "question_html", "")
    return PendingTurn(turn, timestamp, text)


class AskFinder:
    """Reads the inbox and says which asks become turns."""

    kind = TurnKind.ASK

    def __init__(self, bot: Bot, settings: BotSettings, throttle: Callable[[], Throttle] = Throttle) -> None:
        self._bot = bot
        self._settings = settings
        self._throttle = throttle
        self._quarantine = Quarantine()
        self._listed: set[str] = set()
        self._read_all_at = bot.elapsed() - WHOLE_INBOX_SECONDS

    def find(self) -> list[NewTurn]:
        """The new turns: what is not to be answered, what is, oldest first, and what is only written down."""
        stored = self._bot.turns.waiting(INBOX_KINDS)
        found = [turn for post in self._new_posts() for turn in self._turns_or_none(post)]
        refused = [turn for turn in found if turn.skip_reason is not None]
        refused += [
            replace(turn, skip_reason=reason)
            for turn in stored
            if (reason := self._why_no_more(turn)) is not None
        ]
        waiting = _without([*stored, *found], refused)
        too_many = surplus(waiting, self._settings.asks.most_waiting, self._bot.rng)
        dropped = [self._deleted(one, too_many[one.input_id]) for one in waiting if one.input_id in too_many]
        pending = [pending_ask(turn) for turn in _without(waiting, dropped)]
        taken = self._take(pending)
        return [*refused, *dropped, *taken, *put_off(pending, taken, GOES_LATER)]

    def _take(self, pending: Sequence[PendingTurn]) -> list[NewTurn]:
        """Those to answer now, oldest first; one that has left the inbox meanwhile is skipped instead."""
        answered = self._bot.conversations.answers_since(self._bot.clock() - HOUR)
        chosen = choose_asks(pending, self._busy(), self._bot.rng.random, self._settings, answered)
        first = chosen[: self._throttle().most(self._settings.loop.max_posts_per_step)]
        return [self._still_there(ask.turn) for ask in sorted(first, key=_age)]

    def _still_there(self, turn: NewTurn) -> NewTurn:
        if turn.waits_for is not None and turn.input_id not in self._listed:
            ask = self._bot.tumblr.reader.post(turn.input_id)
            if ask is None or ask.state != "submission":
                return replace(turn, skip_reason="it is not in the inbox any more")
        return replace(turn, waits_for=None)

    # Reading the inbox

    def _new_posts(self) -> list[TumblrPost]:
        """What is in the inbox and not in the store, newest first."""
        now = self._bot.elapsed()
        oldest = self._settings.oldest_input(self._bot.clock())
        whole = now - self._read_all_at >= WHOLE_INBOX_SECONDS
        seen: set[str] = set()
        new: list[TumblrPost] = []
        for page in self._pages(seen):
            recent = [one for one in page if one.timestamp >= oldest]
            known = self._bot.turns.known(INBOX_KINDS, [post.id for post in recent])
            unknown = [post for post in recent if post.id not in known]
            new += unknown
            if not whole and all(post.id in self._listed for post in unknown):
                break
        self._listed = seen if whole else self._listed | seen
        self._read_all_at = now if whole else self._read_all_at
        return new

    def _pages(self, seen: set[str]) -> Iterator[list[TumblrPost]]:
        """The inbox, page by page; it ends with a page that brings nothing that was not seen."""
        offset = 0
        while True:
            page = self._bot.tumblr.reader.inbox(offset)
            for problem in page.problems:
                log.warning("inbox entry skipped", reason=problem)
            fresh = [post for post in page.posts if post.id not in seen]
            if not fresh:
                return
            seen.update(post.id for post in fresh)
            offset += len(page.posts) + len(page.problems)
            yield fresh

    # Judging what is new

    def _turns_or_none(self, post: TumblrPost) -> list[NewTurn]:
        """What becomes of a post; nothing while it cannot be read, which leaves its asker's place free."""
        if not post.is_ask:
            return [_no_ask(post, "it is a submission, not an ask")]
        return self._quarantine.run(post.id, lambda: self._turns(post)) or []

    def _turns(self, ask: TumblrPost) -> list[NewTurn]:
        """The turn of an ask; of a command that names a hidden ask, that ask's turn too."""
        command = self._command(ask)
        refusal = self._refusal(ask, command)
        if refusal is not None:
            return [refusal]
        if command is None:
            return [self._turn(ask)]
        if not isinstance(command, CommandInput) or command.command != HIDDEN_ASK:
            return [command_turn(ask, command)]
        hidden = self._bot.tumblr.reader.post(command.argument)
        if hidden is None or not hidden.is_ask or hidden.state != "submission":
            return [command_turn(ask, Invalid(f"{command.argument} is no ask that waits for an answer"))]
        found = self._turn(hidden)
        named = replace(found, input=found.input.model_copy(update={"tags": HIDDEN_ASK_TAGS}))
        return [named, command_turn(ask, command)]

    def _refusal(self, ask: TumblrPost, command: TurnInput | Invalid | None) -> NewTurn | None:
        """The turn of an ask that is not answered, skipped."""
        reason = why_not_listed(asker_of(ask), self._settings.user_list)
        if reason is not None:
            return None if _is_for_everybody(command) else self._deleted(_no_ask(ask, reason), reason)
        reason = why_not_ask(ask, self._settings)
        return None if reason is None else _no_ask(ask, reason)

    def _why_no_more(self, turn: NewTurn) -> str | None:
        """Why what waits is not to be answered any more: the settings may be others by now."""
        if turn.who != ANONYMOUS and (reason := why_not_talk(turn.who, self._settings)) is not None:
            return reason
        is_open_to_all = _is_for_everybody(turn.input)
        return None if is_open_to_all else why_not_listed(turn.who, self._settings.user_list)

    def _deleted(self, turn: NewTurn, reason: str) -> NewTurn:
        """The turn skipped and its ask deleted; under branch testing the bot in use is to find it."""
        discard = None if self._settings.branch_testing.on else turn.input_id
        return replace(turn, skip_reason=reason, discard=discard)

    def _turn(self, ask: TumblrPost) -> NewTurn:
        return ask_turn(ask, reads_images=self._settings.images.read)

    def _command(self, ask: TumblrPost) -> TurnInput | Invalid | None:
        asker = asker_of(ask)
        is_operator = self._settings.is_operator(asker)
        return read_command(Order(ask.summary, asker, is_operator, ask.timestamp, ask.question or ""))

    def _busy(self) -> set[str]:
        """Askers with a turn in work; one whose turn rests after a failure may be answered meanwhile."""
        now = self._bot.clock()
        open_turns = (turn for kind in INBOX_KINDS for turn in self._bot.turns.open_turns(kind))
        return {turn.who for turn in open_turns if turn.is_due(now)}


def command_turn(ask: TumblrPost, command: TurnInput | Invalid) -> NewTurn:
    """The turn of an ask that is a command; one that cannot be obeyed is remembered as skipped."""
    if isinstance(command, Invalid):
        return NewTurn(TurnKind.COMMAND, ask.id, asker_of(ask), skip_reason=command.reason)
    return NewTurn(TurnKind(command.kind), ask.id, asker_of(ask), command)


def ask_turn(ask: TumblrPost, *, reads_images: bool = False) -> NewTurn:
    """The turn of an ask, with all that answering it needs."""
    raw = ask.question or ""
    places = ImagePlaces() if reads_images else None
    return NewTurn(
        kind=TurnKind.ASK,
        input_id=ask.id,
        who=asker_of(ask),
        input=AskInput(
            question_html=raw,
            question=question_from_html(raw, places),
            timestamp=ask.timestamp,
            **image_fields(places.addresses if places else (), ask.alt_texts),
        ),
    )


def _no_ask(post: TumblrPost, reason: str) -> NewTurn:
    return NewTurn(TurnKind.ASK, post.id, who=asker_of(post), skip_reason=reason)


def _without(turns: Sequence[NewTurn], others: Sequence[NewTurn]) -> list[NewTurn]:
    gone = {turn.input_id for turn in others}
    return [turn for turn in turns if turn.input_id not in gone]


def _is_for_everybody(command: TurnInput | Invalid | None) -> bool:
    known = commands().get(command.command) if isinstance(command, CommandInput) else None
    return known is not None and known.for_everybody
