"""The driver: moves every turn from state to state, the same way for every kind.

All open turns are in flight at once. A round takes each as far as it can go now; none waits for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import structlog

from switchboard.errors import SwitchboardBusy, SwitchboardForbidden
from switchboard.messages import SelectionOutcome
from tumblr.api.backoff import Backoff
from tumblr.api.errors import (
    Forbidden,
    LimitReached,
    NotFound,
    PictureLimitReached,
    PicturesRefused,
    Refused,
    StoreError,
    TumblrError,
    TurnedDown,
    Unauthorized,
)
from tumblr.api.posting_switch import PostingMode
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.moods.current import Moods
from tumblr.responding.branch_testing import as_test, marked
from tumblr.responding.decisions import Decisions
from tumblr.responding.halloween import with_treats
from tumblr.responding.handlers.base import Declined, ImmediateHandler
from tumblr.responding.handlers.registry import immediate_handlers, turn_handlers
from tumblr.responding.illustrator import Illustrator
from tumblr.responding.intents import as_draft, intent_of, undrawn
from tumblr.responding.jobs import UNAVAILABLE, JobFailed, Jobs
from tumblr.responding.outbox import Outbox
from tumblr.responding.post_images import PostImages
from tumblr.responding.post_log import log_entry
from tumblr.responding.publisher import Posted, Publisher
from tumblr.responding.reconcile import Doubtful, Reconciler, TargetGone
from tumblr.responding.reviewing import review_of, verdict_of, with_own_tags
from tumblr.responding.twins import TwinWatch
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.inputs import TurnInput, WithImages
from tumblr.turns.kinds import REPEATABLE, UNASKED_KINDS, Action, PostState, TurnState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Intent, NewTurn, StoredMoodInput, Turn, in_month

JUDGMENT_GRACE = 30.0
"""Seconds that a text which is there waits for the scores of its input."""

LONGEST_REST = 3600.0
"""Seconds after which a turn that keeps failing is tried again at the latest."""

FINAL_AFTER = 6 * 3600.0
"""Seconds after which tumblr's refusal without a lasting reason is taken for good."""

log = structlog.get_logger()


