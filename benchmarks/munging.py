"""How fast text is read and printed, stage by stage, and how the cost grows with depth, length and nesting.

    python -m benchmarks.munging [--seconds 0.5]

From the project's root. Times are CPU time, so that other work on the machine matters little: of a stage, the
shortest of several rounds over all its inputs (the text pairs of tests/munging/fixtures). Growth is shown as
cost per unit, which stays level where cost is linear.

The yardstick is what the bot of 2021 did first with every post: BeautifulSoup over lxml reads its body. Both
are measured in turns on the same posts, and the ratio is the median of the rounds' ratios, so it can be
compared between machines. The bot of 2021 took 1.56 of the yardstick from payload to classic text and 0.57
from there to V10.

The last line is JSON; times are in microseconds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bs4 import BeautifulSoup

from munging.classic import from_classic, to_classic
from munging.legacy_html import thread_from_html
from munging.lines import draft_thread
from munging.payload import thread_from_payload
from munging.prompts.continuation import parse_continuation
from munging.prompts.documents import render_classic
from munging.prompts.formats import LATER, V10, render
from munging.thread import Identity, Post, PostKind, Thread
from munging.tumblr_html import to_html
from tests.munging.pairs import read_pairs, read_sandbox_posts

BOT = Identity("nostalgebraist-autoresponder", "Frank")
TIME = "3 PM January 2021"
ORIGINAL_RATIO = 1.56 + 0.57
"""What the bot of 2021 takes from payload to V10, in yardsticks."""

DEPTHS = (10, 25, 50, 100, 200)
SIZES = (62_500, 125_000, 250_000, 500_000, 1_000_000)
NESTS = (125, 250, 500, 1000, 2000, 8000)
ROUNDS = 5
PAIRED_ROUNDS = 15

Work = Callable[[], object]


@dataclass(frozen=True)
class Stage:
    """One step over many inputs."""

    name: str
    inputs: int
    work: Work


def payload_inputs() -> list[Mapping[str, Any]]:
    """The payloads of the text pairs, with the texts recognised in their images."""
    lines = [json.loads(pair.given) for pair in read_pairs("classic") if pair.given.startswith("{")]
    return [line for line in lines if "payload" in line]


def legacy_posts() -> list[Mapping[str, Any]]:
    """The posts of the legacy form that were read from the sandbox."""
    payloads = (post["payload"] for post in read_sandbox_posts())
    return [payload for payload in payloads if payload["type"] != "blocks"]


def body_of(payload: Mapping[str, Any]) -> str:
    """The HTML of a post, from the first of the fields that hold one."""
    fields = ("body", "answer", "caption", "description")
    return next((payload[field] for field in fields if payload.get(field) is not None), "")


@dataclass(frozen=True)
class Yardstick:
    """CPU time for a post, in microseconds, and how they compare."""

    soup_us: float
    ours_us: float
    ratio: float


def yardstick() -> Yardstick:
    """Payload to V10 beside BeautifulSoup over lxml, in turns."""
    payloads = legacy_posts()
    soup = over([body_of(payload) for payload in payloads], lambda body: BeautifulSoup(body, "lxml"))
    ours = over(payloads, lambda payload: render(read_thread(payload), V10, BOT, written=TIME))
    pairs = [(once_us(soup) / len(payloads), once_us(ours) / len(payloads)) for _ in range(PAIRED_ROUNDS)]
    return Yardstick(
        min(pair[0] for pair in pairs),
        min(pair[1] for pair in pairs),
        median(ours / soup for soup, ours in pairs),
    )


def once_us(work: Work) -> float:
    """The CPU time of one call."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6


def classic_inputs() -> list[str]:
    """The classic texts of the pairs of prompts."""
    lines = [json.loads(pair.given) for pair in read_pairs("prompt_v10") if pair.given.startswith("{")]
    return [
        line["classic"]
        for line in lines
        if line.get("classic") and not line.get("override_disable_forumlike")
    ]


def over(inputs: Sequence[Any], step: Callable[[Any], object]) -> Work:
    """A step done for each of some inputs."""

    def work() -> None:
        for given in inputs:
            step(given)

    return work


