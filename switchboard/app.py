"""The HTTP service: parse, ask the store, answer. It holds no state of a job."""

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, g, json, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException

from mood.named import UnknownMood
from switchboard.console_board import PLACES, ConsoleBoard, TooManyQuestions
from switchboard.job_factory import JobRules, Submission, draft
from switchboard.long_polls import GENERATORS, PARTICULAR, SELECTORS, LongPoll, Notifier
from switchboard.messages import (
    AnswerRequest,
    CaptionRequest,
    ClearedReply,
    ClientReference,
    ConsoleAsk,
    DeskPoll,
    ErrorReply,
    GeneratorPoll,
    HeadsAnnouncement,
    HeadStanding,
    HeadWish,
    JobReference,
    PictureRequest,
    RawSelectRequest,
    ResultQuery,
    SelectorPoll,
    StateReply,
    StatusReport,
    TextpostRequest,
    WeekReport,
)
from switchboard.metrics import Metrics
from switchboard.parsing import (
    RequestError,
    authorize,
    check_origin,
    json_body,
    read_either,
    read_form,
    read_json,
    validated,
)
from switchboard.settings import Role, SwitchboardConfig
from switchboard.store import IdTaken, JobStore, StoredResult, StoreUnavailable, TooManyOpenJobs, Transition
from switchboard.store.learning import WishRefused
from switchboard.store.store import ALL_JOB_TYPES
from switchboard.workers import WorkerRegistry

RETRY_AFTER_SECONDS = 5
SOON_SECONDS = 1
READING_THREADS = 1
"""Threads that are always free for those who only look: health, status, metrics."""
BRINGING_THREADS = 1
"""Threads beside them that are free for requests that bring something, however many wait for work."""

MAX_OWN_ID_CHARACTERS = 95
"""Of an id that a bot's name is put before."""
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger()
View = Callable[[], Response]
Reply = TypeVar("Reply")


