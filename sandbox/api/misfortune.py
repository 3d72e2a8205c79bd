"""Faults at work: what they do to a request before it is carried out, and to its answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Response, g, request
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]

from sandbox.api import envelope, support
from sandbox.faults import Fault, FaultKind
from sandbox.records import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger()

CUT_STATUS = 0
"""The status on record of a request that got no answer."""


class NoAnswer(Response):
    """Says nothing, after a while, and hangs up: waitress closes the connection."""

    def __init__(self, seconds: float, closing: threading.Event) -> None:
        super().__init__(status=500)
        self._seconds = seconds
        self._closing = closing

    def __call__(self, _environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Wait, then hang up."""
        self._closing.wait(self._seconds)
        raise ClientDisconnected


def strike() -> Response | None:
    """Before a request: choose its fault, and answer at once if the work is not to be done."""
    fault = support.world().faults.strike(request.method, request.path)
    g.fault = fault
    if fault is None:
        return None
    g.hide_schedule = fault.kind == FaultKind.NO_SCHEDULE
    if fault.works_first:
        return None
    if fault.kind in (FaultKind.LIMIT, FaultKind.THROTTLE):
        support.admit()
    return _broken(fault, Response())


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
        case FaultKind.STATUS:
            return envelope.html_failure(fault.status)
        case FaultKind.HTML:
            return envelope.html_failure(200)
        case FaultKind.UNAUTHORIZED:
            return envelope.unauthorized().to_response()
        case FaultKind.LIMIT:
            return envelope.limit_exceeded().to_response()
        case FaultKind.THROTTLE:
            return envelope.throttled().to_response()
        case FaultKind.TIMEOUT | FaultKind.CUT:
            seconds = fault.seconds if fault.kind == FaultKind.TIMEOUT else 0.0
            return NoAnswer(seconds, support.world().closing)
        case FaultKind.MALFORMED:
            response.set_data(response.get_data()[: len(response.get_data()) // 2])
    return response


def _write_limit_headers(response: Response, fault: Fault | None) -> None:
    rate = support.rate_state()
    if rate is None or (
        fault is not None and (fault.kind == FaultKind.NO_LIMIT_HEADERS or not fault.headers)
    ):
        return
    response.headers.update(rate.headers())
    if fault is not None and fault.kind == FaultKind.LIMIT:
        response.headers["X-Ratelimit-Perhour-Remaining"] = "0"


def _record(response: Response, fault: Fault | None) -> Call:
    caller = support.caller()
    return Call(
        number=0,
        time=support.now(),
        method=request.method,
        path=request.path,
        parameters=support.parameters().as_dict(),
        consumer=caller.consumer,
        user=None if caller.user is None else caller.user.name,
        status=CUT_STATUS if isinstance(response, NoAnswer) else response.status_code,
        fault=None if fault is None else fault.kind.value,
    )
