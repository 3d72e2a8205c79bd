"""The demo as ``make run`` starts it: people live there, and the bot lives among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.harness import WRITING_SECONDS, RunningDemo, eventually
from tumblr_sandbox.demo_accounts import DEMO_BLOG, PEOPLE
from tumblr_sandbox.records import PostRecord

pytestmark = pytest.mark.timeout(400)


def test_people_speak_to_the_bot_and_it_answers(tmp_path: Path) -> None:
    with RunningDemo(tmp_path, people=24, people_speed=240, candidates=6) as bot:
        people = {person.name for person in bot.driver.people_here()}
        began = bot.driver.now()

        def fresh() -> list[PostRecord]:
            return [post for post in bot.posts("published") if post.timestamp >= began]

        def spoke() -> bool:
            kinds = bot.driver.people().actions
            return len(fresh()) >= 4 and kinds.get("like", 0) > 0

        assert eventually(spoke, WRITING_SECONDS)
        assert bot.driver.people().on
        assert people.isdisjoint({DEMO_BLOG, *(person.name for person in PEOPLE)})
        answered = [post.asker for post in fresh() if post.question is not None]
        assert all(asker is None or asker in people for asker in answered)
        assert bot.posts("submission") == [] or eventually(
            lambda: len(bot.posts("submission")) < 7, WRITING_SECONDS
        )
        assert not [line for line in bot.logs()["sandbox"].splitlines() if "Traceback" in line]
