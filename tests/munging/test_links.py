"""Links: which blog and post an address names, and which addresses may stand in text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from munging.links import blog_of_address, post_id_of_address, safe_target, unwrapped
from tests.strategies import words


@pytest.mark.parametrize(
    ("address", "blog", "post_id"),
    [
        ("https://bob.tumblr.com/post/12/slug", "bob", 12),
        ("http://bob-2.tumblr.com", "bob-2", None),
        ("https://www.tumblr.com/bob/12/slug", "bob", 12),
        ("https://www.tumblr.com/blog/view/bob/12", "bob", 12),
        ("https://www.tumblr.com/@bob", "bob", None),
        ("https://at.tumblr.com/bob/slug/abc", "bob", None),
        ("https://www.tumblr.com/tagged/frog", "", None),
        ("https://www.tumblr.com/Tagged/frog?sort=top", "", None),
        ("https://tumblr.com/search/frog", "", None),
        ("https://www.tumblr.com/communities/frogs", "", None),
        ("https://www.tumblr.com/explore/trending", "", None),
        ("https://www.tumblr.com/dashboard", "", None),
        ("https://www.tumblr.com/blog", "", None),
        ("https://assets.tumblr.com/images/a.png", "", None),
        ("https://64.media.tumblr.com/a.png", "", None),
        ("https://bob.tumblr.com.evil.org/post/12", "", 12),
        ("https://[bad", "", None),
        ("x", "", None),
        ("", "", None),
        (None, "", None),
        ("https://bob.tumblr.com/post/" + "9" * 5000, "bob", None),
    ],
)
def test_what_an_address_names(address: str | None, blog: str, post_id: int | None) -> None:
    assert blog_of_address(address) == blog
    assert post_id_of_address(address) == post_id


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("https://x.org/?a=1&b=2#c", "https://x.org/?a=1&b=2#c"),
        ("/relative:path", "/relative:path"),
        ("mailto:a@x.org", "mailto:a@x.org"),
        ("javascript:alert(1)", ""),
        (" JavaScript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ('https://x.org/"><b>\n', "https://x.org/%22%3E%3Cb%3E"),
        (None, ""),
    ],
)
def test_targets_are_on_one_line_and_run_nothing(target: str | None, safe: str) -> None:
    assert safe_target(target) == safe


@settings(max_examples=150, deadline=None)
@given(words())
def test_no_target_leaves_its_quotes(target: str) -> None:
    safe = safe_target(target)
    assert not set(safe) & set('"<> \n\t')
    assert not safe.lower().startswith(("javascript:", "data:", "vbscript:"))


@pytest.mark.parametrize(
    ("shown", "led"),
    [
        (
            "https://t.umblr.com/redirect?z=https%3A%2F%2Fx.org%2Fy%3Fa%3D1%26b%3D2&t=abc",
            "https://x.org/y?a=1&b=2",
        ),
        ("http://T.umblr.com/redirect?t=abc&z=mailto%3Aa%40x.org", "mailto:a@x.org"),
        ("https://t.umblr.com/redirect?t=abc", "https://t.umblr.com/redirect?t=abc"),
        ("https://x.org/redirect?z=https%3A%2F%2Fy.org", "https://x.org/redirect?z=https%3A%2F%2Fy.org"),
        ("", ""),
    ],
)
def test_a_wrapped_link_leads_where_it_led(shown: str, led: str) -> None:
    assert unwrapped(shown) == led
