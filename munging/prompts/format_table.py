"""Prompt formats as data: a format is a table of phrases and a few switches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bot_settings.base import Section
from munging.prompts.phrases import EndOfLine, EndTags, Header, Start, Time, Turn, Verb
from munging.prompts.times import TimeStyle
from munging.thread import Identity, PostKind

PLACEHOLDER = re.compile(r"\{(\w+)\}")

OriginalKind = Literal["plain", "review", "fiction"]


BuiltIn = Literal["v8", "v9", "v10", "later", "later-end-tags"]


class PromptFormat(Section):
    """A prompt format. Where each line of each phrase shows something of its own, no words can pass for it.

    An operator's own is a built-in one with other phrases and switches.
    """

    based_on: BuiltIn = Field(
        description='built-in format; "format": "v9" is short for "format": {"based_on": "v9"}'
    )
    conversation: Header = Field(
        description="line before a thread of several: {names}, {count}; empty: no line"
    )
    series: Header = Field(description="the same before several posts of one: {names}, {count}")
    turn: Turn = Field(description="what begins a post: {number}, {name}, {verb}")
    turn_end: EndOfLine = Field("\n\n", description="what ends a post that another follows")
    verbs: dict[PostKind, Verb] = Field(
        description='words for {verb}, such as {"asked": "wants to know"}; others as they were'
    )
    original: Start = Field(description="what begins an unprompted post: {bot}")
    fiction: Start = Field(description="what begins a story: {bot}")
    review: Start = Field(description="what begins a book review: {bot}")
    written: Time = Field(description="the last post's time: {time}; empty: none")
    tags: Start = Field(description="what tags follow: {bot}; empty: no tags before the words")
    head_end: EndOfLine = Field("\n", description="what ends the line of time and tags")
    end_tags: EndTags = Field(
        "",
        description="what stands between a post and its tags, if these come last; empty: they do not",
    )
    time_style: TimeStyle = Field(description='"3:07 PM" or "3 PM January 2021"')
    number_original: bool = Field(
        False, description="the bot's own post that was answered is number one of the posts"
    )
    count_original: bool = Field(True, description="such a post counts in the line before a thread")
    fiction_ends_prompt: bool = Field(description="the phrases of stories and reviews hold that of tags")
    plain_start_has_tags: bool = Field(
        description="an unprompted post begins with the phrase of tags, not only with the time"
    )
    forced_tags_replace_phrase: bool = Field(
        False, description="tags that the bot must use stand without the phrase of tags"
    )
    tags_close_document: bool = Field(True, description="in stored text no end mark follows a post with tags")
    verbatim_lists: bool = Field(
        True, description="lists and questions keep their HTML; otherwise they are reduced as all markup is"
    )
    spaced_lines: bool = Field(True, description="a space stands before a word that begins a line")
    folded_lines: bool = Field(
        False, description="in what the model writes, several line breaks end one paragraph"
    )
    separate_prompts: bool = Field(
        False,
        description="the generator reads a thread in a year drawn from generator.training_years, the "
        "selector what was said since the bot's turn before, the reviewer that turn as well",
    )

    @cached_property
    def content(self) -> str:
        """All of it as JSON, by which what is made for a format is kept."""
        return self.model_dump_json()

    def __hash__(self) -> int:
        return hash(self.content)

    def changes(self) -> dict[str, Any]:
        """What is different from the built-in format, by key."""
        built_in = FORMATS[self.based_on].model_dump(mode="json")
        return {key: value for key, value in self.model_dump(mode="json").items() if value != built_in[key]}

    @property
    def is_built_in(self) -> bool:
        """Whether it is one of the formats that come with the bot. A copy is not, as it may be changed."""
        return FORMATS.get(self.based_on) is self

    @property
    def tags_first(self) -> bool:
        """Whether the bot writes its tags before its words."""
        return bool(self.tags) and not self.end_tags

    @cached_property
    def marks(self) -> str:
        """Characters that show nothing and yet are structure here, such as a tab."""
        phrases = (self.turn, self.turn_end, self.head_end, self.end_tags)
        return "".join(dict.fromkeys(c for c in "".join(phrases) if c.isspace() and c not in " \n"))

    def phrase(self, template: str, identity: Identity) -> str:
        """A phrase of this format, with the persona's name."""
        return template.replace("{bot}", identity.persona)

    def start(self, kind: OriginalKind, identity: Identity) -> str:
        """The words with which an unprompted post of a kind begins."""
        starts = {"plain": self.original, "review": self.review, "fiction": self.fiction}
        return self.phrase(starts[kind], identity)


