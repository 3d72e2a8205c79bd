"""Several jobs in one batch against the same jobs one after the other, with the demo model.

    .venv/bin/python -m benchmarks.generator_jobs [--jobs 4] [--candidates 1 4 13] [--slots 16 64]

Every job answers a question of its own. Before anything is measured, the texts of all jobs must be the same
in both ways. Writing and scoring count, loading does not. Times are medians over rounds that take turns.

Then jobs of several sizes wait (``--waiting``, candidates of each), and the time from then to each one's
answer is measured: done one by one, with free rows given to the jobs in turn (blind), to the oldest job,
and to the job that is nearest to its end, as the generator does it. At last jobs are done a second time, as
after a refusal, and what was known of their prompts is told. The last line is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar
from unittest import mock

import torch

from autoresponder.checkup import sample_job
from autoresponder.errors import JobError
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.merged_attempts import Member, MergedAttempts
from autoresponder.jobs.model_folder import GeneratorModel, load_generator, load_heads
from autoresponder.jobs.runner import Done, Job, JobRunner
from autoresponder.loading import writing_settings
from autoresponder.settings import GeneratorConfig
from benchmarks.machine import processor
from bot_settings.blog import BlogConfig
from switchboard.messages import GenerationResult

QUESTIONS = (
    "hello, how are you today?",
    "what is the best thing about rivers?",
    "do you remember what you told me last week about the owl in the garden?",
    "tell me something nice please, it was a long day",
)


def make_jobs(count: int, candidates: int) -> dict[str, Job]:
    """Answers to different questions, by id."""
    sample = sample_job()
    options = sample.kwargs.model_copy(update={"best_of": candidates})
    return {
        f"job {number}": sample.model_copy(
            update={
                "prompt": f"友someone{number}要\n{QUESTIONS[number % len(QUESTIONS)]}\n域",
                "kwargs": options,
            }
        )
        for number in range(count)
    }


def together(runner: JobRunner, jobs: Mapping[str, Job]) -> dict[str, Done | JobError]:
    """All in one batch."""
    outcomes: dict[str, Done | JobError] = {}
    runner.run_together(jobs, outcomes.__setitem__)
    return outcomes


def in_turn(runner: JobRunner, jobs: Mapping[str, Job]) -> dict[str, Done | JobError]:
    """One after the other."""
    return {job_id: runner.run(job_id, job) for job_id, job in jobs.items()}


def texts(outcomes: Mapping[str, Done | JobError]) -> dict[str, list[str]]:
    """The candidates of every job; an outcome without any is an error."""
    found = {}
    for job_id, outcome in outcomes.items():
        assert not isinstance(outcome, JobError), outcome
        assert isinstance(outcome[0], GenerationResult)
        found[job_id] = outcome[0].continuations
    return found


def medians(
    ways: Mapping[str, Callable[[], object]], repeats: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Seconds of each way; the ways take turns, so that a slower minute of the machine hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, work in ways.items():
            began = clock()
            work()
            times[name].append(clock() - began)
    return {name: statistics.median(values) for name, values in times.items()}


class Blind(MergedAttempts):
    """Free rows go to the jobs in turn."""

    turns: ClassVar[Iterator[int]] = itertools.count()

    @staticmethod
    def in_order(members: Sequence[Member]) -> Sequence[Member]:
        """Another one first each time."""
        first = next(Blind.turns) % max(1, len(members))
        return [*members[first:], *members[:first]]


class OldestFirst(MergedAttempts):
    """Free rows go to the oldest job that has a use for them."""

    @staticmethod
    def in_order(members: Sequence[Member]) -> Sequence[Member]:
        """As they came."""
        return members


ORDERS = {"blind": Blind, "oldest_first": OldestFirst, "nearest_to_its_end": MergedAttempts}


def answer_times(
    order: str, runner: JobRunner, jobs: Mapping[str, Job], clock: Callable[[], float]
) -> list[float]:
    """Seconds from now to each job's answer, in their order."""
    began = clock()
    times: list[float] = []

    def deliver(_key: str, outcome: Done | JobError) -> None:
        assert not isinstance(outcome, JobError), outcome
        times.append(clock() - began)

    if order == "one_by_one":
        for job_id, job in jobs.items():
            runner.run_together({job_id: job}, deliver)
        return times
    with mock.patch("autoresponder.jobs.runner.MergedAttempts", ORDERS[order]):
        runner.run_together(jobs, deliver)
    return times


