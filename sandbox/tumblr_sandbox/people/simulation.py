"""The simulation of the people: who comes by next, what they see, what they do, what they remember.

Everything it needs to go on after a crash is in the database: each visit's actions and the visitor's memory
are kept in one transaction.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from tumblr_sandbox.demo_accounts import PEOPLE
from tumblr_sandbox.language.tables import Tables
from tumblr_sandbox.people import policy, schedule
from tumblr_sandbox.people.actions import (
    Action,
    Ask,
    FeedItem,
    Follow,
    InboxAsk,
    Like,
    Memory,
    ReceivedReply,
    Unfollow,
    View,
)
from tumblr_sandbox.people.characters import LOUD, Person, Population
from tumblr_sandbox.people.executor import ActionExecutor, ActionFailedError
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.feed import REMEMBERED, Feed
from tumblr_sandbox.people.words import Speaker
from tumblr_sandbox.services import signup
from tumblr_sandbox.store import accounts, people, posts, social
from tumblr_sandbox.store.accounts import Blog, BlogSettings
from tumblr_sandbox.store.posts import StoredPost

ASKS_KEPT = 12
"""How many of their asks to the bot people remember."""
FRIENDS = (4, 14)
"""How many others somebody follows from the start, the early ones rather than the late ones."""
STRANGERS = 5
CROWDED_AT = 6
"""With so many asks in the bot's inbox people wait."""


@dataclass(frozen=True)
class ActionResult:
    """An action as it came out: ``problem`` says why it could not be done."""

    person: Person
    action: Action
    post: StoredPost | None
    problem: str = ""


@dataclass(frozen=True)
class Language:
    """What all lives draw on, read once: the grammar's tables and the phrases of the people."""

    tables: Tables
    phrases: dict[str, list[str]]


class Directory:
    """Blogs by id and by name."""

    def __init__(self, blogs: Iterable[Blog] = ()) -> None:
        self._by_id = {blog.id: blog for blog in blogs}
        self._by_name = {blog.name: blog for blog in self._by_id.values()}

    def add(self, blog: Blog) -> None:
        """Take a blog up."""
        self._by_id[blog.id] = self._by_name[blog.name] = blog

    def get(self, blog_id: int) -> Blog | None:
        return self._by_id.get(blog_id)

    def named(self, name: str) -> Blog | None:
        return self._by_name.get(name)


