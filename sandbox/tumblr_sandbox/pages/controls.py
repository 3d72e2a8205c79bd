"""The control page: the clock, faults, limits, and what the API received. Only for people at this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response

from tumblr_sandbox import loopback
from tumblr_sandbox.control.messages import LimitFigures
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.views import in_full
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import these_residents
from tumblr_sandbox.records import Call
from tumblr_sandbox.world import this_world

Model = TypeVar("Model", bound=BaseModel)

CALLS_SHOWN = 100
ACTIONS_SHOWN = 12
FARTHEST = 1e9
"""Seconds that the clock may be moved by."""
FAULT_WORDS = {
    FaultKind.STATUS: "an error status with an HTML page",
    FaultKind.UNAUTHORIZED: "the answer to wrong keys",
    FaultKind.LIMIT: "the key's calls are used up",
    FaultKind.THROTTLE: "too many calls from one address",
    FaultKind.HTML: "a page instead of JSON",
    FaultKind.MALFORMED: "half of the answer",
    FaultKind.TIMEOUT: "silence, then nothing",
    FaultKind.CUT: "the connection is cut",
}
"""What a fault looks like, where its name alone does not say it."""
ACTION_WORDS = {
    "post": "wrote",
    "ask": "asked",
    "answer": "answered",
    "reblog": "reblogged",
    "reply": "replied",
    "like": "liked a post",
    "follow": "followed",
    "unfollow": "unfollowed",
}
LIMIT_WORDS = {
    "per_hour": "calls in an hour, by consumer",
    "per_day": "calls in a day, by consumer",
    "posts_per_day": "posts in a day, by user",
    "follows_per_day": "follows in a day, by user",
    "likes_per_day": "likes in a day, by user",
    "images_per_day": "pictures in a day, by user",
    "videos_per_day": "films in a day, by user",
    "blogs_per_day": "new blogs in a day, by user",
    "followed_blogs": "blogs followed at a time",
    "queued_posts": "posts in a queue, by blog",
    "blocks_per_minute": "calls about blocks in a minute",
    "per_address_minute": "calls in a minute, by address (0: not counted)",
    "invitations_per_day": "invitations in a day, by user",
    "invitations_per_second": "invitations in a second, by user (0: not counted)",
}
STEPS = {"1 minute": 60, "1 hour": 3600, "6 hours": 21_600, "1 day": 86_400, "1 week": 604_800}


def control_page(problem: str = "") -> str:
    """All switches, and the latest calls."""
    loopback.only_from_here(request)
    world, asked = this_world(), request.args
    calls = _calls(asked.get("path", ""), asked.get("method", ""), refused="refused" in asked)
    with world.database.read() as connection:
        return layout.page(
            connection,
            "control.html",
            problem=problem,
            now=in_full(world.clock.now()),
            clock=datetime.fromtimestamp(world.clock.now(), UTC),
            offset=offset_words(world.clock.offset),
            steps=STEPS,
            checks=world.checks,
            faults=world.faults.active(),
            kinds=[(kind.value, FAULT_WORDS.get(kind, kind.value.replace("_", " "))) for kind in FaultKind],
            limits=[(name, words, getattr(world.limits, name)) for name, words in LIMIT_WORDS.items()],
            people=these_residents().state(),
            actions=these_residents().actions(limit=ACTIONS_SHOWN)[::-1],
            action_words=ACTION_WORDS,
            calls=calls,
            asked=asked,
        )


def _calls(path: str, method: str, *, refused: bool) -> list[Call]:
    """The latest calls, newest first."""
    found = this_world().calls.find(path=f"*{path.strip('*')}*", method=method or None)
    wanted = [call for call in found if not refused or call.status >= 400 or call.status == 0]
    return wanted[: -CALLS_SHOWN - 1 : -1]


def offset_words(offset: float) -> str:
    """How far the clock is from real time, in words; nothing when it is not."""
    seconds = abs(round(offset))
    if not seconds:
        return ""
    parts = []
    for name, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(f"{number} {name}{'' if number == 1 else 's'}")
    return f"{' '.join(parts)} {'ahead of' if offset > 0 else 'behind'} real time"


def control(action: str) -> Response | tuple[str, int]:
    """Move a switch, and show the page again."""
    loopback.only_from_here(request)
    if action not in ACTIONS:
        abort(404)
    try:
        session.tell(ACTIONS[action]())
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return control_page(f"That did not work: {mistakes}"), 400
    except ValueError:
        return control_page("That did not work: please type a number."), 400
    return layout.back()


def _advance() -> str:
    world = this_world()
    seconds = float(request.form.get("hours") or 0) * 3600 + float(request.form.get("seconds") or 0)
    if not abs(seconds) < FARTHEST:
        raise ValueError
    world.set_clock_offset(world.clock.offset + seconds)
    return "The clock was moved."


def _reset_clock() -> str:
    this_world().set_clock_offset(0.0)
    return "The clock shows real time again."


def _set_checks() -> str:
    this_world().set_checks(nonces="nonces" in request.form, timestamps="timestamps" in request.form)
    return "The checks of signatures were set."


def _set_limits() -> str:
    this_world().set_limits(_form(LimitFigures).model_dump(exclude_unset=True))
    return "The limits were set."


def _add_fault() -> str:
    this_world().faults.add(_form(Fault))
    return "The fault is on."


def _remove_fault() -> str:
    this_world().faults.remove(int(request.form.get("number", "0")))
    return "The fault is off."


def _clear_faults() -> str:
    this_world().faults.clear()
    return "All faults are off."


def _set_people() -> str:
    people, sent = these_residents(), request.form
    wanted = {**people.switch().model_dump(), "on": sent.get("on") == "yes"}
    wanted |= {name: sent[name] for name in ("speed", "count") if sent.get(name)}
    people.set_switch(PeopleSwitch.model_validate(wanted))
    return "The people live." if wanted["on"] else "The people stand still."


def _publish_queues() -> str:
    this_world().publish_next_of_every_queue()
    return "The front of every queue was published."


ACTIONS: dict[str, Callable[[], str]] = {
    "advance": _advance,
    "reset-clock": _reset_clock,
    "checks": _set_checks,
    "limits": _set_limits,
    "add-fault": _add_fault,
    "remove-fault": _remove_fault,
    "clear-faults": _clear_faults,
    "people": _set_people,
    "publish-queues": _publish_queues,
}
"""The switches; each says what it did."""


def _form(model: type[Model]) -> Model:
    """The form as a model: empty fields are left out."""
    given = {name: value for name, value in request.form.items() if value and name in model.model_fields}
    return model.model_validate(given)
