"""Check 14: asks of every kind, from the inbox to the answer and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import edit
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


def inbox(client: Any) -> list[dict[str, Any]]:
    return list(client.submission("frank")["posts"])


def single(client: Any, post_id: object, **more: object) -> dict[str, Any]:
    (post,) = client.posts("frank", id=post_id, **more)["posts"]
    return dict(post)


def test_a_named_ask(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    crowd.keys("asker")
    ask = driver.ask("frank", "Is it warm?", "asker")
    (post,) = inbox(frank)
    wanted = {
        "id_string": ask,
        "state": "submission",
        "type": "answer",
        "blog_name": "frank",
        "asking_name": "asker",
        "asking_url": "https://asker.tumblr.com/",
        "question": "<p>Is it warm?</p>",
        "answer": "",
        "summary": "Is it warm?",
        "slug": "is-it-warm",
        "tags": [],
        "note_count": 0,
        "trail": [],
        "reblog": {"comment": "", "tree_html": ""},
    }
    assert {name: post[name] for name in wanted} == wanted
    assert {"timestamp", "date", "post_url", "reblog_key"} <= post.keys()


def test_an_anonymous_ask(frank: Any, driver: SandboxDriver) -> None:
    driver.ask("frank", "Who?")
    (post,) = inbox(frank)
    assert (post["asking_name"], post["asking_url"], post["is_anonymous"]) == ("Anonymous", None, True)
    npf = single(frank, post["id"], npf=True)
    assert npf["layout"] == [{"type": "ask", "blocks": [0]}]
    assert npf["is_anonymous"] is True


def test_an_ask_with_a_picture(
    frank: Any, frank2: Any, driver: SandboxDriver, crowd: Crowd, small_picture: Path
) -> None:
    image = {"type": "image", "media": [{"identifier": "a"}]}
    made = frank2.create_post("frank", content=[image], media_sources={"a": str(small_picture)})
    url = single(frank2, made["id"])["content"][0]["media"][0]["url"]
    crowd.keys("asker")
    html = f'<p>look</p><figure data-orig-width="120" data-orig-height="90"><img src="{url}"></figure>'
    driver.ask("frank", html, "asker", html=True)
    (post,) = inbox(frank)
    assert url in post["question"]
    content = single(frank, post["id"], npf=True)["content"]
    assert [block["type"] for block in content] == ["text", "image"]
    assert (content[1]["media"][0]["url"], content[1]["media"][0]["width"]) == (url, 120)


@pytest.mark.parametrize("question", ["a <b>bold</b> & </p> claim", "\N{CAT FACE} 域 é"])
def test_what_was_typed_is_text(frank: Any, driver: SandboxDriver, question: str) -> None:
    driver.ask("frank", question)
    (post,) = inbox(frank)
    escaped = question.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert post["question"] == f"<p>{escaped}</p>"
    assert post["summary"] == question
    assert single(frank, post["id"], npf=True)["content"] == [{"type": "text", "text": question}]


def test_from_the_inbox_to_a_draft_and_back(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "Is it warm?")
    edit(frank, "frank", id=ask, answer="<p>It is.</p>", state="draft", tags="a,b")
    assert inbox(frank) == []
    (draft,) = frank.drafts("frank")["posts"]
    assert (draft["id_string"], draft["answer"], draft["tags"]) == (ask, "<p>It is.</p>", ["a", "b"])
    edit(frank, "frank", id=ask, state="submission")
    (post,) = inbox(frank)
    assert (post["id_string"], post["answer"]) == (ask, "<p>It is.</p>")
    edit(frank, "frank", id=ask, state="draft")
    edit(frank, "frank", id=ask, state="submission", tags="", answer="placeholder")
    (post,) = inbox(frank)
    assert (post["answer"], post["tags"]) == ("placeholder", [])


def test_published(crowd: Crowd, frank: Any, frank2: Any, driver: SandboxDriver) -> None:
    asker = crowd.npf_client("asker")
    ask = driver.ask("frank", "Is it warm?", "asker")
    made = edit(frank, "frank", id=ask, answer="<p>It is.</p>", state="published")
    assert made["id_string"] != ask
    assert frank.posts("frank", id=ask)["meta"]["status"] == 404
    legacy, npf = single(frank, made["id"]), single(frank2, made["id"])
    assert (legacy["genesis_post_id"], legacy["question"], legacy["answer"]) == (
        ask,
        "<p>Is it warm?</p>",
        "<p>It is.</p>",
    )
    assert [block["text"] for block in npf["content"]] == ["Is it warm?", "It is."]
    ask_layout, rows = npf["layout"]
    assert ask_layout["attribution"]["url"] == "https://asker.tumblr.com"
    assert rows == {"type": "rows", "display": [{"blocks": [1]}]}
    (told,) = asker.notifications("asker")["notifications"]
    assert (told["type"], told["target_post_id"], told["from_tumblelog_name"]) == (
        "answered_ask",
        made["id_string"],
        "frank",
    )


def test_deleted_and_refused(frank: Any, driver: SandboxDriver) -> None:
    ask = driver.ask("frank", "?")
    assert edit(frank, "frank", id=ask, state="private")["meta"]["status"] == 400
    assert frank.delete_post("frank", ask) == {"id": int(ask)}
    assert inbox(frank) == []


def test_a_post_that_was_handed_in(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    crowd.keys("author")
    post_id = driver.submit("frank", "<p>mine</p>", "author")
    (post,) = inbox(frank)
    assert (post["id_string"], post["type"], post["is_submission"]) == (post_id, "text", True)
    assert post["post_author"] == "author"
    assert "question" not in post
    made = edit(frank, "frank", id=post_id, state="published")
    assert single(frank, made["id"])["body"] == "<p>mine</p>"
