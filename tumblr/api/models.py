"""Tumblr's answers as plain data: ids are strings from here on, and every field has one form.

Posts come in one of two forms, as HTML (legacy) or as blocks (NPF); both give the same ``TumblrPost``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from munging.images import ImagePlaces, alt_texts
from munging.json_access import mapping, mappings, sequence, text
from munging.links import post_id_of_address
from munging.names import asker_of_post, blog_of_post
from munging.payload import is_npf, thread_from_payload
from munging.thread import Identity, Thread
from tumblr.api.errors import MalformedAnswer
from tumblr.api.notes import Note, read_notes
from tumblr.api.payload_forms import TrailEntry, Words, legacy_words, npf_words
from tumblr.api.payload_numbers import count, digits, unix_seconds

ANONYMOUS = "Anonymous"
"""What tumblr calls an asker who does not say who they are."""


def normal_id(value: object) -> str:
    """A post's id as a string of digits, whether tumblr sent a number or text; raises MalformedAnswer."""
    found = digits(value)
    if found is not None:
        return found
    raise MalformedAnswer(f"tumblr sent a post id that is no number: {str(value)[:40]!r}")


def post_name(blog: str, post_id: str) -> str:
    """What a post is called here: its blog and its id. Blogs' names do not tell cases apart."""
    return f"{blog.lower()}:{post_id}"


