"""Prompt formats as data: a format is a table of phrases and a few switches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from munging.thread import Identity, PostKind

PLACEHOLDER = re.compile(r"\{(\w+)\}")

OriginalKind = Literal["plain", "review", "fiction"]
TimeStyle = Literal["v8", "v10"]


@dataclass(frozen=True, eq=False)
class PromptFormat:
    """A format. Where each line of each phrase shows something of its own, no words can pass for it.

    Phrases: ``conversation`` and ``series`` are the header's line for several speakers and for one who
    speaks often (empty: no header), ``turn`` begins a numbered post, ``turn_end`` ends one, ``verbs`` name
    what an author did by kind of post. ``original``, ``fiction`` and ``review`` begin posts of the bot's
    own. ``written`` and ``tags`` make the line before the last post's words, which ``head_end`` ends;
    either may be empty. ``end_tags``: what stands between the last post's words and its tags, in a format
    whose tags come last.

    Switches: ``number_original`` counts a post of the bot's own that was answered as number one,
    ``count_original`` counts it in the header. ``fiction_ends_prompt``: a story's or review's phrase holds
    the tags phrase already. ``plain_start_has_tags``: so does the beginning of an unprompted post.
    ``forced_tags_replace_phrase`` prints forced tags without the words that introduce tags.
    ``tags_close_document``: no end mark follows stored text with tags. ``verbatim_lists`` leaves lists and
    questions as the HTML they came in; otherwise they are reduced as all markup is, entities decoded.
    ``spaced_lines`` puts a space before words that begin a line. ``folded_lines``: in a post that the
    model wrote, one line break ends a paragraph however many there are. ``separate_prompts``: the generator
    and the heads that judge an answer read different parts of its thread (see ``answer_prompts.py``).
    """

    name: str
    conversation: str
    series: str
    turn: str
    verbs: Mapping[PostKind, str]
    original: str
    written: str
    tags: str
    fiction: str
    review: str
    fiction_ends_prompt: bool
    plain_start_has_tags: bool
    time_style: TimeStyle
    turn_end: str = "\n\n"
    head_end: str = "\n"
    end_tags: str = ""
    number_original: bool = False
    count_original: bool = True
    forced_tags_replace_phrase: bool = False
    tags_close_document: bool = True
    verbatim_lists: bool = True
    spaced_lines: bool = True
    folded_lines: bool = False
    separate_prompts: bool = False

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


_VERBS = MappingProxyType({kind: kind.value for kind in PostKind})

V10 = PromptFormat(
    name="v10",
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
    name="v9",
    conversation=" A blog conversation between {names} | {count} posts |",
    series=" A series of blog posts by {names} |",
    turn="#{number} {name} {verb}:\n\n",
    verbs=MappingProxyType(dict.fromkeys(PostKind, "wrote")),
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
V8 = replace(V9, name="v8")
LATER = replace(
    V10,
    name="later",
    original="#1 {bot} posted:\n\n",
    number_original=True,
    plain_start_has_tags=True,
    forced_tags_replace_phrase=False,
    tags_close_document=False,
    verbatim_lists=False,
    folded_lines=True,
    separate_prompts=True,
)
LATER_END_TAGS = replace(
    LATER,
    name="later-end-tags",
    fiction=" Original fiction by {bot}\n\n",
    review=" Book review by {bot}\n\n",
    fiction_ends_prompt=False,
    head_end="\t\n",
    end_tags="\n\n\t",
)
FORMATS: Mapping[str, PromptFormat] = MappingProxyType(
    {form.name: form for form in (V8, V9, V10, LATER, LATER_END_TAGS)}
)


def own_format(based_on: str, changes: Mapping[str, object]) -> PromptFormat:
    """A format of an operator's: a built-in one with other phrases and switches; ``verbs`` may name a few.

    Raises KeyError for a format that is not built in, and TypeError for a key that no format has.
    """
    form = FORMATS[based_on]
    if not changes:
        return form
    verbs = changes.get("verbs")
    named = {PostKind(kind): str(verb) for kind, verb in verbs.items()} if isinstance(verbs, Mapping) else {}
    table: dict[str, Any] = {**changes, "verbs": MappingProxyType({**form.verbs, **named})}
    return replace(form, name=f"{form.name} (own)", **table)
