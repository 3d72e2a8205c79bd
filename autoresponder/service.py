"""Working for the switchboard: jobs are taken, done side by side, and reported, until told to stop."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping

import structlog

from autoresponder.errors import JobError, WritingStoppedError
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.pictures.models import PICTURE_JOBS, PictureModels
from autoresponder.settings import GeneratorConfig
from bot_lifecycle import FatalError, Shutdown
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardConflict, SwitchboardForbidden
from switchboard.messages import WorkerError
from switchboard.polling import GeneratorAnswer, GeneratorExchange, GeneratorJob
from switchboard.settings import SwitchboardConfig
from switchboard.worker import PollTimings, run_bench_worker
from switchboard.worker_thread import WorkerThread, job_of

log = structlog.get_logger()


class GeneratorWorker:
    """Does the jobs on a bench side by side, with one log line each."""

    def __init__(self, runner: JobRunner, pictures: PictureModels | None = None) -> None:
        self._runner = runner
        self._pictures = pictures or PictureModels()

    def work(self, bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError]) -> None:
        """Do jobs until none is left; one that cannot be done is reported, and the others go on."""
        began: dict[str, float] = {}

        def take() -> dict[str, Job]:
            jobs = bench.take()
            began.update(dict.fromkeys(jobs, time.perf_counter()))
            return self._texts_of(jobs, bench)

        def deliver(key: str, outcome: Done | JobError) -> None:
            job_id = job_of(key)
            if isinstance(outcome, JobError):
                log.warning("job not done", job=job_id, reason=str(outcome))
                bench.deliver(key, WorkerError(error=f"{type(outcome).__name__}: {outcome}"))
                return
            result, report = outcome
            seconds = round(time.perf_counter() - began[key], 2)
            log.info("job done", job=job_id, **report.fields(), seconds=seconds)
            for line in report.month_lines():
                log.info("candidate in other months", job=job_id, **line)
            bench.deliver(key, result)

        try:
            self._runner.run_together(take(), deliver, take)
        except WritingStoppedError as stopped:
            bench.give_back(str(stopped))

    def _texts_of(
        self,
        jobs: Mapping[str, GeneratorJob],
        bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError],
    ) -> dict[str, Job]:
        """Do the jobs that are about pictures; the others are left."""
        texts: dict[str, Job] = {}
        for key, job in jobs.items():
            if not isinstance(job, PICTURE_JOBS):
                texts[key] = job
                continue
            began = time.perf_counter()
            try:
                bench.deliver(key, self._pictures.run(job_of(key), job))
            except JobError as error:
                log.warning("job not done", job=job_of(key), reason=str(error))
                bench.deliver(key, WorkerError(error=f"{type(error).__name__}: {error}"))
            else:
                seconds = round(time.perf_counter() - began, 2)
                log.info("job done", job=job_of(key), kind=job.type, seconds=seconds)
        return texts


def worker_name(settings: GeneratorConfig) -> str:
    """Name under which the switchboard knows this process, the same after a restart."""
    own = settings.worker_name or f"generator@{socket.gethostname()}"
    return re.sub(r"[^A-Za-z0-9_.:@-]", "-", own)[:64]


def serve(
    settings: GeneratorConfig,
    switchboard: SwitchboardConfig,
    runner: JobRunner,
    pictures: PictureModels,
    shutdown: Shutdown,
) -> None:
    """Serve jobs until told to stop; what only a human can fix is raised as FatalError."""
    once = Retry(attempts=1)  # the worker's loop has its own back-off
    client = SwitchboardClient(switchboard.address, switchboard.generator_token, retry=once)
    name = worker_name(settings)
    exchange = GeneratorExchange(
        client, worker=name, batch_size=settings.batch_size, capabilities=pictures.capabilities
    )
    log.info("generator started", switchboard=switchboard.address, worker=name)
    try:
        run_bench_worker(exchange, GeneratorWorker(runner, pictures).work, shutdown.requested, PollTimings())
    except SwitchboardForbidden as error:
        hint = "give switchboard.generator_token the same value here and where the switchboard runs"
        raise FatalError(str(error), hint) from error
    except SwitchboardConflict as error:
        raise FatalError(str(error), "give each generator a generator.worker_name of its own") from error
    finally:
        client.close()
    log.info("generator stopped")
