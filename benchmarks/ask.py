"""How long a reader waits: from the start of the demo to the first answer, and from an ask to its answer.

    .venv/bin/python benchmarks/ask.py [--asks 10]

Starts the sandbox and the four processes on free ports in a temporary folder, asks one question after the
other, and measures the memory of the three light processes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot_config import load_config
from bot_lifecycle import Shutdown
from demo.configuration import write_demo_config
from demo.pretrained import Chosen, choose_model
from demo.run import lift_call_limits, wait_until_ready
from demo.supervisor import Supervised, free_port
from tumblr_sandbox.demo_accounts import DEMO_BLOG, PEOPLE
from tumblr_sandbox.driver import SandboxDriver

LIGHT = ("tumbl", "bridge", "selector")
LONGEST_WAIT_SECONDS = 120.0
TOPICS = ("the moon", "cats", "the rain", "books", "bread", "sleep", "the sea", "music", "tea", "winter")


def seconds_until_answered(driver: SandboxDriver, question: str, asker: str) -> float:
    """Ask, and wait for the answer on the blog; raises TimeoutError when none comes."""
    began = time.monotonic()
    driver.ask(DEMO_BLOG, question, asker)
    while time.monotonic() - began < LONGEST_WAIT_SECONDS:
        if any(post.question == question for post in driver.posts(DEMO_BLOG, "published")):
            return time.monotonic() - began
        if any(post.question == question for post in driver.posts(DEMO_BLOG, "draft")):
            return time.monotonic() - began
        time.sleep(0.05)
    raise TimeoutError(f"no answer to: {question}")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def measure(asks: int, run: Path, model: Chosen) -> dict[str, object]:
    """Run the demo once and measure."""
    began = time.monotonic()
    port = free_port()
    path = write_demo_config(run, model.folder, port, free_port(), heads=model.heads)
    config = load_config(path)
    with Supervised(run, path, port) as supervised, SandboxDriver(f"http://127.0.0.1:{port}") as driver:
        wait_until_ready(supervised, config, Shutdown())
        ready = time.monotonic() - began
        lift_call_limits(port)
        waits = []
        first = 0.0
        for number in range(asks):
            question = f"what do you think about {TOPICS[number % len(TOPICS)]}? ({number})"
            waits.append(seconds_until_answered(driver, question, PEOPLE[number % len(PEOPLE)].name))
            first = first or time.monotonic() - began
        processes = supervised.processes()
        memory = {name: round(resident_megabytes(process.pid), 1) for name, process in processes.items()}
    light = {name: memory[name] for name in LIGHT}
    return {
        "candidates": config.candidates.answer,
        "ready_s": round(ready, 1),
        "first_answer_s": round(first, 1),
        "ask_to_answer_median_s": round(statistics.median(waits), 2),
        "ask_to_answer_longest_s": round(max(waits), 2),
        "ask_to_answer_each_s": [round(wait, 1) for wait in waits],
        "light_processes_mb": light,
        "light_processes_together_mb": round(sum(light.values()), 1),
        "demo_mb": round(sum(memory.values()), 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--asks", type=int, default=10)
    parser.add_argument("--model", default="tiny", help="tiny, frank, or a folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.asks, Path(folder), choose_model(arguments.model, print))
    for name, value in figures.items():
        print(f"{name:28} {value}")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
