"""The services of a scripted night, all in this process and on one clock: tumblr, switchboard, workers.

Calls go from the real clients to the real applications without a socket. What goes wrong on the way is the
weather's doing; nothing sleeps.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Generic, TypeVar

import requests
from flask import Flask
from pydantic import BaseModel, SecretStr
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError

from bot_config import Config
from bridge_service import job_rules
from selector import Selector
from switchboard.app import create_app
from switchboard.client import Retry, SwitchboardClient
from switchboard.messages import GenerationJob, GenerationResult, WorkerError
from switchboard.polling import (
    Exchange,
    Exchanged,
    GeneratorAnswer,
    GeneratorExchange,
    GeneratorJob,
    SelectorExchange,
)
from switchboard.store import JobStore
from switchboard.worker import PollTimings, run_worker
from tests.switchboard.service import WsgiAdapter
from tests.system import stub_generator

TUMBLR, SWITCHBOARD = "http://127.0.0.1:4480", "http://127.0.0.1:4481"
NGINX = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
POISON, UNSENDABLE = "poison", "unsendable"
"""Words in an ask: the generator that reads the one dies; what it writes of the other the wire refuses."""

LOOKS_EVERY = 65.0
"""Seconds; a lease ends after sixty."""

HURRY = PollTimings(wait_seconds=0.0, idle_seconds=0.0, grace_seconds=0.0, tick_seconds=0.01, max_jobs=4)
JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT", bound=BaseModel)


class KilledError(BaseException):
    """A process has died."""


def die() -> None:
    """Die as by ``kill -9``: nothing in the program catches it."""
    raise KilledError


@dataclass
class Weather:
    """How the way to tumblr and to the switchboard is now; each figure is a chance, from 0 to 1."""

    tumblr_is_down: bool = False
    switchboard_is_down: bool = False
    page: int = 0
    """Status of the pages that come instead of answers, 0 for none."""

    pages: float = 0.0
    busy: float = 0.0
    """Of being told to post again later, by tumblr itself."""

    lost: float = 0.0
    """Of writes that are carried out and not confirmed."""

    cut: float = 0.0
    """Of writes that never arrive."""

    late: float = 0.0
    """Of writes that are not confirmed and carried out so much later:"""

    late_seconds: tuple[float, float] = (20.0, 110.0)


def _unreachable() -> requests.ConnectionError:
    pool = HTTPConnectionPool("127.0.0.1")
    return requests.ConnectionError(MaxRetryError(pool, "/", NewConnectionError(pool, "nobody answers")))  # type: ignore[arg-type]


def _answer(status: int, content: str, kind: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers["Content-Type"] = kind
    response._content = content.encode()
    return response


def rewritten(text: str) -> str:
    """A text as tumblr gives it back: with typographic apostrophes, dashes and dots."""
    return re.sub(r"(?<=\w)'(?=\w)", "\N{RIGHT SINGLE QUOTATION MARK}", text).replace(
        "...", "\N{HORIZONTAL ELLIPSIS}"
    )


class TumblrAdapter(WsgiAdapter):
    """Carries the bot's calls to the sandbox, through the weather."""

    def __init__(
        self,
        app: Flask,
        weather: Weather,
        rng: random.Random,
        time: Callable[[], float],
        note: Callable[[Mapping[str, Any]], None],
    ) -> None:
        super().__init__(app)
        self._weather = weather
        self._rng = rng
        self._time = time
        self._note = note
        self.calls: Counter[int] = Counter()
        """Calls in each minute."""

        self.mishaps: Counter[str] = Counter()
        self._late: list[tuple[float, requests.PreparedRequest]] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.carry_out_late()
        self.calls[int(self._time() // 60)] += 1
        self._note_call("call", request)
        try:
            answer = self._send(request, *args, **kwargs)
        except requests.RequestException as error:
            self._note({"event": "no answer", "error": str(error)[:80]})
            raise
        self._note({"event": "answer", "status": answer.status_code})
        return answer

    def _note_call(self, event: str, request: requests.PreparedRequest) -> None:
        body = request.body if isinstance(request.body, str) else repr(request.body)
        path = str(request.path_url)[:200]
        self._note({"event": event, "method": request.method, "path": path, "body": body[:600]})

    def _send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        weather, writes = self._weather, request.method != "GET"
        if weather.tumblr_is_down:
            self.mishaps["unreachable"] += 1
            raise _unreachable()
        if weather.page and self._happens(f"page {weather.page}", weather.pages):
            return self._dated(_answer(weather.page, NGINX.format(weather.page), "text/html"))
        if writes and self._happens("code 8001", weather.busy):
            refusal = (
                '{"meta": {"status": 400, "msg": "Bad Request"}, "errors": [{"code": 8001}], "response": []}'
            )
            return self._dated(_answer(400, refusal, "application/json"))
        if writes and self._happens("cut", weather.cut):
            raise requests.ConnectionError("cut on the way there")
        if writes and self._happens("late", weather.late):
            self._late.append((self._time() + self._rng.uniform(*weather.late_seconds), request))
            raise requests.ReadTimeout("no answer in time")
        answer = super().send(request, *args, **kwargs)
        if writes and self._happens("lost", weather.lost):
            raise requests.ReadTimeout("cut on the way back")
        if not writes:
            answer._content = rewritten(answer.text).encode()
            answer.encoding = "utf-8"
        return self._dated(answer)

    def carry_out_late(self) -> None:
        """Carry out the writes that took their time."""
        due = [request for moment, request in self._late if moment <= self._time()]
        self._late = [(moment, request) for moment, request in self._late if moment > self._time()]
        for request in due:
            self._note_call("carried out late", request)
            super().send(request)

    def _happens(self, what: str, chance: float) -> bool:
        happens = self._rng.random() < chance
        self.mishaps[what] += happens
        return happens

    def _dated(self, answer: requests.Response) -> requests.Response:
        clock = self.app.extensions["sandbox"].clock
        answer.headers["Date"] = formatdate(clock.now(), usegmt=True)
        return answer


class SwitchboardAdapter(WsgiAdapter):
    """Carries calls to the switchboard. Long polls are answered at once: waiting is the night's."""

    def __init__(self, app: Flask, weather: Weather) -> None:
        super().__init__(app)
        self._weather = weather
        self.has_work = False
        """Whether a job was submitted since the workers have looked."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self._weather.switchboard_is_down:
            raise _unreachable()
        self.has_work |= str(request.url).endswith(("/", "/textpost", "/raw_select"))
        if isinstance(request.body, str) and str(request.url).endswith("/getresult"):
            request.body = re.sub(r"wait=[0-9.]+", "wait=0", request.body)
            request.headers["Content-Length"] = str(len(request.body))
        return super().send(request, *args, **kwargs)


class _NoSleep(threading.Event):
    """Ends a worker's loop where it would sleep."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


class _UntilIdle(Generic[JobT, ResultT]):
    """An exchange that ends the worker's loop as soon as there is nothing to do."""

    def __init__(self, exchange: Exchange[JobT, ResultT], stop: threading.Event) -> None:
        self._exchange = exchange
        self._stop = stop

    def __call__(
        self,
        results: Mapping[str, ResultT | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[JobT]:
        brought = self._exchange(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        if max_jobs and not brought.jobs:
            self._stop.set()
        if any(isinstance(job, GenerationJob) and POISON in job.prompt for job in brought.jobs.values()):
            die()
        return brought


def write(job_id: str, job: GeneratorJob) -> GeneratorAnswer:
    """What the stub of the system tests writes, in words that tumblr rewrites; or what no wire carries."""
    answer = stub_generator.handle(job_id, job)
    if not isinstance(answer, GenerationResult) or not isinstance(job, GenerationJob):
        return answer
    texts = [text.replace("My notes say", "It's so... my notes don't say") for text in answer.continuations]
    if UNSENDABLE in job.prompt:
        texts = [f"{text[:5]}\0{text[5:]}" for text in texts]
    return answer.model_copy(update={"continuations": texts})


@dataclass
class Switchboard:
    """The switchboard with a generator and a selector, which work when they are told to."""

    config: Config
    weather: Weather
    rng: random.Random
    time: Callable[[], float]
    lives: int = field(default=0, init=False)
    """How many generators have died."""

    _looks_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        settings = self.config.switchboard
        self.store = JobStore(settings, clock=self.time)
        app = create_app(self.store, settings, job_rules(self.config), self.time)
        self._adapter = SwitchboardAdapter(app, self.weather)
        self._session = requests.Session()
        self._session.mount(SWITCHBOARD, self._adapter)

    def client(self, role: str = "client") -> SwitchboardClient:
        """A client in a role."""
        token: SecretStr | None = getattr(self.config.switchboard, f"{role}_token")
        return SwitchboardClient(SWITCHBOARD, token, session=self._session, retry=Retry(attempts=1))

    def work(self) -> None:
        """Let the generator and the selector do what there is to do now.

        When nothing was submitted they look only now and then, for leases that have ended.
        """
        if not self._adapter.has_work and self.time() < self._looks_at:
            return
        self._adapter.has_work, self._looks_at = False, self.time() + LOOKS_EVERY
        for serve in (self._generate, self._select):
            try:
                serve(_NoSleep())
            except KilledError:
                self.lives += 1

    def _generate(self, stop: threading.Event) -> None:
        exchange = GeneratorExchange(self.client("generator"), worker=f"g{self.lives}", batch_size=8)
        until_idle: _UntilIdle[GeneratorJob, GeneratorAnswer] = _UntilIdle(exchange, stop)
        run_worker(until_idle, write, stop, HURRY)

    def _select(self, stop: threading.Event) -> None:
        chooser = Selector(self.config.selection, self.rng)
        exchange = SelectorExchange(self.client("selector"), worker="s", dropped=chooser.dropped)
        run_worker(_UntilIdle(exchange, stop), chooser.handle, stop, HURRY)


def switchboard_settings(folder: Path) -> dict[str, Any]:
    """The section of the configuration."""
    tokens = {f"{role}_token": f"token-{role}" for role in ("client", "generator", "selector")}
    return {"database_url": f"sqlite:///{folder / 'jobs.sqlite'}", **tokens}
