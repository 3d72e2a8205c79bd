"""The pool of workers: whatever happens to one of them costs one image."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from images.errors import ImageError, RecogniserError, WorkerError
from images.pool import WorkerPool, _environment, check_backend
from images.settings import ImagesConfig, RekognitionConfig

STUB = (sys.executable, str(Path(__file__).with_name("stub_worker.py")))
CONFIG = ImagesConfig(worker_start_seconds=60)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with_stubs = WorkerPool(CONFIG, command=STUB)
    yield with_stubs
    with_stubs.close()


def pid(pool: WorkerPool, body: bytes = b"") -> int:
    return int(pool.ask("read", body, seconds=60).fields["pid"])


def test_a_worker_serves_one_request_after_the_other(pool: WorkerPool) -> None:
    assert pid(pool) == pid(pool)


@pytest.mark.parametrize(
    ("misbehaviour", "seconds", "reason"),
    [
        (b"hang", 0.3, "more than 0.3 seconds"),
        (b"die", 60, "ended with status -9"),
        (b"babble", 60, "stopped"),
    ],
)
def test_a_worker_that_hangs_dies_or_babbles_costs_one_image(
    pool: WorkerPool, misbehaviour: bytes, seconds: float, reason: str
) -> None:
    before = pid(pool)
    with pytest.raises(WorkerError, match=reason) as caught:
        pool.ask("read", misbehaviour, seconds=seconds)
    assert not caught.value.is_permanent
    assert pid(pool) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_what_a_worker_refuses_is_said_and_the_worker_stays(pool: WorkerPool) -> None:
    before = pid(pool)
    with pytest.raises(RecogniserError, match="not a picture") as caught:
        pool.ask("read", b"refuse", seconds=60)
    assert caught.value.is_permanent
    assert pid(pool) == before


def test_a_worker_is_replaced_after_so_many_images_or_when_it_has_grown() -> None:
    config = ImagesConfig(worker_images=2, worker_mebibytes=1000)
    pool = WorkerPool(config, command=STUB)
    try:
        first = [pid(pool), pid(pool)]
        grown = pid(pool, b"700")
        after = pid(pool)
    finally:
        pool.close()
    assert first[0] == first[1]
    assert len({*first, grown, after}) == 3


def test_there_are_never_more_workers_than_configured() -> None:
    pool = WorkerPool(ImagesConfig(workers=2), command=STUB)
    try:
        with ThreadPoolExecutor(8) as threads:
            pids = set(threads.map(lambda _: pid(pool), range(24)))
    finally:
        pool.close()
    assert 1 <= len(pids) <= 2


def test_closing_ends_the_workers_at_once(pool: WorkerPool) -> None:
    running = pid(pool)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(pool.ask, "read", b"hang", seconds=60)
        while not waiting.running():
            pass
        pool.close()
        with pytest.raises(WorkerError):
            waiting.result()
    with pytest.raises(ProcessLookupError):
        os.kill(running, 0)
    with pytest.raises(WorkerError, match="stopping"):
        pool.ask("read")


def test_a_worker_that_cannot_start_is_an_error_with_a_name() -> None:
    with pytest.raises(WorkerError, match="ended with status 3"):
        check_backend(CONFIG, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(WorkerError, match=r"status 1 \(ModuleNotFoundError: No module named 'no_such'\)"):
        check_backend(CONFIG, command=(sys.executable, "-c", "import no_such"))
    waits = (sys.executable, "-c", "import threading; threading.Event().wait()")
    with pytest.raises(WorkerError, match="seconds"):
        check_backend(ImagesConfig(worker_start_seconds=0.3), command=waits)


def test_workers_find_libraries_where_the_bot_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/libraries")
    assert _environment(ImagesConfig())["PYTHONPATH"].split(os.pathsep)[1:] == ["/somewhere/libraries"]


def test_workers_know_none_of_the_bots_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUMBLR_SECRET", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    assert not {"TUMBLR_SECRET", "AWS_SECRET_ACCESS_KEY"} & set(_environment(ImagesConfig()))
    by_aws = _environment(ImagesConfig(backend="rekognition", rekognition=RekognitionConfig()))
    assert by_aws["AWS_SECRET_ACCESS_KEY"] == "y"
    assert "TUMBLR_SECRET" not in by_aws


@pytest.fixture(scope="module")
def drawing_pool() -> Iterator[WorkerPool]:
    """Real workers, with little memory: decoding and drawing need no recogniser."""
    pool = WorkerPool(ImagesConfig(worker_mebibytes=1024))
    yield pool
    pool.close()


def test_a_real_worker_draws(drawing_pool: WorkerPool) -> None:
    answer = drawing_pool.ask("draw", b"hello", seconds=60)
    assert answer.body.startswith(b"\x89PNG")
    assert answer.fields["width"] > 90
    with pytest.raises(ImageError, match="nothing"):
        drawing_pool.ask("draw", b"   ", seconds=60)
