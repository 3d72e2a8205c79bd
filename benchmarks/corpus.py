"""What preparing a corpus costs: posts a second with one worker and with two, and memory as the corpus grows.

    python -m benchmarks.corpus --posts 20000 --workers 1 2
    python -m benchmarks.corpus --posts 20000 1000000 --workers 2

Small posts are generated into one file of JSON lines as the API gives them, half of them answers, every
fiftieth almost a copy of an earlier one. Each run is ``python -m training prepare`` in a process of its own,
with the demo's tokenizer. Memory is what the process and its workers hold together that is not a file's, at
its peak. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from benchmarks.machine import processor

ROOT = Path(__file__).parents[1]
TOKENIZER = ROOT / "demo" / "models" / "tiny"
WORDS_IN_POST = (12, 40)
VOCABULARY = 5000
COPY_EVERY = 50
FIRST_MOMENT = 1_600_000_000
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Cost:
    """One run of ``prepare``. ``cpu_seconds`` are those of all its processes."""

    posts: int
    kept: int
    workers: int
    seconds: float
    cpu_seconds: float
    peak_mib: int

    @property
    def per_core_second(self) -> float:
        """Posts for each second of one core."""
        return self.posts / self.cpu_seconds


def generated_posts(count: int, seed: int) -> Iterator[dict[str, object]]:
    """Posts of words whose frequencies fall as 1 / rank; each copy changes one word of an earlier post."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("aeiounrstlkmdp", k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = [1 / rank for rank in range(1, VOCABULARY + 1)]
    earlier: list[list[str]] = []
    for number in range(count):
        if earlier and number % COPY_EVERY == 0:
            said = list(rng.choice(earlier))
            said[rng.randrange(len(said))] = "otherwise"
        else:
            said = rng.choices(words, weights, k=rng.randint(*WORDS_IN_POST))
        if number % (10 * COPY_EVERY) == 1:
            earlier.append(said)
        yield _post(number, " ".join(said), " ".join(rng.choices(words, weights, k=8)))


def _post(number: int, said: str, question: str) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": FIRST_MOMENT + number,
        "blog_name": "frank",
        "state": "published",
        "timestamp": FIRST_MOMENT + 60 * number,
        "tags": ["a tag"] if number % 3 == 0 else [],
    }
    if number % 2:
        answer = {
            "asking_name": f"reader{number % 500}",
            "question": f"{question}?",
            "answer": f"<p>{said}</p>",
        }
        return {"type": "answer", **facts, **answer}
    return {"type": "text", **facts, "body": f"<p>{said}</p>"}


def write_posts(path: Path, count: int) -> None:
    """The posts as a file of JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for post in generated_posts(count, seed=1):
            file.write(json.dumps(post) + "\n")


def prepare(source: Path, posts: int, workers: int, folder: Path) -> Cost:
    """Run the command on a file, and watch it."""
    out = folder / f"corpus-{workers}"
    config = folder / "config.json"
    config.write_text(json.dumps({"blog": {"blog_name": "frank"}}), encoding="utf-8")
    command = [sys.executable, "-m", "training", "prepare", "--config", config, "--out", out]
    options = ["--tokenizer", TOKENIZER, "--workers", workers, source]
    began = time.monotonic()
    with (folder / "report").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen([*map(str, [*command, *options])], cwd=ROOT, stdout=said)
        peak, usage = _watch(process)
        if process.returncode:
            raise SystemExit(f"prepare ended with status {process.returncode}")
        said.seek(0)
        report = json.loads(said.read().splitlines()[-1])
    seconds = time.monotonic() - began
    shutil.rmtree(out)
    return Cost(posts, report["kept"], workers, round(seconds, 1), round(usage, 1), peak)


def _watch(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Wait for a process; its peak memory with its children's (MiB), and the CPU time of all of them."""
    peak = 0
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return peak, used.ru_utime + used.ru_stime
        peak = max(peak, sum(_anonymous_kib(pid) for pid in _family(process.pid)) // 1024)
        time.sleep(LOOK_SECONDS)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _anonymous_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)


def main() -> int:
    """Generate, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, nargs="+", default=[20_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    chosen = parser.parse_args()
    costs: list[Cost] = []
    folder = Path(tempfile.mkdtemp(prefix="corpus-"))
    try:
        for count in chosen.posts:
            source = folder / "posts.jsonl"
            write_posts(source, count)
            for workers in chosen.workers:
                costs.append(prepare(source, count, workers, folder))
                sys.stderr.write(f"{costs[-1]}, {costs[-1].per_core_second:.0f} posts a second and core\n")
    finally:
        shutil.rmtree(folder)
    report = {
        "benchmark": "corpus",
        "machine": processor(torch.device("cpu")),
        "runs": [{**asdict(cost), "posts_per_core_second": round(cost.per_core_second)} for cost in costs],
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
