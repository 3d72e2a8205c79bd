"""Is it there already? Asked when a post was intended and it is not known what became of it.

After a crash or a time-out this decides whether to post (again), so it errs on the side of finding: it reads
every place to which the post may have gone. It is asked as well before anything is said about what is older
than the process: the store may be an older copy that was put back, which knows nothing of later answers.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from difflib import SequenceMatcher
from enum import IntEnum

from bs4 import BeautifulSoup

from munging.npf_from_html import READ_MORE
from munging.reply_mockup import reply_source
from tumblr.api.client import TumblrReader
from tumblr.api.errors import TumblrError
from tumblr.api.models import TumblrPost
from tumblr.responding.branch_testing import MARK as TEST_MARK
from tumblr.responding.halloween import MARK
from tumblr.responding.publisher import Posted
from tumblr.turns.inputs import (
    AskInput,
    CommandInput,
    ReplyInput,
    ReviewInput,
    ShowMoodInput,
    ThreadInput,
)
from tumblr.turns.kinds import INBOX_KINDS, Action, TurnKind
from tumblr.turns.turn import Intent, Turn

CLOCK_SLACK = 3600.0
"""Seconds by which our clock and tumblr's may differ: so much further back published posts are read."""

TWINS_SECONDS = 7 * 3600.0
"""So far back is looked for twins, whatever the clock said when the call was made: as long as they are looked
for, and a bit more."""

MARGIN = 86400.0
"""Seconds by which more is read of what the blog said before, so that it need not be read again."""

ALIKE = 0.8
"""The share of two texts that must be common for a human to be asked whether they are one."""

LEAST_COMPARED, COMPARED = 16, 2000
"""Characters: shorter texts are the same or not; of longer ones the beginning is compared."""

_ORDERED_BY = re.compile(r"because\s+(\S+)\s+asked")
"""How reviews and pictures of the mood name whoever ordered them; the last is it, as people and the model may
say so before."""


class TargetGone(TumblrError):  # noqa: N818 - named for what is wrong
    """What the intent was about is not there any more, and it did not become our post either."""


class Doubtful(TumblrError):  # noqa: N818 - named for what is wrong
    """There is a post that may be the one; ``post_id`` names it. A human has to look."""

    def __init__(self, post_id: str) -> None:
        super().__init__(f"it may be posted already, as {post_id}")
        self.post_id = post_id