class Simulation:
    """The people of one seed in one sandbox. ``bot`` is the blog that they come for."""

    def __init__(
        self,
        language: Language,
        executor: ActionExecutor,
        *,
        seed: int,
        count: int,
        bot: str,
        rng: random.Random,
    ) -> None:
        self._language = language
        self._executor = executor
        self._rng = rng
        self.bot = bot
        self.people = Population(language.tables, language.phrases, seed).people(count)
        self._seed = seed
        self._feed = Feed(FeatureExtractor(language.tables, language.phrases))
        self._blogs = Directory()
        self._following: dict[str, set[int]] = {}
        self.memories: dict[str, Memory] = {}
        self.only_asks = False
        """Whether the bot listens to nothing but asks."""
        self.wide = False
        """Whether people also talk about things that no topic has."""
        self._calendar: list[tuple[float, int]] = []

    # Settling in

    def settle(self, connection: Connection, now: float, time: float) -> None:
        """Make the accounts that are missing, and recall what everybody remembers.

        ``now`` is the sandbox's clock, ``time`` the people's own.
        """
        self._blogs = Directory(accounts.all_blogs(connection))
        missing = [person for person in self.people if self._blogs.named(person.name) is None]
        for person in missing:
            self._move_in(connection, person, now)
        for person in missing:
            self._make_friends(connection, person, now)
        follows = people.all_follows(connection)
        self._following = {
            person.name: follows.get(self._own_blog(person).owner_id, set()) for person in self.people
        }
        self.look_around(connection)
        kept = people.memories(connection)
        heard = people.last_notification(connection)
        for person in self.people:
            if person.name in kept:
                self.memories[person.name] = Memory.from_json(kept[person.name])
            else:
                first = schedule.first_visit(person, time, self._dice(person, -1))
                self.memories[person.name] = Memory(first, heard=heard)
                people.keep_memory(connection, person.name, self.memories[person.name].to_json())
        self._calendar = [(self.memories[person.name].next_at, person.number) for person in self.people]
        heapq.heapify(self._calendar)

    def _move_in(self, connection: Connection, person: Person, now: float) -> None:
        settings = BlogSettings(title=self._title(person), description=person.description)
        keys = signup.random_keys(self._rng)
        signup.make_user(connection, person.name, keys, now=now, rng=self._rng, settings=settings)
        blog = accounts.find_blog(connection, person.name)
        assert blog is not None
        self._blogs.add(blog)

    def _title(self, person: Person) -> str:
        bare = self._language.tables.topics[person.favourites[0]].things[0].bare
        return person.title.replace("{name}", person.name.replace("-", " ")).replace("{bare}", bare)

    def _make_friends(self, connection: Connection, person: Person, now: float) -> None:
        """Whom somebody follows from the start: the bot, and people who came before them."""
        dice = self._dice(person, -2)
        others = [p for p in self.people[: max(LOUD, person.number)] if p.number != person.number]
        nearness = [1 / (1 + other.number) for other in others]
        wanted = dice.choices(others, nearness, k=dice.randint(*FRIENDS)) if others else []
        known = dice.sample(PEOPLE, dice.randint(0, len(PEOPLE)))
        names = dict.fromkeys(
            [self.bot, *(other.name for other in wanted), *(account.name for account in known)]
        )
        own = self._own_blog(person)
        for blog in map(self._blogs.named, names):
            if blog is not None and blog.id != own.id:
                social.follow(connection, own.owner_id, blog.id, int(now))
        bot = self._blogs.named(self.bot)
        if bot is not None and person.number < LOUD:
            social.follow(connection, bot.owner_id, own.id, int(now))

    # Going on

    @property
    def next_at(self) -> float:
        """When somebody comes by next, on the people's own clock."""
        return self._calendar[0][0] if self._calendar else float("inf")

    def look_around(self, connection: Connection) -> None:
        """Take up what was published meanwhile."""
        for post in posts.published_after(connection, self._feed.last_id, limit=REMEMBERED):
            self._learn(connection, post)

    def said_to_bot(self, after: int) -> list[FeedItem]:
        """Posts with words of their own that reblog or mention the bot's, with higher ids than this."""
        meant = self._feed.meant_for(self.bot, after, {})
        return [item for item in meant if item.text and not item.is_ask]

    def next_visit(self, connection: Connection, now: float) -> list[ActionResult]:
        """Let the next person come by: all they do happens ``now``, on the sandbox's clock."""
        time, number = self._calendar[0]
        person = self.people[number]
        memory = self.memories[person.name]
        view, heard = self._view(connection, person, memory)
        dice = self._dice(person, memory.visits)
        speaker = Speaker(
            self._language.tables, self._language.phrases, person, self.bot, dice, wide=self.wide
        )
        plan = policy.decide(policy.Visit(person, view, speaker, dice, time, self.bot, memory.mood), memory)
        seen = self._feed.last_id
        done = [
            *self._like(
                connection, person, [action for action in plan.actions if isinstance(action, Like)], now
            ),
            *(
                self._do(connection, person, action, now)
                for action in plan.actions
                if not isinstance(action, Like)
            ),
        ]
        left = replace(plan.memory, seen=seen, heard=heard, asked=_asked(memory, done, self.bot))
        people.keep_memory(connection, person.name, left.to_json())
        self.memories[person.name] = left
        heapq.heapreplace(self._calendar, (left.next_at, number))
        return done

    def _do(self, connection: Connection, person: Person, action: Action, now: float) -> ActionResult:
        blog = self._own_blog(person)
        try:
            post = self._executor.do(connection, blog, action, now)
        except ActionFailedError as error:
            return ActionResult(person, action, None, str(error))
        if isinstance(action, Follow | Unfollow):
            self._following[person.name] = set(social.followed_ids(connection, blog.owner_id))
        if post is not None and post.state == "published":
            self._learn(connection, post)
        return ActionResult(person, action, post)

    def _like(
        self, connection: Connection, person: Person, likes: Sequence[Like], now: float
    ) -> list[ActionResult]:
        if not likes:
            return []
        liked = self._executor.like(connection, self._own_blog(person), [like.post_id for like in likes], now)
        return [ActionResult(person, Like(post.id), post) for post in liked]

    def _learn(self, connection: Connection, post: StoredPost) -> None:
        blog = self._blogs.get(post.blog_id)
        if blog is None:
            blog = accounts.blogs_by_id(connection, {post.blog_id})[post.blog_id]
            self._blogs.add(blog)
        self._feed.learn(post, blog.name)

    def _view(self, connection: Connection, person: Person, memory: Memory) -> tuple[View, int]:
        """What somebody finds, and the number of the last notification that they have read then."""
        own, bot = self._own_blog(person), self._blogs.named(self.bot)
        followed = map(self._blogs.get, self._following[person.name])
        following = frozenset(blog.name for blog in followed if blog is not None)
        replies = people.replies_heard(connection, own.id, memory.heard)
        inbox = posts.by_newest_id(connection, own.id, "submission", limit=policy.INBOX_ANSWERED)
        dice = self._dice(person, -3 - memory.visits)
        view = View(
            dashboard=self._feed.dashboard(following, memory.seen),
            for_me=self._feed.meant_for(person.name, memory.seen, dict(memory.asked)),
            inbox=tuple(InboxAsk(ask.id, ask.summary) for ask in inbox),
            heard=tuple(ReceivedReply(int(r["post_id"]), r["from"], r["reply_text"]) for _, r in replies),
            following=following,
            strangers=self._strangers(person, following, dice),
            crowded=bot is not None and self._is_crowded(connection, bot),
            only_asks=self.only_asks,
        )
        return view, replies[-1][0] if replies else memory.heard

    def _strangers(self, person: Person, following: frozenset[str], dice: random.Random) -> tuple[str, ...]:
        drawn: Sequence[Person] = dice.sample(self.people, min(STRANGERS, len(self.people)))
        return tuple(p.name for p in drawn if p.name not in following and p.name != person.name)

    def _is_crowded(self, connection: Connection, bot: Blog) -> bool:
        return people.waiting(connection, bot.id, limit=CROWDED_AT) >= CROWDED_AT

    def _dice(self, person: Person, turn: int) -> random.Random:
        """A generator for one turn of one person: the same one after a restart."""
        return random.Random(f"{self._seed}/{person.number}/{turn}")

    def _own_blog(self, person: Person) -> Blog:
        blog = self._blogs.named(person.name)
        assert blog is not None
        return blog


def _asked(memory: Memory, done: Sequence[ActionResult], bot: str) -> tuple[tuple[int, str], ...]:
    """The asks that somebody remembers to have sent to the bot."""
    new = [
        (one.post.id, one.action.text)
        for one in done
        if isinstance(one.action, Ask) and one.action.blog == bot and one.post is not None
    ]
    return (*memory.asked, *new)[-ASKS_KEPT:]
