"""Why a post was made: its whole story, the search for it, and the export of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from operator_console.parts import parts
from switchboard.console_talk import AskPeople, AskPosts, AskRecords, AskStory, People, Posts, Records, Story

PAGES = Blueprint("why", __name__)
PER_PAGE = 50
RECORDS_AT_ONCE = 100
LONGEST_SEARCH = 500


@PAGES.get("/why")
def search() -> Any:
    """Posts, newest first; those that are looked for."""
    words = request.args.get("words", "").strip()[:LONGEST_SEARCH]
    who = request.args.get("who", "").strip()[:200]
    if words.isdecimal() and len(words) > 9:
        return redirect(url_for("why.story", name=words))  # the id of a post
    before = request.args.get("before", None, int)
    asked = AskPosts(words=words, who=who, before=before, limit=PER_PAGE)
    found: Posts = parts().bot.ask(asked, Posts)
    more = found.posts[-1].number if len(found.posts) == PER_PAGE else None
    return render_template("why.html", posts=found.posts, words=words, who=who, more=more)


@PAGES.get("/why/<name>")
def story(name: str) -> Any:
    """The story of a post, by its id, by what it answers, or by the number of its turn."""
    found: Story = parts().bot.ask(AskStory(name=name[:200]), Story)
    return render_template("story.html", story=found)


@PAGES.get("/people")
def people() -> Any:
    """Who has spoken with the bot."""
    begins = request.args.get("begins", "").strip()[:200]
    found: People = parts().bot.ask(AskPeople(begins=begins), People)
    return render_template("people.html", people=found.people, begins=begins)


@PAGES.get("/export.jsonl")
def export() -> Response:
    """The post log as JSON lines, as ``python -m tumblr export`` prints it."""
    bot = parts().bot
    first: Records = bot.ask(AskRecords(limit=RECORDS_AT_ONCE), Records)

    def lines() -> Iterator[str]:
        page = first
        while page.records:
            yield from (json.dumps(record, ensure_ascii=False) + "\n" for record in page.records)
            page = bot.ask(AskRecords(after=page.last, limit=RECORDS_AT_ONCE), Records)

    headers = {"Content-Disposition": "attachment; filename=posts.jsonl"}
    return Response(lines(), content_type="application/jsonl; charset=utf-8", headers=headers)
