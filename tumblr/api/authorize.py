"""Getting a token: an account allows an application to act for it (OAuth 1.0a, three steps).

The application asks for a request token, the account's owner allows it on tumblr's page, and what tumblr
says to the browser then is traded for the token that goes into the configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenMissing, TokenRequestDenied

TUMBLR = "https://www.tumblr.com"
"""Where accounts are asked; the API's own host does not do this."""

TIMEOUT_SECONDS = 30.0


class NotAuthorized(Exception):  # noqa: N818 - named for what happened
    """There is no token; the text says why."""


@dataclass(frozen=True)
class Token:
    """The two strings of an account; the secret is not shown when printed."""

    token: str
    secret: str

    def __repr__(self) -> str:
        return f"Token({self.token!r}, ...)"


def authorize(session: OAuth1Session, site: str, ask_owner: Callable[[str], str]) -> Token:
    """Go through the three steps.

    ``ask_owner`` is given the address of the page on which the owner allows it, and returns the address to
    which tumblr sent them afterwards. Raises NotAuthorized.
    """
    try:
        session.fetch_request_token(f"{site}/oauth/request_token", timeout=TIMEOUT_SECONDS)
        answer = ask_owner(session.authorization_url(f"{site}/oauth/authorize"))
        found = session.parse_authorization_response(answer.strip())
        if "oauth_verifier" not in found:
            raise NotAuthorized(
                "that address holds no oauth_verifier; copy it whole, after you have allowed it"
            )
        granted = session.fetch_access_token(f"{site}/oauth/access_token", timeout=TIMEOUT_SECONDS)
    except TokenRequestDenied as error:
        raise NotAuthorized(
            f"tumblr refuses ({error.status_code}): check the consumer key and secret"
        ) from None
    except (TokenMissing, ValueError):
        raise NotAuthorized("that is not the address that tumblr sent you to; begin again") from None
    except requests.RequestException as error:
        raise NotAuthorized(f"no answer from {site} ({type(error).__name__})") from None
    return Token(str(granted["oauth_token"]), str(granted["oauth_token_secret"]))
