"""The selector: chooses one of each finished set of candidates.

It polls the switchboard for candidate sets, screens them by the mood they were written in, draws one, and
says which unused texts are worth keeping for a later original post. It loads no model and keeps no state of
its own: the retention list lives with the switchboard.
"""

from __future__ import annotations

import random
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot_lifecycle import FatalError, Shutdown, configure_logging
from bot_network import shown_url
from bot_process import load_process_config, parse_process_arguments, run_process
from mood.named import Mood
from selection.candidates import Candidate
from selection.respond import Request, Selected, select
from selection.retention import sunken
from selection.settings import SelectionConfig
from selection.strategies import Strategy, strategy_by_name
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardConflict, SwitchboardForbidden
from switchboard.messages import SelectionJob, SelectionResult
from switchboard.polling import Exchange, RetainedText, SelectionWork, SelectorExchange
from switchboard.worker import PollTimings, run_worker

log = structlog.get_logger()

GRACE_SECONDS = 2.0
SECRETS = ("switchboard.selector_token",)


@dataclass(frozen=True)
class Selector:
    """Does one job: from the wire's candidate set to the wire's result."""

    settings: SelectionConfig
    rng: random.Random

    def handle(self, job_id: str, work: SelectionWork) -> SelectionResult:
        """Choose a candidate and log the choice; whatever it raises is reported as this job's failure."""
        job = work.job
        found = select(_candidates(job), _retained(work), self._request(job), self.rng, self.settings)
        log.info(
            "candidate chosen",
            job=job_id,
            type=job.type,
            mood=job.kwargs.mood.name,
            candidates=len(found.all_proba),
            screened=found.screened,
            proba=round(found.proba, 4),
            pos_sentiment=None if found.pos_sentiment is None else round(found.pos_sentiment, 4),
            from_retention=found.chosen_retained is not None,
            retained=len(found.retained),
        )
        return _result(job, found)

    def dropped(self, retained: Sequence[RetainedText]) -> list[str]:
        """The texts whose fresh score no longer suffices for the retention list."""
        scored = [(text.text, text.selector_probability) for text in retained]
        gone = sunken(scored, self.settings)
        if gone:
            log.info("retained texts dropped", dropped=len(gone), left=len(scored) - len(gone))
        return list(gone)

    def _request(self, job: SelectionJob) -> Request:
        options = job.kwargs
        record = options.mood
        mood = Mood(record.name, record.min_allowed_score, record.max_allowed_score, record.score_fn)
        strategy = Strategy(strategy_by_name(options.strategy), options.eps)
        uses_retained = job.type == "textpost" and not options.spare_retained
        return Request(uses_retained, mood, strategy, return_all=options.return_all_conts)


def _candidates(job: SelectionJob) -> list[Candidate]:
    reviews = job.autoreview if job.autoreview is not None else [None] * len(job.continuations)
    lists = (job.continuations, job.selection_proba, job.sentiment_logit_diffs, job.mirotarg, reviews)
    return [
        Candidate(text, probability, sentiment, surprise, autoreview=review)
        for text, probability, sentiment, surprise, review in zip(*lists, strict=True)
    ]


def _retained(work: SelectionWork) -> list[Candidate]:
    return [
        Candidate(
            one.text,
            one.selector_probability,
            one.sentiment_logit_difference,
            autoreview=one.autoreview,
            retained=True,
        )
        for one in work.retained
    ]


def _result(job: SelectionJob, found: Selected) -> SelectionResult:
    """The wire's form, whose fields are named alike; a retained text has no model on record."""
    fields = {name: value for name, value in vars(found).items() if name != "screened"}
    infos = job.model_infos
    return SelectionResult(
        **fields,
        mood=job.kwargs.mood,
        base_id=job.base_id,
        AB_fork=job.kwargs.AB_fork,
        model_info=infos[found.choice_index] if found.choice_index < len(infos) else {},
    )


def serve(
    exchange: Exchange[SelectionWork, SelectionResult],
    selector: Selector,
    shutdown: threading.Event,
    rhythm: PollTimings,
) -> None:
    """Serve jobs until told to stop; what only a human can fix is raised as FatalError."""
    try:
        run_worker(exchange, selector.handle, shutdown, rhythm)
    except SwitchboardForbidden as error:
        hint = "give switchboard.selector_token the same value here and where the switchboard runs"
        raise FatalError(str(error), hint) from error
    except SwitchboardConflict as error:
        raise FatalError(str(error), "stop the other selector of this machine first") from error


def main(argv: list[str] | None = None) -> int:
    """Run the selector until SIGTERM or SIGINT."""
    arguments = parse_process_arguments("Chooses one of each finished set of candidates.", argv)
    config = load_process_config(arguments.config, SECRETS)
    configure_logging("selector", config.log_level)
    selector = Selector(config.selection, random.Random())
    once = Retry(attempts=1)  # the worker's loop has its own back-off
    client = SwitchboardClient(config.switchboard.address, config.switchboard.selector_token, retry=once)
    worker = f"selector@{socket.gethostname()}"[:64]
    exchange = SelectorExchange(client, worker=worker, dropped=selector.dropped)
    log.info("selector started", switchboard=shown_url(config.switchboard.address), worker=worker)
    serve(exchange, selector, Shutdown(GRACE_SECONDS).install().requested, PollTimings())
    client.close()
    log.info("selector stopped")
    return 0


def command() -> int:
    """Run as the console script does: a FatalError is one line and exit status 2."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(command())
