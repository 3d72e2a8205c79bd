"""Pictures end to end: what stands in them is read and answered, what is to be drawn is posted as one."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
import pytumblr
import requests
from PIL import Image

from images.drawing import Artist
from images.settings import ImagesConfig
from munging.control import IMAGE_DELIMITER
from tests.system.cluster import READER, MoveIn, RunningBot
from tests.system.harness import eventually
from tests.system.writing import FORMS
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.tags import UPLOADED

SIGN = "the soup of the day is fog"
SLOW = 240.0
"""Seconds that a recogniser may need to start on a busy machine."""


def with_images(move_in: MoveIn, name: str, read: str, write: str) -> RunningBot:
    """A bot that reads and draws images, and fetches them from the sandbox; the forms it reads and writes."""
    probe = move_in(
        name,
        tumblr={"post_format": read, "write_format": write, "write_timeout_seconds": 10},
        images={
            "read": True,
            "write": True,
            "worker_threads": 1,
            "image_seconds": SLOW,
            "worker_start_seconds": SLOW,
            "post_seconds": SLOW,
        },
    )
    probe.change("images", hosts=[f"127.0.0.1:{probe.cluster.sandbox_port}"])
    return probe


def uploaded(bot: RunningBot, text: str) -> str:
    """The address of a picture with a text in it, uploaded by a reader."""
    picture = io.BytesIO()
    Artist.of(ImagesConfig()).draw(text).save(picture, "PNG")
    user = f"{bot.blog}-artist"
    keys = bot.driver.create_user(user)
    make: Any = pytumblr.TumblrRestClient
    client = make(*keys.strings(), host=bot.driver.base_url)
    coded = base64.b64encode(picture.getvalue()).decode()
    fields = {"type": "photo", "state": "published", "data64": coded}
    made = client.send_api_request("post", f"/v2/blog/{user}/post", fields, list(fields))
    (post,) = client.posts(f"{user}.tumblr.com", id=made["id"], npf="false")["posts"]
    return str(post["photos"][0]["original_size"]["url"])


def prompts(bot: RunningBot) -> list[str]:
    """What the bot has asked texts for."""
    rows = bot.query("SELECT request FROM turns WHERE request IS NOT NULL ORDER BY id")
    return [str(json.loads(request)["fields"]["question"]) for (request,) in rows]


@pytest.mark.parametrize(("read", "write"), [("npf", "blocks"), ("legacy", "html")])
def test_pictures_are_read_and_drawn_in_asks_and_reblogs(move_in: MoveIn, read: str, write: str) -> None:
    bot = with_images(move_in, f"pictures-{write}", read, write)
    sign = uploaded(bot, SIGN)
    bot.driver.ask(bot.blog, f'<p>can you draw this?</p><p><img src="{sign}"/></p>', READER, html=True)
    bot.lives_until(lambda: bot.settled(1))
    assert f"{IMAGE_DELIMITER}\n{SIGN}\n{IMAGE_DELIMITER}" in prompts(bot)[0]

    (answer,) = bot.posts()
    assert answer.state == "published"
    assert IMAGE_DELIMITER not in answer.html
    (drawn,) = bot.owner.posts(f"{bot.blog}.tumblr.com", npf="false")["posts"]
    address = drawn["answer"].partition('<img src="')[2].partition('"')[0]
    with Image.open(io.BytesIO(requests.get(address, timeout=10).content)) as picture:
        assert picture.width > 100
    assert "A PICTURE OF SOUP" in drawn["answer"]  # its description

    comment = f'<p>i would rather draw this</p><p><img src="{sign}"/></p>'
    bot.driver.reblog(READER, answer.id, comment)
    bot.lives_until(lambda: bot.settled(2))
    asked = prompts(bot)[1]
    assert asked.count(SIGN) == 2  # in the ask that began it, and in the reblog
    assert "A PICTURE OF SOUP" in asked.upper()  # its own picture
    reblog = next(post for post in bot.posts() if post.id != answer.id)
    assert "<figure" in reblog.html or "<img" in reblog.html
    assert IMAGE_DELIMITER not in reblog.html
    assert bot.posts("draft") == []
    assert bot.damages() == []


UPLOAD = (FailPoint.BEFORE_UPLOAD, FailPoint.AFTER_UPLOAD, FailPoint.AFTER_UPLOAD_DELETED)
"""Moments that there are only where pictures are uploaded before their post."""


@pytest.mark.parametrize(("form", "points"), [("blocks", ()), ("html", UPLOAD)], ids=FORMS)
def test_c04_a_kill_around_an_upload_leaves_no_draft_and_one_answer(
    move_in: MoveIn, form: str, points: tuple[FailPoint, ...]
) -> None:
    """2021: a stray photo draft when the bot died after the upload, and orphaned images before the post."""
    bot = with_images(move_in, f"c04-images-{form}", "npf", form)
    bot.driver.ask(bot.blog, "can you draw soup?", READER)
    bot.dies_at(*points, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST)
    bot.lives_until(lambda: bot.settled(1))
    assert eventually(lambda: bot.posts("draft") == [], 20)
    (answer,) = bot.posts()
    assert answer.state == "published"
    assert IMAGE_DELIMITER not in answer.html
    assert UPLOADED not in answer.tags
    assert bot.answers() == {"can you draw soup?": 1}
    assert bot.damages() == []
