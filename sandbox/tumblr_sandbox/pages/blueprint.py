"""The pages: which address shows what, and what is shown when something goes wrong."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox.pages import (
    account_switch,
    actions,
    activity,
    asking,
    authorize,
    communities,
    controls,
    feeds,
    layout,
    manage_posts,
    reading,
    session,
    writing,
)
from tumblr_sandbox.world import this_world

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
    _add_reading(blueprint)
    _add_asking(blueprint)
    _add_actions(blueprint)
    _add_manage_posts(blueprint)
    _add_communities(blueprint)
    blueprint.get("/activity")(activity.activity_page)
    blueprint.get("/accounts")(account_switch.accounts_page)
    blueprint.post("/accounts")(account_switch.switch)
    blueprint.post("/accounts/leave")(account_switch.leave)
    blueprint.get("/oauth/authorize")(authorize.authorize)
    blueprint.get("/oauth/allowed")(authorize.allowed)
    blueprint.get("/oauth2/authorize")(authorize.authorize_code)
    blueprint.get("/control")(controls.control_page)
    blueprint.post("/control/<action>")(controls.control)
    return blueprint


def _add_reading(blueprint: Blueprint) -> None:
    blueprint.get("/")(reading.front)
    blueprint.get("/dashboard")(reading.front)  # where tumblr has it
    blueprint.get("/explore")(reading.explore)
    blueprint.get("/search")(reading.search)
    blueprint.get("/news")(reading.news)
    blueprint.get("/tagged/<path:tag>")(reading.tag_page)
    blueprint.get("/blog/<name>")(reading.blog_page)
    blueprint.get("/blog/<name>/rss")(feeds.rss)
    for address, page in feeds.OF_A_BLOGS_HOST.items():
        blueprint.get(address)(page)
    blueprint.get("/blog/<name>/post/<int:post_id>")(reading.post_page)
    blueprint.get("/blog/<name>/post/<int:post_id>/<slug>")(reading.post_page)


def _add_asking(blueprint: Blueprint) -> None:
    blueprint.get("/blog/<name>/ask")(asking.ask_page)
    blueprint.post("/blog/<name>/ask")(asking.send_ask)
    blueprint.get("/blog/<name>/asked/<int:ask_id>")(asking.asked_page)
    blueprint.get("/blog/<name>/asked/<int:ask_id>/status")(asking.asked_status)
    blueprint.get("/questions")(asking.questions_page)


def _add_actions(blueprint: Blueprint) -> None:
    blueprint.post("/like/<int:post_id>")(actions.like)
    blueprint.post("/unlike/<int:post_id>")(actions.unlike)
    blueprint.post("/reply/<int:post_id>")(actions.reply)
    blueprint.post("/follow/<name>")(actions.follow)
    blueprint.post("/unfollow/<name>")(actions.unfollow)
    blueprint.route("/new", methods=["GET", "POST"])(writing.new_post)
    blueprint.route("/reblog/<int:post_id>", methods=["GET", "POST"])(writing.reblog)


def _add_manage_posts(blueprint: Blueprint) -> None:
    blueprint.get("/inbox")(manage_posts.inbox)
    blueprint.get("/drafts")(manage_posts.drafts)
    blueprint.get("/queue")(manage_posts.queue)
    blueprint.post("/manage/<int:post_id>/<action>")(manage_posts.move)
    blueprint.route("/edit/<int:post_id>", methods=["GET", "POST"])(writing.edit)
    blueprint.route("/delete/<int:post_id>", methods=["GET", "POST"])(manage_posts.delete)


def _add_communities(blueprint: Blueprint) -> None:
    blueprint.get("/communities")(communities.communities_page)
    blueprint.get("/communities/<handle>")(communities.community_page)
    blueprint.get("/blog/@@<handle>")(communities.from_blog_address)
    blueprint.post("/communities/<handle>/<action>")(communities.act)


def on_http_error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    """A page that says what went wrong."""
    if error.code is None or error.code < 400:
        return error.get_response()
    own_words = error.description != type(error).description
    description = error.description if own_words else PLAIN_WORDS.get(error.code, error.description)
    with this_world().database.read() as connection:
        return layout.page(connection, "error.html", error=error, description=description), error.code
