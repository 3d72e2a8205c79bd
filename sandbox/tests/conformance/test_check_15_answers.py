"""Check 15: a reblog of an answer keeps the question, in both forms."""

from __future__ import annotations

from typing import Any

import pytest

from bench import edit
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


@pytest.mark.parametrize(("asker", "name"), [("asker", "asker"), (None, "Anonymous")])
def test_the_question_stays(
    frank: Any, crowd: Crowd, driver: SandboxDriver, asker: str | None, name: str
) -> None:
    crowd.keys("asker")
    ask = driver.ask("frank", "Is it warm?", asker)
    answer = edit(frank, "frank", id=ask, answer="<p>It is.</p>", state="published")
    dave, dave2 = crowd.client("dave"), crowd.npf_client("dave")
    (post,) = dave.posts("frank", id=answer["id"])["posts"]
    made = dave.reblog("dave", id=post["id"], reblog_key=post["reblog_key"], comment="<p>so</p>")
    (legacy,) = dave.posts("dave", id=made["id"])["posts"]
    assert (legacy["type"], legacy["question"]) == ("answer", "<p>Is it warm?</p>")
    assert legacy["asking_name"] == name
    assert legacy["answer"].endswith("<p>It is.</p></blockquote><p>so</p>")
    npf = dave2.get_single_post("dave", made["id"])
    (root,) = npf["trail"]
    assert root["layout"][0]["type"] == "ask"
    assert ("attribution" in root["layout"][0]) == (asker is not None)
    assert [block["text"] for block in root["content"]] == ["Is it warm?", "It is."]
    dave2.legacy_conversion_on()
    assert dave2.get_single_post("dave", made["id"])["asking_name"] == name
    assert dave2.get_single_post("frank", answer["id"])["asking_name"] == name
