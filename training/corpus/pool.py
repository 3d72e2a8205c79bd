"""Many pieces of one kind of work: here, in processes of this machine, or on the workers of a Dask cluster.

The same functions run everywhere. A piece writes its result to a file and returns little, so that the
results need not fit into memory; a piece whose file is there already is not done again.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from training.errors import TrainingError

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4
"""Pieces that wait for each worker: enough that none idles, few enough that memory stays bounded."""


class Pool(Protocol):
    """Runs a function over pieces of work."""

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results in the order in which they are ready."""
        ...


class Here:
    """All pieces in this process, one after another."""

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results in the order of the pieces."""
        return map(function, pieces)


class Processes:
    """Worker processes on this machine, started afresh: a fast tokenizer must not be used before a fork."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results as they are ready. A killed worker ends the run with TrainingError."""
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._workers, mp_context=spawn) as executor:
            waiting: set[Future[R]] = set()
            try:
                for piece in pieces:
                    waiting.add(executor.submit(function, piece))
                    if len(waiting) >= AHEAD * self._workers:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            except BrokenProcessPool:
                raise TrainingError(
                    "a worker process died (out of memory?); run the same command again, with fewer "
                    "--workers: what is done is kept"
                ) from None
            finally:
                executor.shutdown(cancel_futures=True)


class Cluster:
    """The workers of a Dask scheduler. They must see the sources and the output folder under the same
    paths."""

    def __init__(self, address: str) -> None:
        self._address = address

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results as they are ready. Raises TrainingError when the scheduler or a worker is lost."""
        from distributed import Client, KilledWorker, as_completed

        try:
            with Client(self._address, timeout="10s") as client:
                running = as_completed([], with_results=False)
                ahead = AHEAD * max(1, len(client.scheduler_info()["workers"]))
                for piece in pieces:
                    running.add(client.submit(function, piece, pure=False))
                    if running.count() >= ahead:
                        yield next(running).result()
                for future in running:
                    yield future.result()
        except (OSError, TimeoutError) as error:
            raise TrainingError(f"the Dask scheduler {self._address} cannot be reached ({error})") from None
        except KilledWorker as error:
            raise TrainingError(f"a Dask worker died ({error}); run the same command again") from None


def make_pool(workers: int, scheduler: str | None) -> Pool:
    """The pool that the options ask for."""
    if scheduler:
        return Cluster(scheduler)
    return Processes(workers) if workers > 1 else Here()
