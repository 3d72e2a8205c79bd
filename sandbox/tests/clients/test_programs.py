"""Published programs, unmodified, against a sandbox over TLS. What is not installed is skipped with a line.

``make conformance`` installs them. The programs believe that they talk to tumblr.com; those of node are told
the address, as tumblr.js can be.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1

from bench import ROOT
from clients.install import modules_of, python_of
from clients.secure import Secure
from conformance.conftest import png
from tumblr_sandbox.demo_accounts import demo_keys

pytest.importorskip("cheroot", reason="--tls needs tumblr-sandbox[tls]")

HERE = Path(__file__).parent / "programs"
LIMIT_SECONDS = 240
JOURNAL = ["Published entry", "A day", "A day", "It rained &amp; rained.", "2024-05-01 00:00:00 GMT"]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """One sandbox for all programs, in which frank has a photo and a text."""
    folder = tmp_path_factory.mktemp("programs")
    with Secure(folder) as secure:
        (folder / "picture.png").write_bytes(png(90, 60))
        photo = {"type": "photo", "caption": "a picture", "tags": "pic"}
        post(secure, "frank", photo, {"data": png(90, 60)})
        post(secure, "frank", {"title": "t", "body": "<p>words</p>"})
        yield secure


def post(secure: Secure, blog: str, fields: dict[str, str], files: dict[str, bytes] | None = None) -> None:
    """Let somebody post something."""
    signed, url = OAuth1(*demo_keys(blog, secure.database).strings()), f"{secure.plain}/v2/blog/{blog}/post"
    with requests.post(url, auth=signed, data=fields, files=files, timeout=60) as reply:
        assert reply.status_code == 201


def around(secure: Secure, **more: str) -> dict[str, str]:
    """The environment of a program: where the sandbox is, whom to trust, and frank's keys."""
    names = ("consumer_key", "consumer_secret", "token", "token_secret")
    authority = str(secure.authority)
    return {
        **os.environ,
        "KEYS": json.dumps(dict(zip(names, demo_keys("frank", secure.database).strings(), strict=True))),
        "PICTURE": str(secure.authority.parent / "picture.png"),
        "SANDBOX_URL": f"https://localhost:{urlsplit(secure.url).port}",
        "SANDBOX_PORT": str(urlsplit(secure.plain).port),
        "SANDBOX_TLS_PORT": str(urlsplit(secure.url).port),
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), authority),
        **more,
    }


def done(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """What a program printed; it must have ended well."""
    ended = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
    return ended.stdout


def interpreter(name: str) -> str:
    """The Python of a program's environment, or a skip."""
    if not python_of(name).exists():
        pytest.skip(f"{name} is not installed: make conformance")
    return str(python_of(name))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("authlib", ["frank", 201, "bearer", True]),
        ("jrnl2tumblr", JOURNAL),
        ("npf-renderer", [False, False]),
        ("py3tumblr", ["frank", "<p>é</p>", "published"]),
        ("python-tumblpy", ["frank", "published", "published", 1]),
        ("pytumblr-aio", ["frank", 2, "quietmarsh"]),
        ("socialreaper", ["frank", 1]),
        ("tumblr-2-album", [1, "a picture"]),
        ("tumblr-download", [True]),
        ("tumblr-scraper", ["frank"]),
        ("tumblrdotcom", ["frank", "frank", True]),
    ],
)
def test_a_python_program(secure: Secure, tmp_path: Path, name: str, found: list[object]) -> None:
    environment = around(secure, PYTHONPATH=str(HERE / "redirect"))
    printed = done([interpreter(name), str(HERE / "examples.py"), name], environment, tmp_path)
    assert json.loads(printed.splitlines()[-1]) == found


def test_pelican_imports_posts_of_every_kind(secure: Secure, tmp_path: Path) -> None:
    film = "https://films.example.org/7"
    for fields in (
        {"type": "quote", "quote": "to be", "source": "a play"},
        {"type": "link", "url": "https://example.org/", "title": "a page", "description": "worth it"},
        {"type": "chat", "conversation": "ann: hello"},
        {"type": "audio", "external_url": "https://sounds.example.org/1.mp3", "caption": "hear"},
        {"type": "video", "embed": f"<iframe src='{film}'></iframe>", "caption": "see"},
    ):
        post(secure, "crimewave-jam", {**fields, "tags": "kept"})
    environment = around(secure, PYTHONPATH=str(HERE / "redirect"))
    command = [interpreter("pelican"), str(HERE / "examples.py"), "pelican"]
    read = dict(json.loads(done(command, environment, tmp_path)))
    assert list(read) == ["audio", "chat", "link", "quote", "video"]
    assert read["quote"] == "to be<p>&mdash; a play</p>"
    assert "worth it" in read["link"]
    assert "ann: hello" in read["chat"]
    assert "hear" in read["audio"]
    assert "see" in read["video"]


