"""The prompt format that a model was trained on: a built-in one by its name, or a table of its own.

What a table may hold is checked here, so that a mistake is found when the file is loaded. The rules make
sure that nobody's words can pass for the format's structure: each line of a phrase can be told from an
ordinary line, and a user's words never begin a line of structure.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot_settings.base import Section

END_OF_DOCUMENT = "<|endoftext|>"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _phrase(*known: str) -> AfterValidator:
    def check(phrase: str) -> str:
        places = _PLACEHOLDER.findall(phrase)
        if unknown := [place for place in places if place not in known]:
            listed = ", ".join(f"{{{place}}}" for place in known)
            raise ValueError(f"{{{unknown[0]}}} is none of its placeholders, which are {listed}")
        if twice := [place for place in places if places.count(place) > 1 and place != "bot"]:
            raise ValueError(f"{{{twice[0]}}} may stand once")
        for line in phrase.split("\n"):
            if line.lstrip().startswith(">"):
                raise ValueError("a line cannot begin with >, which quotes what users write")
            if _PLACEHOLDER.search(line) and not _PLACEHOLDER.sub("", line).strip():
                raise ValueError(
                    "a line of placeholders alone needs a word or sign, or any line could pass for it"
                )
        if END_OF_DOCUMENT in phrase:
            raise ValueError("the end mark ends a document and cannot stand in it")
        return phrase

    return AfterValidator(check)


def _names_somebody(phrase: str) -> str:
    if "{name}" not in phrase:
        raise ValueError("needs {name}, or nobody could tell who speaks")
    return phrase


def _ends_line(phrase: str) -> str:
    if not phrase.endswith("\n"):
        raise ValueError("must end with a line break, so that what follows begins a line")
    return phrase


def _is_no_blank(phrase: str) -> str:
    if phrase and not phrase.strip(" \n"):
        raise ValueError("needs a word or a tab, for users can write spaces and line breaks too")
    return phrase


def _is_one_line(verb: str) -> str:
    if not verb.strip() or "\n" in verb:
        raise ValueError("expected a word or words on one line")
    return verb


Header = Annotated[str, _phrase("names", "count")]
Turn = Annotated[str, _phrase("number", "name", "verb"), AfterValidator(_names_somebody)]
Start = Annotated[str, _phrase("bot")]
EndOfLine = Annotated[str, _phrase(), AfterValidator(_ends_line)]
Verb = Annotated[str, AfterValidator(_is_one_line)]


class PromptFormatConfig(Section):
    """A prompt format: a built-in one, and what is different in this one. Null: as in the built-in one."""

    based_on: Literal["v8", "v9", "v10", "later", "later-end-tags"] = Field(
        "v10", description='built-in format; "format": "v9" is short for "format": {"based_on": "v9"}'
    )
    conversation: Header | None = Field(
        None, description="line before a thread of several: {names}, {count}; empty: no line"
    )
    series: Header | None = Field(None, description="the same before several posts of one: {names}, {count}")
    turn: Turn | None = Field(None, description="what begins a post: {number}, {name}, {verb}")
    turn_end: EndOfLine | None = Field(None, description="what ends a post that another follows")
    verbs: dict[Literal["asked", "responded", "posted", "commented"], Verb] | None = Field(
        None, description='words for {verb}, such as {"asked": "wants to know"}; others as they were'
    )
    original: Start | None = Field(None, description="what begins an unprompted post: {bot}")
    fiction: Start | None = Field(None, description="what begins a story: {bot}")
    review: Start | None = Field(None, description="what begins a book review: {bot}")
    written: Annotated[str, _phrase("time")] | None = Field(
        None, description="the last post's time: {time}; empty: none"
    )
    tags: Start | None = Field(None, description="what tags follow: {bot}; empty: no tags before the words")
    head_end: EndOfLine | None = Field(None, description="what ends the line of time and tags")
    end_tags: Annotated[str, _phrase(), AfterValidator(_is_no_blank)] | None = Field(
        None, description="what stands between a post and its tags, if these come last; empty: they do not"
    )
    time_style: Literal["v8", "v10"] | None = Field(None, description='"3:07 PM" or "3 PM January 2021"')
    number_original: bool | None = Field(
        None, description="the bot's own post that was answered is number one of the posts"
    )
    count_original: bool | None = Field(None, description="such a post counts in the line before a thread")
    fiction_ends_prompt: bool | None = Field(
        None, description="the phrases of stories and reviews hold that of tags"
    )
    plain_start_has_tags: bool | None = Field(
        None, description="an unprompted post begins with the phrase of tags, not only with the time"
    )
    forced_tags_replace_phrase: bool | None = Field(
        None, description="tags that the bot must use stand without the phrase of tags"
    )
    tags_close_document: bool | None = Field(
        None, description="in stored text no end mark follows a post with tags"
    )
    verbatim_lists: bool | None = Field(None, description="lists and questions keep their HTML and entities")
    spaced_lines: bool | None = Field(None, description="a space stands before a word that begins a line")
    folded_lines: bool | None = Field(
        None, description="in what the model writes, several line breaks end one paragraph"
    )
    separate_prompts: bool | None = Field(
        None,
        description="the generator reads a thread in a year drawn from generator.training_years, the "
        "selector what was said since the bot's turn before, the reviewer that turn as well",
    )

    def changes(self) -> dict[str, object]:
        """What is different from the built-in format, by key."""
        return self.model_dump(exclude={"based_on"}, exclude_none=True)


def table_of(value: object) -> object:
    """A format's name as the table that it is short for."""
    return {"based_on": value} if isinstance(value, str) else value
