"""Both ways of writing against a real sandbox: what is written, and what is read back of it in both forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from munging.figures import ATTACHED, Figure, figure_name, with_figures
from munging.reply_mockup import reply_mockup, reply_source
from munging.tumblr_html import to_html
from tests.tumblr.sandboxed import FRANK, PATIENCE, Place, png, sandboxed
from tumblr.api.errors import NotFound, PictureLimitReached, PicturesRefused, Refused, TumblrUnavailable
from tumblr.api.models import TumblrPost
from tumblr.api.writer import TumblrWriter, Writing
from tumblr.responding.reconcile import fingerprint
from tumblr_sandbox.faults import Fault, FaultKind


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One sandbox for all; posts of one test are not looked at by another."""
    with sandboxed(tmp_path_factory.mktemp("writers")) as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """The sandbox without faults, whose limits are far away."""
    yield shared
    shared.relax()


@pytest.fixture(params=["blocks", "html"])
def writer(request: pytest.FixtureRequest, place: Place) -> TumblrWriter:
    """Each way of writing."""
    writer: TumblrWriter = place.writers[request.param]
    return writer


def spoken(post: TumblrPost) -> str:
    """The post's own words in the thread that the model is shown, space and formatting aside."""
    return "".join(re.sub(r"</?[bi]>", "", post.thread.posts[-1].text).split())


MENTION = '<p>hello <a class="tumblelog" href="https://bob.tumblr.com/">@bob</a>!</p>'
REPLY = reply_mockup(
    post_url="https://frank.tumblr.com/post/77/soup", post_summary="soup & <salad>", reply_blog_name="bob",
    reply_blog_url="https://bob.tumblr.com/", reply_body="is it <warm>?",
)  # fmt: skip
TEXTS = [
    to_html("Soup is warm.\nI like it, & 5 < 6.", FRANK),
    to_html('a <b>bold <i>word</i></b> and <a href="https://example.org/x?a=1&b=2">a link</a>', FRANK),
    to_html("<h2>A title</h2>and words", FRANK),
    to_html("<ul><li>one</li><li>two</li></ul>after", FRANK),
    to_html("<ol><li>one</li><li>two</li></ol>", FRANK),
    to_html("<blockquote>somebody</blockquote>said so", FRANK),
    to_html("before\n[[MORE]]\nbehind", FRANK),
    MENTION,
    f"{REPLY}\n<p>Warm enough.</p>",
]


@pytest.mark.parametrize(
    ("html", "state"),
    [*((html, "draft") for html in TEXTS), (TEXTS[0], "published"), (TEXTS[0], "queue")],
)
def test_a_text_is_read_back_as_it_was_written(
    place: Place, writer: TumblrWriter, html: str, state: str
) -> None:
    written = writer.create(Writing(html, ("soup", "a b"), state))
    for post in place.read(written["id"]):
        assert (post.tags, post.state) == (("soup", "a b"), {"queue": "queued"}.get(state, state))
        assert fingerprint(post.body) == fingerprint(html)
        assert reply_source(post.body) == reply_source(html)
    assert place.record(written["id"]).html.count("[[MORE]]") == html.count("[[MORE]]")


@pytest.mark.parametrize("html", TEXTS)
def test_the_model_is_shown_the_same_whichever_way_a_text_was_written(place: Place, html: str) -> None:
    ids = [writer.create(Writing(html, (), "draft"))["id"] for writer in place.writers.values()]
    shown = {spoken(post) for post_id in ids for post in place.read(post_id)}
    assert len(shown) == 1


def test_who_is_mentioned_is_told(place: Place, writer: TumblrWriter) -> None:
    written = writer.create(Writing(MENTION, (), "published"))
    assert 'class="tumblelog"' in place.record(written["id"]).html


def test_whom_tumblr_does_not_know_is_a_link(place: Place, writer: TumblrWriter) -> None:
    written = writer.create(Writing(MENTION.replace("bob", "nobody-here"), (), "draft"))
    assert "@nobody-here" in place.record(written["id"]).text


PICTURE = '<p>what is this?</p><p><img src="{}"/></p><p>and <b>that</b></p>'


@pytest.mark.parametrize("asker", ["bob", None])
@pytest.mark.parametrize("state", ["published", "draft", "queue"])
def test_an_ask_becomes_its_answer(place: Place, writer: TumblrWriter, asker: str | None, state: str) -> None:
    ask = place.driver.ask("frank", "<p>is soup <i>warm</i>?</p><p>or not</p>", asker, html=True)
    before = place.read(ask)
    answer = writer.answer(ask, Writing(f"<p>yes</p>{MENTION}", ("soup",), state))
    after = place.read(answer["id"])
    for asked, answered in zip(before, after, strict=True):
        assert (answered.question, answered.asking_name) == (asked.question, asked.asking_name)
        assert fingerprint(answered.body) == "yeshellobob"
        assert answered.tags == ("soup",)
        assert answered.is_ask
        assert ask in answered.ids
    assert place.record(answer["id"]).state == {"queue": "queued"}.get(state, state)