@pytest.mark.parametrize("name", ["authomatic", "django-allauth", "social-auth-core"])
def test_somebody_signs_in_to_a_python_application(secure: Secure, tmp_path: Path, name: str) -> None:
    environment = around(secure, PYTHONPATH=str(HERE / "redirect"))
    printed = done([interpreter(name), str(HERE / "sign_in.py"), name], environment, tmp_path)
    assert json.loads(printed.splitlines()[-1]) == "frank"


@pytest.mark.parametrize("name", ["bell", "grant", "passport-tumblr"])
def test_somebody_signs_in_to_an_application_of_node(secure: Secure, tmp_path: Path, name: str) -> None:
    command = [*node(name), "--require", str(HERE / "redirect" / "redirect.js")]
    printed = done(
        [*command, str(HERE / "sign_in.js"), name, str(modules_of(name))], around(secure), tmp_path
    )
    assert printed == "frank\n"


def test_somebody_signs_in_to_an_application_in_ruby(secure: Secure, tmp_path: Path) -> None:
    ruby, wanted = shutil.which("ruby"), ("omniauth-tumblr", "multi_json")
    loads = [ruby or "", *(f"-r{library}" for library in wanted), "-e", ""]
    if ruby is None or subprocess.run(loads, capture_output=True, check=False).returncode:
        pytest.skip("there is no omniauth-tumblr here (Debian: ruby-omniauth-tumblr, ruby-multi-json)")
    printed = done([ruby, str(HERE / "omniauth.rb")], around(secure), tmp_path)
    assert json.loads(printed) == ["frank", "frank", True]


def test_gallery_dl_saves_the_pictures(secure: Secure, tmp_path: Path) -> None:
    keys = demo_keys("frank", secure.database)
    names = ("api-key", "api-secret", "access-token", "access-token-secret")
    chosen = dict(zip(names, keys.strings(), strict=True)) | {"retries": 0}
    (tmp_path / "config.json").write_text(json.dumps({"extractor": {"tumblr": chosen}}))
    environment = around(secure, PYTHONPATH=str(HERE / "redirect"))
    command = [
        interpreter("gallery-dl"),
        "-m",
        "gallery_dl",
        "--config-ignore",
        "-c",
        "config.json",
        "-d",
        "saved",
    ]
    done([*command, "https://frank.tumblr.com/tagged/pic"], environment, tmp_path)
    (saved,) = (tmp_path / "saved").rglob("*.png")
    assert saved.read_bytes() == png(90, 60)


def node(name: str) -> list[str]:
    """node and the environment of a package for it, or a skip."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node here")
    if not modules_of(name).exists():
        pytest.skip(f"{name} is not installed: make conformance")
    return [found]


def test_tumblr_js_5_over_its_whole_api(secure: Secure, tmp_path: Path) -> None:
    environment = around(secure, PROGRAM=str(modules_of("tumblr.js") / "tumblr.js"))
    printed = done([*node("tumblr.js"), str(HERE / "tumblr_js_5.js")], environment, tmp_path)
    found: dict[str, Any] = json.loads(printed)
    assert found.pop("avatar").endswith("/avatar_frank_128.png")
    assert found == {
        "user": "frank",
        "blog": "frank",
        "created": "string",
        "edited": True,
        "texts": ["Hello from node: é 域 & + %", "more"],
        "tags": ["from node", "c"],
        "picture": [90, "a picture"],
        "title": "U",
        "photos": 2,
        "reblogged": "quietmarsh",
        "liked": 1,
        "unliked": 0,
        "blogLikes": 0,
        "followed": True,
        "unfollowed": True,
        "drafts": 1,
        "queue": 1,
        "submissions": True,
        "followers": "number",
        "dashboard": 2,
        "tagged": 1,
        "several": 1,
        "gone": "API error: 404 Not Found",
        "foreign": "API error: 401 Unauthorized",
        "wrong": "API error: 401 Unauthorized",
        "keyOnly": "frank",
        "blogs": ["frank"],
    }


def test_tumblr_js_3_which_signs_multipart_forms(secure: Secure, tmp_path: Path) -> None:
    environment = around(secure, PROGRAM=str(modules_of("tumblr.js-3") / "tumblr.js"))
    printed = done([*node("tumblr.js-3"), str(HERE / "tumblr_js_3.js")], environment, tmp_path)
    assert json.loads(printed) == [
        *("frank", "published", ["text", "photo", "photo"], ["x y", "z"], "c &amp; é"),
        True,
    ]


def test_the_program_of_the_readme(secure: Secure, tmp_path: Path) -> None:
    (program,) = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    environment = around(secure, NODE_PATH=str(modules_of("tumblr.js")))
    for written, really in (
        ("http://127.0.0.1:8765", secure.plain),
        ("https://localhost:8766", environment["SANDBOX_URL"]),
    ):
        assert written in program
        program = program.replace(written, really)
    (tmp_path / "program.js").write_text(program)
    assert done([*node("tumblr.js"), "program.js"], environment, tmp_path) == "Hello\n"