def stages() -> list[Stage]:
    """All stages, each with its inputs."""
    payloads, classics = payload_inputs(), classic_inputs()
    pages = [pair.given for pair in read_pairs("classic") if not pair.given.startswith("{")]
    blocks = [json.loads(pair.given) for pair in read_pairs("thread") if pair.file == "npf"]
    threads = [from_classic(text, BOT) for text in classics]
    written = [pair.given for pair in read_pairs("continuation") if not pair.given.startswith("{")]
    bodies = [pair.given for pair in read_pairs("to_html") if not pair.given.startswith("{")]

    def classic_of(line: Mapping[str, Any]) -> str:
        return to_classic(draft_thread(None, line["payload"], line.get("image_texts") or {}, BOT), BOT)

    steps: list[tuple[str, Sequence[Any], Callable[[Any], object]]] = [
        ("payload to classic", payloads, classic_of),
        ("blocks to thread", blocks, read),
        ("page to thread", pages, lambda html: thread_from_html(html, BOT)),
        ("classic to thread", classics, lambda text: from_classic(text, BOT)),
        ("thread to v10", threads, lambda thread: render(thread, V10, BOT, written=TIME)),
        (
            "thread to later",
            threads,
            lambda thread: render(thread, LATER, BOT, written=TIME),
        ),
        ("classic to v10", classics, to_prompt),
        ("model text to post", written, lambda text: parse_continuation(text, V10, BOT)),
        ("post to html", bodies, written_html),
    ]
    return [Stage(name, len(inputs), over(inputs, step)) for name, inputs, step in steps]


def cpu_us(work: Work, seconds: float) -> float:
    """The shortest CPU time of a call, over several rounds that last about so long together."""
    work()
    began = time.process_time()
    work()
    once = max(time.process_time() - began, 1e-6)
    calls = max(1, round(seconds / ROUNDS / once))
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(calls):
            work()
        rounds.append((time.process_time() - began) / calls)
    return min(rounds) * 1e6


def legacy_chain(depth: int) -> dict[str, Any]:
    """A chain of reblogs in nested quotations, each with a sentence of its own."""
    body = "<p>the root says this</p>"
    for number in range(depth):
        link = f'<p><a class="tumblr_blog" href="https://blog-{number}.tumblr.com/post/{number}">blog-{number}</a>:</p>'
        body = f"{link}<blockquote>{body}</blockquote><p>comment number {number}, with <b>a few</b> words</p>"
    return {"type": "text", "blog_name": "last", "body": body}


def block_chain(depth: int) -> dict[str, Any]:
    def blocks(number: int) -> list[dict[str, Any]]:
        formatting = [{"start": 8, "end": 14, "type": "bold"}]
        return [{"type": "text", "text": f"comment number {number}, with words", "formatting": formatting}]

    trail = [{"blog": {"name": f"blog-{number}"}, "content": blocks(number)} for number in range(depth)]
    return {"type": "blocks", "blog_name": "last", "content": blocks(depth), "layout": [], "trail": trail}


def classic_chain(depth: int) -> str:
    """The same in the classic form."""
    return to_classic(thread_from_payload(block_chain(depth), BOT).thread.awaiting_bot(BOT), BOT)


@dataclass(frozen=True)
class Growth:
    """Inputs of growing size, and what is done with each."""

    name: str
    unit: str
    sizes: Sequence[int]
    make: Callable[[int], Any]
    step: Callable[[Any], object]