def test_an_asks_pictures_stay(place: Place, writer: TumblrWriter) -> None:
    shown = place.writers["blocks"].create_photo(Writing("<p>soup</p>", (), "draft"), png())
    (address,) = place.read(shown["id"])[0].image_addresses
    ask = place.driver.ask("frank", PICTURE.format(address), "bob", html=True)
    before = place.read(ask)
    answer = writer.answer(ask, Writing("<p>soup</p>", (), "draft"))
    for asked, answered in zip(before, place.read(answer["id"]), strict=True):
        assert answered.question == asked.question
        assert answered.image_addresses == asked.image_addresses != ()


def test_an_answer_goes_back_to_the_inbox_and_is_answered_anew(place: Place, writer: TumblrWriter) -> None:
    ask = place.driver.ask("frank", "is soup warm?", "bob")
    writer.answer(ask, Writing("<p>no</p>", ("rts",), "draft"))
    writer.edit(ask, {"state": "submission", "answer": "...", "tags": ""})
    assert place.record(ask).state == "submission"
    assert place.record(ask).tags == []
    assert "no" not in place.record(ask).text
    answer = writer.answer(ask, Writing("<p>yes</p>", (), "published"))
    assert place.record(answer["id"]).text == "yes"
    assert place.record(answer["id"]).question == "is soup warm?"


def test_a_reblog_names_its_parent(place: Place, writer: TumblrWriter) -> None:
    theirs = place.driver.post("bob", "<p>is it warm?</p>")
    written = writer.reblog(place.target("bob", theirs), Writing("<p>warm</p>", ("bob",), "draft"))
    for post in place.read(written["id"]):
        assert post.parent_id == theirs
        assert [entry.name for entry in post.trail] == [f"bob:{theirs}"]
        assert spoken(post) == "warm"
    writer.edit(written["id"], {"tags": "accept"})
    published = writer.edit(written["id"], {"state": "published"})
    for post in place.read(published["id"]):
        assert (post.parent_id, post.tags, spoken(post)) == (theirs, ("accept",), "warm")


@pytest.mark.parametrize("wrong", [{"blog": "nobody-here"}, {"blog": "ann"}, {"reblog_key": "wrong"}])
def test_what_cannot_be_reblogged_is_refused_for_good(place: Place, wrong: dict[str, str]) -> None:
    theirs = place.driver.post("bob", "<p>is it warm?</p>")
    target = replace(place.target("bob", theirs), **wrong)
    with pytest.raises(Refused) as caught:
        place.writers["blocks"].reblog(target, Writing("<p>warm</p>", (), "published"))
    assert not caught.value.passing


@pytest.mark.parametrize("state", ["draft", "queue"])
def test_other_tags_change_nothing_else(place: Place, writer: TumblrWriter, state: str) -> None:
    written = writer.create(
        Writing(to_html("<h2>Soup</h2>is <b>warm</b>\n[[MORE]]\nor not", FRANK), ("a",), state)
    )
    before = place.record(written["id"])
    writer.edit(written["id"], {"tags": "b,c d"})
    after = place.record(written["id"])
    assert after.tags == ["b", "c d"]
    assert (after.html, after.state, after.scheduled) == (before.html, before.state, before.scheduled)


def test_an_answer_in_the_drafts_is_published_as_it_is(place: Place, writer: TumblrWriter) -> None:
    ask = place.driver.ask("frank", "is soup warm?", "bob")
    writer.answer(ask, Writing("<p>yes</p>", ("accept", "soup"), "draft"))
    writer.edit(ask, {"tags": "soup"})
    answer = writer.edit(ask, {"state": "published"})
    for post in place.read(answer["id"]):
        assert (post.state, post.tags, post.asking_name) == ("published", ("soup",), "bob")
        assert fingerprint(post.body) == "yes"
        assert fingerprint(post.question or "") == "issoupwarm"


def test_a_photo_draft_of_the_other_form_can_be_published(place: Place) -> None:
    blocks, html = place.writers["blocks"], place.writers["html"]
    for made, editing in ((html, blocks), (blocks, html)):
        photo = made.create_photo(Writing("<p>my mood</p>", (), "draft"), png())
        published = editing.edit(photo["id"], {"state": "published"})
        for post in place.read(published["id"]):
            assert (post.state, post.images, fingerprint(post.body)) == ("published", 1, "mymood")


def test_a_picture_is_posted_with_its_caption(place: Place, writer: TumblrWriter) -> None:
    written = writer.create_photo(Writing(f"<p>my mood</p>{MENTION}", (), "published"), png(50, 20))
    for post in place.read(written["id"]):
        assert post.images == 1
        assert fingerprint(post.body) == "mymoodhellobob"
        assert requests.get(post.image_addresses[0], timeout=PATIENCE).content == png(50, 20)


ALT = 'SOUP <is> "warm"\nand & so on'


