"""How many jobs a second the switchboard brings from their submission to their acknowledgement.

    .venv/bin/python -m benchmarks.switchboard [--before FOLDER] [--databases sqlite postgresql]

Each cycle is an answer: submitted, leased, written (13 candidates), chosen, fetched and acknowledged, by
clients in a process of their own that do nothing else. The real bridge_service.py serves them, several
of them where ``--instances`` says so, each client staying with one of them. SQLite is as the bot has it (WAL,
synchronous=FULL); PostgreSQL is a private server with fsync. ``--before`` is a worktree of an earlier commit,
measured by turns with this one. ``--open-jobs N`` has as many other jobs wait meanwhile, and then takes half
the pace; ``--crowd`` has a hundred stand-in generators of different speeds work for twenty bots. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from demo.supervisor import HOME, free_port
from switchboard.job_factory import JobRules, draft
from switchboard.messages import AnswerRequest
from switchboard.settings import SwitchboardConfig
from switchboard.store import JobStore
from switchboard.store.database import Database
from switchboard.store.schema import clients, jobs, leases, requests
from tests.switchboard.postgres import PrivateServer, find_programs

ROLES = ("client", "generator", "selector")
TOKENS = {role: f"token-of-the-{role}" for role in ROLES}
THREADS = 256
"""Of each switchboard."""
BOTS = 20
"""Names under which jobs are submitted."""
START_SECONDS = 60.0
WAIT = 10.0
"""Seconds of a long poll."""
TEXT = "Soup is warm. " * 15


@dataclass(frozen=True)
class Load:
    """Who works, and how."""

    bots: int = 12
    generators: int = 4
    selectors: int = 2
    jobs_per_poll: int = 8
    seconds: float = 8.0
    warmup: float = 2.0
    pace: float = 0.0
    """Cycles a second that all bots together begin; 0: as many as they can."""
    slowest: float = 0.0
    """Seconds that the slowest generator takes for a job; the others take from half of that on."""


@contextmanager
def switchboards(
    code: Path, database_url: str, folder: Path, instances: int
) -> Iterator[list[tuple[int, int]]]:
    """So many running switchboards on one database: the port and the process id of each."""
    with ExitStack() as stack:
        started: list[tuple[int, int]] = []
        for number in range(instances):
            port = free_port()
            path = folder / f"config-{number}.json"
            section: dict[str, Any] = {
                "port": port,
                "database_url": database_url,
                "threads": THREADS,
                "max_open_jobs": 1_000_000,
                **{f"{role}_token": token for role, token in TOKENS.items()},
            }
            path.write_text(json.dumps({"switchboard": section, "log_level": "warning"}), encoding="utf-8")
            log = stack.enter_context((folder / f"log-{number}").open("wb"))
            command = [sys.executable, str(code / "bridge_service.py"), "--config", str(path)]
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            started.append((port, process.pid))
            _wait_until_up(port, process)
        yield started


def _wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            Wire(port).call("GET", "/health", None)
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return


class Wire:
    """A connection to one switchboard that is kept open, with as little around it as can be."""

    def __init__(self, port: int, role: str = "client") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {TOKENS[role]}"}

    def call(self, method: str, path: str, body: str | None, kind: str = "application/json") -> Any:
        """One request; what its answer says. Busy answers are waited out."""
        while True:
            self._connection.request(method, path, body, {**self._headers, "Content-Type": kind})
            answer = self._connection.getresponse()
            said = answer.read()
            if answer.status not in (429, 503):
                break
            time.sleep(0.05)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {said[:300]!r}")
        return json.loads(said)

    def form(self, path: str, **fields: object) -> Any:
        """One request with a form."""
        return self.call("POST", path, urlencode(fields), "application/x-www-form-urlencoded")

    def json(self, path: str, value: object) -> Any:
        """One request with a JSON body."""
        return self.call("POST", path, json.dumps(value))


@dataclass
class Clients:
    """Bots, generators and selectors as threads, spread over the switchboards."""

    ports: Sequence[int]
    load: Load
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[tuple[float, float, int]] = field(default_factory=list)
    """When each cycle ended, how long it took, and of which bot it was."""
    submits: list[tuple[float, float]] = field(default_factory=list)
    """When each submission was answered, and how long that took."""
    handed: Counter[str] = field(default_factory=Counter)
    """How often each job was given to a generator."""
    errors: list[str] = field(default_factory=list)

    def run(self) -> dict[str, float]:
        """Work for the time wanted; the answer is cycles a second and how long a cycle took."""
        load = self.load
        working = [(self._bot, number) for number in range(load.bots)]
        working += [(self._generator, number) for number in range(load.generators)]
        working += [(self._selector, number) for number in range(load.selectors)]
        threads = [threading.Thread(target=self._guarded, args=one, daemon=True) for one in working]
        for thread in threads:
            thread.start()
        time.sleep(load.warmup)
        began = time.monotonic()
        time.sleep(load.seconds)
        ended = time.monotonic()
        self.stop.set()
        if self.errors:
            raise RuntimeError(self.errors[0])
        done = [(seconds, bot) for at, seconds, bot in list(self.done) if began <= at <= ended]
        submits = [seconds for at, seconds in list(self.submits) if began <= at <= ended]
        of_bots = Counter(bot for _, bot in done)
        return {
            "cycles_per_s": round(len(done) / (ended - began), 1),
            "cycle_median_ms": _percentile([seconds for seconds, _ in done], 50),
            "cycle_p99_ms": _percentile([seconds for seconds, _ in done], 99),
            "submit_median_ms": _percentile(submits, 50),
            "submit_p99_ms": _percentile(submits, 99),
            "handed_out_twice": sum(count > 1 for count in self.handed.values()),
            "cycles": len(self.done),
            "least_of_a_bot": min(of_bots.values(), default=0),
            "most_of_a_bot": max(of_bots.values(), default=0),
        }

    def _guarded(self, work: Any, number: int) -> None:
        try:
            work(number)
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            if not self.stop.is_set():
                self.errors.append(repr(error))

    def _wire(self, number: int, role: str) -> Wire:
        return Wire(self.ports[number % len(self.ports)], role)

    def _bot(self, number: int) -> None:
        wire, bot = self._wire(number, "client"), number % BOTS
        every = self.load.bots / self.load.pace if self.load.pace else 0.0
        due = time.monotonic() + every * number / self.load.bots
        while not self.stop.is_set():
            if every and self.stop.wait(max(0.0, due - time.monotonic())):
                return
            due += every
            began, name = time.monotonic(), secrets.token_hex(16)
            fields = {"id": name, "question": "how are you?", "asking_name": "bob", "client": f"bot-{bot}"}
            wire.form("/", **fields)
            self.submits.append((time.monotonic(), time.monotonic() - began))
            while not wire.form("/getresult", id=name, wait=WAIT)["done"]:
                if self.stop.is_set():
                    return
            wire.json("/ack", {"id": name})
            self.done.append((time.monotonic(), time.monotonic() - began, bot))

    def _generator(self, number: int) -> None:
        wire = self._wire(number, "generator")
        seconds = seconds_of(number, self.load)
        results: dict[str, object] = {}
        leases: list[str] = []
        while not self.stop.is_set():
            poll = {
                "worker": f"generator-{number}",
                "results": results,
                "leases": leases,
                "batch_size": 64,
                "max_jobs": self.load.jobs_per_poll,
                "wait": WAIT,
            }
            reply = wire.json("/pollgenerator", poll)
            jobs = {key: job for key, job in reply.items() if not key.startswith("$")}
            self.handed.update(list(jobs))
            if self.stop.wait(seconds * len(jobs)):
                return
            results = {key: written(job) for key, job in jobs.items()}
            leases = [job["lease"]["token"] for job in jobs.values()]

    def _selector(self, number: int) -> None:
        wire = self._wire(number, "selector")
        results: dict[str, object] = {}
        leases: list[str] = []
        while not self.stop.is_set():
            poll = {
                "worker": f"selector-{number}",
                "results": results,
                "leases": leases,
                "max_jobs": self.load.jobs_per_poll,
                "wait": WAIT,
            }
            sets = wire.json("/pollselector", poll)["SELECTION_PROMPT_STACK"]
            results = {key: chosen(job) for key, job in sets.items()}
            leases = [job["lease"]["token"] for job in sets.values()]


def seconds_of(number: int, load: Load) -> float:
    """How long a generator takes for a job."""
    return load.slowest * (1 + number / max(1, load.generators - 1)) / 2


def _percentile(seconds: Sequence[float], percent: int) -> float:
    """In milliseconds; 0 where nothing was measured."""
    ordered = sorted(seconds)
    return round(1000 * ordered[len(ordered) * percent // 100], 1) if ordered else 0.0


def written(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a generator says of a job that it has written all candidates of."""
    count, token = job["lease"]["candidates"], job["lease"]["token"]
    return {
        "continuations": [f"{number} {TEXT}" for number in range(count)],
        "mirotarg": [2.0] * count,
        "selection_proba": [0.5] * count,
        "sentiment_logit_diffs": [0.25] * count,
        "model_info": {"model_name": "stand-in"},
        "candidate_keys": [f"{token}:{number}" for number in range(count)],
        "lease": token,
    }