def measure_waiting(
    arguments: argparse.Namespace, generator: GeneratorModel, writing: WritingSettings
) -> Iterator[dict[str, object]]:
    """A row for each order in which waiting jobs can be done."""
    heads = load_heads(generator)
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    jobs = {
        f"job {place}": job
        for place, candidates in enumerate(arguments.waiting)
        for job in [make_jobs(place + 1, candidates)[f"job {place}"]]
    }
    for slots in arguments.slots:
        settings = writing.generator.model_copy(update={"batch_size": slots})
        runner = JobRunner(generator, heads, replace(writing, generator=settings))
        rounds: dict[str, list[list[float]]] = {"one_by_one": [], **{order: [] for order in ORDERS}}
        for _ in range(arguments.repeats):
            for order, times in rounds.items():
                times.append(answer_times(order, runner, jobs, clock))
        for order, times in rounds.items():
            yield {
                "waiting": arguments.waiting,
                "slots": slots,
                "order": order,
                "median_answer_s": round(min(statistics.median(row) for row in times), 3),
                "mean_answer_s": round(min(statistics.mean(row) for row in times), 3),
                "last_answer_s": round(min(row[-1] for row in times), 3),
            }


def known_again(
    arguments: argparse.Namespace, generator: GeneratorModel, writing: WritingSettings
) -> dict[str, object]:
    """How much of jobs' prompts is known when they come back, with the usual prompt cache."""
    settings = writing.generator.model_copy(update={"prompt_cache_mib": GeneratorConfig().prompt_cache_mib})
    runner = JobRunner(generator, load_heads(generator), replace(writing, generator=settings))
    jobs = make_jobs(arguments.jobs, 1)
    figures = []
    for _ in range(2):
        reports = [
            outcome[1].fields() for outcome in in_turn(runner, jobs).values() if isinstance(outcome, tuple)
        ]
        figures.append(
            [sum(int(str(one[name])) for one in reports) for name in ("prompt_tokens", "prompt_known")]
        )
    (first, first_known), (again, again_known) = figures
    return {
        "prompt_tokens": first,
        "known_at_first": round(first_known / first, 2),
        "known_again": round(again_known / again, 2),
    }


def measure(arguments: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row of figures for each number of slots and of candidates."""
    generator = load_generator(str(arguments.model), device=arguments.device, dtype=arguments.dtype)
    heads = load_heads(generator)
    usual = writing_settings(GeneratorConfig(prompt_cache_mib=0), BlogConfig(), generator.positions)
    usual = replace(usual, limits=replace(usual.limits, max_new=arguments.new))
    for slots in arguments.slots:
        settings = usual.generator.model_copy(update={"batch_size": slots})
        runner = JobRunner(generator, heads, replace(usual, generator=settings))
        for candidates in arguments.candidates:
            jobs = make_jobs(arguments.jobs, candidates)
            alone, shared = texts(in_turn(runner, jobs)), texts(together(runner, jobs))
            assert alone == shared, "a job's texts depend on what shares its batch"
            seconds = medians(
                {
                    "in_turn": partial(in_turn, runner, jobs),
                    "together": partial(together, runner, jobs),
                },
                arguments.repeats,
                time.process_time if arguments.cpu_time else time.perf_counter,
            )
            yield {
                "jobs": arguments.jobs,
                "slots": slots,
                "candidates": candidates,
                "in_turn_s": round(seconds["in_turn"], 3),
                "together_s": round(seconds["together"], 3),
                "times": round(seconds["in_turn"] / seconds["together"], 2),
            }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("demo/models/tiny"))
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--candidates", nargs="+", type=int, default=[1, 4, 13], help="of each job")
    parser.add_argument(
        "--waiting",
        nargs="+",
        type=int,
        default=[13, 4, 1, 13, 1, 8, 2, 13],
        help="candidates of each waiting job",
    )
    parser.add_argument("--slots", nargs="+", type=int, default=[16, 64], help="texts written at once")
    parser.add_argument("--new", type=int, default=100, help="most tokens of a text")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--cpu-time", action="store_true", help="count CPU seconds: for a busy machine, with --threads 1"
    )
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    rows = []
    for row in measure(arguments):
        rows.append(row)
        print(row, flush=True)
    generator = load_generator(str(arguments.model), device=arguments.device, dtype=arguments.dtype)
    writing = writing_settings(GeneratorConfig(prompt_cache_mib=0), BlogConfig(), generator.positions)
    writing = replace(writing, limits=replace(writing.limits, max_new=arguments.new))
    for row in measure_waiting(arguments, generator, writing):
        rows.append(row)
        print(row, flush=True)
    rows.append(known_again(arguments, generator, writing))
    print(rows[-1], flush=True)
    machine = {"processor": processor(torch.device("cpu")), "threads": arguments.threads}
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    print(json.dumps({"rows": rows, "dtype": arguments.dtype, **machine, **versions}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
