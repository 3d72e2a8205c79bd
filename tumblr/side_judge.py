"""What the heads say about texts that belong to no turn yet: asked in batches, read when it is there.

What is asked is stored before it is sent, so that a restart asks for the same job again and not for another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from switchboard.errors import SwitchboardError, SwitchboardForbidden
from switchboard.messages import RawSelectOutcome, RawSelectRequest, request_id
from switchboard.messages.fields import MAX_TEXTS
from tumblr.dash_rules import Judged
from tumblr.jobs import Switchboard
from tumblr.kinds import parse_request, times_for_prompts
from tumblr.turns import StoredRequest

log = structlog.get_logger()


class JudgmentMemory(Protocol):
    """Where questions and scores are kept."""

    def side_judgments(self, names: Collection[str]) -> Mapping[str, tuple[StoredRequest, list[Any] | None]]:
        """What was asked about some things, by name, and the scores if they are there."""
        ...

    def ask_side_judgments(self, requests: Mapping[str, StoredRequest]) -> None:
        """Remember what is about to be asked about some things."""
        ...

    def keep_side_judgments(self, scores: Mapping[str, list[Any]]) -> None:
        """Remember the scores of some things."""
        ...


@dataclass(frozen=True)
class Unjudged:
    """It could not be judged."""

    reason: str


class SideJudge:
    """Has texts judged."""

    def __init__(
        self,
        switchboard: Switchboard,
        memory: JudgmentMemory,
        timezone: ZoneInfo,
        clock: Callable[[], float],
        *,
        batch: int,
    ) -> None:
        self._switchboard = switchboard
        self._memory = memory
        self._timezone = timezone
        self._clock = clock
        self._batch = min(batch, MAX_TEXTS) or MAX_TEXTS

    def judge(self, texts: Mapping[str, str]) -> dict[str, Judged | Unjudged]:
        """What is known about some texts, each under its name. What is not known yet is asked for."""
        known = self._memory.side_judgments(texts)
        self._ask({name: text for name, text in texts.items() if name not in known})
        self._collect({name: request for name, (request, scores) in known.items() if scores is None}, texts)
        scored = self._memory.side_judgments(texts)
        return {name: _judged(scores) for name, (_, scores) in scored.items() if scores is not None}

    def _ask(self, texts: Mapping[str, str]) -> None:
        for part in _parts(texts, self._batch):
            now = self._clock()
            moment = datetime.fromtimestamp(now, UTC)
            times = times_for_prompts(moment, self._timezone)
            fields = {"texts": list(part.values()), "v10_timestamps": [times["v10_timestamp"]]}
            number = request_id("raw_select", {**fields, "about": list(part), "at": now})
            request = StoredRequest(endpoint="raw_select", id=number, fields=fields, stored_at=now)
            self._memory.ask_side_judgments(dict.fromkeys(part, request))
            self._submit(request)

    def _submit(self, request: StoredRequest) -> bool:
        message = parse_request(request)
        assert isinstance(message, RawSelectRequest)
        try:
            self._switchboard.submit_raw_select(message)
        except SwitchboardForbidden:
            raise
        except SwitchboardError as error:
            log.warning("not judged yet", job=request.id[:12], reason=str(error))
            return False
        return True

    def _collect(self, pending: Mapping[str, StoredRequest], texts: Mapping[str, str]) -> None:
        for request in {one.id: one for one in pending.values()}.values():
            about = [name for name, one in pending.items() if one.id == request.id]
            try:
                reply = self._switchboard.get_result(request.id)
            except SwitchboardForbidden:
                raise
            except SwitchboardError as error:
                log.warning("not judged yet", job=request.id[:12], reason=str(error))
                return
            if reply.state == "unknown":
                self._submit(request)
            elif reply.done:
                outcome = reply.result if isinstance(reply.result, RawSelectOutcome) else None
                self._memory.keep_side_judgments(
                    {name: _scores(outcome, request, texts[name]) for name in about}
                )
                self._acknowledge(request)

    def _acknowledge(self, request: StoredRequest) -> None:
        try:
            self._switchboard.acknowledge(request.id)
        except SwitchboardForbidden:
            raise
        except SwitchboardError as error:
            log.debug("the switchboard will forget it by itself", job=request.id, reason=str(error))


def _scores(outcome: RawSelectOutcome | None, request: StoredRequest, text: str) -> list[Any]:
    """Probability and logit difference of one text of a request; empty when there are none."""
    listed: list[str] = request.fields["texts"]
    if outcome is None or text not in listed:
        return []
    place = listed.index(text)
    return [outcome.selection_proba[place], outcome.sentiment_logit_diffs[place]]


def _judged(scores: list[Any]) -> Judged | Unjudged:
    return Judged(scores[0], scores[1]) if scores else Unjudged("the heads could not judge it")


def _parts(texts: Mapping[str, str], size: int) -> Iterator[dict[str, str]]:
    items = iter(texts.items())
    while part := dict(islice(items, size)):
        yield part