def chosen(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a selector says of a set of candidates."""
    return {
        "post": job["continuations"][0],
        "tags": ["soup"],
        "proba": 0.5,
        "all_proba": job["selection_proba"],
        "choice_ix": 0,
        "choice_index": 0,
        "mood": job["kwargs"]["mood"],
        "base_id": job["base_id"],
        "lease": job["lease"]["token"],
    }


def clients_of(ports: Sequence[int], load: Load) -> dict[str, float]:
    """Work as the clients of these switchboards; for a process of its own."""
    return Clients(ports, load).run()


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def throughput(code: Path, database_url: str, instances: int, load: Load) -> dict[str, float]:
    """Cycles a second through so many switchboards of this code."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        started = stack.enter_context(switchboards(code, database_url, Path(folder), instances))
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        used, began = sum(cpu_seconds(pid) for _, pid in started), time.monotonic()
        found = pool.submit(clients_of, [port for port, _ in started], load).result()
        used = sum(cpu_seconds(pid) for _, pid in started) - used
        seconds, cycles = time.monotonic() - began, found.pop("cycles")
        costs = {"switchboard_cpu_ms_a_cycle": round(1000 * used / cycles, 1)} if cycles else {}
        return {**found, "switchboard_cpu_share": round(used / seconds, 2), **costs}


@contextmanager
def databases(kind: str) -> Iterator[Callable[[], str]]:
    """What makes empty databases of a kind."""
    with ExitStack() as stack:
        if kind == "sqlite":
            run = HOME / "run"  # /tmp may be no disk
            run.mkdir(exist_ok=True)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=run)))
            yield lambda: f"sqlite:///{folder / secrets.token_hex(4)}.sqlite"
            return
        programs = find_programs()
        if programs is None:
            raise SystemExit("no PostgreSQL on this machine: leave it out with --databases sqlite")
        server = PrivateServer(programs, is_durable=True)
        stack.callback(server.stop)
        yield server.new_database


