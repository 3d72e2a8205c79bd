"""Kill the console, the bot loop and the switchboard at random moments while somebody reviews.

    .venv/bin/python -m tests.system.review_kills [--kills 200] [--seed 1]

Asks come in, every answer is held, and a scripted reviewer approves two of three and rejects the third, by
the forms of the pages; a form without an answer is sent again as it is. Meanwhile one process after the other
is killed as by ``kill -9`` and started again. Afterwards every answer that was approved stands on the blog
once, and none that was rejected. The last line is JSON; the exit status is 1 when a decision was lost or
doubled.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
from bs4 import BeautifulSoup, Tag

from bot_http import direct_session
from demo.supervisor import HOME, free_port
from operator_console.passwords import hash_of
from tests.system.cluster import Cluster, RunningBot
from tests.system.harness import eventually
from tests.system.programs import LONG, Program

PASSWORD = "correct horse battery"
ASKERS = 12
UNDO_SECONDS = 0.3
LONGEST_PAUSE = 1.5
"""Seconds between two kills."""


class Reviewer:
    """Decides by the number of a question; what the console has confirmed is in ``confirmed``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = direct_session()
        self.confirmed: dict[str, str] = {}
        self.resent = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Review until it is over."""
        while not self.over.is_set():
            try:
                page = self._get("/review/")
                if "/login" in page.url:
                    self._log_in()
                    continue
                self._decide(BeautifulSoup(page.text, "lxml"))
            except requests.RequestException:
                self.over.wait(0.05)

    def _decide(self, page: BeautifulSoup) -> None:
        article = page.select_one("article.post")
        asked = page.select_one("article.post .said:not(.bot) p")
        if article is None or asked is None:
            self.over.wait(0.05)
            return
        question = asked.text.strip()
        action = "reject" if int(question.split()[-1]) % 3 == 0 else "approve"
        forms = article.select('form[action$="/decide"]')
        form = next(form for form in forms if action in str(form))
        self._send(form, action, question)

    def _send(self, form: Tag, action: str, question: str) -> None:
        """Send a form until there is an answer; as often as needed, and sometimes twice for good measure."""
        fields = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
        fields |= {"action": action, "after": ""}
        while not self.over.is_set():
            try:
                answer = self._post(str(form["action"]), fields)
            except requests.RequestException:
                self.resent += 1
                self.over.wait(0.05)
                continue
            if answer.status_code == 302 and "/login" not in answer.headers["Location"]:
                self.confirmed.setdefault(question, action)
                return
            if answer.status_code != 503:
                return  # it does not wait any more, or was decided about: the next page will tell
            self.resent += 1

    def _log_in(self) -> None:
        token = BeautifulSoup(self._get("/login").text, "lxml").select_one("input[name=form_token]")
        assert token is not None
        self._post("/login", {"form_token": str(token["value"]), "name": "keeper", "password": PASSWORD})

    def _get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=15)

    def _post(self, path: str, fields: dict[str, str]) -> requests.Response:
        headers = {"Origin": self.url}
        return self.session.post(self.url + path, fields, headers=headers, timeout=15, allow_redirects=False)


def console_of(bot: RunningBot) -> tuple[Program, str]:
    """A console for a bot, with its address; it is not started yet."""
    port = free_port()
    account = {"name": "keeper", "role": "operator", "password_hash": hash_of(PASSWORD)}
    bot.change(
        "console",
        on=True,
        port=port,
        accounts=[account],
        database=str(bot.folder / "console.sqlite"),
        undo_seconds=UNDO_SECONDS,
    )
    service = str(HOME / "console_service.py")
    program = Program(bot.folder / "console.log", [service, "--config", str(bot.config_path)])
    return program, f"http://127.0.0.1:{port}"


def review_under_fire(bot: RunningBot, kills: int, seed: int) -> dict[str, Any]:
    """Review while processes are killed; what was decided, what came of it, and what is wrong."""
    rng = random.Random(seed)
    console, url = console_of(bot)
    reviewer = Reviewer(url)
    bridge = bot.cluster.bridge
    questions = [f"what is number {number}" for number in range(max(12, kills))]
    for number in range(ASKERS):
        bot.driver.create_user(f"{bot.blog}-{number}")
    try:
        bot.tumbl.start()
        console.start()
        thread = threading.Thread(target=reviewer.run)
        thread.start()
        for number, question in enumerate(questions[:12]):
            bot.driver.ask(bot.blog, question, asker=f"{bot.blog}-{number % ASKERS}")
        asked, killed = 12, Counter[str]()
        for _ in range(kills):
            name, program = rng.choice((("console", console), ("tumbl", bot.tumbl), ("bridge", bridge)))
            program.kill()
            killed[name] += 1
            program.start()
            time.sleep(rng.uniform(0, LONGEST_PAUSE))
            if asked < len(questions):
                bot.driver.ask(bot.blog, questions[asked], asker=f"{bot.blog}-{asked % ASKERS}")
                asked += 1
        eventually(lambda: len(reviewer.confirmed) == asked, LONG)
        wanted = {question for question, action in reviewer.confirmed.items() if action == "approve"}
        eventually(lambda: set(bot.answers()) >= wanted, LONG)
        time.sleep(2 * UNDO_SECONDS)
    finally:
        reviewer.over.set()
        thread.join()
        bot.tumbl.kill()
        console.kill()
    return judged(bot, reviewer, asked, killed)


def judged(bot: RunningBot, reviewer: Reviewer, asked: int, killed: Counter[str]) -> dict[str, Any]:
    """The report: an empty ``wrong`` is what one wants."""
    answers = bot.answers()
    wrong = [
        f"{question}: {action}, stands {answers[question]} times"
        for question, action in reviewer.confirmed.items()
        if answers[question] != (1 if action == "approve" else 0)
    ]
    done = Counter(dict(bot.query("SELECT turn_id, count(*) FROM decisions WHERE state = 'done' GROUP BY 1")))
    wrong += [f"turn {turn} was decided about {number} times" for turn, number in done.items() if number > 1]
    if len(reviewer.confirmed) < asked:
        wrong.append(f"{asked - len(reviewer.confirmed)} were never confirmed")
    return {
        "asked": asked,
        "confirmed": dict(Counter(reviewer.confirmed.values())),
        "sent again": reviewer.resent,
        "killed": dict(killed),
        "wrong": wrong + bot.damages(),
    }


def main(argv: list[str] | None = None) -> int:
    """Run it by itself."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory() as folder,
        Cluster(Path(folder)) as cluster,
        RunningBot(cluster, "reviewed", tumblr={"publishing": "drafts"}) as bot,
    ):
        report = review_under_fire(bot, arguments.kills, arguments.seed)
    sys.stdout.write(json.dumps(report) + "\n")
    return int(bool(report["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
