"""Finding posts on the dashboard that are worth a reblog.

Reading and deciding are apart: the dashboard is read as often as tumblr's limits allow, and what passes the
rules that need no judgment is sent to the heads; as soon as their scores are there, it is decided upon.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Literal, Protocol

from munging.images import ImagePlaces, alt_texts
from munging.thread import Identity, Thread
from tumblr.api.client import PAGE, DashReader
from tumblr.api.models import TumblrPost
from tumblr.finders.conversation import Memory, TalkMemory
from tumblr.finders.conversation_rules import BlogRelations, tip
from tumblr.finders.conversation_sources import MentionCursors, skipped
from tumblr.finders.damping import DAY, HOUR, Damping, Talked, why_not_talk
from tumblr.finders.dashboard_rules import (
    Continuation,
    DynamicRules,
    Judged,
    StaticRules,
    Verdict,
    judge,
    names_bot,
    why_not_length,
    why_not_static,
)
from tumblr.finders.other_posts import plain_text, turn_about
from tumblr.finders.side_judgments import Question, Unjudged
from tumblr.finders.speaker_rules import SpeakerRules, judge_speaker, speaker_question
from tumblr.finders.user_list import EVERYBODY, UserList
from tumblr.finders.waiting import Limited
from tumblr.moods.current import Feeling
from tumblr.pacing.throttle import Throttle
from tumblr.responding.post_images import PostImages
from tumblr.turns.image_texts import thread_with_texts
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.threads import exchanges_with, text_to_judge, thread_to_answer
from tumblr.turns.turn import NewTurn, TurnKind

READ_UP_TO = "dashboard read"
"""Name of the mark that says up to which post the dashboard has been read."""

MORE_PAGES = 2
"""Pages read beyond those that the posts to check should fill."""


class Judge(Protocol):
    """Has texts judged."""

    def judge(self, questions: Mapping[str, Question]) -> Mapping[str, Judged | Unjudged]:
        """What is known about some texts, each under its name. What is not known yet is asked for."""
        ...


class FeelingAt(Protocol):
    """Says how the bot feels."""

    def at(self, moment: datetime) -> Feeling:
        """The mood at a moment."""
        ...


@dataclass(frozen=True)
class DashRules:
    """What the dashboard is held against."""

    static: StaticRules
    dynamic: DynamicRules
    continuation: Continuation
    damping: Damping
    limited: Limited
    posts: int
    """Posts that are looked at."""

    paging: Literal["offset", "since_id"] = "offset"
    start_timestamp: int = 0
    cap: int = 0
    """Reblogs begun in one pass; 0 is no cap."""

    speaker: SpeakerRules | None = None
    """How much a post has to speak for the bot as the next speaker; None: that is not asked."""

    answered: UserList = EVERYBODY
    """Whose posts are reblogged at all."""


@dataclass(frozen=True)
class Candidate:
    """A post that is being judged."""

    post: TumblrPost
    thread: Thread
    question: Question
    images: Sequence[str] = ()
    """Addresses of images whose texts are still to be put into the thread."""

    found_at: float = 0.0
    """Unix seconds since which they are waited for."""


class DashFinder:
    """Reads the dashboard and decides what to reblog."""

    def __init__(
        self,
        reader: DashReader,
        memory: Memory,
        talk: TalkMemory,
        marks: MentionCursors,
        judge: Judge,
        moods: FeelingAt,
        rules: DashRules,
        *,
        company: BlogRelations,
        identity: Identity,
        stand_in: str,
        follows: Callable[[], Collection[str]],
        share: Callable[[], float],
        pace: Callable[[], Throttle],
        rng: random.Random,
        clock: Callable[[], float],
        images: PostImages | None = None,
    ) -> None:
        """``stand_in`` is the bot's name where a thread is judged, ``share`` the share of posts to read."""
        self._reader = reader
        self._memory = memory
        self._talk = talk
        self._marks = marks
        self._judge = judge
        self._moods = moods
        self._rules = rules
        self._company = company
        self._identity = identity
        self._stand_in = stand_in
        self._follows = follows
        self._share = share
        self._pace = pace
        self._rng = rng
        self._clock = clock
        self._images = images
        self._pending: dict[str, Candidate] = {}
        self._isolation = Quarantine()
        self._read_up_to = 0
        self._has_read_all = False

    def find(self) -> list[NewTurn]:
        """Read the dashboard; the answer is what is left alone. The rest is decided upon by ``decide``."""
        self._remember_place()
        follows = self._follows()
        left_alone: list[NewTurn] = []
        for page in self._new_pages():
            for post in page:
                reason = self._isolation.run(post.name, partial(self._why_not, post, follows))
                if reason is not None:
                    left_alone.append(_left_alone(post, reason))
        if self._pending:
            self._judge.judge(self._questions())
        return left_alone

    def decide(self) -> list[NewTurn]:
        """Decide upon the posts whose scores have arrived, oldest first. Makes no call to tumblr."""
        if not self._pending:
            return []
        scores = self._judge.judge(self._questions())
        now = self._clock()
        talked = Talked(self._talk.answers_since(now - HOUR), self._talk.answers_since(now - DAY))
        most = self._pace().most(self._rules.cap)
        turns: list[NewTurn] = []
        for name, one in sorted(self._pending.items(), key=_age):
            begun = sum(turn.skip_reason is None for turn in turns)
            if name not in scores or (most is not None and begun >= most):
                continue
            if talked.has_room(one.post.blog, self._rules.damping) and self._is_lucky(one):
                decided = self._isolation.run(name, partial(self._decide, one, scores[name]))
                if decided is not None:
                    turns.append(decided)
                    del self._pending[name]
        return turns

    def _questions(self) -> dict[str, Question]:
        """What is asked about the posts whose images are read."""
        for name, one in self._pending.items():
            if one.images:
                self._pending[name] = self._with_image_texts(one)
        return {name: one.question for name, one in self._pending.items() if not one.images}

    def _with_image_texts(self, one: Candidate) -> Candidate:
        """A candidate with what stands in its images; itself while that is not known."""
        texts: Mapping[str, str] | None = {}
        if self._images is not None:
            texts = self._images.texts(one.images, alt_texts(one.post.payload), one.found_at)
        if texts is None:
            return one
        thread = thread_with_texts(one.thread, one.images, texts)
        return Candidate(one.post, thread, self._question(thread))

    def _question(self, thread: Thread) -> Question:
        rules = self._rules.speaker
        asked = None if rules is None else speaker_question(thread, self._identity, rules.form)
        return Question(text_to_judge(thread, self._identity, self._stand_in), asked)

    # Reading

    def _new_pages(self) -> Iterator[list[TumblrPost]]:
        """The posts of others that no turn knows yet. When the newest are known, so are the older ones."""
        posts = self._posts()
        while page := list(islice(posts, PAGE)):
            self._read_up_to = max(self._read_up_to, *(int(post.id) for post in page))
            fresh = self._unknown(page)
            if not fresh and self._has_read_all and self._rules.paging == "offset":
                return
            yield fresh
        self._has_read_all = True

    def _posts(self) -> Iterator[TumblrPost]:
        number = max(1, round(self._rules.posts * self._share()))
        seen = self._marks.mark(READ_UP_TO) if self._rules.paging == "since_id" else None
        if seen is None:
            return self._reader.dashboard(number)
        return self._reader.dashboard_after(str(seen), -(-number // PAGE) + MORE_PAGES)

    def _unknown(self, page: list[TumblrPost]) -> list[TumblrPost]:
        theirs = [
            post
            for post in page
            if not self._company.is_bot(post.blog)
            and post.timestamp > self._rules.start_timestamp
            and post.name not in self._pending
        ]
        names = [post.name for post in theirs]
        known = self._memory.known({TurnKind.DASH}, names) | self._talk.handled(names)
        return [post for post in theirs if post.name not in known]

    def _remember_place(self) -> None:
        """What the last look read is in the store by now; what is being judged has to be read again."""
        place = min([self._read_up_to + 1, *(int(one.post.id) for one in self._pending.values())]) - 1
        if self._rules.paging == "since_id" and place > int(self._marks.mark(READ_UP_TO) or 0):
            self._marks.set_mark(READ_UP_TO, str(place))

    def _why_not(self, post: TumblrPost, follows: Collection[str]) -> str | None:
        """A reason to leave a post alone; without one it waits for its judgment."""
        last = tip(post, self._company)
        if last is not None and self._talk.handled([last]):
            return f"{last} is answered already"
        reason = why_not_static(post, self._rules.static, self._company, follows)
        if reason is not None:
            return reason
        places = None if self._images is None else ImagePlaces()
        thread = thread_to_answer(post, self._identity, self._company.rebuilt_posts, places)
        question = self._question(thread)
        exchanges = exchanges_with(thread, self._identity.name_of(post.blog))
        reason = why_not_talk(post.blog, exchanges, self._company.own, self._rules.damping)
        reason = reason or self._rules.answered.why_not(post.blog)
        reason = reason or why_not_length(question.text, self._rules.dynamic)
        if reason is None:
            addresses = () if places is None else places.addresses
            self._pending[post.name] = Candidate(post, thread, question, addresses, self._clock())
        return reason

    # Deciding

    def _is_lucky(self, one: Candidate) -> bool:
        return self._rng.random() < self._rules.limited.odds(one.post.blog, one.question.text)

    def _decide(self, one: Candidate, judged: Judged | Unjudged) -> NewTurn:
        post = one.post
        if isinstance(judged, Unjudged):
            return _left_alone(post, judged.reason)
        speaks = self._speaks(one, judged)
        if not speaks.is_worthy:
            return _left_alone(post, speaks.why)
        verdict = judge(
            post.blog,
            judged,
            self._moods.at(datetime.fromtimestamp(self._clock(), UTC)).value,
            self._rng.uniform(-1.0, 1.0),
            self._rules.dynamic,
            named=names_bot(post, self._company),
        )
        if not verdict.is_worthy:
            return _left_alone(post, verdict.why)
        forced = post.id in self._rules.static.forced
        least = None if forced else self._rules.continuation.least(judged, self._rng.random())
        return turn_about(
            TurnKind.DASH,
            post,
            one.thread,
            identity=self._identity,
            company=self._company,
            text=plain_text(post.body),
            timestamp=post.timestamp,
            why="; ".join(why for why in (verdict.why, speaks.why) if why),
            more={"least": least},
        )

    def _speaks(self, one: Candidate, judged: Judged) -> Verdict:
        """Whether the bot would speak next. In a thread of which nothing is asked it is as likely as ever."""
        rules = self._rules.speaker
        if rules is None:
            return Verdict(is_worthy=True, why="")
        shift = 0.0 if one.question.speaker is None else judged.shift
        return judge_speaker(shift, self._rng.random(), rules)


def _left_alone(post: TumblrPost, reason: str) -> NewTurn:
    return skipped(TurnKind.DASH, post.name, post.blog, reason, "", post.timestamp)


def _age(pending: tuple[str, Candidate]) -> tuple[int, int]:
    return pending[1].post.timestamp, int(pending[1].post.id)
