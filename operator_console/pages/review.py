"""The review queue: what waits, and what is decided about it."""

from __future__ import annotations

from typing import Any, get_args

from flask import Blueprint, redirect, render_template, request, url_for

from operator_console.access import current
from operator_console.errors import BadRequest, BotAway, Missing
from operator_console.parts import parts
from switchboard.console_talk import (
    AskHeld,
    AskWaiting,
    Decide,
    Decided,
    HeldPost,
    Revise,
    Undo,
    Waiting,
)

PAGES = Blueprint("review", __name__, url_prefix="/review")
PER_PAGE = 50
MOST_AT_ONCE = 200
ACTIONS = get_args(Decide.model_fields["action"].annotation)
DONE = {
    "approve": "Approved",
    "draft": "On its way to the drafts",
    "reject": "Rejected",
    "again": "It will be written again",
}


@PAGES.get("/")
def queue() -> Any:
    """What waits, and the newest of it in full."""
    return _page(None)


@PAGES.get("/<int:turn>")
def post(turn: int) -> Any:
    """What waits, and one of it in full."""
    return _page(turn)


def _page(turn: int | None, status: int = 200, problem: str = "", typed: Any = None) -> Any:
    offset = max(0, request.args.get("from", 0, int))
    waiting = parts().bot.ask(AskWaiting(offset=offset, limit=PER_PAGE), Waiting)
    if turn is None and waiting.posts:
        turn = waiting.posts[0].turn
    shown = None
    if turn is not None:
        try:
            shown = parts().bot.ask(AskHeld(turn=turn), HeldPost)
        except Missing as error:
            problem = problem or str(error)
    listed = [line.turn for line in waiting.posts]
    place = listed.index(turn) if turn in listed else -1
    page = render_template(
        "review.html",
        waiting=waiting,
        post=shown,
        problem=problem,
        typed=typed,
        offset=offset,
        per_page=PER_PAGE,
        after=_at(listed, place + 1),
        before=_at(listed, place - 1) if place > 0 else None,
        confirm_above=parts().settings.confirm_above,
    )
    return page, status


def _at(listed: list[int], place: int) -> int | None:
    return listed[place] if 0 <= place < len(listed) else None


@PAGES.post("/<int:turn>/decide")
def decide(turn: int) -> Any:
    """Approve, reject, have it written again, or send it to the drafts."""
    form = request.form
    action = _action(form.get("action", ""))
    done = _decide(turn, action, form.get("version", ""), _key())
    if done.decision.state == "refused":
        return _refused(done, turn)
    parts().say(_told(done))
    following = form.get("after", "")
    return redirect(url_for("review.post", turn=int(following)) if following.isdecimal() else "/review/")


def _decide(turn: int, action: str, version: str, key: str) -> Decided:
    form = request.form
    asked = {
        "by": current().by,
        "turn": turn,
        "action": action,
        "version": version,
        "reason": form.get("reason", "").strip()[:2000],
        "length": form.get("length", "") if action == "again" else "",
        "override": form.get("override") == "yes",
    }
    decided: Decided = parts().bot.ask(_valid(Decide, asked), Decided, key)
    return decided


@PAGES.post("/<int:turn>/revise")
def revise(turn: int) -> Any:
    """Other words or another candidate; with ``then`` approve, it is approved as well."""
    form = request.form
    asked: dict[str, Any] = {"by": current().by, "turn": turn, "version": form.get("version", "")}
    if form.get("candidate", "").isdecimal():
        asked["candidate"] = int(form["candidate"])
    else:
        asked["text"] = form.get("text", "").replace("\r\n", "\n")
        asked["tags"] = [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()]
    key = _key()
    try:
        done = parts().bot.ask(_valid(Revise, asked), Decided, key)
    except Missing as error:
        return _page(turn, 409, str(error), asked)
    if done.decision.state == "refused":
        return _refused(done, turn, asked)
    if form.get("then") == "approve" and done.post is not None:
        if set(done.post.reasons) - set(form.getlist("seen")):
            # What the screening finds in the new words has not been seen by anybody yet.
            return _page(turn, 409, "Saved, not approved: see what the screening finds in the new words.")
        return _approve_revised(turn, done, key)
    parts().say("Saved; it goes on waiting")
    return redirect(url_for("review.post", turn=turn))


def _approve_revised(turn: int, done: Decided, key: str) -> Any:
    assert done.post is not None
    approved = _decide(turn, "approve", done.post.version, f"{key}-approve")
    if approved.decision.state == "refused":
        return _refused(approved, turn)
    parts().say(_told(approved))
    following = request.form.get("after", "")
    return redirect(url_for("review.post", turn=int(following)) if following.isdecimal() else "/review/")


def _refused(done: Decided, turn: int, typed: Any = None) -> Any:
    what = f"Nothing was done: {done.decision.outcome}."
    if done.post is None:
        parts().say(what)
        return redirect(url_for("review.queue"))
    return _page(turn, 409, what, typed)


@PAGES.post("/undo/<int:decision>")
def undo(decision: int) -> Any:
    """Take a decision back."""
    try:
        done = parts().bot.ask(Undo(by=current().by, decision=decision), Decided, _key())
    except Missing as error:
        parts().say(str(error).capitalize())
        return redirect(url_for("review.queue"))
    parts().say("Taken back; it waits again")
    return redirect(url_for("review.post", turn=done.decision.turn))


@PAGES.post("/bulk")
def bulk() -> Any:
    """The same decision about several posts, each of them as it was seen."""
    form, key = request.form, _key()
    action = _action(form.get("action", ""))
    chosen = [name.partition(":") for name in form.getlist("post")][:MOST_AT_ONCE]
    posts = [(int(turn), version) for turn, _, version in chosen if turn.isdecimal()]
    if not posts:
        parts().say("Nothing was chosen")
        return redirect(url_for("review.queue"))
    many = len(posts) > parts().settings.confirm_above
    if many and form.get("confirm", "").strip() != str(len(posts)):
        return render_template("confirm.html", action=action, posts=form.getlist("post"), number=len(posts))
    return render_template("results.html", action=action, results=_decide_all(posts, action, key))


def _decide_all(posts: list[tuple[int, str]], action: str, key: str) -> list[tuple[int, str]]:
    results: list[tuple[int, str]] = []
    for turn, version in posts:
        try:
            done = _decide(turn, action, version, f"{key}-{turn}")
        except (BotAway, Missing, BadRequest) as error:
            results.append((turn, f"not done: {error}"))
            continue
        refused = done.decision.state == "refused"
        results.append((turn, f"not done: {done.decision.outcome}" if refused else _told(done)))
    return results


def _told(done: Decided) -> str:
    return DONE[done.decision.action]


def _action(name: str) -> str:
    if name not in ACTIONS:
        raise BadRequest("there is no such decision")
    return name


def _key() -> str:
    """The key of a form, under which it is carried out once. Raises BadRequest."""
    key = request.form.get("key", "")
    if not (8 <= len(key) <= 64 and key.isalnum()):
        raise BadRequest("the form is incomplete; open the page again")
    return key


def _valid(model: Any, asked: dict[str, Any]) -> Any:
    try:
        return model.model_validate(asked)
    except ValueError:
        raise BadRequest("the form is incomplete, or too long; open the page again") from None