class Switchboard:
    """The views, and the parts they share."""

    def __init__(
        self, store: JobStore, settings: SwitchboardConfig, rules: JobRules, clock: Callable[[], float]
    ) -> None:
        self.store = store
        self.rules = rules
        self.notifier = Notifier()
        working = settings.threads - READING_THREADS
        self.waiting = LongPoll(self.notifier, working - BRINGING_THREADS)
        self.console = ConsoleBoard(self.notifier, max(1, min(PLACES, working // 2)))
        self.places = threading.BoundedSemaphore(working)
        self.workers = WorkerRegistry(clock)
        name = f"{socket.gethostname()}:{settings.port}"
        self.metrics = Metrics(name, self._report, lambda: self.waiting.taken)
        store.watch(self.notifier.on_change)
        for observer in (self.metrics.on_commit, log_transitions):
            store.observe(observer)

    # --- client

    def answer(self) -> Response:
        """POST / - submit an answer job."""
        return self._submit(read_form(request, AnswerRequest))

    def textpost(self) -> Response:
        """POST /textpost - submit a job for an unprompted post."""
        return self._submit(read_form(request, TextpostRequest))

    def raw_select(self) -> Response:
        """POST /raw_select - submit texts to be scored."""
        return self._submit(read_json(request, RawSelectRequest))

    def caption(self) -> Response:
        """POST /caption - submit pictures to be captioned."""
        return self._submit(read_json(request, CaptionRequest))

    def picture(self) -> Response:
        """POST /picture - submit the description of a picture to be made."""
        return self._submit(read_json(request, PictureRequest))

    def _submit(self, submission: Submission) -> Response:
        owned = {"id": _own(submission.id)} | ({"client": g.client} if g.client is not None else {})
        try:
            new = draft(submission.model_copy(update=owned), self.rules)
        except UnknownMood as error:
            raise RequestError(400, "no such mood", "mood") from error
        try:
            return _answer(self.store.submit(new))
        except IdTaken as error:
            raise RequestError(409, "the id belongs to a different request", "id") from error

    def get_result(self) -> Response:
        """POST /getresult - read the end of a job; a result is not removed by reading."""
        query = read_either(request, ResultQuery)
        job_id = _own(query.id)
        found = self.waiting.until(
            job_id,
            lambda: self.store.result(job_id),
            lambda one: one.done or one.state == "unknown",
            query.wait,
        )
        return _result_response(found)

    def acknowledge(self) -> Response:
        """POST /ack - the client has the result safe."""
        return _answer(StateReply(state=self.store.acknowledge(_own(read_either(request, JobReference).id))))

    def cancel(self) -> Response:
        """POST /cancel - give up a job."""
        return _answer(StateReply(state=self.store.cancel(_own(read_either(request, JobReference).id))))

    def done(self) -> Response:
        """POST /done - be done with a job whatever its state."""
        return _answer(ClearedReply(cleared_from=self.store.clear(_own(_done_reference().id))))

    def all_done(self) -> Response:
        """POST /alldone - be done with all jobs of one client."""
        client = read_either(request, ClientReference).client if g.client is None else g.client
        cleared = self.store.clear_client(client)
        return _answer(ClearedReply(cleared_from=[job_id.removeprefix(_own("")) for job_id in cleared]))

    def status(self) -> Response:
        """GET /status - what the switchboard is doing; with ?id=, one job with its texts."""
        asked = request.args.get("id")
        job_id = validated(JobReference, {"id": asked}).id if asked is not None else None
        return _answer(self._report(job_id))

    def _report(self, job_id: str | None = None) -> StatusReport:
        report = self.store.status(job_id)
        seen = {
            "workers": self.workers.lines(self.store.leases_by_worker()),
            "unserved": self.workers.unserved(self.store.waiting_kinds()),
        }
        return report.model_copy(update=seen)

    def metrics_text(self) -> Response:
        """GET /metrics - figures for Prometheus."""
        return Response(self.metrics.render(), content_type=PROMETHEUS_TEXT)

    # --- workers

    def poll_generator(self) -> Response:
        """POST /pollgenerator - take in results, hand out jobs."""
        poll = read_json(request, GeneratorPoll)
        self.workers.saw(poll)
        first = self.store.exchange_generator(poll)
        self.metrics.results(first.statuses.values())
        if first.jobs or first.statuses or poll.max_jobs == 0 or not poll.wait:
            return _answer(first.to_wire(jobs_alone=poll.is_of_2021))
        again = poll.model_copy(update={"results": {}, "leases": None})
        is_usual = poll.capabilities is None or set(poll.capabilities) == set(ALL_JOB_TYPES)
        later = self.waiting.until(
            GENERATORS if is_usual else PARTICULAR,
            lambda: self.store.exchange_generator(again),
            lambda reply: bool(reply.jobs),
            poll.wait,
        )
        return _answer(later.model_copy(update={"leases": first.leases}).to_wire())

    def announce(self) -> Response:
        """POST /announce - tell running generators of new heads; a generator that starts reads them
        anyway."""
        announced = read_json(request, HeadsAnnouncement)
        self.store.announce_heads(announced.heads)
        log.info("heads announced", heads=announced.heads)
        return _answer(announced)

    def poll_selector(self) -> Response:
        """POST /pollselector - take in choices, hand out finished candidate sets."""
        poll = read_json(request, SelectorPoll)
        self.workers.saw(poll)
        first = self.store.exchange_selector(poll)
        self.metrics.results(first.statuses.values())
        if poll.is_of_2021:
            return _answer(first.to_2021(poll.retention_stack))
        if first.SELECTION_PROMPT_STACK or first.statuses or poll.max_jobs == 0 or not poll.wait:
            return _answer(first)
        again = poll.model_copy(
            update={"results": {}, "leases": None, "retention_stack": None, "retention_dropped": []}
        )
        later = self.waiting.until(
            SELECTORS,
            lambda: self.store.exchange_selector(again),
            lambda reply: bool(reply.SELECTION_PROMPT_STACK),
            poll.wait,
        )
        return _answer(later.model_copy(update={"leases": first.leases}))

    # --- the operator's console, and the bot loop's answers to it

    def ask_console(self) -> Response:
        """POST /console - the console asks the bot loop something, or has it do something."""
        ask = read_json(request, ConsoleAsk)
        try:
            return _answer(self.console.ask(ask))
        except TooManyQuestions:
            return _patience(_answer(ErrorReply(error="too many questions at once"), 429), SOON_SECONDS)

    def poll_desk(self) -> Response:
        """POST /desk - the bot loop answers questions of the console, and waits for others."""
        return _answer(self.console.poll(read_json(request, DeskPoll)))

    def work(self) -> Response:
        """GET /work - who works, what they have done today, and what has failed."""
        return _answer(self._report())

    # --- what training reports, and the operator wants

    def report_head(self) -> Response:
        """POST /heads - which version of a head is in use, and which there are."""
        standing = read_json(request, HeadStanding)
        self.store.report_head(standing)
        log.info("head reported", head=standing.head, version=standing.current, problem=standing.problem)
        return _answer({"ok": True})

    def report_week(self) -> Response:
        """POST /week - what a weekly run of training has done."""
        self.store.report_week(read_json(request, WeekReport))
        return _answer({"ok": True})

    def learning(self) -> Response:
        """GET /learning - what was reported about heads."""
        return _answer(self.store.learned())

    def wish(self) -> Response:
        """POST /wish - the operator wants a version of a head in use."""
        wish = read_json(request, HeadWish)
        try:
            self.store.wish(wish)
        except WishRefused as refused:
            raise RequestError(409, str(refused), "version") from None
        log.info("head wished for", head=wish.head, version=wish.version)
        return _answer(wish)

    # --- anybody

    def health(self) -> Response:
        """GET /health - whether the service is up and its database can be read; needs no token."""
        self.store.check()
        return _answer({"ok": True})


ROUTES: Sequence[tuple[str, str, Role | None, str]] = (
    ("POST", "/", "client", "answer"),
    ("POST", "/textpost", "client", "textpost"),
    ("POST", "/raw_select", "client", "raw_select"),
    ("POST", "/caption", "client", "caption"),
    ("POST", "/picture", "client", "picture"),
    ("POST", "/getresult", "client", "get_result"),
    ("POST", "/ack", "client", "acknowledge"),
    ("POST", "/cancel", "client", "cancel"),
    ("POST", "/done", "client", "done"),
    ("POST", "/alldone", "client", "all_done"),
    ("GET", "/status", "client", "status"),
    ("GET", "/metrics", "client", "metrics_text"),
    ("POST", "/pollgenerator", "generator", "poll_generator"),
    ("POST", "/pollselector", "selector", "poll_selector"),
    ("POST", "/announce", "generator", "announce"),
    ("POST", "/heads", "generator", "report_head"),
    ("POST", "/week", "generator", "report_week"),
    ("GET", "/work", "console", "work"),
    ("GET", "/learning", "console", "learning"),
    ("POST", "/wish", "console", "wish"),
    ("POST", "/console", "console", "ask_console"),
    ("POST", "/desk", "client", "poll_desk"),
    ("GET", "/health", None, "health"),
)
"""Method, path, the role that is needed, and the view."""
OWN = frozenset(
    {
        *("answer", "textpost", "raw_select", "caption", "picture"),
        *("get_result", "acknowledge", "cancel", "done", "all_done"),
    }
)
"""Views for each of several bots, about its own jobs; the others are about those of all."""
READERS = frozenset({"health", "status", "metrics_text"})
"""Views that are answered also while all others wait for the database."""


def create_app(
    store: JobStore, settings: SwitchboardConfig, rules: JobRules, clock: Callable[[], float]
) -> Flask:
    """The WSGI application. `app.extensions["switchboard"]` holds its parts."""
    app = Flask("switchboard", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes, MAX_FORM_MEMORY_SIZE=settings.max_body_bytes
    )
    parts = app.extensions["switchboard"] = Switchboard(store, settings, rules, clock)
    for method, path, role, name in ROUTES:
        view = _guarded(getattr(parts, name), role, settings, is_own=name in OWN)
        if name not in READERS:
            view = _bounded(view, parts.places)
        app.add_url_rule(
            path, endpoint=name, view_func=view, methods=[method], provide_automatic_options=False
        )
    app.register_error_handler(RequestError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TooManyOpenJobs, _too_many)
    app.register_error_handler(StoreUnavailable, _unavailable)

    @app.before_request
    def refuse_browsers() -> None:
        check_origin(request.headers, settings)

    @app.after_request
    def count(response: Response) -> Response:
        parts.metrics.request(request.endpoint or "none", response.status_code)
        return response

    return app


def _guarded(view: View, role: Role | None, settings: SwitchboardConfig, *, is_own: bool) -> View:
    """A view for those with the token of its role; `is_own`: for one of several bots too."""

    def guarded() -> Response:
        g.client = None
        if role is not None:
            g.client = authorize(request.headers.get("Authorization"), role, settings)
        if g.client is not None and not is_own:
            raise RequestError(403, "not allowed")
        return view()

    return guarded


def _bounded(view: View, places: threading.BoundedSemaphore) -> View:
    """A view for which threads may not all be taken: one request too many is to come again."""

    def bounded() -> Response:
        if not places.acquire(blocking=False):
            return _patience(_answer(ErrorReply(error="too many requests at once"), 503), SOON_SECONDS)
        try:
            return view()
        finally:
            places.release()

    return bounded


def log_transitions(transitions: Sequence[Transition]) -> None:
    """One line for each thing that happened to a job: no text of it, and no error, which may quote texts."""
    for one in transitions:
        log.info(
            f"job {one.new}",
            job=one.job,
            type=one.kind,
            old=one.old or "none",
            worker=one.worker or "none",
            seconds=round(one.seconds, 3),
        )


def _own(job_id: str) -> str:
    """The id under which a job is stored: of one of several bots, below its name. Raises RequestError."""
    if g.client is None:
        return job_id
    if len(job_id) > MAX_OWN_ID_CHARACTERS:
        raise RequestError(400, f"longer than {MAX_OWN_ID_CHARACTERS} characters", "id")
    return f"{g.client}.{job_id}"


def _done_reference() -> JobReference:
    """/done takes a bare JSON text as well."""
    if not request.is_json:
        return read_form(request, JobReference)
    body = json_body(request)
    return validated(JobReference, {"id": body} if isinstance(body, str) else body)


def _answer(reply: BaseModel | dict[str, Any], status: int = 200) -> Response:
    body = reply.model_dump_json() if isinstance(reply, BaseModel) else json.dumps(reply)
    return Response(body, status, content_type="application/json")


def _result_response(found: StoredResult) -> Response:
    """The stored result goes out as it was stored, byte for byte."""
    result = found.body if found.body is not None else ("null" if found.done else '""')
    done, error, state = (json.dumps(value) for value in (found.done, found.error, found.state))
    body = f'{{"done": {done}, "result": {result}, "state": {state}, "error": {error}}}'
    return Response(body, content_type="application/json")


def _refused(error: RequestError) -> Response:
    return _answer(ErrorReply(error=error.error, field=error.field), error.status)


def _http_error(error: HTTPException) -> Response:
    return _answer(ErrorReply(error=error.name.lower()), error.code or 500)


def _too_many(error: TooManyOpenJobs) -> Response:
    return _patience(_answer(ErrorReply(error=str(error)), 429))


def _unavailable(error: StoreUnavailable) -> Response:
    log.error("store unavailable", reason=str(error))
    return _patience(_answer(ErrorReply(error=str(error)), 503))


def _patience(response: Response, seconds: int = RETRY_AFTER_SECONDS) -> Response:
    response.headers["Retry-After"] = str(seconds)
    return response
