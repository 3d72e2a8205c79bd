"""HTTP to a completions server: whole answers within a time, retries with bounds, trouble told once.

What may pass by itself is tried again a few times: a server that is away, busy (429 and 503, after the time
that it names), fails (500), breaks off or answers nonsense. Writing a text twice harms nobody, so any request
may be repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import requests
import stamina
import structlog
from pydantic import JsonValue
from urllib3.exceptions import HTTPError, NewConnectionError

from autoresponder.completions.answers import (
    Completion,
    NonsenseError,
    ServedModel,
    read_completion,
    read_models,
    shown,
)
from autoresponder.errors import JobError, ServerFailedError, ServerRefusedError, ServerUnreachableError
from autoresponder.settings import CompletionsConfig
from bot_http import session_for

CONNECT_SECONDS = 5.0
BLOCK = 1 << 16
MOST_BYTES = 64 << 20
BUSY_STATUSES = frozenset({429, 502, 503, 504})
SERVER_ERRORS = 500  # and every larger status

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """How often a request is made, and how long is waited before it is made again."""

    attempts: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    """Also when the server asks for more."""


class CompletionsClient:
    """Asks a server for texts; safe to share between threads.

    Raises ServerRefusedError, and after as many tries as make sense ServerUnreachableError or
    ServerFailedError; nothing else.
    """

    def __init__(
        self,
        settings: CompletionsConfig,
        *,
        retries: Retries = Retries(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._root = settings.url.rstrip("/").removesuffix("/v1") + "/v1"
        self._retries = retries
        self._clock = clock
        self._local = threading.local()
        self._lock = threading.Lock()
        self._troubled = False

    def models(self) -> list[ServedModel]:
        """The models that the server has."""
        return self._persist(lambda: self._ask("GET", f"{self._root}/models", None, read_models))

    def complete(self, fields: Mapping[str, JsonValue], wanted: int) -> Completion:
        """The ``wanted`` texts that a request is answered with."""
        address = f"{self._root}/completions"
        return self._persist(
            lambda: self._ask("POST", address, fields, lambda body: read_completion(body, wanted))
        )

    def _persist(self, ask: Callable[[], T]) -> T:
        """Ask again until there is an answer, it makes no sense to, or it was often enough."""
        attempts = stamina.retry_context(
            on=self._wait,
            attempts=self._retries.attempts,
            timeout=None,
            wait_initial=self._retries.first_wait_seconds,
            wait_max=self._retries.longest_wait_seconds,
            wait_jitter=self._retries.first_wait_seconds,
        )
        for attempt in attempts:
            with attempt:
                answer = self._telling(ask)
        return answer

    def _wait(self, error: Exception) -> bool | float:
        """Whether to ask again; as seconds, where the server names them."""
        if isinstance(error, ServerUnreachableError) and error.wait_seconds is not None:
            return min(error.wait_seconds, self._retries.longest_wait_seconds)
        return isinstance(error, ServerUnreachableError | ServerFailedError)

    def _telling(self, ask: Callable[[], T]) -> T:
        """Ask once; the first failure after an answer is told, and the first answer after a failure."""
        try:
            answer = ask()
        except (ServerUnreachableError, ServerFailedError) as error:
            if self._change(troubled=True):
                log.warning("completions server in trouble, asked again", reason=str(error))
            raise
        if self._change(troubled=False):
            log.info("completions server answers again")
        return answer

    def _change(self, *, troubled: bool) -> bool:
        with self._lock:
            changed, self._troubled = self._troubled != troubled, troubled
            return changed

    def _ask(
        self, method: str, url: str, fields: Mapping[str, JsonValue] | None, read: Callable[[bytes], T]
    ) -> T:
        headers: dict[str, bytes] = {}
        if self._settings.token is not None:
            headers["Authorization"] = b"Bearer " + self._settings.token.get_secret_value().encode()
        limit = self._settings.timeout_seconds
        began = self._clock()
        try:
            with self._session().request(
                method,
                url,
                json=fields,
                headers=headers,
                timeout=(CONNECT_SECONDS, limit),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response, began + limit)
        except requests.ConnectionError as error:
            raise _lost(error) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ServerFailedError(f"no whole answer from the server ({type(error).__name__})") from None
        _raise_for_status(response, body)
        try:
            return read(body)
        except NonsenseError as error:
            raise ServerFailedError(f"the server's answer makes no sense ({error})") from None

    def _body(self, response: requests.Response, until: float) -> bytes:
        """The whole answer, however it trickles in."""
        body = bytearray()
        while block := response.raw.read1(BLOCK, decode_content=True):
            body += block
            if len(body) > MOST_BYTES:
                raise ServerFailedError(f"the server's answer is longer than {MOST_BYTES >> 20} MiB")
            if self._clock() > until:
                raise ServerFailedError(f"no whole answer after {self._settings.timeout_seconds:g} s")
        return bytes(body)

    def _session(self) -> requests.Session:
        """requests does not promise that a session may be shared, so each thread has its own."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = session_for(self._root)
            self._local.session = session
        return session


def _lost(error: requests.ConnectionError) -> JobError:
    """A server that cannot be reached is away; one that broke off may have done so over the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return ServerUnreachableError("the server cannot be reached")
    return ServerFailedError("the server broke off")


def _raise_for_status(response: requests.Response, body: bytes) -> None:
    status = response.status_code
    if status == requests.codes.ok:
        return
    reason = f"the server answered with status {status}: {shown(body)}"
    if status in BUSY_STATUSES:
        raise ServerUnreachableError(reason, _retry_after(response))
    if status >= SERVER_ERRORS or status == requests.codes.request_timeout:
        raise ServerFailedError(reason)
    raise ServerRefusedError(reason)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds, where the server names them; a date is not read."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() and len(text) < 10 else None
