"""A tumblr and a switchboard of a few lines each, and a bot between them, all on one fake clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot_config import Config
from bot_lifecycle import Shutdown
from images.reader import ImageReader
from mood.named import mood_by_name
from munging.thread import Identity
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardUnreachable
from switchboard.messages import (
    AnswerRequest,
    MoodRecord,
    RawSelectOutcome,
    RawSelectRequest,
    ResultReply,
    SelectionOutcome,
    SpeakerOdds,
    StateReply,
    SubmitReply,
    TextpostRequest,
)
from tumblr.api.client import PAGE, AccountWriter, TumblrReader
from tumblr.api.errors import NotFound, Refused, TumblrError, TumblrUnavailable
from tumblr.api.key_pool import Pool
from tumblr.api.models import Mention, Photo, PostPage, ReadingRules, TumblrPost, post_name
from tumblr.api.notes import Note, NotePage
from tumblr.api.writer import ReblogTarget, TumblrWriter, Writing
from tumblr.bot import Bot, Draw, Tumblr
from tumblr.bot_settings import BotSettings
from tumblr.build import assemble, settings_of
from tumblr.responding.handlers.base import TurnHandler
from tumblr.store.database import Database
from tumblr.turns.fail_points import FailPoints
from tumblr.turns.inputs import AskInput
from tumblr.turns.kinds import TurnKind
from tumblr.turns.turn import Endpoint, Intent, NewTurn, StoredRequest, Turn

START = datetime(2021, 2, 6, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("US/Pacific")
IDENTITY = Identity(blog="frank", persona="Frank")
RULES = ReadingRules(IDENTITY)
OPERATOR = "keeper"
NOTES_SHOWN = 3
"""Notes that come with a post, or on a page."""


class FakeClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START.timestamp()
        self._set_by = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def set(self, seconds: float) -> None:
        """Set the machine's clock forward or, with a negative number, back; no time passes."""
        self.now += seconds
        self._set_by += seconds

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self.now - self._set_by


