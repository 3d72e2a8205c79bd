"""Three generators share the jobs of one switchboard without knowing of each other; one dies at work."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo.supervisor import HOME
from tests.system.harness import WRITING_SECONDS, RunningDemo, eventually
from tumblr_sandbox.demo_accounts import DEMO_BLOG

NAMES = ("second", "third")


@contextmanager
def another_generator(bot: RunningDemo, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """One more generator process on the bot's configuration, under a name of its own."""
    command = [sys.executable, "generator_service.py", "--config", str(bot.config_path)]
    environment = os.environ | {"AUTORESPONDER__GENERATOR__WORKER_NAME": name}
    with (bot.run / "log" / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def done_by(bot: RunningDemo, name: str) -> int:
    """Jobs that a generator says it has done."""
    return len(re.findall(r"job done", bot.logs()[name]))


def test_three_generators_share_the_work_and_one_may_die(tmp_path: Path) -> None:
    with RunningDemo(tmp_path, candidates=4) as bot, ExitStack() as others:
        processes = [others.enter_context(another_generator(bot, name)) for name in NAMES]
        assert eventually(
            lambda: all("generator started" in bot.logs()[name] for name in NAMES), WRITING_SECONDS
        )
        questions = [f"what is number {number} on your list?" for number in range(12)]
        for number, question in enumerate(questions):
            bot.driver.create_user(f"asker-{number}")
            bot.driver.ask(DEMO_BLOG, question, f"asker-{number}")
        assert eventually(lambda: done_by(bot, "third") > 0, WRITING_SECONDS)
        processes[1].kill()
        eventually(lambda: len(bot.answers_of(questions)) == len(questions), WRITING_SECONDS)
        assert bot.answers_of(questions) == dict.fromkeys(questions, 1)
        assert all(done_by(bot, name) > 0 for name in ("generator", *NAMES))