class Driver:
    """Drives all open turns. Without a publisher (a dry run) it says what it would post."""

    def __init__(self, bot: Bot, settings: BotSettings, moods: Moods) -> None:
        self._bot = bot
        self._settings = settings
        self._moods = moods
        self._store = bot.turns
        self._clock = bot.clock
        self._jobs = Jobs(bot, settings.loop)
        self._publisher = None
        self._outbox = None
        self._decisions = Decisions(bot)
        self._images = PostImages.of(bot, settings)
        self._illustrator = None
        if bot.tumblr.writer is not None:
            self._publisher = Publisher(bot.tumblr.writer, bot.tumblr.account)
            self._outbox = Outbox(bot, self._publisher)
            if bot.draw is not None:
                as_drafts = settings.images.write_as_drafts
                self._illustrator = Illustrator(bot, bot.draw, self._publisher, as_drafts=as_drafts)
        self._started = bot.elapsed()
        self._open_at_start = {turn.id for turn in bot.turns.open_turns()}
        self._reconciler = Reconciler(bot.tumblr.reader, bot.turns.logged_post_ids, bot.clock)
        self.twins = TwinWatch(bot, settings, self._reconciler)
        self.handlers = turn_handlers(settings)
        self._immediate = immediate_handlers(bot, settings)
        self.tumblr = Backoff("tumblr", bot.elapsed)
        self._steps: Mapping[TurnState, Callable[[Turn], Turn | None]] = {
            TurnState.FOUND: self._begin,
            TurnState.REQUESTED: self._await_text,
            TurnState.CHOSEN: self._prepare,
            TurnState.POSTING: self._resume,
        }

    def round(self) -> int:
        """Take every open turn as far as it can go now; the answer is how many are still open, or decided
        about for later."""
        if self._publisher is not None:
            self._settle()
        undecided = self._decisions.round()
        waiting = set() if self._outbox is None else self._outbox.round()
        for turn in self._store.open_turns():
            if turn.is_due(self._clock()) and turn.id not in waiting:
                self._advance(turn)
        return len(self._store.open_turns()) + undecided

    @property
    def can_linger(self) -> bool:
        """Whether there is a result to wait for, and somebody to ask for it."""
        turns = self._store.open_turns()
        is_reading = self._images is not None and any(map(self._reads, turns))
        is_drawing = self._illustrator is not None and self._illustrator.is_busy
        awaits = not self._jobs.outage.is_on and any(map(self._awaits, turns))
        return is_reading or is_drawing or awaits

    def linger(self, seconds: float) -> bool:
        """Wait for the oldest awaited result, at most so long; the answer is whether it has arrived."""
        turns = self._store.open_turns()
        waiting = [turn for turn in turns if self._awaits(turn)]
        if not waiting or self._jobs.outage.is_on:
            return self._linger_for_images(turns, seconds)
        try:
            return self._jobs.linger(waiting[0], seconds)
        except UNAVAILABLE as error:
            self._jobs.outage.begin(error)
            return False

    def _awaits(self, turn: Turn) -> bool:
        if not turn.is_due(self._clock()):
            return False
        return turn.state is TurnState.REQUESTED or (turn.state is TurnState.CHOSEN and turn.judgment is None)

    def _linger_for_images(self, turns: Iterable[Turn], seconds: float) -> bool:
        if self._illustrator is not None and self._illustrator.is_busy:
            return self._illustrator.linger(seconds)
        if self._images is not None and any(map(self._reads, turns)):
            return self._images.linger(seconds)
        return False

    def _reads(self, turn: Turn) -> bool:
        """Whether a turn waits for the texts of images."""
        return turn.state is TurnState.FOUND and _has_images(turn.input) and turn.is_due(self._clock())

    def close(self) -> None:
        """Stop what goes on beside the turns."""
        if self._illustrator is not None:
            self._illustrator.close()

    def _advance(self, turn: Turn) -> None:
        """Drive one turn; whatever goes wrong with it stays with it."""
        try:
            step: Turn | None = turn
            while step is not None and step.is_open:
                turn = step
                step = self._steps[turn.state](turn)
        except (Unauthorized, SwitchboardForbidden) as error:
            service = self.tumblr if isinstance(error, Unauthorized) else self._jobs.outage
            service.refuse(error, "fix the configuration and start again")
        except StoreError:
            raise
        except UNAVAILABLE as error:
            self._jobs.outage.begin(error, error.retry_after if isinstance(error, SwitchboardBusy) else 0.0)
        except LimitReached as error:
            log.warning("turn waits for tumblr's limit", turn=turn.name, reason=str(error))
            self._store.wait(self._store.turn(turn.id), str(error), self._clock() + error.retry_after_seconds)
        except TumblrError as error:
            self._tumblr_failed(self._store.turn(turn.id), error)
        except JobFailed as error:
            self._start_over(self._store.turn(turn.id), str(error))
        except Declined as error:
            self._skip(self._store.turn(turn.id), str(error))
        except Exception as error:  # noqa: BLE001 - one turn's trouble, whatever it is, must not stop the others
            self._rest(self._store.turn(turn.id), error)

    # The steps. Each returns the turn when it moved, None when it has to wait.

    def _begin(self, turn: Turn) -> Turn | None:
        immediate = self._immediate.get(turn.kind)
        if immediate is not None:
            return self._plan(turn, immediate)
        read = self._with_image_texts(turn)
        return None if read is None else self._request(read)

    def _with_image_texts(self, turn: Turn) -> Turn | None:
        """The turn with what stands in its images; None while that is not known."""
        asked = turn.input
        if not isinstance(asked, WithImages) or not asked.images:
            return turn
        texts: Mapping[str, str] | None = {}
        if self._images is not None:
            texts = self._images.texts(asked.images, asked.alt_texts, turn.created_at)
        return None if texts is None else self._store.fill(turn, asked.with_texts(texts))

    def _plan(self, turn: Turn, handler: ImmediateHandler) -> Turn | None:
        """What to do is known without a text."""
        if not self._may_begin:
            return None
        return self._intend(turn, handler.plan(turn, self._bot.now))

    def _request(self, turn: Turn) -> Turn | None:
        handler, now, month = self.handlers[turn.kind], self._bot.now, self._settings.blog.prompt_month
        feeling = self._moods.at(handler.mood_time(turn, now))
        request, judgment = handler.requests(turn, feeling.name, now)
        asked = marked(in_month(request, month), on=self._settings.branch_testing.on)
        about = None if judgment is None else in_month(judgment, month)
        requested = self._store.request(turn, asked, about)
        self._bot.fail_points.reach(FailPoint.AFTER_REQUEST)
        return requested

    def _await_text(self, turn: Turn) -> Turn | None:
        if self._jobs.outage.is_on:
            return None
        turn = self._jobs.judgment(self._jobs.submit(turn))
        turn, chosen = self._jobs.result(turn)
        self._jobs.outage.end()
        if chosen is None:
            return None
        self._bot.fail_points.reach(FailPoint.AFTER_RESULT)
        chosen_turn = self._store.choose(turn, chosen)
        self._bot.fail_points.reach(FailPoint.AFTER_CHOICE)
        return chosen_turn

    def _prepare(self, turn: Turn) -> Turn | None:
        if turn.awaits_judgment:
            if not self._jobs.outage.is_on:
                turn = self._jobs.judgment(turn)
            waited = abs(self._clock() - (turn.chosen_at or 0.0))
            if turn.awaits_judgment and waited < JUDGMENT_GRACE:
                return None
        composed = self.handlers[turn.kind].compose(turn, self._chosen(turn))
        if composed.draft is not None and not composed.draft.answer.strip():
            raise JobFailed("the chosen text is empty")
        if self._settings.console.holds and self._hold(turn, composed):
            return None
        if not self._may_begin:
            return None
        composed = with_own_tags(composed, None if turn.review is None else turn.review.own_tags)
        treats: list[NewTurn] = []
        if self._settings.halloween.on:
            composed, treats = with_treats(turn, self.handlers[turn.kind], self._chosen(turn), composed)
        illustrated = composed if self._illustrator is None else self._illustrator.illustrated(turn, composed)
        if illustrated is None:
            return None
        return self._intend(turn, illustrated, treats, self._chosen(turn).autoreview)

    @property
    def _may_begin(self) -> bool:
        """Whether something may be posted now, as far as tumblr and the operator are concerned."""
        return self._bot.posting.begins and not self.tumblr.is_on

    def _hold(self, turn: Turn, composed: PlannedPost) -> bool:
        """Have the operator decide, unless they have or nothing speaks against the text; whether it waits.

        What the bot itself sends back does not wait: another text may be better.
        """
        verdict = verdict_of(turn, composed, self._chosen(turn).autoreview, self._settings)
        is_dry = self._bot.posting.mode is PostingMode.DRY_RUN
        if (turn.review is not None and turn.review.approval is not None) or self._publisher is None:
            return False
        goes_back = turn.kind in UNASKED_KINDS or turn.rejections < self._settings.drafts.max_rejections
        if verdict.rejected and goes_back:
            return False
        if is_dry:
            verdict = replace(verdict, reasons=(*verdict.reasons, "nothing is posted in a dry run"))
        if not verdict.reasons:
            return False
        self._bot.reviews.hold(turn, review_of(turn, composed, verdict, self._clock()))
        log.info("held for the operator", turn=turn.name, reasons="; ".join(verdict.reasons))
        return True

    def _intend(
        self,
        turn: Turn,
        composed: PlannedPost,
        more: Iterable[NewTurn] = (),
        autoreview: float | None = None,
    ) -> Turn | None:
        """Store what will be sent to tumblr, then send it; not what the bot rejects and nobody waits for."""
        verdict = verdict_of(turn, composed, autoreview, self._settings)
        if verdict.rejected and turn.kind in UNASKED_KINDS:
            log.info("rejected", turn=turn.name, reasons="; ".join(verdict.reasons))
            return self._store.close(turn, TurnState.SKIPPED, f"rejected: {'; '.join(verdict.reasons)}")
        if self._settings.branch_testing.on:
            composed, verdict = as_test(turn, composed, verdict)
        intent = intent_of(composed, verdict, self._clock())
        if self._publisher is None:
            return self._only_say(turn, intent)
        turn = self._store.intend(turn, intent, more, rejected=verdict.rejected)
        self._bot.fail_points.reach(FailPoint.AFTER_INTENT)
        if self._is_from_before(turn):
            return self._look_and_post(turn, intent)
        return self._post(turn, intent, self._publisher)

    def _resume(self, turn: Turn) -> Turn | None:
        """A turn whose post may exist: look first."""
        intent = turn.intent
        if intent is None:
            raise ValueError("a turn is posting without an intent")
        if self.tumblr.is_on or not self._bot.posting.writes:
            return None
        settled = abs(self._clock() - intent.stored_at) >= self._settings.tumblr.settle_seconds
        if not settled and intent.action not in REPEATABLE:
            return None
        return self._look_and_post(turn, intent, sent=True, settled=settled)

    def _look_and_post(
        self, turn: Turn, intent: Intent, *, sent: bool = False, settled: bool = True
    ) -> Turn | None:
        """Post unless it is there already: it was ``sent``, or the process before this one has answered.

        ``settled``: what tumblr does not show now it will not show later either.
        """
        try:
            found = self._reconciler.find(turn, intent, sent=sent, from_before=self._is_from_before(turn))
        except TargetGone as error:
            return self._store.close(turn, TurnState.SKIPPED, str(error)) if settled else None
        except Doubtful as error:
            found, intent = None, as_draft(intent, str(error))
            turn = self._store.intend_again(turn, intent)
            log.warning("a human has to look", turn=turn.name, reason=str(error))
        # That reading goes well says nothing of writing, which may be refused for days: the pauses grow on.
        if found is not None:
            self.tumblr.end(accepted=False)
            log.info("found to be posted already", turn=turn.name, post=found.post_id)
            return self._record(turn, intent, found)
        if self._publisher is None:
            return self._only_say(turn, intent)
        return (
            self._send_again(turn, intent, self._publisher)
            if sent
            else self._post(turn, intent, self._publisher)
        )

    def _send_again(self, turn: Turn, intent: Intent, publisher: Publisher) -> Turn | None:
        """Send what tumblr does not show; a new post not before it cannot come late any more."""
        if intent.action in REPEATABLE:
            return self._post(turn, intent, publisher)
        waited = abs(self._clock() - (intent.sent_at or intent.stored_at))
        left = self._settings.tumblr.late_seconds - waited
        if left > 0:
            pause = min(max(waited, self._settings.tumblr.settle_seconds, 1.0), left)
            self._store.wait(turn, "tumblr may still carry it out", self._clock() + pause)
            return None
        self.twins.expect(turn)
        again = intent.model_copy(update={"sent_at": self._clock()})
        return self._post(self._store.intend_again(turn, again), again, publisher)

    def _is_from_before(self, turn: Turn) -> bool:
        """Whether a process before this one may have answered, of which the store need not know: it may be
        an older copy that was put back. Times are tumblr's."""
        began = self._clock() - self._bot.tumblr.pool.clock_behind - (self._bot.elapsed() - self._started)
        return turn.id in self._open_at_start or getattr(turn.input, "timestamp", began) < began

    def _post(self, turn: Turn, intent: Intent, publisher: Publisher) -> Turn:
        try:
            posted = publisher.carry_out(intent)
        except (PicturesRefused, PictureLimitReached) as error:
            if not intent.figures:
                raise
            log.warning("images were not taken", turn=turn.name, reason=str(error))
            intent = undrawn(intent)
            turn = self._store.intend_again(turn, intent)
            posted = publisher.carry_out(intent)
        self._bot.fail_points.reach(FailPoint.AFTER_POST)
        self.tumblr.end()
        return self._record(turn, intent, posted)

    # What the steps are made of

    def _chosen(self, turn: Turn) -> SelectionOutcome:
        if turn.result is None:
            raise ValueError(f"{turn.name} has no text")
        return turn.result

    def _only_say(self, turn: Turn, intent: Intent) -> Turn:
        log.info(
            "would post",
            turn=turn.name,
            action=intent.action,
            state=intent.state,
            tags=",".join(intent.tags),
            html=intent.html,
        )
        # In a dry run the store is a copy that is thrown away; so this moves no real turn.
        return self._store.close(turn, TurnState.SKIPPED, "dry run")

    def _record(self, turn: Turn, intent: Intent, posted: Posted) -> Turn:
        if intent.state is PostState.NONE:
            log.info("obeyed", turn=turn.name, command=intent.action, who=turn.who)
            return self._store.record_done(turn)
        state = TurnState.DRAFTED if posted.state == "draft" else TurnState.POSTED
        recorded = self._store.record_post(
            turn, posted.post_id, state, log_entry(turn, intent, posted), self._mood_input(turn)
        )
        log.info(
            "drafted" if state is TurnState.DRAFTED else "posted",
            turn=turn.name,
            post=posted.post_id,
            state=posted.state,
            to=turn.who or "nobody",
            seconds=round(self._clock() - turn.created_at, 1),
            **({"reasons": "; ".join(intent.reasons)} if intent.reasons else {}),
        )
        self._bot.fail_points.reach(FailPoint.AFTER_RECORD)
        return recorded

    def _mood_input(self, turn: Turn) -> StoredMoodInput | None:
        handler = self.handlers.get(turn.kind)
        return None if handler is None else handler.mood_input(turn, self._chosen(turn))

    def _settle(self) -> None:
        if self._jobs.outage.is_on:
            return
        try:
            for turn in self._store.unsettled():
                if self._has_moved_the_mood(turn):
                    self._jobs.settle(turn)
        except UNAVAILABLE as error:
            self._jobs.outage.begin(error)

    def _has_moved_the_mood(self, turn: Turn) -> bool:
        """Whether nothing is waited for; of an answer that did not wait for the scores, they move it late."""
        if turn.state not in (TurnState.POSTED, TurnState.DRAFTED) or turn.result is None:
            return True
        judged = self._jobs.judgment(turn)
        if judged.awaits_judgment:
            return False
        self._store.move_mood(judged, self._mood_input(judged))
        return True

    # When something goes wrong

    def _pause_after(self, attempts: int) -> float:
        """Seconds to rest after so many failures: doubling, up to an hour."""
        base = self._settings.loop.retry_base_seconds
        return float(min(base * 2.0 ** min(attempts, 30), LONGEST_REST))

    def _start_over(self, turn: Turn, reason: str) -> None:
        attempts = turn.attempts + 1
        if attempts >= self._settings.loop.max_attempts:
            self._store.close(turn, TurnState.FAILED, reason)
            log.error("turn failed", turn=turn.name, attempts=attempts, reason=reason)
            return
        pause = self._pause_after(turn.attempts)
        self._store.try_again(turn, reason, self._clock() + pause)
        log.warning(
            "turn starts over", turn=turn.name, attempts=attempts, again_in=round(pause), reason=reason
        )

    def _tumblr_failed(self, turn: Turn, error: TumblrError) -> None:
        if isinstance(error, TurnedDown) and error.passing and self._may_change_its_mind(turn, error):
            return
        if (
            isinstance(error, (Refused, Forbidden))
            and turn.intent is not None
            and turn.intent.action == Action.REBLOG
        ):
            # Its owner has deleted or locked it: that is about this post alone, and nobody's failure.
            self._skip(turn, f"it cannot be reblogged: {error}")
        elif isinstance(error, (Refused, Forbidden)):
            self._store.close(turn, TurnState.FAILED, str(error))
            log.error("turn failed", turn=turn.name, reason=str(error))
        elif isinstance(error, NotFound):
            # What the intent was about may have moved; the next look at it will tell.
            self._store.wait(turn, str(error), self._clock() + self._settings.tumblr.settle_seconds)
        else:
            self.tumblr.begin(error, self._settings.tumblr.settle_seconds)
            self._store.wait(turn, str(error), self.tumblr.until)

    def _skip(self, turn: Turn, reason: str) -> None:
        self._store.close(turn, TurnState.SKIPPED, reason)
        log.info("skipped", turn=turn.name, reason=reason)

    def _rest(self, turn: Turn, error: Exception) -> None:
        pause = self._pause_after(turn.attempts)
        self._store.rest(turn, repr(error), self._clock() + pause)
        log.error("turn rests after an error", turn=turn.name, again_in=round(pause), exc_info=error)

    def _may_change_its_mind(self, turn: Turn, error: TurnedDown) -> bool:
        """Have the turn wait, if tumblr has not turned it down for hours; waits twice as long each time."""
        since = turn.updated_at if turn.intent is None else turn.intent.stored_at
        turned_down_for = abs(self._clock() - since)
        if turned_down_for >= FINAL_AFTER:
            return False
        pause = min(max(turned_down_for, self._settings.tumblr.settle_seconds, 1.0), LONGEST_REST)
        self._store.wait(turn, str(error), self._clock() + pause)
        log.warning("tumblr turned it down", turn=turn.name, again_in=round(pause), reason=str(error))
        return True


def _has_images(said: TurnInput) -> bool:
    return isinstance(said, WithImages) and bool(said.images)
