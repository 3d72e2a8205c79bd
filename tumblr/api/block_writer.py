"""Writing to a blog in tumblr's newer form, as blocks (NPF), through ``/posts`` and ``/posts/{id}``.

An edit replaces the whole post, so a post is opened first, in the view that tumblr has for editors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from munging.json_access import mapping, mappings, sequence, text, whole
from munging.links import unwrapped
from munging.npf_from_html import MAX_BLOCKS, NpfContent, mentioned_blogs, npf_from_html
from tumblr.api.client import full_blog_name
from tumblr.api.errors import Forbidden, MalformedAnswer, NotFound, Refused
from tumblr.api.transport import Reads, WriteMethod, Writes
from tumblr.api.writer import HtmlWriter, ReblogTarget, TumblrWriter, Writing, written

REMEMBERED_BLOGS = 4096
"""Blogs whose ids are remembered: one more is asked for than a day has people."""

PHOTO = "photo"
"""The name of the picture that is the post."""

_STATES = {"queued": "queue"}
"""States that are written by another name than they are read."""

_HANDED_IN = (
    *("content", "layout", "publish_on", "interactability_reblog"),
    *("parent_tumblelog_uuid", "parent_post_id", "reblog_key"),
)
"""What an edit takes over from the editor's view, beside state and tags."""


class BlockWriter(TumblrWriter):
    """Writes posts as blocks; asks for the ids of blogs that are mentioned or reblogged."""

    takes_figures = True

    def __init__(self, request: Writes, reads: Reads, blog: str) -> None:
        super().__init__(request, blog)
        self._request = request
        self._reads = reads
        self._html = HtmlWriter(request, blog)
        self._uuids: OrderedDict[str, str] = OrderedDict()

    def create(self, post: Writing) -> Mapping[str, Any]:
        return self._send("POST", "posts", self._document(post), post.figures)

    def create_photo(self, post: Writing, png: bytes) -> Mapping[str, Any]:
        """Create a post of a picture and what is said about it."""
        photo = {"type": "image", "media": [{"identifier": PHOTO, "type": "image/png"}]}
        document = self._document(post)
        document["content"] = [photo, *document["content"]]
        return self._send("POST", "posts", document, {PHOTO: png})

    def reblog(self, target: ReblogTarget, post: Writing) -> Mapping[str, Any]:
        """Reblog a post; raises Refused also when its blog is not there any more."""
        uuid = self._uuid(target.blog)
        if uuid is None:
            raise Refused(f"tumblr knows no blog {target.blog!r}")
        parent = {
            "parent_tumblelog_uuid": uuid,
            "parent_post_id": target.post_id,
            "reblog_key": target.reblog_key,
        }
        return self._send("POST", "posts", {**self._document(post), **parent}, post.figures)

    def answer(self, ask_id: str, post: Writing) -> Mapping[str, Any]:
        """Put the answer's blocks behind the question's."""
        said = _answered(self._open(ask_id), self._content(post.html))
        return self._send("PUT", f"posts/{ask_id}", {**said, **_fields(post)}, post.figures)

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change fields of a post and hand in the rest of it as it is.

        Only posts made of blocks, and texts, can be edited so; others through the legacy endpoint.
        """
        opened = self._open(post_id)
        document = {**_unchanged(opened), **fields}
        if "answer" in document:
            document |= _answered(opened, self._content(document.pop("answer")))
        if not isinstance(document.get("state"), str) or "tags" not in document:
            # Tumblr would publish what has no state, and take away tags that are not handed in.
            raise MalformedAnswer("tumblr sent a post to be edited without its state or its tags")
        try:
            return self._send("PUT", f"posts/{post_id}", document, {})
        except Refused:
            return self._html.edit(post_id, fields)

    def upload(self, pngs: Sequence[bytes], tags: Sequence[str]) -> str:  # noqa: ARG002
        """Refuse: pictures go along with the post that shows them."""
        raise TypeError("posts made of blocks take their pictures along")

    def _send(
        self, method: WriteMethod, path: str, document: Mapping[str, Any], pngs: Mapping[str, bytes]
    ) -> Mapping[str, Any]:
        blocks = len(document["content"])
        if blocks > MAX_BLOCKS:
            raise Refused(f"{blocks} blocks are more than the {MAX_BLOCKS} that tumblr takes")
        url = f"/v2/blog/{self.blog}/{path}"
        return written(self._request.send_document(method, url, document, pngs))

    def _document(self, post: Writing) -> dict[str, Any]:
        content = self._content(post.html)
        layout = {"layout": content.layout} if content.layout else {}
        return {"content": content.blocks, **layout, **_fields(post)}

    def _content(self, html: str) -> NpfContent:
        """A text as blocks; who is mentioned and not known to tumblr is a plain link."""
        uuids = {name: self._uuid(name) for name in sorted(mentioned_blogs(html))}
        return npf_from_html(html, {name: uuid for name, uuid in uuids.items() if uuid is not None})

    def _open(self, post_id: str) -> Mapping[str, object]:
        """The editor's view of an own post; raises NotFound when there is none."""
        url = f"/v2/blog/{self.blog}/posts/{post_id}"
        opened = mapping(self._reads.get(url, {"post_format": "npf"}))
        if not isinstance(opened.get("content"), list):
            raise MalformedAnswer("tumblr sent a post to be edited without its content")
        return {**opened, "content": [_unwrapped(block) for block in sequence(opened["content"])]}

    def _uuid(self, blog: str) -> str | None:
        """A blog's id; None when there is no such blog, or it is hidden from us."""
        name = blog.lower()
        if name not in self._uuids:
            try:
                answer = mapping(self._reads.get(f"/v2/blog/{full_blog_name(name)}/info", {}))
            except (NotFound, Forbidden, ValueError):
                return None
            uuid = text(mapping(answer.get("blog")).get("uuid"))
            if not uuid:
                return None
            self._uuids[name] = uuid
            if len(self._uuids) > REMEMBERED_BLOGS:
                self._uuids.popitem(last=False)
        return self._uuids[name]


