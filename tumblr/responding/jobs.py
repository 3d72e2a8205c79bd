"""The jobs of turns at the switchboard: submitted, asked for, given up, acknowledged.

Only waiting happens here, no deciding; nothing here touches tumblr.
"""

from __future__ import annotations

import structlog

from switchboard.errors import (
    SwitchboardBusy,
    SwitchboardForbidden,
    SwitchboardRefused,
    SwitchboardUnreachable,
)
from switchboard.messages import (
    AnswerRequest,
    RawSelectOutcome,
    RawSelectRequest,
    SelectionOutcome,
    TextpostRequest,
)
from tumblr.api.backoff import Backoff
from tumblr.bot import Bot
from tumblr.responding.handlers.base import parse_request
from tumblr.settings import LoopConfig
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.kinds import TurnState
from tumblr.turns.turn import Judgment, StoredRequest, Turn

log = structlog.get_logger()

UNAVAILABLE = (SwitchboardUnreachable, SwitchboardBusy)
"""Errors of the switchboard that pass by themselves."""

MOST_SUBMISSIONS = 2
"""A request that the switchboard has forgotten is submitted once more, not for ever."""

LONGEST_WAIT = 30.0
"""Seconds for which the switchboard lets a client wait for a result."""


class JobFailed(Exception):  # noqa: N818 - named for what happened
    """There will be no result for this request; the text says why."""


class Jobs:
    """The turns' side of the switchboard. While it cannot be reached, nothing is asked of it."""

    def __init__(self, bot: Bot, settings: LoopConfig) -> None:
        self._switchboard = bot.switchboard
        self._store = bot.turns
        self._is_dry_run = bot.tumblr.writer is None
        self._clock = bot.clock
        self._fail_points = bot.fail_points
        self._settings = settings
        self.outage = Backoff("switchboard", bot.elapsed)
        self.outage.patience = 0.0  # it refuses a token for good, unlike tumblr

    def submit(self, turn: Turn) -> Turn:
        """Submit what the switchboard has not confirmed yet; the scores first, as they take less time."""
        for request in (turn.judgment_request, turn.request):
            if request is not None and request.submissions == 0:
                turn = self._submit(turn, request)
        return turn

    def result(self, turn: Turn) -> tuple[Turn, SelectionOutcome | None]:
        """The text the turn waits for, or None so far; raises JobFailed."""
        if turn.request is None:
            raise JobFailed("nothing was asked for")
        turn, found = self._result(turn, turn.request, self._settings.answer_wait_seconds)
        if found is not None and not isinstance(found, SelectionOutcome):
            raise JobFailed("the switchboard sent scores instead of a text")
        return turn, found

    def judgment(self, turn: Turn) -> Turn:
        """The turn with the scores of its input, as soon as they are there or will not come."""
        if turn.judgment_request is None or not turn.awaits_judgment:
            return turn
        try:
            turn, found = self._result(turn, turn.judgment_request, self._settings.judgment_wait_seconds)
        except JobFailed as error:
            log.warning("input not judged", turn=turn.name, reason=str(error))
            return self._store.judge(turn, Judgment(logit_diff=None, reason=str(error)))
        if found is None:
            return turn
        scores = found.sentiment_logit_diffs if isinstance(found, RawSelectOutcome) else []
        return self._store.judge(turn, Judgment(logit_diff=scores[0] if scores else None))

    def linger(self, turn: Turn, seconds: float) -> bool:
        """Wait for the switchboard to have something for this turn; the answer is whether it has."""
        pending = turn.request if turn.state is TurnState.REQUESTED else turn.judgment_request
        # On a busy machine the moment to wait for may have passed before it is asked for.
        wait = min(max(seconds, 0.0), LONGEST_WAIT)
        return pending is not None and self._switchboard.get_result(pending.id, wait_seconds=wait).done

    def settle(self, turn: Turn) -> None:
        """Tell the switchboard that the turn's jobs are not needed any more."""
        for request in (turn.judgment_request, turn.request):
            if request is not None:
                self._forget(request)
        self._store.settle(turn)

    def _forget(self, request: StoredRequest) -> None:
        try:
            if self._switchboard.get_result(request.id).done:
                self._switchboard.acknowledge(request.id)
            else:
                self._switchboard.cancel(request.id)
        except SwitchboardForbidden:
            raise
        except SwitchboardRefused as error:
            log.debug("job was forgotten already", job=request.id, reason=str(error))

    def _submit(self, turn: Turn, request: StoredRequest) -> Turn:
        message = parse_request(request)
        try:
            match message:
                case AnswerRequest():
                    self._switchboard.submit_answer(message)
                case TextpostRequest():
                    # What a dry run shows is never posted: the retained texts are the running bot's.
                    spared = message.model_copy(update={"spare_retained": self._is_dry_run})
                    self._switchboard.submit_textpost(spared)
                case RawSelectRequest():
                    self._switchboard.submit_raw_select(message)
        except SwitchboardForbidden:
            raise
        except SwitchboardRefused as error:
            raise JobFailed(str(error)) from None
        self._fail_points.reach(FailPoint.AFTER_SUBMIT)
        log.info("text requested", turn=turn.name, endpoint=request.endpoint, job=request.id[:12])
        return self._store.confirm(turn, request)

    def _result(
        self, turn: Turn, request: StoredRequest, longest: float
    ) -> tuple[Turn, SelectionOutcome | RawSelectOutcome | None]:
        reply = self._switchboard.get_result(request.id)
        if reply.state == "unknown":
            if request.submissions >= MOST_SUBMISSIONS:
                raise JobFailed("the switchboard has forgotten the job twice")
            return self._submit(turn, request), None
        if reply.done:
            if reply.result is None:
                raise JobFailed(reply.error or f"the job is {reply.state}")
            if not isinstance(reply.result, SelectionOutcome | RawSelectOutcome):
                raise JobFailed("the switchboard answers with a picture")
            return turn, reply.result
        if abs(self._clock() - request.stored_at) > longest:
            raise JobFailed(f"no result within {longest:.0f} s")
        return turn, None
