"""Several switchboards on one PostgreSQL: they hear of each other, and one that is killed loses nothing."""

from __future__ import annotations

import itertools
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from switchboard.errors import SwitchboardError
from switchboard.messages import GeneratorPoll, RawSelectRequest, RawSelectResult
from switchboard.store import Changes
from tests.switchboard.bench import Bench, generation_result, scores
from tests.switchboard.postgres import PrivateServer
from tests.switchboard.test_bridge_service import Bridge
from tests.switchboard.test_long_polls import wait_for


@pytest.fixture
def pair(postgres_server: PrivateServer) -> Iterator[tuple[Bench, Bench]]:
    """Two stores on one database."""
    url = postgres_server.new_database()
    first, second = Bench(url), Bench(url)
    yield first, second
    first.store.close()
    second.store.close()


def hearing(bench: Bench) -> list[Changes]:
    """What is told in a switchboard to those who wait."""
    heard: list[Changes] = []
    bench.store.watch(heard.append)
    return heard


def told(heard: Sequence[Changes], wanted: Changes) -> None:
    wait_for(lambda: wanted in heard)


def test_what_one_does_wakes_those_who_wait_at_another(pair: tuple[Bench, Bench]) -> None:
    first, second = pair
    heard = hearing(second)
    wait_for(lambda: bool(heard) or bool(first.raw_select(f"probe.{len(heard)}")))  # it has begun to listen
    first.answer("a")
    told(heard, Changes(generators=1))
    first.post("a", generation_result(13, keys=[str(number) for number in range(13)]))
    told(heard, Changes(selectors=1))
    first.store.cancel("a")
    told(heard, Changes(jobs={"a"}))


def test_what_is_too_much_to_tell_wakes_everybody(pair: tuple[Bench, Bench]) -> None:
    first, second = pair
    for number in range(100):
        first.raw_select(f"{number}.{'x' * 100}")
    heard = hearing(second)
    first.store.clear_client("default")
    told(heard, Changes(everything=True))


def test_a_switchboard_goes_on_listening_when_its_connection_was_lost(
    pair: tuple[Bench, Bench], postgres_server: PrivateServer
) -> None:
    first, second = pair
    heard = hearing(second)
    postgres_server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN switchboard'"
    )
    told(heard, Changes(everything=True))
    heard.clear()
    numbers = itertools.count()
    wait_for(lambda: bool(heard) or bool(first.raw_select(f"r.{next(numbers)}")))


def test_one_of_them_sweeps(pair: tuple[Bench, Bench]) -> None:
    for bench in pair:
        bench.clock.advance(1_000_000)
    for number in range(30):
        pair[0].raw_select(f"r.{number}")
    for bench in pair:
        bench.clock.advance(1_000_000)
    swept: list[Counter[str]] = []
    threads = [threading.Thread(target=lambda b=b: swept.append(b.store.sweep())) for b in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one["jobs expired"] for one in swept) == 30


def test_both_count_a_candidate_once(pair: tuple[Bench, Bench]) -> None:
    pair[0].answer("a")
    batch = generation_result(8, keys=[str(number) for number in range(8)])
    more = generation_result(8, keys=[str(number) for number in range(4, 12)])
    results = [bench.poll(results={"a": one}, max_jobs=0) for bench in pair for one in (batch, more)]
    assert [reply.statuses["a"] for reply in results] == ["accepted", "accepted", "duplicate", "duplicate"]
    assert pair[1].line("a")["accepted"] == 12


@dataclass
class Traffic:
    """Bots and generators at several switchboards, until these are gone or it is told to stop."""

    answered: list[str] = field(default_factory=list)
    handed: Counter[str] = field(default_factory=Counter)
    enough: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def submit(self, bridge: Bridge, who: str) -> None:
        for number in itertools.count():
            job_id = f"{who}.{number}"
            try:
                bridge.clients["client"].submit_raw_select(RawSelectRequest(id=job_id, texts=["one"]))
            except SwitchboardError:
                return
            self.answered.append(job_id)
            if len(self.answered) >= 60:
                self.enough.set()
                return

    def generate(self, bridge: Bridge, worker: str) -> None:
        results: dict[str, RawSelectResult] = {}
        while not self.done.is_set():
            poll = GeneratorPoll(worker=worker, max_jobs=4, wait=0.5, results=dict(results), leases=[])
            try:
                jobs = bridge.clients["generator"].poll_generator(poll).jobs
            except SwitchboardError:
                return
            self.handed.update(list(jobs))
            results = {job_id: scores(1) for job_id in jobs}


def test_killed_while_many_work_one_loses_nothing_that_it_answered_for(
    postgres_server: PrivateServer, tmp_path: Path
) -> None:
    url, traffic = postgres_server.new_database(), Traffic()
    with ExitStack() as stack:
        bridges = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            bridges.append(Bridge(tmp_path / name, url))
            stack.callback(bridges[-1].close)
        working = [
            *((traffic.submit, bridge, f"{number}") for number, bridge in enumerate(bridges * 2)),
            *((traffic.generate, bridge, f"g{number}") for number, bridge in enumerate(bridges)),
        ]
        threads = [threading.Thread(target=work, args=(bridge, name)) for work, bridge, name in working]
        for thread in threads:
            thread.start()
        assert traffic.enough.wait(60)
        bridges[0].process.send_signal(signal.SIGKILL)
        bridges[0].process.wait()
        # Its generator comes to the other switchboard, under its name.
        threads.append(threading.Thread(target=traffic.generate, args=(bridges[1], "g0")))
        threads[-1].start()
        client = bridges[1].clients["client"]
        states = {client.get_result(job_id, wait_seconds=20).state for job_id in list(traffic.answered)}
        traffic.done.set()
        for thread in threads:
            thread.join()
    assert states == {"finished"}
    # Handed out again was at most what the generator of the killed one had at that moment.
    assert sum(count - 1 for count in traffic.handed.values()) <= 4
