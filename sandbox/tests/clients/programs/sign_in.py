"""People sign in to an application by tumblr: the libraries that do that, against a sandbox.

``sign_in.py NAME`` runs in the library's environment, goes through its whole exchange and prints whom it
found, as JSON. The sandbox is where tumblr.com is; ``KEYS`` holds the application's keys. frank says yes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEYS = json.loads(os.environ["KEYS"])
CONSUMER = (KEYS["consumer_key"], KEYS["consumer_secret"])
BACK = "http://app.example/back"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def allowed(page: str) -> str:
    """Where tumblr sends the browser of somebody who lets the application in."""
    try:
        urllib.request.build_opener(_Stay).open(f"{page}&user=frank", timeout=60)
    except urllib.error.HTTPError as sent:
        if sent.code == 302:
            return str(sent.headers["Location"])
        raise
    raise AssertionError("the application was not let in")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def social_auth_core() -> Any:
    """The backend that python-social-auth has for tumblr."""
    strategies = importlib.import_module("social_core.strategy")
    backend = importlib.import_module("social_core.backends.tumblr").TumblrOAuth

    class Strategy(strategies.BaseStrategy):  # type: ignore[name-defined, misc]
        """The least that the library needs of a web framework."""

        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[str, Any] = {}
            self.query: dict[str, str] = {}

        def redirect(self, url: str) -> str:
            return url

        def get_setting(self, name: str) -> Any:
            return {"SOCIAL_AUTH_TUMBLR_KEY": CONSUMER[0], "SOCIAL_AUTH_TUMBLR_SECRET": CONSUMER[1]}[name]

        def get_request_data(self, merge: bool = True) -> dict[str, str]:
            return self.query

        def session_get(self, name: str, default: Any = None) -> Any:
            return self.kept.get(name, default)

        def session_set(self, name: str, value: Any) -> None:
            self.kept[name] = value

        def session_pop(self, name: str) -> Any:
            return self.kept.pop(name, None)

        def build_absolute_uri(self, path: str | None = None) -> str:
            return path or BACK

    strategy = Strategy()
    page = backend(strategy, redirect_uri=BACK).auth_url()
    strategy.query = query_of(allowed(page))
    signing_in = backend(strategy, redirect_uri=BACK)
    signing_in.process_error(signing_in.data)
    user = signing_in.user_data(signing_in.access_token(signing_in.get_unauthorized_token()))
    return signing_in.get_user_details(user)["username"]


def django_allauth() -> Any:
    """allauth's views, in a Django project of one file."""
    own = "allauth.socialaccount"
    names = ("auth", "contenttypes", "sessions", "messages", "sites")
    importlib.import_module("django.conf").settings.configure(
        SECRET_KEY="of this run",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in names),
            *("allauth", "allauth.account", own, f"{own}.providers.tumblr"),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ROOT_URLCONF="allauth.urls",
        SITE_ID=1,
        SOCIALACCOUNT_LOGIN_ON_GET=True,
        SOCIALACCOUNT_AUTO_SIGNUP=True,
        SOCIALACCOUNT_PROVIDERS={"tumblr": {"APP": {"client_id": CONSUMER[0], "secret": CONSUMER[1]}}},
        LOGIN_REDIRECT_URL="/done",
    )
    importlib.import_module("django").setup()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    browser = importlib.import_module("django.test").Client(SERVER_NAME="app.example")
    page = browser.get("/tumblr/login/").headers["Location"]
    back = urlsplit(allowed(page))
    browser.get(f"{back.path}?{back.query}")
    (account,) = importlib.import_module(f"{own}.models").SocialAccount.objects.all()
    return account.extra_data["name"]


def authomatic() -> Any:
    """authomatic behind a framework of werkzeug's."""
    werkzeug, adapters = (
        importlib.import_module("werkzeug.wrappers"),
        importlib.import_module("authomatic.adapters"),
    )
    provider = importlib.import_module("authomatic.providers.oauth1").Tumblr
    chosen = {"tumblr": {"class_": provider, "consumer_key": CONSUMER[0], "consumer_secret": CONSUMER[1]}}
    library = importlib.import_module("authomatic").Authomatic(chosen, "secret of this run")

    def visited(address: str, cookies: str = "") -> tuple[Any, Any]:
        place = urlsplit(address)
        request = werkzeug.Request.from_values(
            place.path,
            query_string=place.query,
            base_url=f"http://{place.netloc}",
            headers={"Cookie": cookies},
        )
        answer = werkzeug.Response()
        return library.login(adapters.WerkzeugAdapter(request, answer), "tumblr"), answer

    _, answer = visited(BACK)
    found, _ = visited(allowed(answer.headers["Location"]), answer.headers["Set-Cookie"].split(";")[0])
    if found.error:
        raise found.error
    found.user.update()
    return found.user.username


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1].replace("-", "_")]()))
