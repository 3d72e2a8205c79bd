"""The other processes' way to the switchboard: one method per endpoint, time-outs always, retries inside.

Every request may be repeated without harm (submissions carry their id, results their candidate keys and
leases), so connection errors are retried here a few times before they are raised.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
import stamina
from pydantic import BaseModel, SecretStr, ValidationError

from bot_http import direct_session
from bot_network import shown_url
from switchboard.errors import (
    SwitchboardBusy,
    SwitchboardConflict,
    SwitchboardForbidden,
    SwitchboardRefused,
    SwitchboardUnreachable,
)
from switchboard.messages import (
    AnswerRequest,
    CaptionRequest,
    ClearedReply,
    ConsoleAsk,
    ConsoleReply,
    DeskPoll,
    DeskPollReply,
    GeneratorPoll,
    GeneratorPollReply,
    HeadStanding,
    HeadWish,
    LearningReply,
    PictureRequest,
    RawSelectRequest,
    ResultReply,
    SelectorPoll,
    SelectorPollReply,
    StateReply,
    StatusReport,
    SubmitReply,
    TextpostRequest,
    WeekReport,
)

Reply = TypeVar("Reply", bound=BaseModel)

BUSY_STATUSES = frozenset({429, 502, 503, 504})
DEFAULT_RETRY_AFTER_SECONDS = 5.0


@dataclass(frozen=True)
class Retry:
    """How often a request is repeated when the connection fails, before the caller hears of it."""

    attempts: int = 3
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 2.0
    total_seconds: float = 30.0


class SwitchboardClient:
    """Speaks to a switchboard in one role; safe to share between threads.

    Methods raise the errors of `switchboard.errors` and nothing else.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr | None,
        *,
        session: requests.Session | None = None,
        timeout_seconds: float = 10.0,
        retry: Retry | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._given_session = session
        self._timeout_seconds = timeout_seconds
        self._retry = retry if retry is not None else Retry()
        self._local = threading.local()
        self._opened: list[requests.Session] = []

    def submit_answer(self, request: AnswerRequest) -> SubmitReply:
        """Ask for an answer; the same request again finds the same job."""
        return self._post("/", SubmitReply, form=request.to_form())

    def submit_textpost(self, request: TextpostRequest) -> SubmitReply:
        """Ask for an unprompted post."""
        return self._post("/textpost", SubmitReply, form=request.to_form())

    def submit_caption(self, request: CaptionRequest) -> SubmitReply:
        """Submit pictures to be captioned."""
        return self._post("/caption", SubmitReply, json=request.model_dump(mode="json"))

    def submit_picture(self, request: PictureRequest) -> SubmitReply:
        """Submit the description of a picture to be made."""
        return self._post("/picture", SubmitReply, json=request.model_dump(mode="json"))

    def submit_raw_select(self, request: RawSelectRequest) -> SubmitReply:
        """Ask for the scores of texts."""
        return self._post("/raw_select", SubmitReply, json=request.model_dump(mode="json"))

    def get_result(self, job_id: str, wait_seconds: float = 0.0) -> ResultReply:
        """What became of a job, after waiting up to `wait_seconds` (at most 30) for its end.

        The result stays until it is acknowledged or its retention time is over.
        """
        form = {"id": job_id, "wait": repr(wait_seconds)}
        return self._post("/getresult", ResultReply, form=form, wait_seconds=wait_seconds)

    def acknowledge(self, job_id: str) -> StateReply:
        """Say that the result is safe with the client; the switchboard removes it."""
        return self._post("/ack", StateReply, json={"id": job_id})

    def cancel(self, job_id: str) -> StateReply:
        """Give up a job that has no result yet."""
        return self._post("/cancel", StateReply, json={"id": job_id})

    def clear_all(self, client: str) -> ClearedReply:
        """Cancel or acknowledge every job that was submitted under this client name."""
        return self._post("/alldone", ClearedReply, json={"client": client})

    def poll_generator(self, poll: GeneratorPoll) -> GeneratorPollReply:
        """Post results, renew leases, and ask for work (generator role)."""
        body = self._request(
            "POST", "/pollgenerator", json=poll.model_dump(mode="json"), wait_seconds=poll.wait
        )
        return _parsed(GeneratorPollReply.from_wire, body)

    def announce(self, heads: str) -> None:
        """Tell running generators which version of the heads to use (generator role)."""
        self._request("POST", "/announce", json={"heads": heads})

    def report_head(self, standing: HeadStanding) -> None:
        """Say which version of a head is in use, and which there are (generator role)."""
        self._request("POST", "/heads", json=standing.model_dump(mode="json"))

    def report_week(self, report: WeekReport) -> None:
        """Say what a weekly run of training has done (generator role)."""
        self._request("POST", "/week", json=report.model_dump(mode="json"))

    def work(self) -> StatusReport:
        """Who works, and what they have done today (console role)."""
        return _parsed(StatusReport.model_validate, self._request("GET", "/work"))

    def learned(self) -> LearningReply:
        """What was reported about heads (console role)."""
        return _parsed(LearningReply.model_validate, self._request("GET", "/learning"))

    def wish(self, wish: HeadWish) -> None:
        """Have a version of a head put in use (console role). Raises SwitchboardConflict where it does not
        fit."""
        self._request("POST", "/wish", json=wish.model_dump(mode="json"))

    def poll_selector(self, poll: SelectorPoll) -> SelectorPollReply:
        """Post results, renew leases, and ask for finished candidate sets (selector role)."""
        body = poll.model_dump(mode="json")
        return self._post("/pollselector", SelectorPollReply, json=body, wait_seconds=poll.wait)

    def ask_bot(self, ask: ConsoleAsk) -> ConsoleReply:
        """Have the bot loop asked something, or something done (console role)."""
        body = ask.model_dump(mode="json")
        return self._post("/console", ConsoleReply, json=body, wait_seconds=ask.wait)

    def poll_desk(self, poll: DeskPoll) -> DeskPollReply:
        """Answer questions of the console, and wait for others."""
        body = poll.model_dump(mode="json")
        return self._post("/desk", DeskPollReply, json=body, wait_seconds=poll.wait)

    def status(self, job_id: str | None = None) -> StatusReport:
        """What the switchboard is doing; with an id, that job with its prompt as well."""
        params = {"id": job_id} if job_id is not None else {}
        return _parsed(StatusReport.model_validate, self._request("GET", "/status", params=params))

    def close(self) -> None:
        """Close the connections that this client opened."""
        for session in self._opened:
            session.close()
        self._opened.clear()

    def _post(
        self,
        path: str,
        reply: type[Reply],
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        wait_seconds: float = 0.0,
    ) -> Reply:
        body = self._request("POST", path, data=form, json=json, wait_seconds=wait_seconds)
        return _parsed(reply.model_validate, body)

    def _request(self, method: str, path: str, *, wait_seconds: float = 0.0, **kwargs: Any) -> Any:
        policy = self._retry
        attempts = stamina.retry_context(
            on=SwitchboardUnreachable,
            attempts=policy.attempts,
            timeout=policy.total_seconds,
            wait_initial=policy.first_wait_seconds,
            wait_max=policy.longest_wait_seconds,
        )
        for attempt in attempts:
            with attempt:
                return self._request_once(method, path, self._timeout_seconds + wait_seconds, kwargs)
        raise AssertionError("unreachable: the last attempt raises")

    def _request_once(self, method: str, path: str, timeout: float, kwargs: Mapping[str, Any]) -> Any:
        headers: dict[str, bytes] = {}
        if self._token is not None:
            headers["Authorization"] = b"Bearer " + self._token.get_secret_value().encode()
        try:
            response = self._session().request(
                method, self._url + path, headers=headers, timeout=timeout, allow_redirects=False, **kwargs
            )
            body = response.json()
        except requests.exceptions.RequestException as error:
            where = f"the switchboard at {shown_url(self._url)}{path}"
            raise SwitchboardUnreachable(f"no usable answer from {where} ({type(error).__name__})") from error
        _raise_for_status(response, body)
        return body

    def _session(self) -> requests.Session:
        """requests does not promise that a session may be shared, so each thread has its own."""
        if self._given_session is not None:
            return self._given_session
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = direct_session()
            self._local.session = session
            self._opened.append(session)
        return session


def _parsed(parse: Callable[[Any], Reply], body: Any) -> Reply:
    try:
        return parse(body)
    except (ValidationError, AttributeError) as error:
        raise SwitchboardUnreachable("the answer is not one of a switchboard of this version") from error


def _raise_for_status(response: requests.Response, body: Any) -> None:
    status = response.status_code
    if status == requests.codes.ok:
        return
    known = body if isinstance(body, dict) else {}
    error, field = str(known.get("error", "no reason given")), str(known.get("field", ""))
    if status in BUSY_STATUSES:
        raise SwitchboardBusy(error, _retry_after(response))
    if not 400 <= status < 500:
        raise SwitchboardUnreachable(f"the switchboard answered with status {status}: {error}")
    kinds = {401: SwitchboardForbidden, 403: SwitchboardForbidden, 409: SwitchboardConflict}
    raise kinds.get(status, SwitchboardRefused)(status, error, field)


def _retry_after(response: requests.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else DEFAULT_RETRY_AFTER_SECONDS
