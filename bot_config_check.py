"""What ``python -m bot_config check`` looks at beside the file's form: folders, tokens, keys and names.

These are mistakes that a single setting does not show, and with which the bot would start and do something
else than was meant. With ``--online`` tumblr is asked whose the keys are, and whether the named blogs exist.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from autoresponder.settings import GeneratorConfig
from bot_http import session_for
from bot_settings.blog import BlogConfig
from mood.settings import MoodConfig
from switchboard.settings import SwitchboardConfig
from tumblr.api.client import full_blog_name
from tumblr.api.errors import NotFound, TumblrError, Unauthorized
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, UncheckedClient
from tumblr.settings import ApiKeys, TumblrConfig

PLACEHOLDER = re.compile(
    r"\W*|x+|y+|<.*>|\{.*\}|your\b.*|my\b.*|change[ _-]?me.*|secret|token|key|todo.*|"
    r"(tumblr_|oauth_)?(consumer_)?(key|secret|token)(_secret)?",
    re.IGNORECASE,
)
"""What people write where a secret is still to come."""


@dataclass(frozen=True)
class Sections:
    """The sections of the configuration that are looked at."""

    blog: BlogConfig
    generator: GeneratorConfig
    mood: MoodConfig
    switchboard: SwitchboardConfig
    tumblr: TumblrConfig


def mistakes(config: Sections) -> list[str]:
    """What is wrong beside the form of the settings, each in one line."""
    return [*_tokens(config), *_placeholders(config), *_files(config)]


def unset(config: Sections) -> list[str]:
    """What a bot on tumblr needs and the file does not say yet, each in one line."""
    needed = (
        ("generator.model", bool(config.generator.model), "generator_service.py needs a model"),
        (
            "generator.completions.url",
            config.generator.backend == "engine" or bool(config.generator.completions.url),
            "generator_service.py asks a server for texts",
        ),
        ("tumblr.base_keys", bool(config.tumblr.base_keys), "tumbl.py needs the keys of the blog's account"),
    )
    return [f"{name}: not set; {why}" for name, is_set, why in needed if not is_set]


def _tokens(config: Sections) -> Iterator[str]:
    problem = config.switchboard.token_problem()
    if problem is not None:
        yield "switchboard: " + "; ".join(problem)


def _placeholders(config: Sections) -> Iterator[str]:
    for path, keys in key_sets(config.tumblr):
        for name in type(keys).model_fields:
            if PLACEHOLDER.fullmatch(getattr(keys, name).get_secret_value()):
                yield f"{path}.{name}: this is a placeholder; enter the string that tumblr shows"
    for name in ("client_token", "generator_token", "selector_token"):
        token = getattr(config.switchboard, name)
        if token is not None and PLACEHOLDER.fullmatch(token.get_secret_value()):
            yield f"switchboard.{name}: this is a placeholder; draw a token with: openssl rand -hex 24"


def _files(config: Sections) -> Iterator[str]:
    generator, updates = config.generator, config.mood.updates_file
    if generator.model and "://" not in generator.model and not Path(generator.model).is_dir():
        yield f"generator.model: there is no folder {generator.model}"
    if generator.scorer and "://" not in generator.scorer and not Path(generator.scorer).is_dir():
        yield f"generator.scorer: there is no folder {generator.scorer}"
    if generator.heads is not None and not generator.heads.is_dir():
        yield f"generator.heads: there is no folder {generator.heads}"
    if updates is not None and not updates.is_file():
        yield f"mood.updates_file: there is no file {updates}"


def key_sets(settings: TumblrConfig) -> Iterator[tuple[str, ApiKeys]]:
    """Every key set with its place in the file."""
    for name in ("base_keys", "dashboard_keys"):
        for number, keys in enumerate(getattr(settings, name)):
            yield f"tumblr.{name}.{number}", keys


def ask_tumblr(config: Sections) -> list[str]:
    """What tumblr has to say against the keys and the names of blogs, each in one line."""
    found: list[str] = []
    with ExitStack() as stack:
        clients = [(path, _client(config.tumblr, keys, stack)) for path, keys in key_sets(config.tumblr)]
        for path, client in clients:
            found += _account_mistakes(path, client, config.blog)
        if clients:
            found += _name_mistakes(clients[0][1], config.blog)
    return found


def _client(settings: TumblrConfig, keys: ApiKeys, stack: ExitStack) -> UncheckedClient:
    session = stack.enter_context(session_for(settings.host))
    timeout = settings.timeout_seconds
    return UncheckedClient(
        ReadRequest(keys, settings.host, session, Budget(time.time), timeout_seconds=timeout, max_tries=1)
    )


def _account_mistakes(path: str, client: UncheckedClient, blog: BlogConfig) -> list[str]:
    """Whether the keys open an account, and whether it is the one that the settings mean."""
    try:
        answer = client.send_api_request("get", "/v2/user/info")
        blogs = {str(one["name"]).lower() for one in answer["user"]["blogs"]}
    except Unauthorized:
        return [
            f"{path}: tumblr refuses these four strings; get the token anew with python -m tumblr authorize"
        ]
    except TumblrError as error:
        return [f"{path}: not checked: {error}"]
    except (KeyError, TypeError):
        return [f"{path}: not checked: tumblr's answer says nothing of the account's blogs"]
    dashboard = path.startswith("tumblr.dashboard_keys")
    setting = "blog.dash_blog_name" if dashboard else "blog.blog_name"
    wanted = blog.dash_blog_name if dashboard else blog.blog_name
    if wanted is None or wanted.lower() in blogs:
        return []
    return [
        f"{path}: the account has the blogs {', '.join(sorted(blogs))}; {setting} {wanted!r} is none of them"
    ]


def _name_mistakes(client: UncheckedClient, blog: BlogConfig) -> list[str]:
    found = []
    for setting in ("blog_name", "dash_blog_name", "operator_name"):
        name = getattr(blog, setting)
        if name is None:
            continue
        try:
            client.blog_info(full_blog_name(name))
        except NotFound:
            found.append(f"blog.{setting}: tumblr knows no blog {name!r}")
        except TumblrError as error:
            found.append(f"blog.{setting}: not checked: {error}")
    return found
