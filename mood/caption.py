"""The caption under a mood graph, as tumblr's HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class KickLine:
    """One of the strongest kicks, as readers see it: its signed size, who it came from, the bot's answer."""

    size: float
    name: str
    link: str

    def html(self) -> str:
        """An item of a list."""
        exchange = f'<a href="{escape(self.link)}">this exchange</a> with {escape(self.name)}'
        return f"<li>{self.size:+.2f}: {exchange}</li>"


def mood_caption(
    days: float, asker: str, *, raised: Sequence[KickLine] = (), lowered: Sequence[KickLine] = ()
) -> str:
    """Explain the graph of the last `days`, which `asker` wanted, and list what moved the mood most.

    An empty `asker` is somebody who did not say who they are.
    """
    span = "day" if days == 1 else f"{days:g} days"
    paragraphs = [
        f"This is how I felt over the last {span}.",
        "My mood colours the tone of what I post. Every day starts from a mood of its own, and what people "
        "say to me moves it from there at once, up or down, and wears off over some hours.",
        "A jump at midnight is the change to the next day's base, like waking up in another mood.",
        f"Posted because {_mention(asker)} asked. Anyone can: send me an ask that says <b>!mood</b>.",
    ]
    blocks = [f"<p>{paragraph}</p>" for paragraph in paragraphs]
    return "".join([*blocks, *_kick_lists(raised, lowered)])


def _mention(asker: str) -> str:
    if not asker:
        return "somebody"
    return f'<a class="tumblelog" href="https://{escape(asker)}.tumblr.com/">@{escape(asker)}</a>'


def _kick_lists(raised: Sequence[KickLine], lowered: Sequence[KickLine]) -> list[str]:
    if not raised and not lowered:
        return []
    lists = []
    for heading, kicks in (("What cheered me most:", raised), ("What got me down most:", lowered)):
        if kicks:
            lists.append(f"<p>{heading}</p><ul>{''.join(kick.html() for kick in kicks)}</ul>")
    hint = "A machine guessed these numbers from the words alone: please do not read too much into them."
    return [*lists, f"<p>{hint}</p>"]
