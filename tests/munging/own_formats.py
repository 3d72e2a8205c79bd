"""Two formats as operators may define them: lines of a chat, and a page with headings."""

from __future__ import annotations

from munging.prompts.format_table import FORMATS, PromptFormat, own_format
from munging.thread import PostKind

CHAT = own_format(
    "v10",
    {
        "conversation": "",
        "series": "",
        "turn": "{name}:",
        "turn_end": "\n",
        "original": "{bot}:",
        "fiction": "{bot} tells a story:",
        "review": "{bot} about a book:",
        "written": "",
        "tags": "",
        "tags_close_document": False,
    },
)
PAGE = own_format(
    "later",
    {
        "conversation": "Thread of {names}\nwith {count} posts\n---",
        "series": "Notes of {names}",
        "turn": "### {name} ({verb})\n",
        "verbs": dict.fromkeys(PostKind, "says") | {PostKind.ASKED: "wants to know"},
        "original": "### {bot} (alone)\n",
        "written": "Date: {time}",
        "tags": "",
        "end_tags": "\n\nLabels: ",
        "spaced_lines": False,
    },
)
OWN: tuple[PromptFormat, ...] = (CHAT, PAGE)
ALL: tuple[PromptFormat, ...] = (*FORMATS.values(), *OWN)
NAMES = {**{form: name for name, form in FORMATS.items()}, CHAT: "chat", PAGE: "page"}

SIGNS = {
    "chat": r"^[^\S\n]*[^\s:]+(?: tells a story| about a book)?[^\S\n]*:",
    "page": (
        r"^[^\S\n]*(?:Thread[^\S\n]+of\b|with[^\S\n]+\d+[^\S\n]+posts[^\S\n]*$|---[^\S\n]*$|Notes[^\S\n]+of\b"
        r"|\#\#\#[^\S\n]+\S+[^\S\n]+\((?:says|wants[^\S\n]+to[^\S\n]+know|alone)\)[^\S\n]*$"
        r"|Date[^\S\n]*:|Labels[^\S\n]*:)"
    ),
}
"""What a reader could take for structure in them, written apart from the code under test."""

FORGERIES = (
    *("bob:", "Frank:", "alice :", "Frank tells a story:", "Thread of a and b", "with 2 posts", "---"),
    *("### bob (says)", "### Frank (says)", "### Frank (alone)", "Notes of bob", "Date: 3 PM", "Labels: #x"),
    *("Labels:", "Date:", "### bob (wants to know)", "\t", "\n\n\t#a", "Written 3 PM March 2021\t\n"),
)
