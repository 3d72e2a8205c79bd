"""What each type of post has beside its text: as fields of the legacy form, as blocks of NPF."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.npf_from_html import Block
from tumblr_sandbox.media import Medium, Size
from tumblr_sandbox.rendering.blog import ANONYMOUS, avatars
from tumblr_sandbox.store.posts import StoredPost

PLAYER_WIDTHS = (250, 400, 500)
PROVIDERS = {
    "youtube": ("youtube.com", "youtu.be"),
    "vimeo": ("vimeo.com",),
    "soundcloud": ("soundcloud.com",),
    "spotify": ("spotify.com",),
    "bandcamp": ("bandcamp.com",),
}
"""Who plays what an address leads to."""
_YOUTUBE_ID = re.compile(r"(?:v=|youtu\.be/|/embed/|/shorts/)([\w-]{6,20})")


ORIGINAL_TYPES = {
    "text": "regular",
    "answer": "note",
    "quote": "quote",
    "link": "link",
    "chat": "conversation",
    "photo": "photo",
    "audio": "audio",
    "video": "video",
}


def original_type(post: StoredPost) -> str:
    """What kind of post a tree began with; of one made in NPF its blocks tell."""
    root = post.trail[0].content if post.is_reblog and post.trail and post.trail[0].is_root else post.content
    if post.type != "text" or root.blocks is None:
        return ORIGINAL_TYPES[post.type]
    kinds = [block["type"] for block in root.blocks]
    subtypes = [block.get("subtype") for block in root.blocks]
    signs = (
        ("video", "video" in kinds),
        ("photo", "image" in kinds),
        ("audio", "audio" in kinds),
        ("quote", "quote" in subtypes),
        ("conversation", subtypes.count("chat") > 1),
        ("link", "link" in kinds),
    )
    return next((name for name, there in signs if there), "regular")


def legacy_fields(post: StoredPost, text: str, base_url: str) -> dict[str, Any]:
    """The fields of a post's type in the legacy form; ``text`` is its chain."""
    return _FIELDS[post.type](post, text, base_url)


