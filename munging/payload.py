"""A post as the API gives it, legacy or made of blocks, as a thread. It never raises on any JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from munging.assembly import Facts, Turn, assemble, set_off
from munging.blocks.image import addresses_of_image
from munging.content import Image
from munging.html_tree import nodes_of
from munging.json_access import mappings, sequence, text, whole
from munging.legacy_html import Chain, turns_of_chain
from munging.legacy_payload import pictures, read_legacy, title_text
from munging.names import asker_of_post, blog_of_post, blogs_of_trail
from munging.npf import Contribution, blocks_html, read_contribution
from munging.thread import Identity, Thread
from munging.user_text import question_text

__all__ = ["ReadResult", "blog_of_post", "is_npf", "thread_from_payload"]

_LATEST = 253402300799  # the last second of the year 9999
_TITLED = {"regular": "heading1", "conversation": "heading1"}


@dataclass(frozen=True)
class ReadResult:
    """A thread, and what could not be understood on the way; empty ``problems`` mean all was."""

    thread: Thread
    problems: tuple[str, ...] = ()


def thread_from_payload(
    payload: object,
    identity: Identity,
    image_texts: Mapping[str, str] | None = None,
    *,
    rebuild: Collection[str] = (),
) -> ReadResult:
    """The thread of a post. ``image_texts`` maps image addresses to the text recognised in them.

    ``rebuild`` holds ids of posts: a legacy post whose trail has one of them is read from the trail.

    The thread ends with the posting blog's own words, empty for a bare reblog; an ask that nobody has
    answered yet ends with the question. What cannot be understood is left out and told in ``problems``.
    """
    if not isinstance(payload, dict):
        return ReadResult(Thread(), ("not a post: a JSON object is expected",))
    texts = {} if image_texts is None else image_texts
    if is_npf(payload):
        return _from_blocks(payload, identity, texts)
    post = read_legacy(payload, blog_of_post(payload), identity, texts, rebuild)
    question = text(payload.get("question"))
    ask = _ask(asker_of_post(payload), question, texts) if question else None
    return ReadResult(_thread(payload, identity, ask, post.turns, post.preamble), post.problems)


def is_npf(payload: Mapping[str, object]) -> bool:
    """Whether a post is given as blocks."""
    return payload.get("type") == "blocks" or isinstance(payload.get("content"), list)


def _thread(
    payload: Mapping[str, object],
    identity: Identity,
    ask: Turn | None,
    turns: Sequence[Turn],
    preamble: str,
) -> Thread:
    """The turns as a thread; without the posting blog's own for an ask that waits for its answer."""
    *quoted, own = turns
    waits = ask is not None and payload.get("state") == "submission" and not own.text
    facts = Facts(_tags(payload), _time(payload.get("timestamp")))
    return assemble(None if waits else own, identity, quoted=quoted, ask=ask, preamble=preamble, facts=facts)


def _ask(asker: str, question: str, texts: Mapping[str, str]) -> Turn:
    # The models were trained on threads in which the entities of an ask had stayed encoded.
    return Turn(asker, question_text(question, texts, encoded=True))


def _from_blocks(payload: Mapping[str, object], identity: Identity, texts: Mapping[str, str]) -> ReadResult:
    trail = mappings(payload.get("trail"))
    contributions = [read_contribution(item) for item in (*trail, payload)]
    problems = _located_problems(contributions)
    speakers = [*blogs_of_trail(trail, payload, (), identity.blog), blog_of_post(payload)]
    contributions[0], title, images = _without_head(contributions[0], payload)
    turns: list[Turn] = []
    for number, (speaker, contribution) in enumerate(zip(speakers, contributions, strict=True)):
        front = () if turns else pictures(images, texts)
        chain = Chain.of_one(nodes_of(blocks_html(contribution.blocks))).with_front(front)
        said = turns_of_chain(chain, speaker, identity, texts)[1]
        turns += set_off(said, oldest=not turns) if number < len(trail) else said
    asked = contributions[0].ask
    ask = _ask(asked.asker or asker_of_post(payload), blocks_html(asked.blocks), texts) if asked else None
    return ReadResult(_thread(payload, identity, ask, turns, title_text(title)), problems)


def _located_problems(contributions: Sequence[Contribution]) -> tuple[str, ...]:
    """What was wrong with each contribution, with the place where it stands."""
    places = [*(f"trail[{index}]." for index in range(len(contributions) - 1)), ""]
    found = zip(places, contributions, strict=True)
    return tuple(f"{place}{problem}" for place, item in found for problem in item.problems)


def _without_head(
    root: Contribution, post: Mapping[str, object]
) -> tuple[Contribution, str, list[tuple[Image, str]]]:
    """The oldest post without its head, its title, and its pictures with their captions.

    A post of an old type that is not stored as blocks has its title and its pictures in the first of them.
    """
    if post.get("is_blocks_post_format") is not False or not root.blocks:
        return root, "", []
    kind, first = text(post.get("original_type")), root.blocks[0]
    rest = replace(root, blocks=root.blocks[1:])
    if first.get("type") == "text" and first.get("subtype") == _TITLED.get(kind, ""):
        return rest, text(first.get("text")), []
    if kind == "link" and first.get("type") == "link":
        return rest, text(first.get("title")), []
    if kind != "photo":
        return root, "", []
    kinds = [block.get("type") for block in root.blocks]
    count = next((index for index, kind in enumerate(kinds) if kind != "image"), len(kinds))
    images = [(Image(addresses_of_image(block)), text(block.get("caption"))) for block in root.blocks[:count]]
    return replace(root, blocks=root.blocks[count:]), "", images


def _tags(payload: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(tag for tag in sequence(payload.get("tags")) if isinstance(tag, str))


def _time(timestamp: object) -> datetime | None:
    seconds = whole(timestamp)
    if seconds is None or not 0 <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
