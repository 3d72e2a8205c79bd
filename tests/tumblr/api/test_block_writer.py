"""Blocks as they go over the wire, and what an edit hands in of a post that tumblr shows oddly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
import requests

from munging.figures import figure_name
from tests.tumblr.api.test_client import HOST, KEYS, Wire, answer, document, is_signed, text_of
from tests.tumblr.fakes import FakeClock
from tumblr.api.block_writer import BlockWriter
from tumblr.api.errors import MalformedAnswer, PicturesRefused
from tumblr.api.transport import ReadRequest, WriteRequest
from tumblr.api.writer import ReblogTarget, Writing

SAID = Writing("<p>é & so</p>", ("a b", "ü"), "published")
VIEW: dict[str, Any] = {
    "id": "3",
    "content": [{"type": "text", "text": "soup?"}, {"type": "text", "text": "old"}],
    "layout": [
        {"type": "ask", "blocks": [0], "attribution": {"type": "blog", "url": "https://bob.tumblr.com"}},
        {"type": "rows", "display": [{"blocks": [1]}]},
    ],
    "state": "queued",
    "tags": ["a", "b"],
    "publish_on": "2021-02-06 12:00:00 GMT",
    "reblog_key": "k",
    "parent_post_id": "77",
    "parent_tumblelog_uuid": "t:bob",
    "trail": [{"content": []}],
}


@pytest.fixture
def wire(clock: FakeClock) -> Iterator[Wire]:
    with requests.Session() as session:
        yield Wire(session, clock)


@pytest.fixture
def writer(wire: Wire) -> Iterator[BlockWriter]:
    with requests.Session() as session:
        session.mount("http://", wire.adapter)
        read = ReadRequest(KEYS, HOST, session, wire.budget, timeout_seconds=8, max_tries=1)
        yield BlockWriter(WriteRequest(KEYS, HOST, session, wire.budget, timeout_seconds=30), read, "frank")


def sent(wire: Wire) -> tuple[str | None, str, Any]:
    """Method, path and document of the last request."""
    request = wire.adapter.requests[-1]
    return request.method, request.path_url, json.loads(request.body or b"{}")


def test_a_document_goes_as_json_and_the_address_is_signed(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document({"id": "9", "state": "published", "display_text": "Posted"}, 201))
    assert writer.create(SAID)["id"] == "9"
    expected = {
        "content": [{"type": "text", "text": "é & so"}],
        "tags": "a b,ü",
        "state": "published",
    }
    assert sent(wire) == ("POST", "/v2/blog/frank.tumblr.com/posts", expected)
    request = wire.adapter.requests[-1]
    assert text_of(request.headers["Content-Type"]) == "application/json"
    assert "close" in text_of(request.headers["Connection"])
    assert is_signed(request)
    assert wire.adapter.timeouts == [30]


def test_a_picture_goes_as_a_part_beside_the_document(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document({"id": "9", "state": "published"}, 201))
    name, png = figure_name(0), b"\x89PNG\r\n\x1a\n\x00\xff"
    html = f'<figure data-orig-width="4" data-orig-height="3"><img src="cid:{name}" alt="soup"/></figure>'
    writer.create(Writing(html, (), "draft", {name: png}))
    request = wire.adapter.requests[-1]
    assert isinstance(request.body, bytes)
    head = text_of(request.headers["Content-Type"])
    message: Any = message_from_bytes(f"Content-Type: {head}\r\n\r\n".encode() + request.body)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}
    assert set(parts) == {"json", name}
    assert parts[name].get_payload(decode=True) == png
    assert parts[name].get_filename() == f"{name}.png"
    assert parts["json"].get_content_type() == "application/json"
    posted = json.loads(parts["json"].get_payload(decode=True))
    assert posted["content"] == [
        {"type": "image", "media": [{"identifier": name, "type": "image/png"}], "alt_text": "soup"}
    ]
    assert is_signed(request)


def test_a_reblog_names_its_parents_blog_by_its_id(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document({"blog": {"name": "bob", "uuid": "t:bob"}}), document({"id": "9"}, 201))
    writer.reblog(ReblogTarget("Bob", "77", "k"), SAID)
    _, path, posted = sent(wire)
    assert path == "/v2/blog/frank.tumblr.com/posts"
    assert (posted["parent_tumblelog_uuid"], posted["parent_post_id"], posted["reblog_key"]) == (
        "t:bob",
        "77",
        "k",
    )


def test_an_answer_stands_behind_the_question(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document(VIEW), document({"id": "3"}))
    writer.answer("3", Writing("<p>one</p><p>[[MORE]]</p><p>two</p>", (), "queue"))
    assert wire.adapter.requests[0].path_url == "/v2/blog/frank.tumblr.com/posts/3?post_format=npf"
    method, path, posted = sent(wire)
    assert (method, path) == ("PUT", "/v2/blog/frank.tumblr.com/posts/3")
    assert posted == {
        "content": [{"type": "text", "text": words} for words in ("soup?", "one", "two")],
        "layout": [
            VIEW["layout"][0],
            {"type": "rows", "display": [{"blocks": [1]}, {"blocks": [2]}], "truncate_after": 1},
        ],
        "tags": "",
        "state": "queue",
    }


def test_an_edit_hands_in_the_whole_post(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document(VIEW), document({"id": "3"}))
    writer.edit("3", {"tags": "c"})
    kept = {name: VIEW[name] for name in VIEW if name not in ("id", "trail", "state", "tags")}
    assert sent(wire)[2] == {**kept, "state": "queue", "tags": "c"}


def test_an_ask_whose_layout_does_not_say_so_is_all_question(wire: Wire, writer: BlockWriter) -> None:
    wire.will_answer(document({**VIEW, "layout": []}), document({"id": "3"}))
    writer.answer("3", SAID)
    posted = sent(wire)[2]
    assert [block["text"] for block in posted["content"]] == ["soup?", "old", "é & so"]
    assert posted["layout"][0] == {"type": "ask", "blocks": [0, 1]}


@pytest.mark.parametrize("missing", ["content", "state", "tags"])
def test_a_post_that_is_shown_by_half_is_not_edited(wire: Wire, writer: BlockWriter, missing: str) -> None:
    wire.will_answer(document({name: VIEW[name] for name in VIEW if name != missing}))
    given = {"state": "published"} if missing == "tags" else {"tags": "c"}
    with pytest.raises(MalformedAnswer):
        writer.edit("3", given)
    assert [request.method for request in wire.adapter.requests] == ["GET"]


def test_too_many_bytes_are_refused_for_good(wire: Wire, writer: BlockWriter) -> None:
    page = "<html><head><title>413 Request Entity Too Large</title></head></html>"
    wire.will_answer(answer(page, 413, {"Content-Type": "text/html"}))
    with pytest.raises(PicturesRefused) as caught:
        writer.create(SAID)
    assert not caught.value.passing
    assert not caught.value.may_have_happened
