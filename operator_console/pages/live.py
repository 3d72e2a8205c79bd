"""What the bot is doing: as a page that keeps itself up to date, and the switch of posting."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

from flask import Blueprint, Response, redirect, render_template, request, url_for

from operator_console.access import COOKIE, current, operator
from operator_console.bot_link import BotLink
from operator_console.errors import BadRequest, BotAway, Missing, TooMany
from operator_console.pages.charts import mood_chart
from operator_console.parts import parts
from operator_console.remedies import faults_of
from switchboard.console_talk import AskAudit, AskLive, Audit, Live, PostingLine, SetPosting

PAGES = Blueprint("live", __name__)
RETRY_SECONDS = 5
MODES = get_args(SetPosting.model_fields["mode"].annotation)
SAID = {
    "on": "The bot posts again",
    "paused": "Paused: nothing new is posted",
    "stopped": "Stopped: nothing is written to tumblr",
    "dry run": "Dry run: what would be posted waits in Review",
}


@PAGES.get("/live")
def page() -> Any:
    """What the bot is doing at the moment."""
    found: Live = parts().bot.ask(AskLive(), Live)
    template = "live_panel.html" if request.args.get("part") == "panel" else "live.html"
    work = parts().bot.work()
    return render_template(
        template, live=found, chart=mood_chart(found), work=work, faults=faults_of(found, work)
    )


@PAGES.get("/live/stream")
def stream() -> Response:
    """An event each time that something has changed."""
    current()
    console = parts()
    opened = console.streams.open()
    if opened is None:
        raise TooMany("too many live pages are open; close one", RETRY_SECONDS)
    is_gone = request.environ.get("waitress.client_disconnected", lambda: False)
    token, access = request.cookies.get(COOKIE, ""), console.access
    lines = console.streams.lines(opened, is_gone, lambda: access.sessions.find(token) is not None)
    return Response(lines, content_type="text/event-stream; charset=utf-8")


@PAGES.post("/posting")
def set_posting() -> Any:
    """Pause, stop, try out, resume."""
    visitor = operator()
    mode, key = request.form.get("mode", ""), request.form.get("key", "")
    if mode not in MODES or not key.isalnum():
        raise BadRequest("the form is incomplete; open the page again")
    line: PostingLine = parts().bot.ask(SetPosting(by=visitor.by, mode=mode), PostingLine, key)
    told = SAID[line.mode]
    if line.under_way:
        told += f". Begun before, and waiting for tumblr's answer: {', '.join(line.under_way)}"
    parts().say(told)
    return redirect(url_for("live.page"))


@PAGES.get("/audit")
def audit() -> Any:
    """Who did what, newest first."""
    before = request.args.get("before", None, int)
    found: Audit = parts().bot.ask(AskAudit(before=before), Audit)
    return render_template("audit.html", entries=found.entries)


def watcher(bot: BotLink) -> Callable[[], str]:
    """Gives what a live page shows, in short, as one line: when it changes the page is loaded anew."""

    def look() -> str:
        try:
            live = bot.ask(AskLive(), Live)
        except (BotAway, Missing) as error:
            return json.dumps({"away": str(error)})
        turns = [(turn.turn, turn.state) for turn in live.turns]
        return json.dumps(
            {
                "waiting": live.waiting,
                "posting": live.posting.mode,
                "under_way": live.posting.under_way,
                "states": live.states,
                "turns": turns,
                "mood": round(live.mood, 2),
                "posts": live.posts_today,
                "errors": [turn.turn for turn in live.errors],
            }
        )

    return look
