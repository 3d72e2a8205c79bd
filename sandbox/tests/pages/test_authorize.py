"""The page on which one lets an application in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.demo_accounts import demo_keys
from tumblr_sandbox.pages.authorize import PEOPLE_OFFERED


def test_the_page_on_which_to_say_who_one_is(stage: Stage, visitor: Visitor) -> None:
    key = demo_keys("frank", stage.world.database.path).consumer_key
    address = (
        f"/oauth2/authorize?client_id={key}&response_type=code&redirect_uri=https://app.example/&state=<b>"
    )
    page = visitor.be("quietmarsh").see(address)
    assert text_of(page.h1) == "Let “frank” in?"
    choices = {text_of(link.b): link for link in page.select(".people a")}
    assert choices.keys() >= {"frank", "quietmarsh"}
    assert choices["quietmarsh"].get("aria-current") == "true"
    chosen = visitor.client.get(f"/oauth2/authorize{choices['frank']['href']}").headers["Location"]
    assert parse_qs(urlsplit(chosen).query)["state"] == ["<b>"]
    for number in range(PEOPLE_OFFERED):
        visitor.be(f"somebody-{number}")
    search = visitor.see(address).select_one("form[role=search]")
    assert search is not None
    sent = {str(field["name"]): str(field.get("value", "")) for field in search.select("input")}
    found = visitor.see(f"/oauth2/authorize?{urlencode({**sent, 'q': 'marsh'})}").select(".people a")
    assert [text_of(link.b) for link in found] == ["quietmarsh"]
    assert "client_id" in str(found[0]["href"])
