"""Posts of other blogs: read once, also when the blog has another name by now."""

from __future__ import annotations

from tumblr.api.client import TumblrDashReader, TumblrReader
from tumblr.api.key_pool import Pool
from tumblr.api.models import TumblrPost
from tumblr.bot import Tumblr
from tumblr.finders.other_posts import OtherPosts


class Source(TumblrReader):
    """Has some posts, each under the name that its blog is asked for by."""

    def __init__(self, **posts: TumblrPost) -> None:
        self.posts = posts
        self.asked: list[str] = []

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        self.asked.append(blog)
        found = self.posts.get(blog)
        return found if found is not None and found.id == post_id else None


class Account(Source, TumblrDashReader):
    """The other account."""


def over(source: Source, other: Account | None = None) -> Tumblr:
    return Tumblr(Pool([]), source, other)


def test_a_post_is_read_once() -> None:
    source = Source(bob=TumblrPost(id="7", state="published", blog="bob"))
    posts = OtherPosts(over(source))
    assert posts.get("bob", "7") == posts.get("BOB", "7")
    assert source.asked == ["bob"]


def test_what_one_account_may_not_see_the_next_one_may() -> None:
    hidden, open_to_all = Source(), Account(bob=TumblrPost(id="7", state="published", blog="bob"))
    found = OtherPosts(over(hidden, open_to_all)).get("bob", "7")
    assert found is not None
    assert OtherPosts(over(hidden)).get("bob", "7") is None


def test_a_renamed_blog_keeps_the_name_under_which_its_post_was_found() -> None:
    source = Source(bob=TumblrPost(id="7", state="published", blog="bobby"))
    posts = OtherPosts(over(source))
    found = posts.get("bob", "7")
    assert found is not None
    assert found.name == "bob:7"
    posts.get("bob", "7")
    assert source.asked == ["bob"]
