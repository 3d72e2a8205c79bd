"""A bot with posts that wait, and a console before it, in one process."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from operator_console.access import Access
from operator_console.app import create_app
from operator_console.bot_link import BotLink
from operator_console.pages.live import watcher
from operator_console.parts import PARTS, Parts
from operator_console.passwords import hash_of
from operator_console.serving import Server
from operator_console.sessions import SessionStore
from operator_console.settings import AccountConfig, ConsoleConfig
from operator_console.streams import Streams
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardConflict, SwitchboardUnreachable
from switchboard.messages import (
    ConsoleAsk,
    ConsoleQuestion,
    ConsoleReply,
    HeadWish,
    LearningReply,
    StatusReport,
    WorkerLine,
)
from switchboard.settings import SwitchboardConfig
from switchboard.store import JobStore
from switchboard.store.learning import WishRefused
from tests.tumblr.fakes import FakeSwitchboard, Request, World, outcome
from tumblr.build import console_desk
from tumblr.store.database import Database

PASSWORD = "correct horse battery"
HASHED = hash_of(PASSWORD)
ACCOUNTS = (
    AccountConfig(name="keeper", role="operator", password_hash=SecretStr(HASHED)),
    AccountConfig(name="helper", role="reviewer", password_hash=SecretStr(HASHED)),
)
HOST = "127.0.0.1:5080"
UNDO = 60.0
QUESTIONS = (
    "what do you eat?",
    "do you dream of the sea?",
    "which book would you take to an island?",
    "is it going to rain?",
    "what is your favourite word?",
    "have you ever seen a whale?",
    "who taught you to cook?",
    "do you like mondays?",
    "what should i name my cat?",
    "how are you today?",
)
ANSWERS = (
    "Soup, mostly. I have opinions about soup, and I am told that they are too many.",
    "I dream of it like a radio dreams of a station: some noise, then somebody's voice.",
    "A long one. I would read the index first, as one looks at a map before a walk.",
)


class DirectClient(SwitchboardClient):
    """Carries questions straight to a bot; it may be away, or its answers lost on the way."""

    def __init__(self, answer: Callable[[ConsoleQuestion], dict[str, Any]]) -> None:
        super().__init__("http://switchboard.invalid", None)
        self._answer = answer
        self._lock = threading.Lock()
        self.away = False
        self.lose_answers = 0
        self.kept: JobStore | None = None
        """What the switchboard keeps of heads, if a test is about it."""

    def ask_bot(self, ask: ConsoleAsk) -> ConsoleReply:
        if self.away:
            raise SwitchboardUnreachable("away")
        with self._lock:
            answer = self._answer(ConsoleQuestion(key=ask.key, question=ask.question))
        if self.lose_answers:
            self.lose_answers -= 1
            return ConsoleReply(answered=False)
        return ConsoleReply.model_validate_json(ConsoleReply(answered=True, answer=answer).model_dump_json())

    def work(self) -> StatusReport:
        if self.kept is None:
            return StatusReport(version="1", open_jobs=0, open_jobs_limit=200)
        seen = WorkerLine(worker="gpu-1", role="generator", last_contact_seconds=3.0, leases=1)
        return self.kept.status().model_copy(update={"workers": [seen]})

    def learned(self) -> LearningReply:
        return LearningReply() if self.kept is None else self.kept.learned()

    def wish(self, wish: HeadWish) -> None:
        assert self.kept is not None
        try:
            self.kept.wish(wish)
        except WishRefused as refused:
            raise SwitchboardConflict(409, str(refused), "version") from None


class Writer(FakeSwitchboard):
    """Writes three candidates, another one chosen for each job."""

    def finish(self, job_id: str) -> None:
        super().finish(job_id)
        job: Request = self.jobs[job_id]
        result = self.results[job_id]
        if hasattr(job, "texts") or isinstance(result, str):
            return
        chosen = len(self.results) // 2 % len(ANSWERS)
        told = outcome(job_id, post=ANSWERS[chosen], tags=["from the kitchen", "soup"])
        self.results[job_id] = told.model_copy(
            update={
                "all_posts": list(ANSWERS),
                "all_tags": [["soup"], ["the sea"], ["books", "reading"]],
                "all_proba": [0.71, 0.44, 0.32],
                "all_pos_sentiment": [0.62, 0.35, 0.51],
                "all_mirotarg": [2.1, 2.4, 1.9],
                "choice_index": chosen,
                "by_chance": True,
            }
        )


class Stage:
    """The world, the console's application, and browsers that visit it."""

    def __init__(self, folder: Path, *, asks: int = 1, console: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self._open = ExitStack()
        self._console = console or {}
        self._asks = asks

    def __enter__(self) -> Self:
        told = {"on": True, "undo_seconds": UNDO}
        screening = {"review_strings": ["soup", "sea", "book"]}
        self.world = World(self.folder, switchboard=Writer(), console=told, screening=screening)
        self._open.callback(self.world.stop)
        for question in (QUESTIONS * 20)[: self._asks]:
            self.world.tumblr.ask(question, f"reader-{len(self.world.tumblr.posts) + 1}")
            self.world.clock.advance(1)
        self.world.run()
        self.settings = ConsoleConfig.model_validate(
            {"on": True, "accounts": ACCOUNTS, "undo_seconds": UNDO, **self._console}
        )
        self.sessions = SessionStore(
            self.folder / "console.sqlite", self.settings.session_hours * 3600, self.world.clock
        )
        self._open.callback(self.sessions.close)
        self.connect()
        return self

    def connect(self) -> None:
        """Connect the console to the bot as it is now."""
        beside = self._open.enter_context(Database.beside(self.folder / "tumbl.sqlite"))
        bot = replace(self.world.bot, database=beside)
        desk = console_desk(bot, self.world.settings, self.world.driver, self.world.switchboard)
        self.link = DirectClient(desk.answer)
        self.app = self.make_app(5080)

    def make_app(self, port: int) -> Flask:
        """The application, as it is reached under a port."""
        bot = BotLink(self.link)
        access = Access(self.settings, self.sessions, port, self.world.clock)
        self.streams = Streams(self.settings.streams, watcher(bot))
        return create_app(Parts(self.settings, access, bot, self.streams))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def keep_heads(self) -> JobStore:
        """A switchboard's store, for what is reported about heads."""
        settings = SwitchboardConfig(database_url=f"sqlite:///{self.folder}/jobs.sqlite")
        self.link.kept = store = JobStore(settings, clock=self.world.clock)
        self._open.callback(store.close)
        return store

    def serve(self) -> str:
        """Serve over real HTTP, until the end; the address."""
        settings = self.settings.model_copy(update={"port": 0})
        server, stopping = Server(settings), threading.Event()
        self.served = app = self.make_app(server.port)
        thread = threading.Thread(target=server.serve, args=(app, stopping.is_set, self.streams.close))
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(stopping.set)
        return f"http://127.0.0.1:{server.port}"

    def drop_streams(self) -> None:
        """End all streams and go on with new ones, as a console that is started again does."""
        ended, parts = self.streams, self.served.extensions[PARTS]
        self.streams = parts.streams = Streams(self.settings.streams, watcher(parts.bot))
        ended.close()

    def later(self, seconds: float = UNDO + 1) -> None:
        """Let time pass, and the bot do what is due."""
        self.world.clock.advance(seconds)
        for _ in range(3):
            self.world.driver.round()

    def published(self) -> list[str]:
        """What the bot has published."""
        return [post.body for post in self.world.tumblr.posts.values() if post.state == "published"]

    def browser(self, name: str | None = "keeper") -> Browser:
        """A browser; logged in under a name, or not."""
        browser = Browser(self.app)
        if name is not None:
            assert browser.log_in(name).status_code == 302
        return browser


class Browser:
    """Follows forms as a browser without scripts does."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", **more)

    def post(self, path: str, data: dict[str, Any], **more: Any) -> TestResponse:
        headers = {"Origin": f"http://{HOST}", **more.pop("headers", {})}
        return self.client.post(path, base_url=f"http://{HOST}", data=data, headers=headers, **more)

    def log_in(self, name: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        token = fields_of(self.get("/login").text)["form_token"]
        return self.post("/login", {"form_token": token, "name": name, "password": password}, **more)

    def form(self, page: str, action: str, holding: str = "") -> dict[str, str]:
        """The hidden fields of a page's form, by where it goes and something in it."""
        text = self.get(page).text
        for found in re.finditer(r'<form method="post" action="([^"]+)".*?</form>', text, re.DOTALL):
            if found[1] == action and holding in found[0]:
                return fields_of(found[0])
        raise AssertionError(f"{page} has no form that goes to {action}")


def fields_of(html: str) -> dict[str, str]:
    """Names and values of the hidden fields of some HTML."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))