def _text(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    return {"title": post.title, "body": text}


def _answer(post: StoredPost, text: str, base_url: str) -> dict[str, Any]:
    question = Content.from_json(post.details["question"]).as_html()
    return {**asking_fields(post, base_url), "question": question, "answer": text}


def _quote(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    return {"text": post.details["text"], "source": text}


def _link(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    details = post.details
    return {
        "title": details.get("title") or details["url"],
        "url": details["url"],
        "link_author": details.get("author"),
        "excerpt": details.get("excerpt"),
        "publisher": urlsplit(details["url"]).hostname,
        "photos": [],
        "description": text,
    }


def _chat(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    root = post.trail[0].content if post.is_reblog and post.trail else post.content
    lines = [line.partition(":") for line in root.as_text().splitlines()]
    dialogue = [
        {"label": f"{name}:", "name": name, "phrase": phrase.strip()}
        if colon
        else {"label": "", "name": "", "phrase": name}
        for name, colon, phrase in lines
    ]
    # An original is served as the plain lines it was posted in; only chains are HTML.
    body = text if post.is_reblog else post.content.as_text()
    return {"title": post.title, "body": body, "dialogue": dialogue}


def _photo(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    details = post.details
    fields: dict[str, Any] = {
        "caption": text,
        "photos": [_photo_sizes(Medium(**one)) for one in details["photos"]],
    }
    if details.get("link"):
        fields["link_url"] = details["link"]
    if len(details["photos"]) > 1:
        fields["photoset_layout"] = photoset_layout(post)
    return fields


def photoset_layout(post: StoredPost) -> str:
    """How many pictures stand in each row; one, unless the author said something that adds up."""
    count, wanted = len(post.details["photos"]), str(post.details.get("layout") or "")
    fits = wanted.isdecimal() and "0" not in wanted and sum(map(int, wanted)) == count
    return wanted if fits else "1" * count


def _photo_sizes(medium: Medium) -> dict[str, Any]:
    sizes = [_size(size) for size in medium.sizes()]
    return {"caption": "", "original_size": sizes[0], "alt_sizes": sizes}


def _size(size: Size) -> dict[str, Any]:
    return {"url": size.url, "width": size.width, "height": size.height}


def _audio(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    url, who = post.details["url"], provider(post)
    fields = {
        "caption": text,
        "player": _player("audio", post),
        "audio_type": who,
        "audio_source_url": url,
        "is_external": who != "tumblr",
        "plays": 0,
    }
    # A known site's address is a page that plays the sound, not the sound.
    return fields if who in PROVIDERS else {**fields, "audio_url": url}


def _video(post: StoredPost, text: str, _base_url: str) -> dict[str, Any]:
    players = [{"width": width, "embed_code": _player("video", post, width)} for width in PLAYER_WIDTHS]
    who, url = provider(post), post.details["url"]
    fields = {
        "caption": text,
        "player": players,
        "video_type": who,
        "html5_capable": who == "tumblr",
        "duration": 0,
    }
    if who == "tumblr":
        return {**fields, "video_url": url}
    found = _YOUTUBE_ID.search(url)
    about = {"video": {"youtube": {"video_id": found.group(1)}}} if who == "youtube" and found else {}
    return {**fields, "permalink_url": url, **about}


def provider(post: StoredPost) -> str:
    """Who plays the recording: tumblr what was uploaded, known sites theirs, else unknown."""
    if "medium" in post.details:
        return "tumblr"
    host = urlsplit(post.details["url"]).hostname or ""
    for name, hosts in PROVIDERS.items():
        if any(host == known or host.endswith(f".{known}") for known in hosts):
            return name
    return "unknown"


def _player(tag: str, post: StoredPost, width: int = 500) -> str:
    """HTML that plays it."""
    url = html.escape(post.details["url"])
    if "medium" in post.details:
        return f'<{tag} controls width="{width}" src="{url}"></{tag}>'
    return f'<iframe width="{width}" height="{width * 9 // 16}" src="{url}"></iframe>'


_FIELDS: dict[str, Callable[[StoredPost, str, str], dict[str, Any]]] = {
    "text": _text,
    "answer": _answer,
    "quote": _quote,
    "link": _link,
    "chat": _chat,
    "photo": _photo,
    "audio": _audio,
    "video": _video,
}


def asking_fields(post: StoredPost, base_url: str) -> dict[str, Any]:
    """Who asked; an anonymous asker has the name but no address."""
    asker = post.details["asker"]
    name = ANONYMOUS if asker is None else asker["name"]
    fields: dict[str, Any] = {
        "asking_name": "Anonymous" if asker is None else name,
        "asking_url": None if asker is None else blog_url(name),
        "asking_avatar": avatars(base_url, name),
    }
    if asker is None:
        fields["is_anonymous"] = True
    return fields


def type_blocks(post: StoredPost) -> list[Block]:
    """The NPF blocks that stand for the fields of a post's type; they come before its text."""
    details = post.details
    match post.type:
        case "quote":
            return [{"type": "text", "text": details["text"], "subtype": "quote"}]
        case "link":
            title = details.get("title") or details["url"]
            more = {name: details[key] for name, key in _LINK_KEYS.items() if details.get(key)}
            return [{"type": "link", "url": details["url"], "title": title, **more}]
        case "answer":
            return Content.from_json(details["question"]).as_npf().blocks
        case "photo":
            return [_image_block(Medium(**one), details.get("link")) for one in details["photos"]]
        case "audio" | "video":
            return [_recording_block(post)]
        case _ if post.title:
            return [{"type": "text", "text": post.title, "subtype": "heading1"}]
    return []


_LINK_KEYS = {"author": "author", "description": "excerpt"}


def _image_block(medium: Medium, link: str | None) -> Block:
    block: Block = {"type": "image", "media": medium.npf()}
    return block | ({"attribution": {"type": "link", "url": link}} if link else {})


def _recording_block(post: StoredPost) -> Block:
    block: Block = {"type": post.type, "provider": provider(post), "url": post.details["url"]}
    if "medium" in post.details:
        block["media"] = {"url": post.details["url"], "type": post.details["medium"]["type"]}
    else:
        block["embed_html"] = _player(post.type, post)
    return block