def compare(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Every database with every number of switchboards, this code and the code before by turns."""
    codes = {"now": HOME} | ({"before": arguments.before.resolve()} if arguments.before else {})
    load = Load(jobs_per_poll=arguments.jobs_per_poll, seconds=arguments.seconds)
    rows: list[dict[str, object]] = []
    for kind in arguments.databases:
        with databases(kind) as new_database:
            for instances in arguments.instances if kind == "postgresql" else (1,):
                best: dict[str, dict[str, float]] = {}
                for _ in range(arguments.repeats):
                    for name, code in reversed(codes.items()):
                        found = throughput(code, new_database(), instances, load)
                        print(f"{kind} {instances} {name}: {found}", flush=True)
                        if (
                            found["cycles_per_s"]
                            > best.get(name, found | {"cycles_per_s": -1})["cycles_per_s"]
                        ):
                            best[name] = found
                row: dict[str, object] = {"database": kind, "switchboards": instances, **best}
                if "before" in best:
                    row["times"] = round(best["now"]["cycles_per_s"] / best["before"]["cycles_per_s"], 1)
                rows.append(row)
    return rows


def filled(url: str, count: int) -> None:
    """Have so many open jobs of one client in a database, which workers elsewhere hold for a day."""
    store = JobStore(SwitchboardConfig(database_url=url, max_open_jobs=2 * count), clock=time.time)
    store.close()
    request = AnswerRequest(id="job", question="how are you?", asking_name="bob")
    body, now = draft(request, JobRules()).body.model_dump_json(exclude={"lease"}), time.time()
    body = body.replace("%", "%%").replace('"base_id":"job"', '"base_id":"%s"')
    row = {"kind": "answer", "client": "eager", "payload_hash": "", "internal": False, "state": "generating"}
    row |= {"wanted": 13, "free": 0, "accepted": 0, "attempts": 0, "offered": 0}
    row |= {"submitted_at": now, "state_at": now}
    names = [f"open.{number}" for number in range(count)]
    with closing(Database(url)) as database, database.write() as connection:
        connection.execute(
            jobs.insert(), [{**row, "id": name, "turn": 13.0 * n} for n, name in enumerate(names)]
        )
        connection.execute(requests.insert(), [{"job_id": name, "body": body % name} for name in names])
        held = {"stage": "generation", "worker": "elsewhere", "instance": "", "candidates": 13}
        held |= {"lasts_seconds": 86_400.0, "expires_at": now + 86_400.0}
        connection.execute(leases.insert(), [{**held, "token": name, "job_id": name} for name in names])
        connection.execute(clients.insert().values(name="eager", open=count, turn=13.0 * count))


def among_open_jobs(kind: str, count: int, load: Load) -> dict[str, object]:
    """Cycles and submissions while so many other jobs are open: as fast as they go, then at half of that."""
    with databases(kind) as new_database:
        url = new_database()
        filled(url, count)
        full = throughput(HOME, url, 1, load)
        half = throughput(HOME, url, 1, replace(load, pace=full["cycles_per_s"] / 2))
    return {"database": kind, "open_jobs": count, "full": full, "half": half}


def crowd(kind: str) -> list[dict[str, object]]:
    """A hundred generators and twenty bots, at rising shares of what the generators can do."""
    rows: list[dict[str, object]] = []
    load = Load(bots=6 * BOTS, generators=100, jobs_per_poll=1, slowest=6.0, seconds=15.0, warmup=8.0)
    most = sum(1 / seconds_of(number, load) for number in range(load.generators))
    with databases(kind) as new_database:
        for share in (0.25, 0.5, 0.75, 1.0):
            found = throughput(HOME, new_database(), 1, replace(load, pace=share * most))
            rows.append({"share_of_generators": share, "jobs_per_s_wanted": round(share * most, 1), **found})
            print(rows[-1], flush=True)
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.switchboard", description="cycles of jobs a second")
    parser.add_argument("--before", type=Path, help="a worktree of an earlier commit to compare with")
    parser.add_argument(
        "--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    parser.add_argument(
        "--instances", nargs="+", type=int, default=[1, 2], help="switchboards on one PostgreSQL"
    )
    parser.add_argument("--jobs-per-poll", type=int, default=8, help="jobs that a worker takes at once")
    parser.add_argument("--seconds", type=float, default=8.0, help="time measured in each run")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--open-jobs", type=int, help="instead: cycles and submits among so many open jobs")
    parser.add_argument("--crowd", action="store_true", help="instead: a hundred generators and twenty bots")
    arguments = parser.parse_args(argv)
    load = Load(jobs_per_poll=arguments.jobs_per_poll, seconds=arguments.seconds)
    if arguments.open_jobs:
        found: dict[str, object] = {
            kind: among_open_jobs(kind, arguments.open_jobs, load) for kind in arguments.databases
        }
    elif arguments.crowd:
        found = {kind: crowd(kind) for kind in arguments.databases}
    else:
        found = {"throughput": compare(arguments)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
