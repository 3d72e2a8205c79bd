"""What the READMEs of published Python programs show, against a sandbox. Runs in the program's environment.

``examples.py NAME`` prints what was found as JSON. The sandbox is where tumblr.com is; ``KEYS`` holds keys.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

KEYS = json.loads(os.environ["KEYS"])
FOUR = (KEYS["consumer_key"], KEYS["consumer_secret"], KEYS["token"], KEYS["token_secret"])
KEYS_OF_AN_ACCOUNT = ("consumer_key", "consumer_secret", "oauth_token", "oauth_secret")
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
    user = client.post("user/info")["user"]["name"]
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


def jrnl2tumblr() -> Any:
    """Its command, fed with keys and one entry."""
    entry = {"title": "A day", "body": "It rained & rained.", "tags": ["rain"], "date": "2024-05-01"}
    Path("journal.json").write_text(json.dumps({"entries": [entry]}))
    given = "".join(f"{key}\n" for key in FOUR)
    command = [sys.executable, "-m", "jrnl2tumblr", "journal.json", "frank"]
    ended = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    said = ended.stdout.splitlines()[-1].split(": ")[-2:]
    (post,) = importlib.import_module("pytumblr").TumblrRestClient(*FOUR).posts("frank", tag="rain")["posts"]
    return [*said, post["title"], post["body"], post["date"]]


def npf_renderer() -> Any:
    """Its README's example, over everything that frank posted."""
    client = importlib.import_module("pytumblr").TumblrRestClient(*FOUR)
    rendered = importlib.import_module("npf_renderer").format_npf
    posts = client.posts("frank", npf=True)["posts"]
    return [rendered(post["content"], post["layout"], pretty_html=True)[0] for post in posts[-2:]]


def pelican() -> Any:
    """What pelican-import --tumblr reads before it calls pandoc."""
    read = importlib.import_module("pelican.tools.pelican_import").tumblr2fields
    posts = list(read(FOUR[0], "crimewave-jam"))
    return sorted(
        [post[5][0], re.sub(r'="http[^"]*"', "", post[1]).strip()] for post in posts if "kept" in post[6]
    )


def tumblr_2_album() -> Any:
    client = importlib.import_module("pytumblr").TumblrRestClient(*FOUR)
    (post,) = client.posts("frank", type="photo", tag="pic")["posts"]
    album = importlib.import_module("tumblr_2_album").get(client, post["post_url"])
    return [len(album.imgs), album.cap_html_v2]


def tumblr_download() -> Any:
    """Its command, with a photo blog; the keys are its own, which an account here is given."""
    (program,) = Path(sys.prefix).glob("lib/*/site-packages/tumblr-download/__main__.py")
    keys = dict(zip(KEYS_OF_AN_ACCOUNT, re.findall(r"'(\w{50})'", program.read_text()), strict=True))
    wanted = json.dumps({"name": "downloader", "keys": keys}).encode()
    control = f"http://127.0.0.1:{os.environ['SANDBOX_PORT']}/sandbox/users"
    request = urllib.request.Request(control, wanted, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
    subprocess.run([sys.executable, str(program), "frank.tumblr.com", "--type", "photo"], check=True)
    return [saved.read_bytes() == Path(PICTURE).read_bytes() for saved in Path("frank.tumblr.com").iterdir()]


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1].replace("-", "_")]()))
