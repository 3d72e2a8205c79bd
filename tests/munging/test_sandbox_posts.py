"""Posts read from the sandbox: the classic text is the one that the bot of 2021 made of them.

Lines with ``quirk`` say why its text is not the goal; ``docs/munging.md`` names each reason.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from munging.lines import ClassicLine, Context
from munging.thread import Identity
from tests.munging.pairs import read_sandbox_posts

CONTEXT = Context(Identity("nostalgebraist-autoresponder", "Frank"))
_IMAGE = re.compile(r"""<img[^>]*?src=\\?["']([^"'\\]+)""")


def image_texts(payload: object) -> dict[str, str]:
    found = _IMAGE.findall(json.dumps(payload, ensure_ascii=False))
    return {url: f"IMAGE TEXT OF {url.rstrip('/').rpartition('/')[2]}" for url in found}


def classic(payload: dict[str, Any]) -> object:
    line = ClassicLine(payload=payload, image_texts=image_texts(payload))
    return line.answer(CONTEXT)["text"]


GOALS = [post for post in read_sandbox_posts() if "quirk" not in post]


@pytest.mark.parametrize("post", GOALS, ids=lambda post: str(post["id"]))
def test_a_post_reads_as_it_did_in_2021(post: dict[str, Any]) -> None:
    assert classic(post["payload"]) in [post["classic"], *post.get("also_accept", [])]


def test_the_file_has_what_it_is_for() -> None:
    assert len(GOALS) > 150
    assert {post["payload"]["type"] for post in GOALS} >= {"text", "answer", "link", "photo", "video", "chat"}