class ModelTumblr(TumblrReader, TumblrWriter, AccountWriter):
    """One blog, read and written without any call; writes may be lost on the way there or back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.blog = "frank.tumblr.com"
        self._clock = clock
        self._next = 1000
        self.posts: dict[str, TumblrPost] = {}
        self.writes = 0
        self.lose_request = 0
        self.lose_answer = 0
        self.late_by = 0.0
        self._late: list[tuple[float, Callable[[], object]]] = []
        self.refuse: TumblrError | None = None
        self.refuse_pictures: TumblrError | None = None
        self.takes_figures = True
        self.follows: set[str] = set()
        self.images: dict[str, bytes] = {}
        self.uploaded: dict[str, list[bytes]] = {}
        self.hidden: set[str] = set()
        self.down = False
        self.others: dict[str, TumblrPost] = {}
        self.notes_on: dict[str, list[Note]] = {}
        self.mentioned: list[Mention] = []

    # what people do

    def ask(self, question: str, asker: str | None = "bob") -> str:
        """Send an ask."""
        name = asker or "Anonymous"
        return self._put(
            TumblrPost(
                id=self._new_id(),
                state="submission",
                type="answer",
                asking_name=name,
                question=f"<p>{question}</p>",
                summary=question,
                timestamp=int(self._clock()),
            )
        )

    def remove(self, post_id: str) -> None:
        """Delete a post or ask."""
        del self.posts[post_id]

    def tag(self, post_id: str, *tags: str) -> None:
        """Give a post these tags."""
        self.posts[post_id] = replace(self.posts[post_id], tags=tags)

    def publish(self, post_id: str) -> str:
        """Publish a draft or queued post: it gets a new id."""
        old = self.posts.pop(post_id)
        new = replace(
            old,
            id=self._new_id(),
            state="published",
            genesis_post_id=post_id,
            timestamp=int(self._clock()),
            scheduled_publish_time=None,
        )
        return self._put(new)

    # Reader

    def inbox(self, offset: int = 0) -> PostPage:
        listed = [post for post in reversed(self._in("submission")) if post.id not in self.hidden]
        return PostPage(tuple(listed[offset : offset + PAGE]))

    def post(self, post_id: str) -> TumblrPost | None:
        self._check_up()
        return self.posts.get(post_id)

    def queue_head(self) -> list[TumblrPost]:
        return self._in("queued")[:PAGE]

    def queue(self) -> Iterator[TumblrPost]:
        return iter(self._in("queued"))

    def drafts_head(self) -> list[TumblrPost]:
        return list(self.drafts())[:PAGE]

    def drafts(self) -> Iterator[TumblrPost]:
        return reversed(self._in("draft"))

    def published_since(self, timestamp: float) -> Iterator[TumblrPost]:
        return (post for post in reversed(self._in("published")) if post.timestamp >= timestamp)

    def recent(self, number: int) -> Iterator[TumblrPost]:
        newest = list(reversed(self._in("published")))[:number]
        for post in newest:
            notes = tuple(sorted(self.notes_on.get(post.id, ()), key=lambda note: -note.timestamp))
            yield replace(post, notes=notes[:NOTES_SHOWN], note_count=len(notes))

    def notes(self, post_id: str, before: str | None = None) -> NotePage:
        self._check_up()
        notes = sorted(self.notes_on.get(post_id, ()), key=lambda note: -note.timestamp)
        left = [note for note in notes if before is None or note.timestamp < int(before)]
        page = left[:NOTES_SHOWN]
        return NotePage(tuple(page), str(page[-1].timestamp) if len(left) > len(page) else None)

    def mentions(self, since: float, most: int | None = None) -> list[Mention]:
        self._check_up()
        newest = sorted(self.mentioned, key=lambda mention: -mention.timestamp)
        return [mention for mention in newest if mention.timestamp >= since][:most]

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        self._check_up()
        return self.others.get(post_name(blog, post_id))

    # Writer

    def reblog(self, target: ReblogTarget, post: Writing) -> Mapping[str, Any]:
        self._take_its_time(lambda: self.reblog(target, post))
        self._on_the_way_there()
        parent = self.others.get(post_name(target.blog, target.post_id))
        if parent is None or parent.reblog_key != target.reblog_key:
            raise Refused("Invalid ID or reblog_key specified")
        new = TumblrPost(
            id=self._new_id(),
            state=post.state,
            blog="frank",
            tags=tuple(post.tags),
            timestamp=int(self._clock()),
            trail=parent.contributors,
            parent_id=target.post_id,
            is_reblog=True,
        )
        return self._on_the_way_back({"id": self._put(self._saying(new, post)), "state": new.state})

    def answer(self, ask_id: str, post: Writing) -> Mapping[str, Any]:
        if ask_id in self.posts:
            self._saying(self.posts[ask_id], post)
        return self.edit(ask_id, {"answer": post.html, "tags": ",".join(post.tags), "state": post.state})

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        self._on_the_way_there()
        if post_id not in self.posts:
            raise NotFound("no such post")
        old = self.posts[post_id]
        state = fields.get("state", old.state)
        tags = tuple(tag for tag in fields["tags"].split(",") if tag) if "tags" in fields else old.tags
        self.posts[post_id] = replace(
            old,
            body=fields.get("answer", old.body),
            tags=tags,
            state={"queue": "queued"}.get(state, state),
        )
        new_id = self.publish(post_id) if state == "published" else post_id
        return self._on_the_way_back({"id": new_id, "state": state})

    def create(self, post: Writing) -> Mapping[str, Any]:
        self._take_its_time(lambda: self.create(post))
        self._on_the_way_there()
        state = {"queue": "queued"}.get(post.state, post.state)
        when = int(self._clock()) + 3600 if state == "queued" else None
        new = TumblrPost(
            id=self._new_id(),
            state=state,
            tags=tuple(post.tags),
            timestamp=int(self._clock()),
            scheduled_publish_time=when,
        )
        return self._on_the_way_back({"id": self._put(self._saying(new, post)), "state": state})

    def create_photo(self, post: Writing, png: bytes) -> Mapping[str, Any]:
        answer = self.create(post)
        self.images[str(answer["id"])] = png
        return answer

    def upload(self, pngs: Sequence[bytes], tags: Sequence[str]) -> str:
        if self.refuse_pictures is not None:
            raise self.refuse_pictures
        post_id = str(self.create(Writing("", tags, "draft"))["id"])
        self.uploaded[post_id] = list(pngs)
        return post_id

    def _saying(self, new: TumblrPost, post: Writing) -> TumblrPost:
        """The post with its words; pictures that come along are there or, if tumblr refuses them, nothing."""
        assert self.takes_figures or not post.figures
        if post.figures and self.refuse_pictures is not None:
            raise self.refuse_pictures
        if post.figures:
            self.uploaded[new.id] = list(post.figures.values())
        return replace(new, body=post.html)

    def photos(self, post_id: str) -> list[Photo]:
        """Media outlive their post."""
        return [
            Photo(f"https://64.media.tumblr.com/{post_id}/{number}.png", 640, 73)
            for number, _ in enumerate(self.uploaded[post_id])
        ]

    def delete(self, post_id: str) -> None:
        self._on_the_way_there()
        if self.posts.pop(post_id, None) is None:
            raise NotFound("no such post")
        self._on_the_way_back({})

    def follow(self, blog: str) -> None:
        self._on_the_way_there()
        self.follows.add(blog)
        self._on_the_way_back({})

    def unfollow(self, blog: str) -> None:
        self._on_the_way_there()
        self.follows.discard(blog)
        self._on_the_way_back({})

    # inside

    def _in(self, state: str) -> list[TumblrPost]:
        self._check_up()
        return [post for post in self.posts.values() if post.state == state]

    def _check_up(self) -> None:
        if self.down:
            raise TumblrUnavailable("down")
        due = [call for moment, call in self._late if moment <= self._clock()]
        self._late = [(moment, call) for moment, call in self._late if moment > self._clock()]
        for call in due:
            call()

    def _take_its_time(self, call: Callable[[], object]) -> None:
        """Carry the next call out ``late_by`` seconds later, and do not answer."""
        if self.late_by:
            self._late.append((self._clock() + self.late_by, call))
            self.late_by = 0.0
            raise TumblrUnavailable("no answer in time")

    def _on_the_way_there(self) -> None:
        self._check_up()
        if self.refuse is not None:
            raise self.refuse
        if self.lose_request > 0:
            self.lose_request -= 1
            raise TumblrUnavailable("cut before it was done")
        self.writes += 1

    def _on_the_way_back(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.lose_answer > 0:
            self.lose_answer -= 1
            raise TumblrUnavailable("cut after it was done")
        return answer

    def _new_id(self) -> str:
        self._next += 1
        return str(self._next)

    def _put(self, post: TumblrPost) -> str:
        self.posts[post.id] = post
        return post.id


Request = AnswerRequest | TextpostRequest | RawSelectRequest


class FakeSwitchboard(SwitchboardClient):
    """Keeps jobs in memory; each is finished when the test says so, or at once."""

    def __init__(self) -> None:
        super().__init__("http://switchboard.invalid", None)
        self.jobs: dict[str, Request] = {}
        self.results: dict[str, SelectionOutcome | RawSelectOutcome | str] = {}
        self.submissions = 0
        self.acknowledged: list[str] = []
        self.cancelled: list[str] = []
        self.waited: list[float] = []
        self.on_wait: Callable[[float], object] = lambda _: None
        self.automatic = True
        self.down = False
        self.tries_while_down = 0
        self.text = "Soup is warm.\nI like it."
        self.autoreview: float | None = None
        self.speaker_odds: SpeakerOdds | None = None

    def submit_answer(self, request: AnswerRequest) -> SubmitReply:
        return self._submit(request)

    def submit_textpost(self, request: TextpostRequest) -> SubmitReply:
        return self._submit(request)

    def submit_raw_select(self, request: RawSelectRequest) -> SubmitReply:
        return self._submit(request)

    def get_result(self, job_id: str, wait_seconds: float = 0.0) -> ResultReply:
        self._check_up()
        assert 0 <= wait_seconds <= 30, "the switchboard refuses to wait so long"
        if wait_seconds:
            self.waited.append(wait_seconds)
            self.on_wait(wait_seconds)
        if job_id not in self.jobs:
            return ResultReply(done=False, state="unknown")
        if self.automatic and job_id not in self.results:
            self.finish(job_id)
        result = self.results.get(job_id)
        if isinstance(result, str):
            return ResultReply(done=True, state="failed", error=result)
        return ResultReply(
            done=result is not None, result=result, state="submitted" if result is None else "finished"
        )

    def acknowledge(self, job_id: str) -> StateReply:
        self._check_up()
        self.acknowledged.append(job_id)
        return StateReply(state="acknowledged")

    def cancel(self, job_id: str) -> StateReply:
        self._check_up()
        self.cancelled.append(job_id)
        return StateReply(state="cancelled")

    def finish(self, job_id: str) -> None:
        """Let the result of a job arrive."""
        job = self.jobs[job_id]
        if isinstance(job, RawSelectRequest):
            review, odds = self.autoreview, self.speaker_odds
            self.results[job_id] = RawSelectOutcome(
                selection_proba=[0.5 for _ in job.texts],
                sentiment_logit_diffs=[1.25 for _ in job.texts],
                autoreview=None if review is None else [review for _ in job.texts],
                next_speaker=[odds if one else None for one in job.next_speaker or []] or None,
            )
        else:
            chosen = outcome(job_id, post=self.text)
            self.results[job_id] = chosen.model_copy(update={"autoreview": self.autoreview})

    def fail(self, job_id: str, error: str = "no generator could do it") -> None:
        """Let a job fail."""
        self.results[job_id] = error

    def forget(self) -> None:
        """Lose everything, as with a new database."""
        self.jobs.clear()
        self.results.clear()

    def _submit(self, request: Request) -> SubmitReply:
        self._check_up()
        known = request.id in self.jobs
        assert not known or self.jobs[request.id] == request, "an id with another payload"
        self.jobs[request.id] = request
        self.submissions += 1
        return SubmitReply(collision=known)

    def _check_up(self) -> None:
        if self.down:
            self.tries_while_down += 1
            raise SwitchboardUnreachable("down")


def outcome(
    job_id: str = "job", *, post: str = "Soup is warm.", tags: list[str] | None = None
) -> SelectionOutcome:
    """What the selector chose."""
    mood = mood_by_name("meh")
    return SelectionOutcome(
        post=post,
        tags=["soup"] if tags is None else tags,
        proba=0.7,
        pos_sentiment=0.6,
        all_pos_sentiment=[0.6, 0.2],
        all_proba=[0.7, 0.4],
        all_posts=[post, "Cold soup is a salad."],
        choice_ix=0,
        choice_index=0,
        mood=MoodRecord(
            name=mood.name,
            min_allowed_score=mood.min_allowed_score,
            max_allowed_score=mood.max_allowed_score,
        ),
        base_id=job_id,
    )


FREE: dict[str, dict[str, Any]] = {
    "blog": {"blog_name": "frank", "persona": "Frank", "operator_name": OPERATOR},
    "tumblr": {"publishing": "automatic", "settle_seconds": 5.0, "late_seconds": 5.0},
    "loop": {"max_attempts": 3},
    "asks": {"min_words": 0, "max_images": 0},
    "commands": {"draft_reviews": False},
    "damping": {"longest_exchange": 0, "longest_thread": 0, "per_hour": 0, "per_day": 0},
    "queue": {"write_when_below": 0},
    "screening": {"screen_operator": False},
}
"""The settings of a bot that nothing restrains."""


def settings_for(**sections: dict[str, Any]) -> BotSettings:
    """Settings of a bot that nothing restrains but what is given, section by section."""
    merged = {name: {**FREE.get(name, {}), **sections.get(name, {})} for name in {**FREE, **sections}}
    return settings_of(Config.model_validate(merged))


def bot_over(database: Database, clock: FakeClock, **parts: Any) -> Bot:
    """A bot over a database, with models in place of whatever is not given."""
    model = ModelTumblr(clock)
    made = {
        "tumblr": Tumblr(Pool([]), model, None, model, model),
        "switchboard": FakeSwitchboard(),
        "rng": random.Random(0),
    }
    return Bot(database=database, clock=clock, monotonic=clock.monotonic, **{**made, **parts})


class World:
    """A bot between a model tumblr and a fake switchboard; it can be killed and started again."""

    def __init__(
        self,
        folder: Path,
        *,
        dry_run: bool = False,
        handlers: Mapping[TurnKind, TurnHandler] | None = None,
        switchboard: FakeSwitchboard | None = None,
        image_reader: ImageReader | None = None,
        draw: Draw | None = None,
        **sections: dict[str, Any],
    ) -> None:
        """``handlers`` take the place of the bot's own; ``sections`` are settings."""
        self.folder = folder
        self.clock = FakeClock()
        self.tumblr = ModelTumblr(self.clock)
        self.switchboard = switchboard or FakeSwitchboard()
        self._dry_run = dry_run
        self._handlers = handlers or {}
        self._images = {"image_reader": image_reader, "draw": draw}
        self._sections = sections
        self.start()

    def start(self, fail_points: FailPoints | None = None) -> None:
        """Start the bot's process."""
        path = self.folder / "tumbl.sqlite"
        self.database = Database.read(path) if self._dry_run else Database.open(path)
        writer = None if self._dry_run else self.tumblr
        self.bot = bot_over(
            self.database,
            self.clock,
            tumblr=Tumblr(Pool([]), self.tumblr, None, writer, writer),
            switchboard=self.switchboard,
            fail_points=fail_points or FailPoints(),
            **self._images,
        )
        self.settings = settings_for(**self._sections)
        self.tumblr.takes_figures = self.settings.tumblr.write_format == "blocks"
        self.store, self.outbox, self.cursors = self.bot.turns, self.bot.outbox, self.bot.cursors
        self.loop = assemble(self.bot, self.settings, Shutdown())
        self.driver = self.loop.driver
        self.driver.handlers.update(self._handlers)
        steps = {step.name: step for step in self.loop.steps}
        self.drafts, self.asks, self.originals = (steps[name] for name in ("drafts", "asks", "queue"))

    def stop(self) -> None:
        """Let the process end, however it ends."""
        self.database.close()

    def restart(self, points: FailPoints | None = None, /, **sections: dict[str, Any]) -> None:
        """End the process and start another on the same database, with these sections of settings changed."""
        self.stop()
        self._sections = {**self._sections, **sections}
        self.start(points)

    def find(self) -> list[Turn]:
        """Look for turns."""
        return self.store.add([*self.drafts.find(), *self.asks.find(), *self.originals.find()])

    def run(self, seconds: float = 0.0, rounds: int = 3) -> None:
        """Find turns and drive them, letting some time pass before each round."""
        self.find()
        for _ in range(rounds):
            self.clock.advance(seconds)
            self.driver.round()

    def only_turn(self) -> Turn:
        """The one turn there is."""
        return self.store.turn(1)


DRAFTS = {"publishing": "drafts"}
"""Section ``tumblr`` of a bot whose posts are all drafted."""


def queue(length: int) -> dict[str, int]:
    """Section ``queue`` of a bot that keeps so many originals queued."""
    return {"write_when_below": length}


def an_ask(input_id: str = "1001", who: str = "bob") -> NewTurn:
    """A new turn about an ask."""
    at = int(START.timestamp())
    asked = AskInput(question_html="<p>soup?</p>", question="soup?", timestamp=at)
    return NewTurn(TurnKind.ASK, input_id, who=who, input=asked)


def a_request(job_id: str = "job", endpoint: Endpoint = "answer") -> StoredRequest:
    """A stored request."""
    fields = {"question": "soup?", "asking_name": "bob"}
    return StoredRequest(endpoint=endpoint, id=job_id, fields=fields, stored_at=START.timestamp())


def an_intent(**changes: Any) -> Intent:
    """A stored intent to answer an ask."""
    values: dict[str, Any] = {
        "action": "answer_ask",
        "state": "published",
        "html": "<p>Soup is warm.</p>",
        "tags": ("soup", "bob"),
        "post_id": "1001",
        "stored_at": START.timestamp(),
    }
    return Intent(**{**values, **changes})
