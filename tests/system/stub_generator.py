"""A generator without a model, for tests in which what is written is not the point.

    python -m tests.system.stub_generator --config FILE [--dies before-delivery|after-delivery]

It speaks the real protocol through the real worker loop, and answers at once. What it writes is new each time
and says which ask it answers; words in the prompt choose what else there is to it:

    hate, love       the text is scored as sad, or glad
    draw             an image block in the text
    dull             a low selector score, which no dashboard post survives
    vile             a human would reject it; unless it occurs, nothing is said of that
    elsewhere        the bot is not likely to speak next, where that is asked

With ``--dies`` it kills itself when a finished text is about to be sent, or has just been sent.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot_lifecycle import Shutdown, configure_logging
from bot_process import load_process_config
from munging.control import END, IMAGE_DELIMITER, TAGS
from switchboard.client import Retry, SwitchboardClient
from switchboard.messages import (
    CaptionJob,
    CaptionResult,
    GenerationJob,
    GenerationResult,
    PictureJob,
    PictureResult,
    RawSelectResult,
    SpeakerOdds,
    SpeakerQuestion,
    WorkerError,
)
from switchboard.polling import Exchanged, GeneratorAnswer, GeneratorExchange, GeneratorJob
from switchboard.worker import PollTimings, run_worker
from tumblr.turns.fail_points import kill_this_process

BATCH = 8
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""The smallest picture there is, in Base64."""
DEATHS = ("before-delivery", "after-delivery")

RHYTHM = PollTimings(wait_seconds=2.0, idle_seconds=0.05, max_jobs=BATCH)

FIRST = ("Soup", "Fog", "Rain", "Bread", "A clock", "The sea", "An old map", "Tea")
SECOND = ("warms", "mends", "forgets", "outlasts", "surprises", "carries", "explains", "hides")


def write(job: GenerationJob, key: str) -> str:
    """A text that nobody has written before, as the wire carries it."""
    digits = hashlib.sha256(key.encode()).hexdigest()
    about = FIRST[int(digits[0], 16) % 8], SECOND[int(digits[1], 16) % 8]
    body = (
        f"{about[0]} {about[1]} everybody in its own time, as far as I can tell. My notes say {digits[:12]}."
    )
    if "draw" in job.prompt:
        body += f"\n{IMAGE_DELIMITER}\nA PICTURE OF SOUP\n{IMAGE_DELIMITER}"
    return f"{body}{TAGS}#{about[0].lower()} #notes{END}"


def sentiment(text: str) -> float:
    """A sentiment logit difference, as the words say."""
    return 2.0 * text.count("love") - 2.0 * text.count("hate") + 0.1


def selector_probability(text: str, key: str = "") -> float:
    """A selector probability: low for dull texts, else between 0.62 and 0.94."""
    spread = int(hashlib.sha256((key or text).encode()).hexdigest()[:4], 16) / 0xFFFF
    return 0.05 if "dull" in text else 0.62 + 0.32 * spread


def autoreview(texts: Sequence[str]) -> list[float] | None:
    """Probabilities of being rejected, if one of the texts calls for it."""
    return [0.9 if "vile" in text else 0.2 for text in texts] if "vile" in "".join(texts) else None


def speaker_odds(question: SpeakerQuestion | None) -> SpeakerOdds | None:
    """How likely the bot is to speak next: five times what it usually is, or a fifth."""
    if question is None:
        return None
    return SpeakerOdds(after_thread=0.02 if "elsewhere" in question.prompt else 0.5, after_line=0.1)


def handle(job_id: str, job: GeneratorJob) -> GeneratorAnswer:
    """Do a job at once."""
    if isinstance(job, CaptionJob):
        return CaptionResult(captions=["a picture that a stub has seen" for _ in job.images])
    if isinstance(job, PictureJob):
        return PictureResult(png=PIXEL, width=1, height=1, guidance=2.0)
    if not isinstance(job, GenerationJob):
        return RawSelectResult(
            selection_proba=[selector_probability(text) for text in job.texts],
            sentiment_logit_diffs=[sentiment(text) for text in job.texts],
            autoreview=autoreview(job.texts),
            next_speaker=job.next_speaker and [speaker_odds(question) for question in job.next_speaker],
        )
    lease = job.lease.token if job.lease is not None else ""
    keys = [f"{job_id} {lease} {number}" for number in range(job.kwargs.best_of)]
    return GenerationResult(
        continuations=[write(job, key) for key in keys],
        mirotarg=[2.0 for _ in keys],
        selection_proba=[selector_probability(job.prompt[-200:], key) for key in keys],
        sentiment_logit_diffs=[sentiment(job.prompt[-200:]) for _ in keys],
        autoreview=autoreview([job.prompt[-200:] for _ in keys]),
        model_info={"model": "stub"},
    )


class MortalExchange(GeneratorExchange):
    """Trades results for jobs, and kills the process around the delivery of a text if that is wanted."""

    def __init__(self, client: SwitchboardClient, *, worker: str, batch_size: int, dies: str) -> None:
        super().__init__(client, worker=worker, batch_size=batch_size)
        self._dies = dies

    def __call__(
        self,
        results: Mapping[str, GeneratorAnswer | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[GeneratorJob]:
        """One poll."""
        texts = any(isinstance(result, GenerationResult) for result in results.values())
        if texts and self._dies == "before-delivery":
            kill_this_process()
        brought = super().__call__(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        if texts and self._dies == "after-delivery":
            kill_this_process()
        return brought


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--dies", choices=DEATHS, default="")
    parser.add_argument("--batch", type=int, default=BATCH, help="candidates written at once")
    arguments = parser.parse_args()
    config = load_process_config(arguments.config)
    configure_logging("generator", config.log_level)
    client = SwitchboardClient(
        config.switchboard.address, config.switchboard.generator_token, retry=Retry(attempts=1)
    )
    exchange = MortalExchange(client, worker="stub", batch_size=arguments.batch, dies=arguments.dies)
    run_worker(exchange, handle, Shutdown().install().requested, RHYTHM)
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