_VERBS = {kind: kind.value for kind in PostKind}

V10 = PromptFormat(
    based_on="v10",
    conversation=" Conversation between {names} | {count} posts |",
    series=" Posts by {names} |",
    turn="#{number} {name} {verb}:\n\n",
    verbs=_VERBS,
    original=" {bot} posted:\n\n",
    written=" Written {time}",
    tags="{bot}'s tags:",
    fiction=" Original fiction by {bot}\n\n {bot}'s tags:\n {bot} tagged this post as:",
    review=" Book review by {bot}\n\n {bot}'s tags:\n {bot} tagged this post as:",
    fiction_ends_prompt=True,
    plain_start_has_tags=False,
    time_style="v10",
    forced_tags_replace_phrase=True,
)
V9 = PromptFormat(
    based_on="v9",
    conversation=" A blog conversation between {names} | {count} posts |",
    series=" A series of blog posts by {names} |",
    turn="#{number} {name} {verb}:\n\n",
    verbs=dict.fromkeys(PostKind, "wrote"),
    original=" Blog post by {bot}\n\n",
    written=" Posted at {time}",
    tags="{bot} tagged this post as:",
    fiction=" Original fiction by {bot}\n\n",
    review=" Book review by {bot}\n\n",
    fiction_ends_prompt=False,
    plain_start_has_tags=True,
    time_style="v8",
    count_original=False,
)
V8 = PromptFormat.model_validate({**V9.model_dump(), "based_on": "v8"})
LATER = PromptFormat.model_validate(
    {
        **V10.model_dump(),
        "based_on": "later",
        "original": "#1 {bot} posted:\n\n",
        "number_original": True,
        "plain_start_has_tags": True,
        "forced_tags_replace_phrase": False,
        "tags_close_document": False,
        "verbatim_lists": False,
        "folded_lines": True,
        "separate_prompts": True,
    }
)
LATER_END_TAGS = PromptFormat.model_validate(
    {
        **LATER.model_dump(),
        "based_on": "later-end-tags",
        "fiction": " Original fiction by {bot}\n\n",
        "review": " Book review by {bot}\n\n",
        "fiction_ends_prompt": False,
        "head_end": "\t\n",
        "end_tags": "\n\n\t",
    }
)
FORMATS: Mapping[str, PromptFormat] = MappingProxyType(
    {form.based_on: form for form in (V8, V9, V10, LATER, LATER_END_TAGS)}
)


def own_format(based_on: str, changes: Mapping[str, object]) -> PromptFormat:
    """A format of an operator's: a built-in one with other phrases and switches; ``verbs`` may name a few.

    Raises pydantic's ValidationError for a format that is not built in and for what a format cannot hold.
    """
    table = completed({"based_on": based_on, **changes})
    return table if isinstance(table, PromptFormat) else PromptFormat.model_validate(table)


def completed(value: object) -> object:
    """What a configuration says of a format, a name or a table, completed by the built-in one's phrases.

    What cannot be completed is left as it is, for the validation to say what is wrong with it.
    """
    table = {"based_on": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        return table
    said = {key: item for key, item in table.items() if item is not None}
    form = FORMATS.get(str(said.get("based_on", V10.based_on)))
    if form is None:
        return {**V10.model_dump(), **said}
    if isinstance(said.get("verbs"), Mapping):
        said["verbs"] = {**form.verbs, **said["verbs"]}
    return {**form.model_dump(), **said} if said.keys() - {"based_on"} else form
