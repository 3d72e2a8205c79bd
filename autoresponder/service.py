"""Working for the switchboard: jobs are taken, done side by side, and reported, until told to stop."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Mapping

import structlog

from autoresponder.errors import JobError, ServerUnreachableError, WritingStoppedError
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.heads.wishes import HeadWishes
from autoresponder.jobs.model_folder import GeneratorModel, load_heads
from autoresponder.jobs.report import JobReport
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.model.cpu_kernels import OPENMP
from autoresponder.model.trunk import blocks_of
from autoresponder.pictures.models import PICTURE_JOBS, PictureModels
from autoresponder.settings import GeneratorConfig
from bot_lifecycle import FatalError, Shutdown
from bot_network import shown_url
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardConflict, SwitchboardForbidden
from switchboard.messages import WorkCost, WorkerError
from switchboard.messages.fields import MAX_ERROR_CHARACTERS
from switchboard.polling import GeneratorAnswer, GeneratorExchange, GeneratorJob
from switchboard.settings import SwitchboardConfig
from switchboard.worker import PollTimings, run_bench_worker
from switchboard.worker_thread import WorkerThread, job_of

log = structlog.get_logger()


class GeneratorWorker:
    """Does the jobs on a bench side by side, with one log line each."""

    def __init__(
        self,
        runner: JobRunner,
        pictures: PictureModels | None = None,
        heads: HeadReloader | None = None,
    ) -> None:
        """``heads`` looks for announced heads before jobs begin."""
        self._runner = runner
        self._pictures = pictures or PictureModels()
        self._heads = heads

    def work(self, bench: WorkerThread[GeneratorJob, GeneratorAnswer | WorkerError]) -> None:
        """Do jobs until none is left; one that cannot be done is reported, and the others go on."""
        began: dict[str, float] = {}
        busy_since = time.perf_counter()

        def cost_of(report: JobReport) -> WorkCost:
            """What a job took: the time since the one before it was done, for they are done side by side."""
            nonlocal busy_since
            seconds, busy_since = time.perf_counter() - busy_since, time.perf_counter()
            writing = report.writing
            if writing is None:
                return WorkCost(seconds=seconds)
            return WorkCost(tokens=writing.tokens, seconds=seconds, speed=writing.tokens_per_second)

        def take() -> dict[str, Job]:
            if self._heads is not None:
                self._heads.take_up(self._runner)
            jobs = bench.take()
            began.update(dict.fromkeys(jobs, time.perf_counter()))
            return self._texts_of(jobs, bench)

        def deliver(key: str, outcome: Done | JobError) -> None:
            job_id = job_of(key)
            if isinstance(outcome, JobError):
                log.warning("job not done", job=job_id, reason=str(outcome))
                blameless = isinstance(outcome, ServerUnreachableError)
                error = f"{type(outcome).__name__}: {outcome}"[:MAX_ERROR_CHARACTERS]
                bench.deliver(key, WorkerError(error=error, blameless=blameless))
                return
            result, report = outcome
            seconds = round(time.perf_counter() - began[key], 2)
            log.info("job done", job=job_id, **report.fields(), seconds=seconds)
            for line in report.month_lines():
                log.info("candidate in other months", job=job_id, **line)
            bench.deliver(key, result.model_copy(update={"cost": cost_of(report)}))

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


class HeadReloader:
    """Takes up heads that were announced, between two jobs; one that cannot be used is told and left
    alone."""

    def __init__(self, load: Callable[[], Mapping[HeadName, Head]]) -> None:
        self._load = load
        self._announced = ""
        self._taken = ""

    def announced(self, version: str) -> None:
        """The switchboard says that these are the heads to use; called by the thread that polls."""
        self._announced = version

    def take_up(self, runner: JobRunner) -> None:
        """Load the announced heads, unless they are those in use."""
        version = self._announced
        if version == self._taken:
            return
        self._taken = version
        try:
            runner.take_heads(self._load())
        except FatalError as error:
            log.warning("announced heads not taken up", heads=version, reason=str(error))
        else:
            log.info("heads taken up", heads=version)


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
    judge: GeneratorModel | None = None,
) -> None:
    """Serve jobs until told to stop; what only a human can fix is raised as FatalError.

    The heads of ``judge`` are read again when new ones are announced, or the operator wants others.
    """
    reloader = None if judge is None else HeadReloader(lambda: load_heads(judge, settings.heads))
    once = Retry(attempts=1)  # the worker's loop has its own back-off
    client = SwitchboardClient(switchboard.address, switchboard.generator_token, retry=once)
    wishes = None if judge is None else _wishes(judge, settings, client)
    name = worker_name(settings)
    exchange = GeneratorExchange(
        client,
        worker=name,
        batch_size=settings.batch_size,
        capabilities=pictures.capabilities,
        on_heads=reloader.announced if reloader else None,
        on_wishes=wishes.see_to if wishes else None,
    )
    for line in runner.missing_heads:
        log.warning(line)
    if judge is not None and judge.network.device.type == "cpu" and not OPENMP and settings.threads != 1:
        log.warning(
            "attention and int8 layers run on one thread",
            hint="install OpenMP (on Debian: apt-get install libgomp1)",
        )
    log.info("generator started", switchboard=shown_url(switchboard.address), worker=name)
    try:
        worker = GeneratorWorker(runner, pictures, reloader)
        run_bench_worker(exchange, worker.work, shutdown.requested, PollTimings())
    except SwitchboardForbidden as error:
        hint = "give switchboard.generator_token the same value here and where the switchboard runs"
        raise FatalError(str(error), hint) from error
    except SwitchboardConflict as error:
        raise FatalError(str(error), "give each generator a generator.worker_name of its own") from error
    finally:
        client.close()
    log.info("generator stopped")


def _wishes(judge: GeneratorModel, settings: GeneratorConfig, client: SwitchboardClient) -> HeadWishes:
    size = len(blocks_of(judge.network)), judge.positions
    folder = settings.heads or judge.folder / "heads"
    return HeadWishes(folder, judge.identity, size, client.report_head)
