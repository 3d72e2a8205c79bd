"""The pages: which address shows what, and what is shown when something goes wrong."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox.api import blueprint as api
from tumblr_sandbox.control import support as control
from tumblr_sandbox.pages import (
    activity,
    asking,
    controls,
    desk,
    doing,
    reading,
    session,
    show,
    switching,
    writing,
)
from tumblr_sandbox.world import this_world

API_PATHS = ("/v2/", "/api/v2/")
PLAIN_WORDS = {
    404: "There is nothing at this address. It may have sailed on.",
    405: "This address takes forms only.",
    413: "That is more than one post can carry.",
}
"""What is said of an error that says nothing of its own."""


def pages_blueprint() -> Blueprint:
    """All pages, to be mounted at the root."""
    blueprint = Blueprint("pages", __name__)
    blueprint.record_once(session.set_up)
    blueprint.before_request(lambda: this_world().publish_due())
    blueprint.before_request(session.guard)
    blueprint.app_errorhandler(HTTPException)(on_error)
    _add_reading(blueprint)
    _add_asking(blueprint)
    _add_doing(blueprint)
    _add_desk(blueprint)
    blueprint.get("/activity")(activity.activity_page)
    blueprint.get("/accounts")(switching.accounts_page)
    blueprint.post("/accounts")(switching.switch)
    blueprint.post("/accounts/leave")(switching.leave)
    blueprint.get("/control")(controls.control_page)
    blueprint.post("/control/<deed>")(controls.control)
    return blueprint


def _add_reading(blueprint: Blueprint) -> None:
    blueprint.get("/")(reading.front)
    blueprint.get("/dashboard")(reading.front)  # where tumblr has it
    blueprint.get("/explore")(reading.explore)
    blueprint.get("/search")(reading.search)
    blueprint.get("/news")(reading.news)
    blueprint.get("/tagged/<path:tag>")(reading.tag_page)
    blueprint.get("/blog/<name>")(reading.blog_page)
    blueprint.get("/blog/<name>/post/<int:post_id>")(reading.post_page)
    blueprint.get("/blog/<name>/post/<int:post_id>/<slug>")(reading.post_page)


def _add_asking(blueprint: Blueprint) -> None:
    blueprint.get("/blog/<name>/ask")(asking.ask_page)
    blueprint.post("/blog/<name>/ask")(asking.send_ask)
    blueprint.get("/blog/<name>/asked/<int:ask_id>")(asking.asked_page)
    blueprint.get("/blog/<name>/asked/<int:ask_id>/status")(asking.asked_status)
    blueprint.get("/questions")(asking.questions_page)


def _add_doing(blueprint: Blueprint) -> None:
    blueprint.post("/like/<int:post_id>")(doing.like)
    blueprint.post("/unlike/<int:post_id>")(doing.unlike)
    blueprint.post("/reply/<int:post_id>")(doing.reply)
    blueprint.post("/follow/<name>")(doing.follow)
    blueprint.post("/unfollow/<name>")(doing.unfollow)
    blueprint.route("/new", methods=["GET", "POST"])(writing.new_post)
    blueprint.route("/reblog/<int:post_id>", methods=["GET", "POST"])(writing.reblog)


def _add_desk(blueprint: Blueprint) -> None:
    blueprint.get("/inbox")(desk.inbox)
    blueprint.get("/drafts")(desk.drafts)
    blueprint.get("/queue")(desk.queue)
    blueprint.post("/desk/<int:post_id>/<deed>")(desk.move)
    blueprint.route("/edit/<int:post_id>", methods=["GET", "POST"])(writing.edit)
    blueprint.route("/delete/<int:post_id>", methods=["GET", "POST"])(desk.delete)


def on_error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    """A page that says what went wrong; JSON where programs called."""
    if request.path.startswith(API_PATHS):
        return api.on_http_error(error)
    if request.path.startswith("/sandbox/"):
        return control.on_http_error(error)
    if error.code is None or error.code < 400:
        return error.get_response()
    own_words = error.description != type(error).description
    description = error.description if own_words else PLAIN_WORDS.get(error.code, error.description)
    with this_world().database.read() as connection:
        return show.page(connection, "error.html", error=error, description=description), error.code
