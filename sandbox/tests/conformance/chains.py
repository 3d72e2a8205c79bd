"""The reblog chain of the checks, made by five accounts with the public clients."""

from __future__ import annotations

from typing import Any

from conformance.people import Crowd

Chain = dict[str, dict[str, Any]]
"""Every post of the chain by its author, in order, in the legacy form with ``reblog_info``."""

WORDS = {"alice": "one", "ben": "", "frank": "two", "cora": "three", "dave": ""}


def post_of(client: Any, blog: str, post_id: object, **more: object) -> dict[str, Any]:
    """One post as a client gets it."""
    (post,) = client.posts(blog, id=post_id, **more)["posts"]
    return dict(post)


def make_chain(crowd: Crowd, in_npf: tuple[str, ...] = ()) -> Chain:
    """alice writes, the others reblog in turn; some add nothing, some write in NPF."""
    made: Chain = {}
    parent: dict[str, Any] = {}
    for name, words in WORDS.items():
        new_id = _written(crowd, name, words, parent, npf=name in in_npf)
        parent = made[name] = post_of(crowd.client(name), name, new_id, reblog_info=True)
    return made


def _written(crowd: Crowd, name: str, words: str, parent: dict[str, Any], *, npf: bool) -> str:
    if npf:
        client, content = crowd.npf_client(name), [{"type": "text", "text": words}] if words else []
        if not parent:
            return str(client.create_post(name, content=content)["id"])
        return str(client.reblog_post(name, parent["blog_name"], parent["id"], content=content)["id"])
    client, html = crowd.client(name), f"<p>{words}</p>" if words else ""
    if not parent:
        return str(client.create_text(name, body=html)["id"])
    key = parent["reblog_key"]
    return str(client.reblog(name, id=parent["id"], reblog_key=key, comment=html)["id"])