class Reconciler:
    """Looks for the post that an intent should have made."""

    def __init__(
        self, reader: TumblrReader, logged_post_ids: Callable[[], Set[str]], clock: Callable[[], float]
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._logged = logged_post_ids
        self._before: Sequence[TumblrPost] = ()
        self._before_since = math.inf

    def find(self, turn: Turn, intent: Intent, *, sent: bool, from_before: bool) -> Posted | None:
        """The post, looked for as one that was ``sent``, as one ``from_before`` this process, or as both.

        Raises TargetGone and Doubtful if no look has found it: what the first one says.
        """
        looks: list[Callable[[Turn, Intent], Posted | None]] = [self.locate] if sent else []
        if from_before:
            looks.append(self.said_before)
        problem: TargetGone | Doubtful | None = None
        for look in looks:
            try:
                if (found := look(turn, intent)) is not None:
                    return found
            except (TargetGone, Doubtful) as error:
                problem = problem or error
        if problem is not None:
            raise problem
        return None

    def locate(self, turn: Turn, intent: Intent) -> Posted | None:
        """The post, or None when it was not made.

        Raises TargetGone when it cannot be made any more, and Doubtful when only a human can tell.
        """
        match intent.action:
            case Action.ANSWER_ASK:
                found = self._answer(turn, intent)
            case Action.CREATE_TEXT | Action.CREATE_PHOTO:
                found = _created(turn, intent, self._unlogged(intent))
            case Action.REBLOG:
                found = self._reblogged(turn, intent, self._unlogged(intent))
            case Action.FOLLOW | Action.UNFOLLOW | Action.NOTHING:
                return None  # they can be done again
        return _posted(found)

    def said_before(self, turn: Turn, intent: Intent) -> Posted | None:
        """What the blog has said already about what a turn answers, in words of whatever kind; or None.

        Raises as ``locate`` does.
        """
        since = getattr(turn.input, "timestamp", turn.created_at)
        if turn.kind in INBOX_KINDS and TEST_MARK not in intent.tags:
            ask = self._reader.post(turn.input_id)
            if ask is None:
                answer = next((one for one in self._history(since) if turn.input_id in one.ids), None)
                if answer is None:
                    raise TargetGone(f"the ask {turn.input_id} is not in the inbox any more")
                return _posted(answer)
            if ask.state != "submission":
                return _posted(ask)
        if turn.kind is TurnKind.ORIGINAL:
            recent = [one for one in self._history(since) if one.timestamp >= since - CLOCK_SLACK]
            others = [one for one in recent if answers_nobody(one)]
            if others and all(_likeness(one, intent) is not Likeness.SAME for one in others):
                raise TargetGone(f"{others[0].id} may be it; the queue says whether more posts are wanted")
        match intent.action:
            case Action.CREATE_TEXT | Action.CREATE_PHOTO:
                return _posted(self._confirmed(_created(turn, intent, self._history(since))))
            case Action.REBLOG:
                return _posted(self._confirmed(self._reblogged(turn, intent, self._history(since))))
        return None

    def may_be_twins(self, intents: Iterable[Intent]) -> list[TumblrPost]:
        """Own posts among which the twins of intents are: none that the log tells of. Read once for all."""
        logged = self._logged()
        since = min(self._since(intent, TWINS_SECONDS) for intent in intents)
        return [post for post in self._own(since) if not post.ids & logged]

    def _confirmed(self, found: TumblrPost | None) -> TumblrPost | None:
        """A post as it is now; None when it is there no more, as a draft that was done again."""
        return None if found is None else self._reader.post(found.id)

    def _history(self, since: float) -> Iterator[TumblrPost]:
        """What the blog has said since a moment and the log does not tell of; read once, for all turns."""
        if since - CLOCK_SLACK < self._before_since:
            wanted = since - CLOCK_SLACK - MARGIN
            self._before = tuple(self._own(wanted))
            self._before_since = wanted
        logged = self._logged()
        return (post for post in self._before if not post.ids & logged)

    def _answer(self, turn: Turn, intent: Intent) -> TumblrPost | None:
        """An ask keeps its id in inbox, drafts and queue, and gets another one when it is published."""
        ask_id = turn.input_id
        ask = self._reader.post(ask_id)
        if ask is not None:
            return None if ask.state == "submission" else ask
        logged = self._logged()
        alike: TumblrPost | None = None
        for post in self._reader.published_since(self._since(intent)):
            if ask_id in post.ids:
                return post
            if not post.ids & logged and _answers(post, turn):
                likeness = _likeness(post, intent)
                if likeness is Likeness.SAME:
                    return post
                alike = alike or (post if likeness is Likeness.DOUBTFUL else None)
        if alike is not None:
            return alike  # nobody can answer the ask again, so there is nothing to ask a human
        raise TargetGone(f"the ask {ask_id} is not in the inbox any more, and not answered")

    def _reblogged(self, turn: Turn, intent: Intent, own: Iterable[TumblrPost]) -> TumblrPost | None:
        """An own reblog of the post, whoever made it; without one, the post itself must still be there.

        On Halloween there are several, which differ in what they say; and a bot under test makes its own.
        """
        one_of_many = any(MARK in tag for tag in intent.tags)
        same_bot = (post for post in own if (TEST_MARK in post.tags) is (TEST_MARK in intent.tags))
        found = _first(
            (_likeness_of_reblog(post, intent, one_of_many=one_of_many), post)
            for post in same_bot
            if not _answers_another(post, turn)
        )
        blog = turn.input.blog if isinstance(turn.input, ThreadInput) else None
        if found is None and blog and self._reader.post_of(str(blog), str(intent.post_id)) is None:
            raise TargetGone(f"the post {intent.post_id} of {blog} is not there any more, or hidden")
        return found

    def _unlogged(self, intent: Intent) -> Iterator[TumblrPost]:
        """Own posts that may be what became of an intent: none that the log tells of."""
        logged = self._logged()
        return (post for post in self._own(self._since(intent)) if not post.ids & logged)

    def _since(self, intent: Intent, back: float = 0.0) -> float:
        """From when on posts are read for an intent, which was stored in the future if the clock was put
        back meanwhile."""
        return min(intent.stored_at, self._clock() - back) - CLOCK_SLACK

    def _own(self, since: float) -> Iterator[TumblrPost]:
        """The queue, the drafts, and what was published since a moment: in the order in which posts move,
        so that one that moves meanwhile is still met."""
        places = (self._reader.queue, self._reader.drafts, lambda: self._reader.published_since(since))
        return (post for posts in places for post in posts())


def twins_of(intent: Intent, posts: Iterable[TumblrPost]) -> list[TumblrPost]:
    """Of some posts those that say what an intent says."""
    words, parent = fingerprint(intent.html), intent.post_id if intent.action is Action.REBLOG else None
    return [
        post
        for post in posts
        if words and fingerprint(post.body) == words and not post.is_ask
        if post.parent_id == parent and (TEST_MARK in post.tags) is (TEST_MARK in intent.tags)
    ]


class Likeness(IntEnum):
    """How like a post is to what was to be posted."""

    OTHER = 0
    DOUBTFUL = 1
    SAME = 2


def _posted(found: TumblrPost | None) -> Posted | None:
    return None if found is None else Posted(found.id, found.state, {"id": found.id, "state": found.state})


def _created(turn: Turn, intent: Intent, own: Iterable[TumblrPost]) -> TumblrPost | None:
    """The post that answers the same reply, that was made for the same order, or that says the same."""
    one_of_many = any(MARK in tag for tag in intent.tags)
    said = turn.input if isinstance(turn.input, ReplyInput) and not one_of_many else None
    ordered = _ordered(turn)
    wanted = _head(intent.html, ordered) if ordered else ()
    same_bot = (post for post in own if (TEST_MARK in post.tags) is (TEST_MARK in intent.tags))
    new = (post for post in same_bot if not post.is_ask and not post.is_reblog)

    def likeness(post: TumblrPost) -> Likeness:
        if said is not None and _quotes(post, said):
            return Likeness.SAME
        if wanted and (head := _head(post.body, ordered)):
            return Likeness.SAME if head == wanted else Likeness.OTHER
        return _likeness(post, intent)

    return _first((likeness(post), post) for post in new)


def _ordered(turn: Turn) -> int:
    """How many of a post's first paragraphs say what was ordered."""
    if isinstance(turn.input, ReviewInput):
        return len(turn.input.lines)
    return 1 if isinstance(turn.input, ShowMoodInput) else 0


def _head(html: str, paragraphs: int) -> tuple[str, ...]:
    """What an ordered post is known by, whatever it goes on to say: its first paragraphs, which say what was
    ordered, and who ordered it. Empty of a post that nobody ordered."""
    read = BeautifulSoup(html, "lxml")
    names = _ORDERED_BY.findall(read.get_text())
    first = (plain_fingerprint(one.get_text()) for one in read.find_all("p", limit=paragraphs))
    return (*first, names[-1].casefold()) if names else ()


def answers_nobody(post: TumblrPost) -> bool:
    """Whether a post is an original by its form."""
    return not post.is_reblog and not post.is_ask and reply_source(post.body) is None


def _quotes(post: TumblrPost, said: ReplyInput) -> bool:
    """Whether a post begins with this reply, as answers to replies do."""
    source = None if post.is_reblog else reply_source(post.body)
    return (
        source is not None
        and (str(source.post_id), source.blog_name.lower()) == (said.post_id, said.blog.lower())
        and plain_fingerprint(said.text) in fingerprint(post.body)
    )


def _first(judged: Iterable[tuple[Likeness, TumblrPost]]) -> TumblrPost | None:
    """The first post that is the same; raises Doubtful when there is none, but one that may be."""
    doubtful: TumblrPost | None = None
    for likeness, post in judged:
        if likeness is Likeness.SAME:
            return post
        if likeness is Likeness.DOUBTFUL and doubtful is None:
            doubtful = post
    if doubtful is not None:
        raise Doubtful(doubtful.id)
    return None


def _likeness_of_reblog(post: TumblrPost, intent: Intent, *, one_of_many: bool) -> Likeness:
    """By parentage, as far as tumblr tells of it, and by what was added.

    Tumblr may leave out the parent; then the trail may show it, or the words have to.
    """
    if post.parent_id not in (None, intent.post_id):
        return Likeness.OTHER
    shown = post.parent_id is not None or intent.post_id in {entry.post_id for entry in post.trail}
    if shown and not one_of_many:
        return Likeness.SAME
    likeness = _likeness(post, intent)
    return likeness if shown or post.is_reblog else min(likeness, Likeness.DOUBTFUL)


def _answers_another(post: TumblrPost, turn: Turn) -> bool:
    """Whether a post answers a question that is not in the thread that a turn goes on with.

    Tumblr may leave out of a reblog whatever says that it is one, but not the question that the thread began
    with.
    """
    asked = fingerprint(post.question or "") if post.is_ask else ""
    return bool(asked) and isinstance(turn.input, ThreadInput) and asked not in fingerprint(turn.input.prompt)


def _answers(post: TumblrPost, turn: Turn) -> bool:
    """Whether a post without a former id may be the answer to this ask."""
    return (
        post.genesis_post_id is None
        and post.is_ask
        and isinstance(turn.input, AskInput | CommandInput)
        and fingerprint(post.question or "") == fingerprint(turn.input.question_html)
        and (post.asking_name or turn.who) == turn.who
    )


def _likeness(post: TumblrPost, intent: Intent) -> Likeness:
    """By the words: tumblr drops tags, and the operator may have changed them meanwhile."""
    found, wanted = fingerprint(post.body), fingerprint(intent.html)
    if found == wanted:
        return Likeness.SAME if wanted else Likeness.DOUBTFUL  # pictures without a word look alike from here
    # Quick first: most posts have nothing to do with it, and the exact ratio is quadratic.
    matcher = SequenceMatcher(None, found[:COMPARED], wanted[:COMPARED], autojunk=False)
    alike = min(len(found), len(wanted)) >= LEAST_COMPARED and (
        matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
    )
    return Likeness.DOUBTFUL if alike else Likeness.OTHER


def fingerprint(html: str) -> str:
    """What is said in a post, without what platforms rewrite; see ``plain_fingerprint``."""
    return plain_fingerprint(BeautifulSoup(html.replace(READ_MORE, " "), "lxml").get_text())


def plain_fingerprint(text: str) -> str:
    """A text without space, case, quotation marks, dashes, signs, invisible characters, composed forms.

    A text of signs alone is its own.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, text)) or "".join(text.split())