def _fields(post: Writing) -> dict[str, str]:
    return {"tags": ",".join(post.tags), "state": post.state}


def _unwrapped(block: object) -> object:
    """A block whose links lead where its author had them lead: tumblr may show them wrapped."""
    formatting = mappings(mapping(block).get("formatting"))
    if not any("url" in one for one in formatting):
        return block
    straight = [{**one, "url": unwrapped(text(one["url"]))} if "url" in one else one for one in formatting]
    return {**mapping(block), "formatting": straight}


def _unchanged(opened: Mapping[str, object]) -> dict[str, Any]:
    """What has to be handed in for a post to stay as it is."""
    document: dict[str, Any] = {name: opened[name] for name in _HANDED_IN if opened.get(name) is not None}
    if state := text(opened.get("state")):
        document["state"] = _STATES.get(state, state)
    if isinstance(opened.get("tags"), list):
        document["tags"] = ",".join(text(tag) for tag in sequence(opened["tags"]))
    return document


def _answered(opened: Mapping[str, object], answer: NpfContent) -> dict[str, Any]:
    """Content and layout of an ask with an answer; one that it had before is replaced."""
    content = sequence(opened["content"])
    layout = next((one for one in mappings(opened.get("layout")) if one.get("type") == "ask"), None)
    numbers = range(len(content)) if layout is None else map(whole, sequence(layout.get("blocks")))
    asked = dict.fromkeys(number for number in numbers if number is not None and 0 <= number < len(content))
    question = [content[number] for number in asked]
    ask = {**(layout or {}), "type": "ask", "blocks": list(range(len(question)))}
    return {"content": [*question, *answer.blocks], "layout": [ask, _rows(answer, len(question))]}


def _rows(answer: NpfContent, start: int) -> dict[str, Any]:
    """The rows of an answer whose first block has this number."""
    rows = [{"blocks": [start + number]} for number in range(len(answer.blocks))]
    cut = {} if answer.truncate_after is None else {"truncate_after": start + answer.truncate_after}
    return {"type": "rows", "display": rows, **cut}
