"""A post as the API gives it, legacy or made of blocks, as a thread. It never raises on any JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from munging.assembly import Turn, assemble, set_off
from munging.content import PAYLOAD
from munging.json_access import mapping, mappings, sequence, text, whole
from munging.legacy_html import Chain, turns_of_chain
from munging.legacy_payload import blog_of_item, nodes_of, pictures, read_legacy, title_text
from munging.npf import Contribution, blocks_html, read_contribution
from munging.npf_head import without_head
from munging.thread import ANONYMOUS, Identity, PostKind, Thread
from munging.user_text import question_from_html

_LATEST = 253402300799  # the last second of the year 9999


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
        thread, problems = _from_blocks(payload, identity, texts)
    else:
        thread, problems = _from_legacy(payload, identity, texts, rebuild)
    return ReadResult(_with_facts(thread, payload), problems)


def is_npf(payload: Mapping[str, object]) -> bool:
    """Whether a post is given as blocks."""
    return payload.get("type") == "blocks" or isinstance(payload.get("content"), list)


def blog_of_post(payload: Mapping[str, object]) -> str:
    """The blog whose words a post is: the one that shows it, or the reader who sent it in; may be empty."""
    if payload.get("is_submission") and (author := text(payload.get("post_author"))):
        return author
    return text(payload.get("blog_name")) or text(mapping(payload.get("blog")).get("name"))


Read = tuple[Thread, tuple[str, ...]]


def _from_legacy(
    payload: Mapping[str, object], identity: Identity, texts: Mapping[str, str], rebuild: Collection[str]
) -> Read:
    post = read_legacy(payload, blog_of_post(payload), identity, texts, rebuild)
    question = text(payload.get("question"))
    ask = _ask(text(payload.get("asking_name")), question, texts) if question else None
    thread = assemble(
        _own(post.turns, payload, ask),
        identity,
        quoted=post.turns[:-1],
        ask=ask,
        preamble=post.preamble,
    )
    return thread, post.problems


def _own(turns: Sequence[Turn], payload: Mapping[str, object], ask: Turn | None) -> Turn | None:
    """The posting blog's own words; None for an ask that waits for its answer."""
    waits = ask is not None and payload.get("state") == "submission" and not turns[-1].text
    return None if waits else turns[-1]


def _ask(asker: str, question: str, texts: Mapping[str, str]) -> Turn:
    # The models were trained on threads in which an ask's ampersands had stayed encoded.
    asked = question_from_html(question, texts).replace("&", "&amp;")
    return Turn(asker or ANONYMOUS, asked)


def _from_blocks(payload: Mapping[str, object], identity: Identity, texts: Mapping[str, str]) -> Read:
    trail = mappings(payload.get("trail"))
    contributions = [read_contribution(item) for item in (*trail, payload)]
    speakers = [*map(blog_of_item, trail), blog_of_post(payload)]
    root = without_head(contributions[0], payload)
    contributions[0] = root.rest
    turns: list[Turn] = []
    for speaker, contribution in zip(speakers, contributions, strict=True):
        front = () if turns else pictures(root.images, texts)
        chain = Chain.of_one(nodes_of(blocks_html(contribution.blocks))).with_front(front)
        said = turns_of_chain(chain, speaker, identity, PAYLOAD, texts)[1]
        quoted = contribution is not contributions[-1]
        turns += set_off(said, oldest=not turns) if quoted else said
    asked = contributions[0].ask
    ask = _ask(asked.asker, blocks_html(asked.blocks), texts) if asked else None
    thread = assemble(
        _own(turns, payload, ask), identity, quoted=turns[:-1], ask=ask, preamble=title_text(root.title)
    )
    return thread, _located_problems(contributions)


def _located_problems(contributions: Sequence[Contribution]) -> tuple[str, ...]:
    """What was wrong with each contribution, with the place where it stands."""
    places = [*(f"trail[{index}]." for index in range(len(contributions) - 1)), ""]
    found = zip(places, contributions, strict=True)
    return tuple(f"{place}{problem}" for place, item in found for problem in item.problems)


def _with_facts(thread: Thread, payload: Mapping[str, object]) -> Thread:
    """The thread with the post's tags and time, which are those of its last post."""
    if not thread.posts or thread.posts[-1].kind is PostKind.ASKED:
        return thread
    tags, time = _tags(payload), _time(payload.get("timestamp"))
    if not tags and time is None:
        return thread
    last = replace(thread.posts[-1], tags=tags, time=time)
    return replace(thread, posts=(*thread.posts[:-1], last))


def _tags(payload: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(tag for tag in sequence(payload.get("tags")) if isinstance(tag, str))


def _time(timestamp: object) -> datetime | None:
    seconds = whole(timestamp)
    if seconds is None or not 0 <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
