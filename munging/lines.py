"""One line of the command line's JSON in, one answer out (``python -m munging COMMAND``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from munging.classic import split_tags, to_classic
from munging.control import END
from munging.legacy_html import thread_from_html
from munging.payload import thread_from_payload
from munging.prompts.continuation import parse_continuation
from munging.prompts.documents import plain_prompt, render_classic
from munging.prompts.formats import V10, PromptFormat, render
from munging.prompts.times import format_time
from munging.reply_mockup import reply_mockup, reply_source
from munging.thread import Identity, PostKind, Thread
from munging.tumblr_html import to_html
from munging.user_text import question_from_html

Answer: TypeAlias = Mapping[str, object]
ImageTexts: TypeAlias = Annotated[
    dict[str, str], BeforeValidator(lambda value: {} if value is None else value)
]


POSTS_TO_REBUILD = ("621279018200760320",)
"""The posts that the bot of 2021 always read from their trail; the configuration may name others."""


@dataclass(frozen=True)
class Context:
    """Who the bot is, the prompt format that was asked for, and the posts to read from their trail."""

    identity: Identity
    form: PromptFormat = V10
    rebuild: Collection[str] = POSTS_TO_REBUILD


class Line(BaseModel):
    """What all lines have in common."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    def answer(self, context: Context) -> Answer:
        """What is said to the line, besides its id."""
        raise NotImplementedError


class ClassicLine(Line):
    """A post, whose classic text is asked."""

    html: str | None = None
    payload: dict[str, object] | None = None
    image_texts: ImageTexts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_two(self) -> ClassicLine:
        if (self.html is None) == (self.payload is None):
            raise ValueError("give either html or payload")
        return self

    def answer(self, context: Context) -> Answer:
        """The thread in the classic form, closed by the end mark; the posting blog counts as the bot's."""
        thread = draft_thread(self.html, self.payload, self.image_texts, context.identity, context.rebuild)
        if not thread.posts and not thread.preamble:
            return {"text": ""}
        return {"text": to_classic(thread, context.identity).removesuffix(END) + END}


class PromptLine(Line):
    """A thread, whose prompt is asked."""

    classic: str | None = None
    payload: dict[str, object] | None = None
    image_texts: ImageTexts = Field(default_factory=dict)
    timestamp: str | None = None
    forced_tags_string: str = ""
    write_fic_override: bool = False
    mode: Literal["predict", "train"] = "predict"
    override_disable_forumlike: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> PromptLine:
        if (self.classic is None) == (self.payload is None):
            raise ValueError("give either classic or payload")
        return self

    def answer(self, context: Context) -> Answer:
        """What the language model sees, before an end mark is put in front of it."""
        form = context.form
        moment = datetime.fromisoformat(self.timestamp) if self.timestamp else None
        written = format_time(moment, form.time_style) if moment else None
        tags = split_tags(self.forced_tags_string)
        if self.payload is not None:
            read = thread_from_payload(
                self.payload, context.identity, self.image_texts, rebuild=context.rebuild
            )
            thread = read.thread.awaiting_bot(context.identity)
            prompt = render(
                thread, form, context.identity, written=written, tags=tags, fiction=self.write_fic_override
            )
            return {"text": prompt.text}
        classic = self.classic or ""
        if self.override_disable_forumlike:
            return {"text": plain_prompt(classic, form, context.identity, written, tags)}
        prompt = render_classic(
            classic,
            form,
            context.identity,
            written=written,
            tags=tags,
            fiction=self.write_fic_override,
            training=self.mode == "train",
        )
        return {"text": prompt.text}


class ContinuationLine(Line):
    """Raw model text, whose body and tags are asked."""

    text: str

    def answer(self, context: Context) -> Answer:
        """The body and the clean tags."""
        written = parse_continuation(self.text, context.form, context.identity)
        return {"post": written.body, "tags": list(written.tags)}


class ToHtmlLine(Line):
    """A post's body, whose HTML is asked."""

    text: str

    def answer(self, context: Context) -> Answer:
        """tumblr's HTML."""
        return {"html": to_html(self.text, context.identity, folded_lines=context.form.folded_lines)}


class FromHtmlLine(Line):
    """An ask's question as tumblr gives it, whose text is asked."""

    html: str
    image_texts: ImageTexts = Field(default_factory=dict)

    def answer(self, _context: Context) -> Answer:
        """The question's clean text."""
        return {"text": question_from_html(self.html, self.image_texts)}


class ReplyMockupLine(Line):
    """A reply, whose mock-up is asked."""

    post_url: str
    post_summary: str
    reply_blog_name: str
    reply_blog_url: str
    reply_body: str

    def answer(self, _context: Context) -> Answer:
        """The mock-up as HTML."""
        return {"html": reply_mockup(**self.model_dump())}


class ReplySourceLine(Line):
    """A post's body, whose replied-to post is asked."""

    html: str

    def answer(self, _context: Context) -> Answer:
        """The post's number and the replier's name; both null when the body is no mock-up."""
        source = reply_source(self.html)
        if source is None:
            return {"post_id": None, "blog_name": None}
        return {"post_id": source.post_id, "blog_name": source.blog_name}


LINES: Mapping[str, type[Line]] = {
    "classic": ClassicLine,
    "prompt": PromptLine,
    "continuation": ContinuationLine,
    "to-html": ToHtmlLine,
    "from-html": FromHtmlLine,
    "reply-mockup": ReplyMockupLine,
    "reply-source": ReplySourceLine,
}


def draft_thread(
    html: str | None,
    payload: Mapping[str, object] | None,
    image_texts: Mapping[str, str],
    identity: Identity,
    rebuild: Collection[str] = POSTS_TO_REBUILD,
) -> Thread:
    """The thread of a draft of the bot's: its own words are the bot's, whatever blog shows it."""
    if payload is None:
        return thread_from_html(html or "", identity, image_texts)
    thread = thread_from_payload(payload, identity, image_texts, rebuild=rebuild).thread
    if not thread.posts or thread.posts[-1].kind is PostKind.ASKED:
        return thread.awaiting_bot(identity) if thread.posts else thread
    last = replace(thread.posts[-1], author=identity.persona, by_bot=True, tags=(), time=None)
    if len(thread.posts) == 1 and last.text:
        last = replace(last, kind=PostKind.ORIGINAL)
    return replace(thread, posts=(*thread.posts[:-1], last))
