"""Check 5: ``npf`` chooses the form of a post."""

from __future__ import annotations

from typing import Any

from tumblr_sandbox.driver import SandboxDriver


def test_pytumblr_asks_for_either(frank: Any, driver: SandboxDriver) -> None:
    post_id = driver.post("frank", "<p>a</p>")
    (legacy,) = frank.posts("frank", id=post_id, npf=False)["posts"]
    (npf,) = frank.posts("frank", id=post_id, npf=True)["posts"]
    assert (legacy["type"], legacy["body"], legacy["format"]) == ("text", "<p>a</p>", "html")
    assert "content" not in legacy
    assert (npf["type"], npf["content"]) == ("blocks", [{"type": "text", "text": "a"}])
    assert "body" not in npf


def test_pytumblr2_in_both_modes(frank2: Any, driver: SandboxDriver) -> None:
    post_id = int(driver.post("frank", "<p>a</p>"))
    assert frank2.get_single_post("frank", post_id)["content"] == [{"type": "text", "text": "a"}]
    frank2.npf_consumption_off()
    assert frank2.get_single_post("frank", post_id)["body"] == "<p>a</p>"
    frank2.npf_consumption_on()
    frank2.legacy_conversion_on()
    assert frank2.get_single_post("frank", post_id)["body"] == "<p>a</p>"
