"""What the READMEs of published Python programs show, against a sandbox. Runs in the program's environment.

``examples.py NAME`` prints what was found as JSON. The sandbox is where tumblr.com is; ``KEYS`` holds keys.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

KEYS = json.loads(os.environ["KEYS"])
FOUR = (KEYS["consumer_key"], KEYS["consumer_secret"], KEYS["token"], KEYS["token_secret"])
PICTURE = os.environ["PICTURE"]
PHOTO = {"type": "photo", "caption": "c & é"}


def pytumblr_aio() -> Any:
    """What it reads; what it writes lacks a Content-Type with today's httpx."""

    async def found() -> Any:
        client = importlib.import_module("aio_pytumblr").TumblrRestClient(*FOUR)
        user, posts, blog = (
            await client.info(),
            await client.posts("frank", limit=2),
            await client.blog_info("quietmarsh"),
        )
        return [user["user"]["name"], len(posts["posts"]), blog["blog"]["name"]]

    return asyncio.run(found())


def py3tumblr() -> Any:
    client = importlib.import_module("pytumblr").TumblrRestClient(*FOUR)
    made = client.create_text("frank", title="t", body="<p>é</p>", tags=["a b"])
    photo = client.create_photo("frank", data=PICTURE, caption="c")
    (post,) = client.posts("frank", id=made["id"])["posts"]
    return [client.info()["user"]["name"], post["body"], photo["state"]]


def python_tumblpy() -> Any:
    client = importlib.import_module("tumblpy").Tumblpy(*FOUR)
    blog = {"blog_url": "frank.tumblr.com"}
    user = client.get("user/info")["user"]["name"]
    made = client.post("post", params={"type": "text", "title": "t", "body": "from tumblpy"}, **blog)
    with Path(PICTURE).open("rb") as picture:
        photo = client.post("post", params={**PHOTO, "data": picture}, **blog)
    posts = client.get("posts", params={"limit": 1}, **blog)
    return [user, made["state"], photo["state"], len(posts["posts"])]


def tumblrdotcom() -> Any:
    module = importlib.import_module("tumblr")
    user, blog = module.User(*FOUR), module.Blog("frank", *FOUR)
    names = [user.info()["response"]["user"]["name"], blog.info()["response"]["blog"]["name"]]
    return [*names, isinstance(user.tagged("pictures")["response"], list)]


def socialreaper() -> Any:
    client = importlib.import_module("socialreaper.apis").Tumblr(KEYS["consumer_key"])
    posts = client.blog_posts("frank", type="text", limit=1)["response"]["posts"]
    return [client.blog("frank")["response"]["blog"]["name"], len(posts)]


def tumblr_scraper() -> Any:
    """It reads a blog's pages, whose markup it expects of a theme; here it only gets them."""
    return [importlib.import_module("tumblr_scraper.blogs").Blog("frank").blog_name]


def authlib() -> Any:
    """Authlib's OAuth 1 and OAuth 2 sessions."""
    sessions = importlib.import_module("authlib.integrations.requests_client")
    at = "https://api.tumblr.com/v2"
    one = sessions.OAuth1Session(*FOUR)
    user = one.get(f"{at}/user/info").json()["response"]["user"]["name"]
    made = one.post(f"{at}/blog/frank/post", data={"body": "é & b", "tags": "x y"}).status_code
    two = sessions.OAuth2Session(*FOUR[:2], token_endpoint_auth_method="client_secret_post")
    token = two.fetch_token(f"{at}/oauth2/token", grant_type="client_credentials")
    posts = two.get(f"{at}/blog/frank/posts").json()["response"]["posts"]
    return [user, made, token["token_type"], bool(posts)]


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1].replace("-", "_")]()))
