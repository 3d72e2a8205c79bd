"""Which posts are left out of the corpus, and why."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from munging.control import IMAGE_DELIMITER
from munging.payload import is_npf
from munging.thread import PostKind, Thread
from training.corpus.documents import others_words, own_words
from training.corpus.post import RawPost
from training.settings import CorpusConfig
from tumblr.api.payload_forms import legacy_words, npf_words

_GIF = re.compile(r"https?:[^\s\"'<>]+\.gif", re.IGNORECASE)
PUBLIC = frozenset({"published", ""})


@dataclass(frozen=True)
class Filter:
    """The operator's rules; ``authors`` are the blogs whose words count as own, in lower case."""

    settings: CorpusConfig
    authors: frozenset[str]

    def before_munging(self, post: RawPost) -> str | None:
        """The reason to leave a post out that shows without its words; None to go on."""
        if post.drop is not None:
            return post.drop
        if post.visibility == "submission":
            return "unanswered"
        if post.visibility == "private":
            return None if self.settings.include_private else "private"
        if post.visibility not in PUBLIC:
            return "not_published"
        if post.text is not None:
            return None if len(post.text.strip()) >= self.settings.min_characters else "too_short"
        if post.thread is not None:
            return None
        if self.author_of(post.payload).lower() not in self.authors:
            return "not_own"
        return _what_it_shows(post.payload, post.reference.key, self.settings)

    def of_thread(self, post: RawPost, thread: Thread) -> str | None:
        """The reason to leave out a post whose words are known; None to keep it."""
        if self._names_no_scrape(post, thread):
            return "no_scrape"
        if not thread.posts or thread.posts[-1].kind is PostKind.ASKED:
            return "unanswered" if thread.posts else "too_short"
        last = thread.posts[-1]
        if {tag.lower() for tag in last.tags} & {tag.lower() for tag in self.settings.exclude_tags}:
            return "tag"
        own, others = own_words(thread).strip(), others_words(thread).strip()
        if not own:
            return "bare_reblog" if len(thread.posts) > 1 else "too_short"
        if len(own.replace(IMAGE_DELIMITER, "")) < self.settings.min_characters:
            return "too_short"
        few = len(own.split()) < self.settings.enough_own_words
        if few and len(others) > self.settings.max_others_ratio * len(own):
            return "mostly_others"
        return None

    def _names_no_scrape(self, post: RawPost, thread: Thread) -> bool:
        listed = {name.lower() for name in self.settings.no_scrape}
        if not listed:
            return False
        named = {author.author.lower() for author in thread.posts if not author.by_bot}
        fields = ("asking_name", "reblogged_root_name", "reblogged_from_name", "source_title", "post_author")
        named |= {str(post.payload.get(field) or "").lower() for field in fields}
        return bool(named & listed)

    @staticmethod
    def author_of(payload: Mapping[str, object]) -> str:
        """The blog whose words a post is."""
        if payload.get("is_submission") and payload.get("post_author"):
            return str(payload["post_author"])
        blog = payload.get("blog")
        named = blog.get("name") if isinstance(blog, dict) else None
        return str(payload.get("blog_name") or named or "")


def _what_it_shows(payload: Mapping[str, object], key: str, settings: CorpusConfig) -> str | None:
    """The reason to leave a post out for what it shows; None to keep it.

    Of posts with images a share is kept. The draw is made by ``key``, so it is the same in every run.
    """
    words = npf_words(payload) if is_npf(payload) else legacy_words(payload)
    if settings.exclude_videos and words.has_video:
        return "video"
    if settings.exclude_gifs and _GIF.search(json.dumps(payload).replace("\\/", "/")):
        return "gif"
    if settings.most_images is not None and words.images > settings.most_images:
        return "many_images"
    if words.images and _draw(key) >= settings.share_with_images:
        return "image_draw"
    return None


def _draw(key: str) -> float:
    """A number from 0 to 1 that belongs to a post."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
