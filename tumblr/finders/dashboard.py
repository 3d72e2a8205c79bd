"""Finding posts on the dashboard that are worth a reblog.

Reading and deciding are apart: the dashboard is read as often as tumblr's limits allow, and what passes the
rules that need no judgment is sent to the heads; as soon as their scores are there, it is decided upon.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import structlog

from munging.thread import Thread
from tumblr.api.client import PAGE, TumblrDashReader
from tumblr.api.models import TumblrPost
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.conversation_sources import skipped, why_not_again
from tumblr.finders.damping import DAY, HOUR, Talked, exchanges_in, why_not_listed, why_not_talk
from tumblr.finders.dashboard_rules import (
    Judged,
    Verdict,
    judge,
    least_score,
    names_bot,
    why_not_length,
    why_not_static,
)
from tumblr.finders.other_posts import plain_text, turn_about
from tumblr.finders.side_judgments import Question, SideJudge, Unjudged
from tumblr.finders.speaker_rules import judge_speaker, speaker_question
from tumblr.finders.waiting import odds
from tumblr.moods.current import Moods
from tumblr.pacing.throttle import Throttle
from tumblr.responding.post_images import PostImages
from tumblr.turns.image_texts import thread_with_texts
from tumblr.turns.kinds import TurnKind
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.threads import text_to_judge
from tumblr.turns.turn import NewTurn

READ_UP_TO = "dashboard read"
"""Name of the mark that says up to which post the dashboard has been read."""

MORE_PAGES = 2
"""Pages read beyond those that the posts to check should fill."""

MOST_BEHIND = 4
"""So many times the posts to check are read at most, where so many have come since the last look."""

log = structlog.get_logger()


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
        bot: Bot,
        settings: BotSettings,
        moods: Moods,
        judge: SideJudge,
        *,
        share: Callable[[], float] = lambda: 1.0,
        throttle: Callable[[], Throttle] = Throttle,
    ) -> None:
        """``share`` is the share of posts to read."""
        self._bot = bot
        self._settings = settings
        self._moods = moods
        self._judge = judge
        self._images = PostImages.of(bot, settings)
        self._share = share
        self._throttle = throttle
        self._pending: dict[str, Candidate] = {}
        self._quarantine = Quarantine()
        self._read_up_to = 0
        self._has_read_all = False

    def find(self) -> list[NewTurn]:
        """Read the dashboard; the answer is what is left alone. The rest is decided upon by ``decide``."""
        reader = self._bot.tumblr.dashboard
        if reader is None or not self._settings.dashboard.reblog:
            return []
        self._remember_place()
        follows = self._bot.cursors.follows()
        left_alone: list[NewTurn] = []
        for page in self._new_pages(reader):
            for post in page:
                reason = self._quarantine.run(post.name, partial(self._why_not, post, follows))
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
        now, talk = self._bot.clock(), self._bot.conversations
        talked = Talked(talk.answers_since(now - HOUR), talk.answers_since(now - DAY))
        most = self._throttle().most(self._settings.loop.max_posts_per_step)
        turns: list[NewTurn] = []
        for name, one in sorted(self._pending.items(), key=_age):
            begun = sum(turn.skip_reason is None for turn in turns)
            if name not in scores or (most is not None and begun >= most):
                continue
            if talked.has_room(one.post.blog, self._settings.damping) and self._is_lucky(one):
                decided = self._quarantine.run(name, partial(self._decide, one, scores[name]))
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
            texts = self._images.texts(one.images, one.post.alt_texts, one.found_at)
        if texts is None:
            return one
        thread = thread_with_texts(one.thread, one.images, texts)
        return Candidate(one.post, thread, self._question(thread))

    def _question(self, thread: Thread) -> Question:
        blog, form = self._settings.blog, self._settings.dashboard.speaker_test
        identity, stand_in = self._settings.identity, blog.dash_blog_name or blog.blog_name
        asked = None if form == "off" else speaker_question(thread, identity, form)
        return Question(text_to_judge(thread, identity, stand_in), asked)

    # Reading

    def _new_pages(self, reader: TumblrDashReader) -> Iterator[list[TumblrPost]]:
        """The posts of others that no turn knows yet. When the newest are known, so are the older ones."""
        posts, number = self._posts(reader), 0
        while page := list(islice(posts, PAGE)):
            number += len(page)
            self._read_up_to = max(self._read_up_to, *(int(post.id) for post in page))
            fresh = self._unknown(page)
            if not fresh and self._has_read_all and self._settings.dashboard.paging == "offset":
                return
            yield fresh
        if number >= MOST_BEHIND * self._settings.dashboard.posts_to_check:
            log.warning("older posts of the dashboard are passed over", read=number)
        self._has_read_all = True

    def _posts(self, reader: TumblrDashReader) -> Iterator[TumblrPost]:
        number = max(1, round(self._settings.dashboard.posts_to_check * self._share()))
        seen = self._bot.cursors.cursor(READ_UP_TO) if self._settings.dashboard.paging == "since_id" else None
        if seen is None:
            # Once the newest were read, whatever has come since is read, down to what is known.
            return reader.dashboard(
                MOST_BEHIND * self._settings.dashboard.posts_to_check if self._has_read_all else number
            )
        return reader.dashboard_after(str(seen), -(-number // PAGE) + MORE_PAGES)

    def _unknown(self, page: list[TumblrPost]) -> list[TumblrPost]:
        oldest = self._settings.oldest_input(self._bot.clock())
        theirs = [
            post
            for post in page
            if not self._settings.is_bot(post.blog)
            and post.timestamp > oldest
            and post.name not in self._pending
        ]
        names = [post.name for post in theirs]
        known = self._bot.turns.known({TurnKind.DASH}, names) | self._bot.conversations.handled(names)
        return [post for post in theirs if post.name not in known]

    def _remember_place(self) -> None:
        """What the last look read is in the store by now; what is being judged has to be read again."""
        place = min([self._read_up_to + 1, *(int(one.post.id) for one in self._pending.values())]) - 1
        if self._settings.dashboard.paging == "since_id" and place > int(
            self._bot.cursors.cursor(READ_UP_TO) or 0
        ):
            self._bot.cursors.set_cursor(READ_UP_TO, str(place))

    def _why_not(self, post: TumblrPost, follows: Collection[str]) -> str | None:
        """A reason to leave a post alone; without one it waits for its judgment."""
        settings, identity = self._settings, self._settings.identity
        reason = why_not_again(self._bot, post, settings) or why_not_static(post, settings, follows)
        if reason is not None:
            return reason
        thread = post.thread.as_reblogged_by(identity)
        question = self._question(thread)
        exchanges = exchanges_in(self._bot.turns, post, thread, post.blog, settings)
        reason = why_not_talk(post.blog, settings, exchanges)
        reason = reason or why_not_listed(post.blog, settings.user_list)
        reason = reason or why_not_length(question.text, settings.dashboard)
        if reason is None:
            addresses = () if self._images is None else post.image_addresses
            self._pending[post.name] = Candidate(post, thread, question, addresses, self._bot.clock())
        return reason

    # Deciding

    def _is_lucky(self, one: Candidate) -> bool:
        return self._bot.rng.random() < odds(one.post.blog, one.question.text, self._settings)

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
            self._moods.at(self._bot.now).value,
            self._bot.rng.uniform(-1.0, 1.0),
            self._settings,
            named=names_bot(post, self._settings),
        )
        if not verdict.is_worthy:
            return _left_alone(post, verdict.why)
        rules = self._settings.dashboard
        forced = post.id in rules.forced_posts
        least = None if forced else least_score(judged, self._bot.rng.random(), rules)
        return turn_about(
            TurnKind.DASH,
            post,
            one.thread,
            settings=self._settings,
            text=plain_text(post.body),
            timestamp=post.timestamp,
            why="; ".join(why for why in (verdict.why, speaks.why) if why),
            more={"least": least},
        )

    def _speaks(self, one: Candidate, judged: Judged) -> Verdict:
        """Whether the bot would speak next. In a thread of which nothing is asked it is as likely as ever."""
        rules = self._settings.dashboard
        if rules.speaker_test == "off":
            return Verdict(is_worthy=True, why="")
        shift = 0.0 if one.question.speaker is None else judged.shift
        return judge_speaker(shift, self._bot.rng.random(), rules)


def _left_alone(post: TumblrPost, reason: str) -> NewTurn:
    return skipped(TurnKind.DASH, post.name, post.blog, reason, "", post.timestamp)


def _age(pending: tuple[str, Candidate]) -> tuple[int, int]:
    return pending[1].post.timestamp, int(pending[1].post.id)