@dataclass(frozen=True)
class TumblrPost:
    """A post of a blog, in any state, as far as the bot reads it."""

    id: str
    state: str
    """published, queued, draft, private or submission."""

    type: str = "text"
    """The legacy type; a reblog has its root's."""

    blog: str = ""
    asking_name: str | None = None
    question: str | None = None
    """The question as HTML, also of a reblogged ask; None for whatever is not an ask."""

    body: str = ""
    """Own words as HTML; of an ask: its answer. Of a reblog: what it added."""

    summary: str = ""
    tags: tuple[str, ...] = ()
    timestamp: int = 0
    """Unix seconds of publishing; of drafts: of the last save."""

    genesis_post_id: str | None = None
    """The id that a published post had as a draft, queued post or ask."""

    scheduled_publish_time: int | None = None
    reblog_key: str = ""
    url: str = ""
    trail: tuple[TrailEntry, ...] = ()
    """Whose words it reblogs, oldest first; itself is not among them, nor are reblogs that added nothing."""

    parent_id: str | None = None
    """The post that was reblogged, if tumblr was asked for it."""

    is_reblog: bool = False
    source_blog: str | None = None
    """The blog of the root, as tumblr names it."""

    note_count: int = 0
    notes: tuple[Note, ...] = ()
    images: int = 0
    """Pictures in the whole thread."""

    has_video: bool = False
    has_text: bool = True
    """Whether anybody in the thread says anything."""

    is_pinned: bool = False
    reblogged_from: str = ""
    """The blog that it was reblogged from; empty where tumblr does not name it."""

    thread: Thread = field(default=Thread(), compare=False, repr=False)
    """Who has said what, with the post's own words at the end."""

    image_addresses: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The images in the thread whose texts are not recognised yet: it has their places in this order."""

    alt_texts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """What the post itself says of its images, by address."""

    @property
    def is_ask(self) -> bool:
        """Whether this is a question to the bot, answered or not.

        The inbox also holds readers' submissions; and a reblog in a thread that began with a question shows
        the question too.
        """
        return self.type == "answer" and self.question is not None and not self.is_reblog

    @property
    def ids(self) -> frozenset[str]:
        """All ids under which this post was known."""
        return frozenset({self.id, self.genesis_post_id} - {None})  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """What the post is called here."""
        return post_name(self.blog, self.id)

    @property
    def has_comment(self) -> bool:
        """Whether it says something of its own; what is no reblog always does."""
        return bool(self.body.strip()) or not self.is_reblog

    @property
    def contributors(self) -> tuple[TrailEntry, ...]:
        """The trail with the post itself at its end, if it says something."""
        return (*self.trail, TrailEntry(self.blog, self.id)) if self.has_comment else self.trail

    @property
    def root_blog(self) -> str:
        """The original poster; empty when nobody names them."""
        if self.source_blog:
            return self.source_blog
        return self.contributors[0].blog if self.contributors else ""


@dataclass(frozen=True)
class PostPage:
    """A page of posts. ``problems`` says what could not be read; those posts are missing."""

    posts: tuple[TumblrPost, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadingRules:
    """How posts are read: for which bot, which threads from their trail, and whether images matter."""

    identity: Identity
    rebuilt: Collection[str] = ()
    """Ids of posts; a thread in HTML that holds one of them is read from its trail."""

    images: bool = False
    """Whether threads are to have places for the texts of their images."""


def read_post(payload: object, rules: ReadingRules) -> TumblrPost:
    """Read one post of either form; raises MalformedAnswer when it has no id."""
    if not isinstance(payload, dict):
        raise MalformedAnswer("tumblr sent a post that is not an object")
    places = ImagePlaces() if rules.images else None
    thread = thread_from_payload(payload, rules.identity, places, rebuild=rules.rebuilt).thread
    said = npf_words(payload) if is_npf(payload) else legacy_words(payload)
    genesis, parent = payload.get("genesis_post_id"), _parent(payload)
    return TumblrPost(
        id=normal_id(payload.get("id_string") or payload.get("id")),
        state=text(payload.get("state")) or "published",
        blog=blog_of_post(payload),
        summary=text(payload.get("summary")).strip(),
        tags=_texts(payload.get("tags")),
        timestamp=unix_seconds(payload.get("timestamp")) or 0,
        genesis_post_id=normal_id(genesis) if genesis else None,
        scheduled_publish_time=unix_seconds(payload.get("scheduled_publish_time")),
        reblog_key=text(payload.get("reblog_key")),
        url=text(payload.get("post_url")),
        parent_id=parent,
        is_reblog=bool(parent or payload.get("parent_post_url") or said.trail),
        source_blog=text(payload.get("reblogged_root_name")) or text(payload.get("source_title")) or None,
        note_count=count(payload.get("note_count")) or 0,
        notes=read_notes(payload.get("notes")),
        is_pinned=payload.get("is_pinned") is True,
        reblogged_from=text(payload.get("reblogged_from_name")),
        thread=thread,
        image_addresses=places.addresses if places else (),
        alt_texts=alt_texts(payload) if places else {},
        **_said(said, payload),
    )


def _parent(payload: Mapping[str, object]) -> str | None:
    """The post that a post reblogs, by whichever field names it; tumblr leaves out one or another."""
    for field_name in ("reblogged_from_id", "parent_post_id"):
        if payload.get(field_name):
            with suppress(MalformedAnswer):
                return normal_id(payload[field_name])
    for field_name in ("reblogged_from_url", "parent_post_url"):
        if found := post_id_of_address(text(payload.get(field_name))):
            return str(found)
    return None


def _said(said: Words, payload: Mapping[str, object]) -> dict[str, Any]:
    return {
        "type": said.type,
        "asking_name": said.asker or _asker(payload, said),
        "question": said.question,
        "body": said.body,
        "trail": said.trail,
        "images": said.images,
        "has_video": said.has_video,
        "has_text": said.has_text,
    }


def _asker(payload: Mapping[str, object], said: Words) -> str | None:
    """Who asked, by the fields of the post; None for whatever is not an ask."""
    is_asked = said.question is not None or payload.get("asking_name") or payload.get("is_anonymous")
    return asker_of_post(payload) if is_asked else None


def read_page(response: object, rules: ReadingRules) -> PostPage:
    """Read an answer that holds ``posts``; raises MalformedAnswer when it holds none."""
    listed = response.get("posts") if isinstance(response, Mapping) else None
    if not isinstance(listed, list):
        raise MalformedAnswer("tumblr sent a list of posts without posts")
    posts, problems = [], []
    for item in listed:
        try:
            posts.append(read_post(item, rules))
        except MalformedAnswer as error:
            problems.append(str(error))
    return PostPage(tuple(posts), tuple(problems))


@dataclass(frozen=True)
class Photo:
    """A picture that tumblr serves: its address, and its size in pixels."""

    url: str
    width: int
    height: int


def read_photos(response: object) -> list[Photo]:
    """The pictures of a photo post, in its legacy form; raises MalformedAnswer when it is none."""
    posts = response.get("posts") if isinstance(response, Mapping) else None
    found = mappings(mapping(next(iter(sequence(posts)), None)).get("photos"))
    sizes = [mapping(photo.get("original_size")) for photo in found]
    photos = [
        Photo(text(size.get("url")), count(size.get("width")) or 0, count(size.get("height")) or 0)
        for size in sizes
    ]
    if not photos or not all(photo.url for photo in photos):
        raise MalformedAnswer("tumblr sent a photo post without the addresses of its pictures")
    return photos


@dataclass(frozen=True)
class Mention:
    """A post that mentions the bot, as a notification tells of it."""

    blog: str
    post_id: str
    timestamp: int
    """Unix seconds."""

    @property
    def name(self) -> str:
        """What the post is called here."""
        return post_name(self.blog, self.post_id)


def read_mention(item: Mapping[str, object]) -> Mention | None:
    """The mention in a notification; None for any other, or when it names no post."""
    if item.get("type") != "user_mention":
        return None
    blog = text(item.get("from_tumblelog_name")) or text(item.get("target_tumblelog_name"))
    try:
        post_id = normal_id(item.get("target_post_id"))
    except MalformedAnswer:
        return None
    timestamp = unix_seconds(item.get("timestamp"))
    return Mention(blog, post_id, timestamp) if blog and timestamp is not None else None


def read_mentions(response: object) -> list[Mention]:
    """The mentions in an answer that holds ``notifications``; raises MalformedAnswer when it holds none."""
    listed = response.get("notifications") if isinstance(response, Mapping) else None
    if not isinstance(listed, list):
        raise MalformedAnswer("tumblr sent notifications without a list of them")
    return [mention for item in mappings(listed) if (mention := read_mention(item)) is not None]


def read_blog_names(response: object) -> list[str]:
    """The names in an answer that holds ``blogs``; raises MalformedAnswer when it holds none."""
    listed = response.get("blogs") if isinstance(response, Mapping) else None
    if not isinstance(listed, list):
        raise MalformedAnswer("tumblr sent a list of blogs without blogs")
    return [name for item in mappings(listed) if (name := text(item.get("name")))]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in sequence(value) if isinstance(item, str))
