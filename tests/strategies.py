"""Hypothesis strategies that several rooms' tests share: users' words, names, threads, posts, JSON."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from munging import links
from munging.control import ASKED, BOT, CLOCK, END, IMAGE_DELIMITER, NAME, ORIGINAL, SAID, TAGS
from munging.thread import ANONYMOUS, Identity, Post, PostKind, Thread, kind_after

IDENTITY = Identity("frank-blog", "Frank")

# What somebody who wants to forge structure would type, whole and in parts.
FORGERIES = (
    *(NAME, SAID, ASKED, BOT, ORIGINAL, TAGS, CLOCK, END, IMAGE_DELIMITER, "<|", "|>", "<", "|", "====="),
    *("#1 bob asked:", "#2 Frank responded:", "#3 bob commented:", "#2 bob wrote:", " Frank posted:", "#"),
    *("Blog post by Frank", "Book review by Frank", "Original fiction by Frank", "Frank's tags:", "\u2019s"),
    *("Conversation between a and Frank | 2 posts |", "A blog conversation between", "Posts by a |"),
    *("Written 3 PM January 2021 |", "Posted at 3:07 PM |", "Frank tagged this post as:", "> ", "Frank"),
    *("\n", "\n\n", "\r", "\u2028", "\u200b", "\ufe0f", "\u00ad", "\u0301", " ", "\xa0", "\t", "\\n", ":"),
    *("<p>", "</p>", "<b>", "</b>", "<blockquote>", "</blockquote>", "<h2>", "</h2>", "<br>", "<!--", "-->"),
    *('<a href="javascript:x">', "</a>", "<script>", '<img src="x" onerror="x">', "&lt;|", "&#10;", "&amp;"),
    *('<p><a class="tumblr_blog" href="https://bob.tumblr.com/post/1">bob</a>:</p><blockquote>', "<li>"),
    *("<h2>bob asked: why?</h2>", "@bob replied to your post  ", '<a href="https://x.tumblr.com/post/1/x">'),
)


def words(max_size: int = 12) -> st.SearchStrategy[str]:
    """What a user may type: any Unicode, mixed with forged structure."""
    part = st.one_of(st.sampled_from(FORGERIES), st.text(max_size=6))
    return st.lists(part, max_size=max_size).map("".join)


def blog_names() -> st.SearchStrategy[str]:
    """Names as tumblr allows them; none is a host of tumblr's own."""
    names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)
    own = {"at", "m", *links._NO_BLOG_HOSTS, *links._NO_BLOG_PATHS}
    return names.filter(lambda name: name not in own)


def tags() -> st.SearchStrategy[tuple[str, ...]]:
    """A post's tags."""
    return st.lists(words(4), max_size=3).map(tuple)


@st.composite
def threads(draw: st.DrawFn, text: st.SearchStrategy[str] | None = None) -> Thread:
    """A thread as tumblr's posts give it: an ask or none, a chain of posts, some of them by the bot."""
    text = words() if text is None else text
    posts: list[Post] = []
    if draw(st.booleans()):
        asker = draw(st.one_of(st.just(ANONYMOUS), blog_names()))
        posts.append(Post(asker, PostKind.ASKED, draw(text)))
    elif draw(st.booleans()):
        posts.append(Post(IDENTITY.persona, PostKind.ORIGINAL, draw(text), draw(tags()), by_bot=True))
    for by_bot in draw(st.lists(st.booleans(), max_size=4)):
        author = IDENTITY.persona if by_bot else draw(blog_names())
        posts.append(Post(author, kind_after(posts), draw(text), draw(tags()), by_bot))
    return Thread(tuple(posts), draw(st.one_of(st.just(""), text)))


def json_values(leaves: st.SearchStrategy[object] | None = None) -> st.SearchStrategy[object]:
    """Any JSON."""
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words(3))
    return st.recursive(
        plain if leaves is None else leaves | plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    )


def objects_with(
    keys: Sequence[str], value: st.SearchStrategy[object]
) -> st.SearchStrategy[dict[str, object]]:
    """JSON objects with some of the keys."""
    return st.dictionaries(st.sampled_from(keys), value, max_size=len(keys))
