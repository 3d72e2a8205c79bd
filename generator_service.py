"""The generator process: writes candidates and scores them, for whoever asks the switchboard.

    python generator_service.py --config config.json            serve until told to stop
    python generator_service.py --config config.json --check    load, write three candidates, exit

It needs a model folder (generator.model) and a switchboard to poll. It listens nowhere, so it can run
on another machine than the rest, and several can share the work: each needs a name of its own
(generator.worker_name) where two run on one machine.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import time
from contextlib import suppress

import structlog

from autoresponder.build import build_runner
from autoresponder.checkup import check_up, warm_up
from autoresponder.errors import JobError, WritingStoppedError
from autoresponder.jobs import Done, JobRunner
from bot_config import Config
from bot_process import (
    FatalError,
    Shutdown,
    configure_logging,
    load_process_config,
    parse_door_arguments,
    run_door,
)
from switchboard.bench import Bench
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardConflict, SwitchboardForbidden
from switchboard.messages import WorkerError
from switchboard.polling import GeneratorAnswer, GeneratorExchange, GeneratorJob
from switchboard.worker import Rhythm, run_bench_worker

log = structlog.get_logger()


class GeneratorWorker:
    """Does the jobs on a bench side by side, with one log line each."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner

    def work(self, bench: Bench[GeneratorJob, GeneratorAnswer | WorkerError]) -> None:
        """Do jobs until none is left; one that cannot be done is reported, and the others go on."""
        began: dict[str, float] = {}

        def take() -> dict[str, GeneratorJob]:
            jobs = bench.take()
            began.update(dict.fromkeys(jobs, time.perf_counter()))
            return jobs

        def deliver(job_id: str, outcome: Done | JobError) -> None:
            if isinstance(outcome, JobError):
                log.warning("job not done", job=job_id, reason=str(outcome))
                bench.deliver(job_id, WorkerError(error=f"{type(outcome).__name__}: {outcome}"))
                return
            result, report = outcome
            seconds = round(time.perf_counter() - began[job_id], 2)
            log.info("job done", job=job_id, **report.fields(), seconds=seconds)
            for line in report.month_lines():
                log.info("candidate in other months", job=job_id, **line)
            bench.deliver(job_id, result)

        try:
            self._runner.run_together(take(), deliver, take)
        except WritingStoppedError as stopped:
            bench.give_back(str(stopped))


def worker_name(config: Config) -> str:
    """Name under which the switchboard knows this process, the same after a restart."""
    own = config.generator.worker_name or f"generator@{socket.gethostname()}"
    return re.sub(r"[^A-Za-z0-9_.:@-]", "-", own)[:64]


def serve(config: Config, runner: JobRunner, shutdown: Shutdown) -> None:
    """Serve jobs until told to stop; what only a human can mend is raised as FatalError."""
    once = Retry(attempts=1)  # the worker's loop has its own back-off
    client = SwitchboardClient(config.switchboard_url, config.switchboard.generator_token, retry=once)
    name = worker_name(config)
    exchange = GeneratorExchange(client, worker=name, batch_size=config.generator.batch_size)
    log.info("generator started", switchboard=config.switchboard_url, worker=name)
    try:
        run_bench_worker(exchange, GeneratorWorker(runner).work, shutdown.requested, Rhythm())
    except SwitchboardForbidden as error:
        hint = "give switchboard.generator_token the same value here and where the switchboard runs"
        raise FatalError(str(error), hint) from error
    except SwitchboardConflict as error:
        raise FatalError(str(error), "give each generator a generator.worker_name of its own") from error
    finally:
        client.close()
    log.info("generator stopped")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="load everything, write three candidates, print figures, exit"
    )


def main(argv: list[str] | None = None) -> int:
    """Run the generator until SIGTERM or SIGINT, or check it."""
    arguments = parse_door_arguments("Writes candidates and scores them.", argv, _add_check)
    config = load_process_config(arguments.config)
    configure_logging("generator", config.log_level)
    shutdown = Shutdown().install()
    runner, generator = build_runner(config, stop=shutdown.requested.is_set)
    if arguments.check:
        try:
            sys.stdout.write(check_up(runner, generator))
        except JobError as error:
            raise FatalError(f"the model loads, but writes nothing: {error}", "train it further") from None
        return 0
    if generator.network.device.type == "cuda":  # kernels are loaded and graphs captured once
        with suppress(JobError):
            warm_up(runner)
    serve(config, runner, shutdown)
    return 0


if __name__ == "__main__":
    sys.exit(run_door(main))
