"""How texts, times and numbers are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import nh3
from flask import Flask
from markupsafe import Markup

TAGS = {
    *(
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "hr",
    ),
    *("i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "u", "ul"),
}
"""Elements that a post may show. Everything else is dropped, with all attributes but an address to follow."""


def register_filters(app: Flask) -> None:
    """Give the templates what they show values with."""
    app.jinja_env.filters.update(
        post_html=post_html, moment=moment, score=score, span=span, percent=percent, figure=figure
    )


def post_html(html: str) -> Markup:
    """The HTML of a post, cleaned: no attribute but a link's address, no element that does something."""
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return Markup(cleaned)  # noqa: S704 - cleaned by an allow-list


def moment(seconds: float | None) -> str:
    """A moment, in UTC."""
    if seconds is None:
        return "–"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def day(seconds: float | None) -> str:
    """The day of a moment, in UTC."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def score(value: float | None) -> str:
    """A number between 0 and 1."""
    return "–" if value is None else f"{value:.2f}"


def figure(value: float | None) -> str:
    """A figure, in as many digits as say something."""
    return "–" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def percent(value: float | None) -> str:
    """A share."""
    return "–" if value is None else f"{100 * value:.1f} %"


def span(seconds: float | None) -> str:
    """A length of time, in one or two units."""
    if seconds is None:
        return "–"
    left = round(max(0.0, seconds))
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if left >= size or (size == 1 and not parts):
            parts.append(f"{left // size} {name}")
            left %= size
    return " ".join(parts[:2])