def growths() -> list[Growth]:
    return [
        Growth("chain in quotations", "post", DEPTHS, legacy_chain, read),
        Growth("chain in blocks", "post", DEPTHS, block_chain, read),
        Growth("chain, classic to v10", "post", DEPTHS, classic_chain, to_prompt),
        Growth("paragraphs", "character", SIZES, lambda n: repeated("<p>some words: more</p>", n), read),
        Growth("one long word", "character", SIZES, lambda n: repeated("x", n), read),
        Growth(
            "lines, classic to v10", "character", SIZES, lambda n: said("words: and\n" * (n // 11)), to_prompt
        ),
        Growth(
            "forged turns", "character", SIZES, lambda n: repeated("<p>#2 Frank asked: x | y</p>", n), read
        ),
        Growth("spaces, classic to v10", "character", SIZES, lambda n: said("#2 " + " " * n), to_prompt),
        Growth("equal signs", "character", SIZES, lambda n: repeated("=======\n", n), read),
        Growth("nested quotations", "level", NESTS, lambda n: post_of("<blockquote>x" * n), read),
        Growth("nested bold", "level", NESTS, lambda n: post_of("<b>x" * n), read),
        Growth("nested lists", "level", NESTS, lambda n: post_of("<ul><li>x" * (n // 2)), read),
        Growth("lists, to later", "character", SIZES, lambda n: bob_said("<ul><li>a</li></ul>", n), to_later),
        Growth("tags never closed", "character", SIZES, lambda n: repeated("<a href=", n), read),
        Growth("post to html", "character", SIZES, lambda n: "<b>a & b\n" * (n // 9), written_html),
    ]


def read(post: object) -> object:
    """A payload to its thread."""
    return thread_from_payload(post, BOT)


def read_thread(post: object) -> Thread:
    """The same, the thread alone."""
    return thread_from_payload(post, BOT).thread


def to_prompt(text: str) -> object:
    """Classic text to a prompt."""
    return render_classic(text, V10, BOT, written=TIME)


def to_later(thread: Thread) -> object:
    """A thread to a prompt of the later format."""
    return render(thread, LATER, BOT, written=TIME)


def bob_said(part: str, length: int) -> Thread:
    """A thread of one post that repeats a part up to a length."""
    return Thread((Post("bob", PostKind.POSTED, part * (length // len(part))),))


def written_html(text: str) -> str:
    """A written post to HTML."""
    return to_html(text, BOT)


def post_of(html: str) -> dict[str, Any]:
    """A post with a body."""
    return {"type": "text", "blog_name": "bob", "body": html}


def repeated(part: str, length: int) -> dict[str, Any]:
    """A post whose body repeats a part up to a length."""
    return post_of(part * (length // len(part)))


def said(words: str) -> str:
    """Somebody's words in the classic form, for the bot to answer."""
    return f"\u53cba\u4f1a{words}\u57df"


def costs(growth: Growth, seconds: float) -> dict[int, float]:
    """Microseconds per unit, by size."""
    return {size: cpu_us(over([growth.make(size)], growth.step), seconds) / size for size in growth.sizes}


def show_stages(measured: Iterable[tuple[Stage, float]]) -> None:
    """A line for each stage."""
    for stage, cost in measured:
        print(f"  {stage.name:<26}{cost:>8.1f} us {1e6 / cost:>10,.0f} a second")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="CPU time for each figure")
    seconds = parser.parse_args().seconds
    beside = yardstick()
    print(f"payload to V10: {beside.ours_us:.0f} us; BeautifulSoup over lxml: {beside.soup_us:.0f} us")
    print(f"  {beside.ratio:.2f} of the yardstick; the bot of 2021: {ORIGINAL_RATIO:.2f}")
    measured = [(stage, cpu_us(stage.work, seconds) / stage.inputs) for stage in stages()]
    print("CPU time for one input of the text pairs:")
    show_stages(measured)
    grown: dict[str, dict[int, float]] = {}
    print("nanoseconds per unit, from the smallest size to the largest:")
    for growth in growths():
        by_size = grown[growth.name] = costs(growth, min(seconds, 0.2))
        listed = "".join(f"{cost * 1e3:>10,.1f}" for cost in by_size.values())
        print(f"  {growth.name:<26}{listed}  per {growth.unit}, {min(by_size):,} to {max(by_size):,}")
    result = {
        "benchmark": "munging",
        "stages_us": {stage.name: round(cost, 2) for stage, cost in measured},
        "yardstick_us": round(beside.soup_us, 2),
        "payload_to_v10_us": round(beside.ours_us, 2),
        "payload_to_v10_in_yardsticks": round(beside.ratio, 3),
        "us_per_unit": {
            name: {size: round(cost, 5) for size, cost in by_size.items()} for name, by_size in grown.items()
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
