"""What the phrases of a prompt format may be, so that a mistake is found when the configuration is loaded.

The rules make sure that nobody's words can pass for the format's structure: each line of a phrase can be
told from an ordinary line, and a user's words never begin a line of structure.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

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
Time = Annotated[str, _phrase("time")]
EndTags = Annotated[str, _phrase(), AfterValidator(_is_no_blank)]
