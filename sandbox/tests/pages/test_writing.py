"""New posts, reblogs, edits, answers."""

from __future__ import annotations

import pytest

from pages.stage import Stage
from pages.visitor import Visitor, cards, text_of
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.store import posts, social
from tumblr_sandbox.store.posts import StoredPost


def newest(stage: Stage, name: str, state: str = "published") -> StoredPost:
    with stage.world.database.read() as connection:
        return posts.by_newest_id(connection, stage.blog(name).id, state, limit=1)[0]


def test_a_new_post(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    visitor.see("/new")
    answer = visitor.send(
        "/new",
        title=" Fog ",
        body="one\r\ntwo\r\n\r\nthree <b>",
        tags="fog, #more fog,,fog",
        state="published",
    )
    post = newest(stage, "quietmarsh")
    assert answer.headers["Location"] == f"/blog/quietmarsh/post/{post.id}"
    assert (post.title, post.content.as_html()) == ("Fog", "<p>one<br>two</p><p>three &lt;b&gt;</p>")
    assert post.tags == ("fog", "more fog")
    assert "Posted." in text_of(visitor.see("/").select_one(".told"))


def test_names_and_addresses_become_links(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    visitor.send(
        "/new", body="hello @frank, @nobody and me@frank: see https://e.com/a?b=1&c=2.", state="published"
    )
    assert newest(stage, "quietmarsh").content.as_html() == (
        '<p>hello <a class="tumblelog" href="https://frank.tumblr.com/">@frank</a>, @nobody and me@frank: '
        'see <a href="https://e.com/a?b=1&amp;c=2">https://e.com/a?b=1&amp;c=2</a>.</p>'
    )
    with stage.world.database.read() as connection:
        frank = stage.blog("frank")
        assert social.notifications_of(connection, frank.id, kinds=["user_mention"])


def test_html_is_kept_as_far_as_it_is_harmless(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    visitor.send("/new", body="<h2>a</h2><script>b</script>", form="html", state="published")
    assert newest(stage, "quietmarsh").content.as_html() == "<h2>a</h2>"


@pytest.mark.parametrize(
    ("state", "place"), [("draft", "/drafts"), ("queued", "/queue"), ("private", "/blog/quietmarsh/post/")]
)
def test_posts_for_later(stage: Stage, visitor: Visitor, state: str, place: str) -> None:
    visitor.be("quietmarsh")
    answer = visitor.send("/new", body="later", state=state)
    assert answer.headers["Location"].startswith(place)
    assert newest(stage, "quietmarsh", state).content.as_text() == "later"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"body": " ", "state": "published"}, "Post cannot be empty."),
        ({"body": "a", "state": "elsewhere"}, "what to do"),
        ({"body": "a", "state": "submission"}, "what to do"),
        ({"body": "a", "title": "t" * 501, "state": "published"}, "up to 500"),
        ({"body": "a" * 1_000_001, "state": "published"}, "too long"),
    ],
)
def test_forms_that_come_back(stage: Stage, visitor: Visitor, form: dict[str, str], says: str) -> None:
    visitor.be("quietmarsh")
    before = newest(stage, "quietmarsh")
    answer = visitor.send("/new", 400, tags="kept", **form)
    assert says in answer.text
    assert 'value="kept"' in answer.text
    assert newest(stage, "quietmarsh") == before


def test_reblogging(stage: Stage, visitor: Visitor) -> None:
    root = stage.write("frank", "<p>one</p>")
    visitor.be("quietmarsh")
    form = visitor.see(f"/reblog/{root.id}?next=/explore")
    assert "one" in text_of(form.select_one(".above"))
    answer = visitor.send(f"/reblog/{root.id}", body="two", tags="a", state="published", next="/explore")
    assert answer.headers["Location"] == "/explore"
    post = newest(stage, "quietmarsh")
    assert post.parent is not None
    assert (post.parent.id, post.content.as_text(), post.tags) == (root.id, "two", ("a",))
    visitor.send(f"/reblog/{post.id}", body="", state="published")
    assert newest(stage, "quietmarsh").content.is_empty()


def test_answering_an_ask(stage: Stage, visitor: Visitor) -> None:
    ask = stage.ask("hm?")
    visitor.be(DEMO_BLOG)
    form = visitor.see(f"/edit/{ask.id}")
    assert text_of(form.h1) == "Answer"
    assert [str(option["value"]) for option in form.select("option")] == [
        "published",
        "queued",
        "draft",
        "private",
    ]
    assert "cannot be empty" in visitor.send(f"/edit/{ask.id}", 400, body="", state="published").text
    visitor.send(f"/edit/{ask.id}", body="Hm.", state="published")
    post = newest(stage, DEMO_BLOG)
    assert (post.genesis_id, post.content.as_text()) == (ask.id, "Hm.")


def test_editing_keeps_what_is_not_changed(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>a</p><ul><li>b</li></ul>", title="T", tags=("x", "y"))
    visitor.be("frank")
    form = visitor.see(f"/edit/{post.id}")
    body, chosen = form.select_one("#body"), form.select_one("input[name=form][checked]")
    assert body is not None
    assert chosen is not None
    assert (body.get_text().strip(), chosen["value"]) == ("<p>a</p><ul><li>b</li></ul>", "html")
    visitor.send(
        f"/edit/{post.id}",
        title="U",
        body=post.content.as_html(),
        form="html",
        tags="x, z",
        state="published",
    )
    edited = newest(stage, "frank")
    assert (edited.id, edited.title, edited.tags) == (post.id, "U", ("x", "z"))
    assert edited.content == post.content


def test_a_draft_of_a_reblog(stage: Stage, visitor: Visitor) -> None:
    root = stage.write("quietmarsh", "<p>one</p>")
    draft = stage.reblog("frank", root, "<p>two</p>", state="draft")
    visitor.be("frank")
    form = visitor.see(f"/edit/{draft.id}")
    assert form.select_one("#title") is None
    visitor.send(f"/edit/{draft.id}", body="three", form="text", state="published")
    assert text_of(cards(visitor.see("/blog/frank"))[0].select_one(".said:last-of-type .text")) == "three"


def test_what_belongs_to_others_cannot_be_touched(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>a</p>")
    visitor.be("quietmarsh")
    visitor.see(f"/edit/{post.id}", 404)
    visitor.see(f"/delete/{post.id}", 404)
    for path in (f"/edit/{post.id}", f"/delete/{post.id}", f"/manage/{post.id}/publish"):
        visitor.send(path, 404, body="b", state="published")
    assert newest(stage, "frank").content.as_text() == "a"