def drawn(number: int, words: str) -> Figure:
    """A figure whose picture goes along with its post."""
    return Figure(f"{ATTACHED}{figure_name(number)}", 40, 30, words, exact=True)


def test_pictures_go_along_with_a_text_and_keep_their_descriptions(place: Place) -> None:
    writer, drafts = place.writers["blocks"], len(place.driver.posts("frank", "draft"))
    row = "<p>=======</p>"
    html = with_figures(
        f"<p>look:</p>{row}<p>a</p>{row}<p>and</p>{row}<p>b</p>{row}", [drawn(0, ALT), drawn(1, "b" * 5000)]
    )
    pngs = {figure_name(0): png(40, 30), figure_name(1): png(10, 20)}
    ask = place.driver.ask("frank", "can you draw?", "bob")
    theirs = place.driver.post("bob", "<p>can you draw?</p>")
    post = Writing(html, ("soup",), "published", pngs)
    written = [
        writer.create(post),
        writer.answer(ask, post),
        writer.reblog(place.target("bob", theirs), post),
    ]
    for one in written:
        read, _ = place.read(one["id"])
        addresses = read.image_addresses
        assert [requests.get(url, timeout=PATIENCE).content for url in addresses] == list(pngs.values())
        assert [read.alt_texts[url] for url in addresses] == [ALT, "b" * 4096]
    assert len(place.driver.posts("frank", "draft")) == drafts


def test_html_takes_no_pictures_along(place: Place) -> None:
    post = Writing("<p>x</p>", (), "draft", {figure_name(0): png()})
    with pytest.raises(PicturesRefused):
        place.writers["html"].create(post)


def test_used_up_pictures_are_told_from_a_refusal(place: Place, writer: TumblrWriter) -> None:
    place.driver.set_limits(per_hour=100_000, per_day=100_000, posts_per_day=10_000, images_per_day=0)
    with pytest.raises(PictureLimitReached):
        writer.create_photo(Writing("<p>x</p>", (), "draft"), png(33, 44))


def test_a_picture_that_is_none_is_refused(place: Place) -> None:
    with pytest.raises(PicturesRefused):
        place.writers["blocks"].create_photo(Writing("<p>x</p>", (), "draft"), b"soup")


@pytest.mark.parametrize(
    ("form", "closed"), [("blocks", FaultKind.LEGACY_REFUSED), ("html", FaultKind.BLOCKS_REFUSED)]
)
def test_each_form_needs_only_its_own_endpoints(place: Place, form: str, closed: FaultKind) -> None:
    writer = place.writers[form]
    place.driver.add_fault(Fault(kind=closed))
    theirs = place.driver.post("bob", "<p>is it warm?</p>")
    said = Writing(MENTION, ("soup",), "draft")
    draft = writer.create(said)["id"]
    writer.create_photo(said, png(7, 7))
    writer.reblog(place.target("bob", theirs), said)
    ask = place.driver.ask("frank", "is soup warm?", "bob")
    writer.answer(ask, said)
    writer.edit(ask, {"state": "submission", "answer": "...", "tags": ""})
    writer.edit(draft, {"tags": "a"})
    writer.delete(draft)
    other = place.writers["html" if form == "blocks" else "blocks"]
    with pytest.raises(TumblrUnavailable, match=r"choose the other tumblr\.write_format"):
        other.create(said)


def test_an_edit_of_what_is_gone(writer: TumblrWriter) -> None:
    with pytest.raises(NotFound):
        writer.edit("7", {"tags": "a"})


def test_more_blocks_than_tumblr_takes_are_not_sent(place: Place) -> None:
    calls = len(place.driver.calls(path="*/posts", method="POST"))
    with pytest.raises(Refused, match="1001 blocks"):
        place.writers["blocks"].create(Writing("<p>a</p>" * 1001, (), "draft"))
    assert len(place.driver.calls(path="*/posts", method="POST")) == calls


def test_a_blog_is_asked_for_once(place: Place) -> None:
    writer: Any = place.writers["blocks"]
    for _ in range(3):
        writer.create(Writing(MENTION, (), "draft"))
    assert len(place.driver.calls(path="*/bob.tumblr.com/info")) == 1


@pytest.mark.parametrize("state", ["draft", "published"])
def test_an_edit_takes_nothing_over_that_tumblr_only_shows(place: Place, state: str) -> None:
    """Links may be shown wrapped, as t.umblr.com."""
    writer = place.writers["blocks"]
    link = '<p><a href="https://example.org/x?a=1&amp;b=2">soup</a></p>'
    ask = place.driver.ask("frank", link, "bob", html=True)
    asked = place.read(ask)[0].question
    place.driver.add_fault(Fault(kind=FaultKind.WRAPPED_LINKS))
    writer.answer(ask, Writing(link, ("a",), "draft"))
    answer = writer.edit(ask, {"state": state})["id"]
    place.driver.clear_faults()
    assert "t.umblr" not in place.record(answer).html
    assert place.read(answer)[0].question == asked
