"""Finding asks: which questions in the inbox become turns now.

In this order: asks that are known already are left out, and those that are not to be answered are remembered
as skipped, some of them deleted; limited users are left to chance; of each asker only the oldest ask is
taken, and none while another of theirs is being answered; the oldest go first. In later years chance came
last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import structlog

from munging.images import ImagePlaces
from munging.user_text import question_from_html
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.ask_rules import surplus, why_not_ask
from tumblr.finders.damping import why_not_listed
from tumblr.finders.waiting import odds
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

log = structlog.get_logger()


def choose_asks(
    asks: Sequence[TumblrPost],
    busy: Collection[str],
    draw: Callable[[], float],
    settings: BotSettings,
) -> list[TumblrPost]:
    """The asks to take now, oldest first.

    ``busy`` names the askers of whom an ask is being answered; ``draw`` gives numbers in [0, 1). The oldest
    ask of each asker is taken of those that chance has left, with ``asks.equity_first`` of all of them.
    """

    def lucky(asks: Sequence[TumblrPost]) -> list[TumblrPost]:
        return [ask for ask in asks if draw() < odds(asker_of(ask), ask.question or "", settings)]

    return lucky(_oldest(asks, busy)) if settings.asks.equity_first else _oldest(lucky(asks), busy)


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


class AskFinder:
    """Reads the inbox and says which asks become turns."""

    kind = TurnKind.ASK

    def __init__(self, bot: Bot, settings: BotSettings, throttle: Callable[[], Throttle] = Throttle) -> None:
        self._bot = bot
        self._settings = settings
        self._throttle = throttle
        self._quarantine = Quarantine()

    def find(self) -> list[NewTurn]:
        """The new turns, oldest ask first; what is neither ask nor command is remembered as skipped."""
        page = self._bot.tumblr.reader.inbox()
        for problem in page.problems:
            log.warning("inbox entry skipped", reason=problem)
        recent = [post for post in page.posts if post.timestamp >= self._settings.tumblr.start_timestamp]
        known = self._bot.turns.known(INBOX_KINDS, [post.id for post in recent])
        new = [post for post in recent if post.id not in known]
        sound = [post for post in new if post.is_ask and self._is_sound(post)]
        refused = self._refused(sound)
        fit = [post for post in sound if post.id not in refused]
        asks = choose_asks(fit, self._busy(), self._bot.rng.random, self._settings)
        most = self._throttle().most(self._settings.loop.max_posts_per_step)
        return [
            *(_no_ask(post, "it is a submission, not an ask") for post in new if not post.is_ask),
            *refused.values(),
            *(turn for ask in asks[:most] for turn in self._turns_or_none(ask)),
        ]

    def _is_sound(self, ask: TumblrPost) -> bool:
        """Whether an ask can be read; one that cannot leaves its asker's place to their next."""
        return self._quarantine.run(ask.id, lambda: (self._refusal(ask), self._turn(ask))) is not None

    def _turns_or_none(self, ask: TumblrPost) -> list[NewTurn]:
        return self._quarantine.run(ask.id, lambda: self._turns(ask)) or []

    def _refused(self, asks: Sequence[TumblrPost]) -> dict[str, NewTurn]:
        """Those of the asks that are not answered at all, by id, as turns that are skipped."""
        refused = {ask.id: turn for ask in asks if (turn := self._refusal(ask)) is not None}
        left = [ask for ask in asks if ask.id not in refused]
        too_many = surplus(left, self._settings.asks.most_waiting, self._bot.rng)
        deleted = {ask.id: self._deleted(ask, too_many[ask.id]) for ask in left if ask.id in too_many}
        return {**refused, **deleted}

    def _refusal(self, ask: TumblrPost) -> NewTurn | None:
        reason = why_not_listed(asker_of(ask), self._settings.user_list)
        if reason is not None:
            wish = self._command(ask)
            is_for_everybody = isinstance(wish, CommandInput) and commands()[wish.command].for_everybody
            return None if is_for_everybody else self._deleted(ask, reason)
        reason = why_not_ask(ask, self._settings)
        return None if reason is None else _no_ask(ask, reason)

    def _deleted(self, ask: TumblrPost, reason: str) -> NewTurn:
        return _no_ask(ask, reason, delete=not self._settings.branch_testing.on)

    def _turns(self, ask: TumblrPost) -> list[NewTurn]:
        """The turn of an ask; of a command that names a hidden ask, that ask's turn too."""
        command = self._command(ask)
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


def _no_ask(post: TumblrPost, reason: str, *, delete: bool = False) -> NewTurn:
    discard = post.id if delete else None
    return NewTurn(TurnKind.ASK, post.id, who=asker_of(post), skip_reason=reason, discard=discard)
