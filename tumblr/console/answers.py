"""What the bot answers to each question of the console."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from switchboard import console_talk as talk
from switchboard.messages import WireModel
from tumblr.api.posting_switch import PostingMode
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.console.live import LiveView
from tumblr.console.story import post_line, story_of
from tumblr.console.waiting import decision_line, held_line, held_post, label
from tumblr.responding.handlers.base import Declined, TurnHandler
from tumblr.responding.post_log import flat_record
from tumblr.responding.reviewing import candidate_of, edited, operators_tags, revised
from tumblr.store.search import Known, SearchStore
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.review import Decision, DecisionState, NewDecision, ReviewAction
from tumblr.turns.turn import Turn

POSTING = "posting"
"""The cursor that holds the mode of posting over restarts."""


class NoSuchThing(Exception):  # noqa: N818 - named for what is wrong
    """There is nothing of what was asked for; the text says what."""


class Answers:
    """Answers over the console's own connection to the bot's database."""

    def __init__(
        self, bot: Bot, settings: BotSettings, live: LiveView, handlers: Mapping[TurnKind, TurnHandler]
    ) -> None:
        """``bot`` shares the switch of posting and the bell with the bot of the loop."""
        self._bot = bot
        self._settings = settings
        self._live = live
        self._handlers = handlers
        self._search = SearchStore(bot.database)

    def answer(self, question: talk.Question, key: str) -> WireModel:
        """The answer; a question that changes something does so once for each key. Raises NoSuchThing."""
        return self._answers[type(question)](self, question, key)

    # Looking

    def _waiting(self, asked: talk.AskWaiting, _key: str) -> WireModel:
        identity = self._settings.identity
        pending = self._bot.reviews.pending()
        return talk.Waiting(
            total=self._bot.reviews.number_held(),
            posts=[held_line(turn, identity) for turn in self._bot.reviews.held(asked.offset, asked.limit)],
            pending=[self._titled(decision) for decision in pending[-50:]],
            posting=self._bot.posting.mode,
            now=self._bot.clock(),
        )

    def _titled(self, decision: Decision) -> talk.DecisionLine:
        turn = self._bot.turns.turn(decision.turn_id)
        return decision_line(decision, "" if turn.result is None else turn.result.post)

    def _held(self, asked: talk.AskHeld, _key: str) -> WireModel:
        post = self._post(asked.turn)
        if post is None:
            raise NoSuchThing("it does not wait any more")
        return post

    def _post(self, number: int) -> talk.HeldPost | None:
        turn = self._turn(number)
        if turn.state is not TurnState.HELD:
            return None
        return held_post(turn, self._settings.identity, self._bot.reviews.decisions_about(turn.id))

    def _turn(self, number: int) -> Turn:
        try:
            return self._bot.turns.turn(number)
        except KeyError:
            raise NoSuchThing(f"there is no turn {number}") from None

    def _look(self, _asked: talk.AskLive, _key: str) -> WireModel:
        return self._live.look()

    def _audit(self, asked: talk.AskAudit, _key: str) -> WireModel:
        entries = self._bot.reviews.audit(asked.before, asked.limit)
        return talk.Audit(
            entries=[
                talk.AuditLine(**{name: value for name, value in one.items() if name != "key"})
                for one in entries
            ]
        )

    def _posts(self, asked: talk.AskPosts, _key: str) -> WireModel:
        found = self._search.posts(asked.words, asked.who, asked.before, asked.limit)
        return talk.Posts(posts=[post_line(one, self._settings.identity) for one in found])

    def _story(self, asked: talk.AskStory, _key: str) -> WireModel:
        logged = self._search.entries_of(asked.name)
        turn = self._turn(logged[-1].turn_id) if logged else self._turn_called(asked.name)
        moved = self._search.has_moved_mood(turn.kind, turn.who, turn.input_id)
        decisions = self._bot.reviews.decisions_about(turn.id)
        return story_of(turn, logged, decisions, self._settings, moved=moved)

    def _turn_called(self, name: str) -> Turn:
        turn = self._bot.turns.turn_of(tuple(TurnKind), name)
        if turn is not None:
            return turn
        if not name.isdecimal() or len(name) > 9:
            raise NoSuchThing(f"there is no post or turn {name}")
        return self._turn(int(name))

    def _people(self, asked: talk.AskPeople, _key: str) -> WireModel:
        known = self._search.people(asked.begins, asked.limit)
        follows = self._bot.cursors.follows()
        return talk.People(people=[_person(one, follows, self._settings) for one in known])

    def _records(self, asked: talk.AskRecords, _key: str) -> WireModel:
        entries = self._search.after(asked.after, asked.limit)
        last = entries[-1].number if entries else asked.after
        return talk.Records(records=[flat_record(one) for one in entries], last=last)

    # Deciding

    def _decide(self, asked: talk.Decide, key: str) -> WireModel:
        new = NewDecision(
            key=key,
            turn_id=asked.turn,
            action=ReviewAction(asked.action),
            version=asked.version,
            who=asked.by.who,
            role=asked.by.role,
            reason=asked.reason,
            length=asked.length,
            override=asked.override,
        )
        decision = self._bot.reviews.decide(new, self._settings.console.undo_seconds)
        self._bot.bell.set()
        return self._decided(decision)

    def _revise(self, asked: talk.Revise, key: str) -> WireModel:
        turn = self._turn(asked.turn)
        if turn.state is not TurnState.HELD or turn.result is None or turn.review is None:
            raise NoSuchThing("it does not wait any more")
        own_tags = None if asked.tags is None else operators_tags(asked.tags)
        try:
            if asked.candidate is not None:
                result = candidate_of(turn.result, asked.candidate)
                review = revised(turn, result, self._handlers[turn.kind], self._settings, None)
            else:
                kept = turn.review.tags if own_tags is None else own_tags
                text = turn.result.post if asked.text is None else asked.text
                if not text.strip():
                    raise NoSuchThing("an empty text is not posted; reject it instead")
                result = edited(turn.result, text, kept)
                review = revised(turn, result, self._handlers[turn.kind], self._settings, kept)
        except IndexError:
            raise NoSuchThing("the text of this candidate is not known") from None
        except Declined as error:
            raise NoSuchThing(f"this text is not posted: {error}") from None
        new = NewDecision(
            key=key,
            turn_id=turn.id,
            action=ReviewAction.REVISE,
            version=asked.version,
            who=asked.by.who,
            role=asked.by.role,
            reason="edited" if asked.candidate is None else f"candidate {asked.candidate}",
        )
        return self._decided(self._bot.reviews.revise(new, turn, result, review))

    def _undo(self, asked: talk.Undo, _key: str) -> WireModel:
        try:
            decision = self._bot.reviews.undo(asked.decision, asked.by.who, asked.by.role)
        except KeyError:
            raise NoSuchThing(f"there is no decision {asked.decision}") from None
        if decision.state is DecisionState.DONE:
            raise NoSuchThing("it has taken effect; it is too late to undo it")
        return self._decided(decision)

    def _decided(self, decision: Decision) -> talk.Decided:
        return talk.Decided(decision=decision_line(decision), post=self._post(decision.turn_id))

    def _set_posting(self, asked: talk.SetPosting, key: str) -> WireModel:
        if asked.by.role != "operator":
            raise NoSuchThing("only an operator may do this")
        mode = PostingMode(asked.mode)
        entry = {"mode": mode, "who": asked.by.who, "at": self._bot.clock()}
        if mode is PostingMode.ON:
            self._bot.cursors.set_cursor(POSTING, entry)
            self._bot.posting.change(mode)
        else:  # what is to end ends first, even when it cannot be remembered
            self._bot.posting.change(mode)
            self._bot.cursors.set_cursor(POSTING, entry)
        self._bot.reviews.note(asked.by.who, asked.by.role, "posting", asked.mode, key)
        self._bot.bell.set()
        return self._live.posting()

    def _note(self, asked: talk.Note, key: str) -> WireModel:
        self._bot.reviews.note(asked.who, asked.role, asked.action, asked.detail, key)
        return talk.Noted()

    _answers: Mapping[type[Any], Callable[..., WireModel]] = {
        talk.AskWaiting: _waiting,
        talk.AskHeld: _held,
        talk.AskLive: _look,
        talk.AskAudit: _audit,
        talk.Decide: _decide,
        talk.Revise: _revise,
        talk.Undo: _undo,
        talk.SetPosting: _set_posting,
        talk.Note: _note,
        talk.AskPosts: _posts,
        talk.AskStory: _story,
        talk.AskPeople: _people,
        talk.AskRecords: _records,
    }


def stored_mode(bot: Bot) -> PostingMode:
    """The mode of posting that the operator has left."""
    told = bot.cursors.cursor(POSTING)
    return PostingMode.ON if told is None else PostingMode(told["mode"])


def _person(known: Known, follows: Collection[str], settings: BotSettings) -> talk.Person:
    """Somebody in a list, with what is particular about them."""
    return talk.Person(
        name=label(known.name),
        turns=known.turns,
        posts=known.posts,
        last_at=known.last_at,
        notes=list(_notes(known.name, follows, settings)),
    )


def _notes(name: str, follows: Collection[str], settings: BotSettings) -> Iterator[str]:
    folded = name.casefold()
    hours = {one.casefold(): hours for one, hours in settings.asks.limited_users.items()}.get(folded)
    if settings.is_operator(name):
        yield "the operator"
    if hours is not None:
        yield f"limited: about one ask in {hours:g} h is answered"
    for words, named in (
        ("avoided: never mentioned or answered", settings.screening.user_avoid_list),
        ("screened: their answers wait", settings.screening.screened_users),
        ("language is kept clean", settings.screening.strict_language_users),
        ("run by a program: gets no answers", settings.damping.automated_accounts),
        ("followed", follows),
    ):
        if folded in {one.casefold() for one in named}:
            yield words
