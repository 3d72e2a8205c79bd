"""What one post says: which markup stays, what becomes of the rest, and where newlines come from."""

from __future__ import annotations

import pytest

from munging.content import content_text, image_of, read_content
from munging.html_tree import MAXIMUM_DEPTH, children, is_too_deep, parse_fragment
from munging.thread import PARAGRAPH_END

TEXTS = {"https://x.org/a.png": "SIGN"}


def content(html: str, line_end: str = PARAGRAPH_END) -> str:
    body = parse_fragment(html)
    return "" if body is None else content_text(read_content(children(body), line_end), TEXTS)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p>", "a\n\n"),
        ("<p>a<br>b</p>", "a\n\nb\n\n"),
        ("<p> </p><p>\n</p>", " \n\n\n\n"),
        ("<p>a</p>\n<p>b</p>", "a\n\nb\n\n"),
        ('<p><b class="x">a</b> <em>b</em></p>', "<b>a</b> <em>b</em>\n\n"),
        ("<h2>t</h2><blockquote>q</blockquote>", "<h2>t</h2>\n<blockquote>q</blockquote>\n"),
        ("<div><figure><p>a</p></figure></div>", "a\n\n"),
        ("<header>x</header><p>a</p>", "a\n\n"),
        ("<script>x</script><style>y</style><p>a</p>", "a\n\n"),
        ("<h3>a <b>b</b></h3>", "a b"),
        ('<ul class="x"><li><a href="https://x.org/?a=1&amp;b">l</a> &lt;</li></ul>',
         '<ul class="x"><li><a href="https://x.org/?a=1&amp;b">l</a> &lt;</li></ul>'),
        ("<ul><li>a<br>b</li></ul>c", "<ul><li>a<br/>b</li></ul>c"),
        ('<ul><li><a href="javascript:x" onclick="y">l</a></li></ul>', "<ul><li><a>l</a></li></ul>"),
        ('<a href="https://x.org/">a <i>b</i></a>', '<a href="https://x.org/">a b</a>'),
        ("<a>b</a>", "b"),
        ('<a class="tumblelog" href="https://b.tumblr.com/">@b</a>', "@b"),
        ('<a href="https://x.org/"><img src="https://x.org/a.png"></a>', "\n\n=======\nSIGN\n=======\n\n\n"),
        ('<img src="https://x.org/b.png">a', "\n\na"),
        ('<li><img src="https://x.org/a.png"></li>', "<li>\n\n=======\nSIGN\n=======\n</li>"),
    ],
)  # fmt: skip
def test_what_a_page_says(html: str, text: str) -> None:
    assert content(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>t</h1><p>a</p>", "<h2>t</h2>\na\n\n"),
        ('<p class="npf_quote">q</p>', "<blockquote>q\n\n</blockquote>\n"),
        ("<blockquote>a</blockquote>\n<blockquote>b</blockquote>", "<blockquote>a\n\nb</blockquote>\n"),
        (
            '<p class="npf_quote">a</p><p class="npf_quote">b</p>',
            "<blockquote>a\n\nb\n\n</blockquote>\n",
        ),
        ("<p><small>a <b>b</b></small></p>", "a b\n\n"),
        ("<p><b>a <small>b</small></b></p>", "<b>a b</b>\n\n"),
        ("<ul><li><span>a</span></li></ul>", "<ul><li><span>a</span></li></ul>"),
    ],
)
def test_html_is_put_back_together_as_blocks_have_it(html: str, text: str) -> None:
    assert content(html) == text


OWN_LINE = (
    *("p", "div", "h1", "h2", "h3", "h4", "pre", "section", "article", "figure", "figcaption", "dl", "table"),
    *("ul", "li", "blockquote", "address", "footer", "details", "center", "form"),
)


@pytest.mark.parametrize("first", OWN_LINE)
def test_what_stands_on_a_line_of_its_own_does_not_run_into_its_neighbour(first: str) -> None:
    bodies = [f"<{first}>One</{first}><{second}>two</{second}>" for second in OWN_LINE]
    for html in [*bodies, f"One<{first}>two</{first}>", f"<{first}>One</{first}>two"]:
        text = content(html)
        between = text.partition("One")[2].partition("two")[0]
        assert "\n" in between or ("<" in between and ">" in between), text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h3>One</h3><p>two</p>", "One\n\ntwo\n\n"),
        ("<div>One</div><div>two</div>three", "One\n\ntwo\n\nthree"),
        ("<div><b>One</b></div><div><i>two</i></div>", "<b>One</b>\n\n<i>two</i>"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("<small>a<br>b</small>", "a\n\nb"),
        ('<a href="https://x.org/"><div>a</div><div>b</div></a>', '<a href="https://x.org/">a\n\nb</a>'),
        ('<figure><img src="b"><figcaption>cap</figcaption></figure><p>a</p>', "\n\ncap\n\na\n\n"),
        ("<div><div>a</div></div>", "a"),
        ("a<!-- x --><span>b</span>", "ab"),
    ],
)
def test_lines_are_those_that_a_reader_sees(html: str, text: str) -> None:
    assert content(html) == text


def test_a_question_has_a_line_for_each_paragraph() -> None:
    assert content("<p>a</p><p>b<br>c</p>", "\n") == "a\nb\nc\n"


def test_an_image_is_known_by_all_its_addresses() -> None:
    body = parse_fragment('<img src="a" srcset="b 75w, c 100w, a 2x">')
    assert body is not None
    assert image_of(body[0]).addresses == ("a", "b", "c")


@pytest.mark.parametrize("html", ["", " \n ", "<!-- x -->", "<?xml version='1.0'?>"])
def test_nothing_is_nothing(html: str) -> None:
    assert content(html) == ""


@pytest.mark.parametrize(
    "html", ["\x00", "a\ud800b", "<?xml version='1.0' encoding='utf-16'?>a", "<![CDATA[a]]>b"]
)
def test_odd_text_is_read_all_the_same(html: str) -> None:
    assert isinstance(content(html), str)


def test_depth_is_measured_where_it_could_be_too_much() -> None:
    assert not is_too_deep("<i>a" * (MAXIMUM_DEPTH - 10))
    assert not is_too_deep("<i>a</i>" * MAXIMUM_DEPTH)
    assert is_too_deep("<i>a" * (MAXIMUM_DEPTH + 10))
