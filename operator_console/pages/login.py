"""Logging in and out."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request

from operator_console.access import COOKIE, FORM_TOKEN, current
from operator_console.errors import BotAway, LoggedOut, Missing, TooMany
from operator_console.parts import parts
from switchboard.console_talk import Note, Noted

PAGES = Blueprint("login", __name__)


@PAGES.get("/login")
def form() -> Any:
    """The form, or on to where somebody wanted to go if they are logged in."""
    back = _way_back(request.args.get("back", ""))
    if g.visitor is not None:
        return redirect(back)
    return _form(back)


@PAGES.post("/login")
def enter() -> Any:
    """A name and a password."""
    back = _way_back(request.form.get("back", ""))
    access = parts().access
    access.check_form(access.visitor_token())
    name = request.form.get("name", "")[:200]
    try:
        token, account = access.log_in(name, request.form.get("password", ""))
    except (LoggedOut, TooMany) as error:
        _note(name, "", "login failed", str(error))
        answer = _form(back, str(error), name)
        answer.status_code = error.status
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    _note(account.name, account.role, "login")
    answer = make_response(redirect(back))
    access.set_cookie(answer, COOKIE, token)
    return answer


@PAGES.post("/logout")
def leave() -> Any:
    """Log out; the browser forgets what it has shown."""
    visitor, access = current(), parts().access
    access.sessions.end(visitor.session)
    _note(visitor.account.name, visitor.account.role, "logout")
    answer = make_response(redirect("/login"))
    answer.delete_cookie(COOKIE, path="/")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _form(back: str, problem: str = "", name: str = "") -> Response:
    token = parts().access.visitor_token()
    page = render_template("login.html", back=back, problem=problem, name=name, token=token, field=FORM_TOKEN)
    return make_response(page)


def _way_back(path: str) -> str:
    """A path of ours; anything else leads to the first page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and not path.startswith("/log") else "/"


def _note(who: str, role: str, action: str, detail: str = "") -> None:
    """Have it kept in the audit log, if the bot is there to keep it."""
    where = f"from {parts().access.client_address()}"
    told = Note(
        who=who.replace("\x00", ""),
        role=role,
        action=action,
        detail=f"{where}; {detail}" if detail else where,
    )
    try:
        parts().bot.ask(told, Noted, secrets.token_hex(12))
    except (BotAway, Missing):
        current_app.logger.warning("%s of %r %s is not in the audit log", action, who, where)
