"""Faults at work: what they do to a request before it is carried out, and to its answer."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Response, g, request
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.distortions import changes_answers, distort
from tumblr_sandbox.api.params import json_document
from tumblr_sandbox.api.refusals import WRONG_TARGET, npf_refusal, refusal
from tumblr_sandbox.errors import BadNpfError, CannotReblogError
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.records import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger()

CUT_STATUS = 0
"""The status on record of a request that got no answer."""


class _HungUpError(ClientDisconnected, ConnectionResetError):  # type: ignore[misc]
    """Closes the connection without a word, under waitress (the first) and cheroot (the second)."""


class NoAnswer(Response):
    """Says nothing, after a while, and hangs up."""

    def __init__(self, seconds: float, closing: threading.Event) -> None:
        super().__init__(status=500)
        self._seconds = seconds
        self._closing = closing

    def __call__(self, _environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Wait, then hang up."""
        self._closing.wait(self._seconds)
        raise _HungUpError(errno.ECONNRESET, "no answer")


def inject() -> Response | None:
    """Before a request: choose its fault, and answer at once if the work is not to be done."""
    target = _reblogged() if request.method == "POST" else None
    fault = support.world().faults.draw(request.method, request.path, target)
    g.fault = fault
    if fault is None or fault.works_first:
        return None
    if fault.kind in NEED_A_CALLER:
        support.authenticate()
    return _broken(fault, Response())


def _reblogged() -> str | None:
    """The id of the post that a request would reblog."""
    name = "id" if request.path.rstrip("/").endswith("/post/reblog") else "parent_post_id"
    text = support.parameters().text(name)
    if text is None and request.files:
        text = str(json_document(request).get("parent_post_id") or "") or None
    return text


def finish(response: Response) -> Response:
    """After a request: write the limit headers, let the fault have its way, record the call."""
    fault: Fault | None = g.get("fault")
    _write_limit_headers(response, fault)
    if fault is not None and fault.works_first:
        response = _broken(fault, response)
    call = _record(response, fault)
    support.world().calls.add(call)
    if call.method != "GET" or fault is not None:
        more = {} if fault is None else {"fault": call.fault}
        log.info("call", method=call.method, path=call.path, status=call.status, user=call.user, **more)
    return response


def _broken(fault: Fault, response: Response) -> Response:
    """What becomes of an answer."""
    match fault.kind:
        case FaultKind.TIMEOUT | FaultKind.CUT:
            seconds = fault.seconds if fault.kind == FaultKind.TIMEOUT else 0.0
            return NoAnswer(seconds, support.world().closing)
        case FaultKind.MALFORMED:
            response.set_data(response.get_data()[: len(response.get_data()) // 2])
        case kind if kind in REFUSALS:
            return REFUSALS[kind](fault)
        case _ if changes_answers(fault) and response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            document = json.loads(response.get_data())
            document["response"] = distort(document["response"], fault)
            response.set_data(json.dumps(document, separators=(",", ":")))
    return response


def _target_gone(fault: Fault) -> Response:
    if fault.status == HTTPStatus.NOT_FOUND:
        return envelope.not_found().to_response()
    if _writes_npf():
        return npf_refusal(BadNpfError("no post has this id and key", WRONG_TARGET)).to_response()
    return envelope.wrong_key().to_response()


def _target_refused(_fault: Fault) -> Response:
    error = CannotReblogError()
    return (npf_refusal(error) if _writes_npf() else refusal(error)).to_response()


def _writes_npf() -> bool:
    return request.path.rstrip("/").endswith("/posts")


REFUSALS: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.LEGACY_REFUSED: lambda _: envelope.html_failure(403),
    FaultKind.BLOCKS_REFUSED: lambda _: envelope.html_failure(403),
    FaultKind.STATUS: lambda fault: envelope.html_failure(fault.status),
    FaultKind.HTML: lambda _: envelope.html_failure(200),
    FaultKind.UNAUTHORIZED: lambda _: envelope.unauthorized().to_response(),
    FaultKind.LIMIT: lambda _: envelope.limit_exceeded().to_response(),
    FaultKind.THROTTLE: lambda _: envelope.throttled().to_response(),
    FaultKind.TARGET_GONE: _target_gone,
    FaultKind.TARGET_REFUSED: _target_refused,
}
"""Faults that put another answer in the place of the right one."""
NEED_A_CALLER = (FaultKind.LIMIT, FaultKind.THROTTLE, FaultKind.TARGET_GONE, FaultKind.TARGET_REFUSED)
"""Refusals of someone in particular: the call is counted for them."""
WITHOUT_HEADERS = (FaultKind.NO_LIMIT_HEADERS, FaultKind.FOLLOW_IGNORED)


def _write_limit_headers(response: Response, fault: Fault | None) -> None:
    rate = support.rate_state()
    if rate is None or (fault is not None and (fault.kind in WITHOUT_HEADERS or not fault.headers)):
        return
    response.headers.update(rate.headers())
    if fault is not None and fault.kind == FaultKind.LIMIT:
        response.headers["X-Ratelimit-Perhour-Remaining"] = "0"


def _parameters() -> dict[str, str]:
    """What the call came with; of a body that cannot be read nothing."""
    try:
        return support.parameters().as_dict()
    except HTTPException:
        return request.args.to_dict()


def _record(response: Response, fault: Fault | None) -> Call:
    caller = support.caller()
    return Call(
        number=0,
        time=support.now(),
        method=request.method,
        path=request.path,
        parameters=_parameters(),
        consumer=caller.consumer,
        user=None if caller.user is None else caller.user.name,
        status=CUT_STATUS if isinstance(response, NoAnswer) else response.status_code,
        fault=None if fault is None else fault.kind.value,
    )
