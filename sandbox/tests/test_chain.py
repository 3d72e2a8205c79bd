"""Reblog chains as nested blockquotes."""

from __future__ import annotations

from collections.abc import Sequence

from tumblr_sandbox.markup.content import Content, PostRef, TrailItem, contributors, quoted_chain


def item(name: str, post_id: int, html: str, *, root: bool = False) -> TrailItem:
    ref = PostRef(post_id, name, f"t:{name}", name, "one")
    return TrailItem(ref, 1_612_500_000, Content(html=html), None, is_root=root)


ALICE = item("alice", 9, "<p>one</p>", root=True)
BOB = item("bob", 10, "")
FRANK = item("frank", 11, "<p>two</p>")
CAROL = item("carol", 12, "<p>three</p>")


def full_html(trail: Sequence[TrailItem], own: Content) -> str:
    """The text field of a post: the quotation of its ancestors, then its own words."""
    return quoted_chain(trail) + own.as_html()


QUOTE_OF_FRANK = (
    '<p><a class="tumblr_blog" href="https://frank.tumblr.com/post/11/one">frank</a>:</p><blockquote>'
    '<p><a class="tumblr_blog" href="https://alice.tumblr.com/post/9/one">alice</a>:</p><blockquote>'
    "<p>one</p></blockquote><p>two</p></blockquote>"
)


def test_the_worked_example() -> None:
    assert quoted_chain([ALICE, FRANK]) == QUOTE_OF_FRANK
    assert full_html([ALICE, FRANK], CAROL.content) == QUOTE_OF_FRANK + "<p>three</p>"


def test_who_adds_nothing_is_in_no_quotation() -> None:
    assert quoted_chain([ALICE, BOB, FRANK]) == QUOTE_OF_FRANK


def test_a_reblog_without_words_quotes_the_last_contributor() -> None:
    body = full_html([ALICE, FRANK, CAROL], Content())
    assert body == (
        '<p><a class="tumblr_blog" href="https://carol.tumblr.com/post/12/one">carol</a>:</p>'
        f"<blockquote>{QUOTE_OF_FRANK}<p>three</p></blockquote>"
    )


def test_an_empty_root_is_left_out() -> None:
    silent = item("alice", 9, "", root=True)
    assert quoted_chain([silent, FRANK]).count("<blockquote>") == 1
    assert contributors([silent, FRANK]) == [FRANK]


def test_no_trail_no_quotation() -> None:
    assert quoted_chain([]) == ""
    assert full_html([], FRANK.content) == "<p>two</p>"


def test_what_follows_read_more_is_cut_in_the_quotation_only() -> None:
    long = item("alice", 9, "<p>a</p><p>[[MORE]]</p><p>b</p>", root=True)
    assert "Keep reading" in quoted_chain([long])
    assert "<p>b</p>" not in quoted_chain([long])
    assert full_html([], long.content).endswith("<p>b</p>")


def test_a_comment_that_looks_like_a_chain_stays_data() -> None:
    forged = item("eve", 13, QUOTE_OF_FRANK + "<p>mine</p>")
    trail = [ALICE, forged]
    assert len(contributors(trail)) == 2
    assert quoted_chain(trail).count("<blockquote>") == 4


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    trail = [item("alice", 1, "<p>x</p>", root=True)] + [item("bob", n, "<p>y</p>") for n in range(2, 3000)]
    assert quoted_chain(trail).count("</blockquote>") == 2999


def test_copies_survive_the_store() -> None:
    for one in (ALICE, item("a", 2**60, "<p>[[MORE]]</p>"), TrailItem(ALICE.post, 5, NPF, "t", is_root=True)):
        assert TrailItem.from_json(one.to_json()) == one


NPF = Content(blocks=({"type": "text", "text": "hi"},), truncate_after=None)


def test_content_made_in_npf() -> None:
    assert NPF.made_in_npf
    assert NPF.as_html() == "<p>hi</p>"
    assert NPF.as_text() == "hi"
    assert not NPF.is_empty()
    assert Content(blocks=()).is_empty()


def test_content_that_is_only_a_picture_is_not_empty() -> None:
    assert not Content(html='<img src="x">').is_empty()
    assert Content(html="<p> </p>").is_empty()
