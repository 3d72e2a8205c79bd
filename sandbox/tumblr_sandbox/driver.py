"""Drive a running sandbox from Python, through its control face.

What only the sandbox can do (make accounts, send asks as someone, move the clock, break things) is
here; what a client of tumblr can do is left to such clients, for which ``create_user`` gives keys.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import requests
from pydantic import TypeAdapter

from tumblr_sandbox.faults import Fault
from tumblr_sandbox.people.records import ActionRecord, PeopleState, PersonRecord
from tumblr_sandbox.records import Call, KeySet, NoteRecord, PostRecord

_POSTS = TypeAdapter(list[PostRecord])
_NOTES = TypeAdapter(list[NoteRecord])
_CALLS = TypeAdapter(list[Call])
_FAULTS = TypeAdapter(dict[int, Fault])
_PEOPLE = TypeAdapter(list[PersonRecord])
_ACTIONS = TypeAdapter(list[ActionRecord])


class DriverError(Exception):
    """The control face refused: ``status`` is its HTTP status, the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"sandbox control face answered {status}: {message}")
        self.status = status


class SandboxDriver:
    """The control face of the sandbox at ``base_url`` (such as ``http://127.0.0.1:8765``)."""

    def __init__(
        self, base_url: str, *, session: requests.Session | None = None, timeout_seconds: float = 10.0
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = session if session is not None else _direct_session()
        self._timeout = timeout_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def wait_until_ready(self, seconds: float = 15.0) -> None:
        """Return when the sandbox answers; raise ``TimeoutError`` when it does not in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._call("GET", "/clock")
            except requests.ConnectionError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"no sandbox answers at {self.base_url}") from None
                time.sleep(0.05)
            else:
                return

    # Accounts

    def create_user(self, name: str, *, title: str = "", keys: KeySet | None = None) -> KeySet:
        """Make a user with a blog of the same name, and a token; without ``keys`` random ones are made."""
        body: dict[str, object] = {"name": name, "title": title}
        if keys is not None:
            body["keys"] = dict(
                zip(
                    ("consumer_key", "consumer_secret", "oauth_token", "oauth_secret"),
                    keys.strings(),
                    strict=True,
                )
            )
        return KeySet.model_validate(self._call("POST", "/users", body))

    def create_blog(self, user: str, name: str, *, title: str = "") -> None:
        """Give a user one more blog."""
        self._call("POST", "/blogs", {"user": user, "name": name, "title": title})

    def create_community(
        self,
        name: str,
        admin: str,
        *,
        members: Sequence[str] = (),
        title: str = "",
        description: str = "",
        **settings: object,
    ) -> str:
        """Make a community with its first admin and members, all named by blogs; the answer is its uuid.

        Settings: visibility, join_type, about, guidelines, tags, invite_links_enabled, population_cap.
        """
        body = {"name": name, "admin": admin, "members": list(members), "settings": settings}
        made = self._call("POST", "/communities", {**body, "title": title, "description": description})
        return str(made["uuid"])

    def users(self) -> list[str]:
        return list(self._call("GET", "/users")["users"])

    def set_blog(self, blog: str, **settings: object) -> None:
        """Change a blog's settings: title, description, ask, ask_anon, share_following, share_likes,
        dashboard_only, password_protected, deactivated, pinned_post (an id), posts_per_day,
        queue_start_hour, queue_end_hour, timezone."""
        self._call("PATCH", f"/blogs/{blog}", settings)

    # What people do

    def ask(self, blog: str, question: str, asker: str | None = None, *, html: bool = False) -> str:
        """Send an ask (anonymous without ``asker``); the answer is the id it has in the inbox.

        The question is plain text, or HTML if ``html`` says so.
        """
        body = {"blog": blog, "question": question, "asker": asker, "html": html}
        return str(self._call("POST", "/asks", body)["id"])

    def submit(self, blog: str, html: str, author: str | None = None, *, title: str = "") -> str:
        """Hand in a text post (anonymously without ``author``); the answer is its id in the inbox."""
        body = {"blog": blog, "html": html, "title": title, "author": author}
        return str(self._call("POST", "/submissions", body)["id"])

    def post(
        self,
        blog: str,
        html: str,
        *,
        title: str = "",
        tags: list[str] | None = None,
        state: str = "published",
    ) -> str:
        """Write a text post as the owner of the blog; the answer is its id."""
        body = {"blog": blog, "html": html, "title": title, "tags": tags or [], "state": state}
        return str(self._call("POST", "/posts", body)["id"])

    def reblog(self, blog: str, post_id: str, html: str = "", *, tags: list[str] | None = None) -> str:
        """Reblog a post onto ``blog``; the answer is the reblog's id."""
        body = {"blog": blog, "post_id": post_id, "html": html, "tags": tags or []}
        return str(self._call("POST", "/reblogs", body)["id"])

    def reply(self, blog: str, post_id: str, text: str) -> None:
        self._call("POST", "/replies", {"blog": blog, "post_id": post_id, "text": text})

    def like(self, blog: str, post_id: str) -> None:
        self._call("POST", "/likes", {"blog": blog, "post_id": post_id})

    def follow(self, blog: str, followed: str) -> None:
        """Let the owner of ``blog`` follow the blog ``followed``."""
        self._call("POST", "/follows", {"blog": blog, "followed": followed})

    def block(self, blog: str, blocked: str) -> None:
        self._call("POST", "/blocks", {"blog": blog, "blocked": blocked})

    # Looking

    def posts(self, blog: str, state: str | None = None) -> list[PostRecord]:
        """The posts of a blog in any state, or in one; newest id first."""
        query = {} if state is None else {"state": state}
        return _POSTS.validate_python(self._call("GET", f"/blogs/{blog}/posts", query=query)["posts"])

    def notes(self, post_id: str) -> list[NoteRecord]:
        """All notes of a post's tree, newest first, the ``posted`` entry last."""
        return _NOTES.validate_python(self._call("GET", f"/posts/{post_id}/notes")["notes"])

    def calls(self, *, after: int = 0, path: str | None = None, method: str | None = None) -> list[Call]:
        """API calls since the start, oldest first; ``path`` is a shell pattern, ``after`` a call number."""
        query: dict[str, str] = {"after": str(after)}
        if path is not None:
            query["path"] = path
        if method is not None:
            query["method"] = method
        return _CALLS.validate_python(self._call("GET", "/calls", query=query)["calls"])

    # The world

    def now(self) -> float:
        """Unix seconds on the sandbox's clock."""
        return float(self._call("GET", "/clock")["now"])

    def set_clock_offset(self, seconds: float) -> None:
        """Set the sandbox's clock to this much ahead of real time."""
        self._call("PUT", "/clock", {"offset": seconds})

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward, and publish what fell due.

        Clients sign with real time: beyond 300 seconds switch the check of time stamps off.
        """
        self._call("POST", "/clock/advance", {"seconds": seconds})

    def set_checks(self, *, nonces: bool = True, timestamps: bool = True) -> None:
        """Switch OAuth's checks of nonces and of time stamps."""
        self._call("PUT", "/checks", {"nonces": nonces, "timestamps": timestamps})

    def set_limits(self, **figures: int) -> None:
        """Set limits; those not named are what they are at first.

        per_hour, per_day (calls of a consumer); posts_per_day, follows_per_day, likes_per_day,
        images_per_day, videos_per_day, blogs_per_day, followed_blogs (of a user); queued_posts (of a
        blog); blocks_per_minute, per_address_minute.
        """
        self._call("PUT", "/limits", figures)

    def set_queue(
        self, blog: str, *, posts_per_day: int, start_hour: int = 0, end_hour: int = 24, timezone: str = "UTC"
    ) -> None:
        """Set how a blog's queue is published: so many posts evenly within a daily window."""
        self.set_blog(
            blog,
            posts_per_day=posts_per_day,
            queue_start_hour=start_hour,
            queue_end_hour=end_hour,
            timezone=timezone,
        )

    def add_fault(self, fault: Fault) -> int:
        """Switch a fault on; the answer is its number."""
        return int(self._call("POST", "/faults", fault.model_dump(mode="json"))["number"])

    def faults(self) -> dict[int, Fault]:
        return _FAULTS.validate_python(self._call("GET", "/faults")["faults"])

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._call("DELETE", "/faults")

    # The people

    def people(self) -> PeopleState:
        """How the people are switched, and what they are at."""
        return PeopleState.model_validate(self._call("GET", "/people"))

    def set_people(self, **switch: object) -> PeopleState:
        """Switch the people: on, speed, count, seed, bot. What is not named stays as it is."""
        return PeopleState.model_validate(self._call("PUT", "/people", switch))

    def people_here(self) -> list[PersonRecord]:
        """Who lives here."""
        return _PEOPLE.validate_python(self._call("GET", "/people/list")["people"])

    def actions(self, *, after: int = 0, limit: int = 100) -> list[ActionRecord]:
        """What the people did since the start, oldest first; ``after`` is an action's number."""
        query = {"after": str(after), "limit": str(limit)}
        return _ACTIONS.validate_python(self._call("GET", "/people/actions", query=query)["actions"])

    def tastes(self) -> dict[str, Any]:
        """What the people like, as it really is."""
        return self._call("GET", "/people/tastes")

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        url = f"{self.base_url}/sandbox{path}"
        json = {} if body is None and method != "GET" else body
        with self._session.request(method, url, json=json, params=query, timeout=self._timeout) as reply:
            answer: dict[str, Any] = reply.json()
            if reply.status_code >= 400:
                raise DriverError(reply.status_code, str(answer.get("error", answer)))
            return answer


def _direct_session() -> requests.Session:
    """A sandbox is on this machine, where the environment's proxy has no business."""
    session = requests.Session()
    session.trust_env = False
    return session
