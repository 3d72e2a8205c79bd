"""Check 11: a reblog chain by five accounts in the legacy form, as in the worked example."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.backups import judged
from conformance.chains import Chain, make_chain, post_of
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


@pytest.fixture
def chain(crowd: Crowd) -> Chain:
    """alice writes one, ben reblogs, frank adds two, cora adds three, dave reblogs."""
    return make_chain(crowd)


def quoted(chain: Chain, name: str, inner: str) -> str:
    return (
        f'<p><a class="tumblr_blog" href="https://{name}.tumblr.com/post/{chain[name]["id"]}/one">{name}</a>'
        f":</p><blockquote>{inner}</blockquote>"
    )


def test_the_worked_example(chain: Chain) -> None:
    alice = quoted(chain, "alice", "<p>one</p>")
    frank = quoted(chain, "frank", f"{alice}<p>two</p>")
    cora = quoted(chain, "cora", f"{frank}<p>three</p>")
    bodies = {name: post["body"] for name, post in chain.items()}
    assert bodies == {
        "alice": "<p>one</p>",
        "ben": alice,
        "frank": f"{alice}<p>two</p>",
        "cora": f"{frank}<p>three</p>",
        "dave": cora,
    }
    reblogs = {name: (post["reblog"]["tree_html"], post["reblog"]["comment"]) for name, post in chain.items()}
    assert reblogs == {
        "alice": ("", "<p>one</p>"),
        "ben": (alice, ""),
        "frank": (alice, "<p>two</p>"),
        "cora": (frank, "<p>three</p>"),
        "dave": (cora, ""),
    }


def test_the_trails(chain: Chain) -> None:
    def entries(name: str) -> list[tuple[str, str, bool, bool]]:
        return [
            (
                entry["blog"]["name"],
                entry["content_raw"],
                "is_root_item" in entry,
                "is_current_item" in entry,
            )
            for entry in chain[name]["trail"]
        ]

    assert entries("cora") == [
        ("alice", "<p>one</p>", True, False),
        ("frank", "<p>two</p>", False, False),
        ("cora", "<p>three</p>", False, True),
    ]
    assert entries("dave") == [(*entry[:3], False) for entry in entries("cora")]
    ids = [entry["post"]["id"] for entry in chain["dave"]["trail"]]
    assert ids == [str(chain[name]["id"]) for name in ("alice", "frank", "cora")]


def test_no_quotes_end_together_too_early(chain: Chain) -> None:
    for post in chain.values():
        head = post["reblog"]["tree_html"].rpartition("</blockquote>")[0]
        assert not (head + "</blockquote>").endswith("</blockquote></blockquote>")


def test_where_it_came_from(chain: Chain) -> None:
    for name, parent in (("ben", "alice"), ("frank", "ben"), ("cora", "frank"), ("dave", "cora")):
        post = chain[name]
        assert (post["reblogged_from_name"], post["reblogged_from_id"]) == (parent, str(chain[parent]["id"]))
        assert (post["reblogged_root_name"], post["reblogged_root_id"]) == (
            "alice",
            str(chain["alice"]["id"]),
        )
        assert (post["source_title"], post["source_url"]) == ("alice", chain["alice"]["post_url"])
    assert not {"source_title", "reblogged_from_id"} & chain["alice"].keys()


def test_after_deleting_the_root(crowd: Crowd, chain: Chain) -> None:
    def descendants() -> list[dict[str, Any]]:
        names = ("ben", "frank", "cora", "dave")
        return [post_of(crowd.client(name), name, chain[name]["id"], reblog_info=True) for name in names]

    before = descendants()
    crowd.client("alice").delete_post("alice", chain["alice"]["id"])
    assert descendants() == before


def test_a_contributor_that_is_gone(crowd: Crowd, driver: SandboxDriver, chain: Chain) -> None:
    client, cora = crowd.client("dave"), chain["cora"]
    before = post_of(client, "cora", cora["id"]), post_of(client, "cora", cora["id"], npf=True)
    driver.set_blog("frank", deactivated=True)
    legacy, npf = post_of(client, "cora", cora["id"]), post_of(client, "cora", cora["id"], npf=True)
    assert legacy["body"] == before[0]["body"].replace(">frank</a>", "></a>")
    gone = legacy["trail"][1]
    assert (gone["blog"]["name"], gone["blog"]["active"], gone["blog"]["theme"]) == ("", False, [])
    assert gone["content_raw"] == "<p>two</p>"
    assert [entry["blog"]["active"] for entry in legacy["trail"]] == [True, False, True]
    broken = npf["trail"][1]
    assert (broken["broken_blog_name"], broken["content"]) == ("frank", [{"type": "text", "text": "two"}])
    assert ("blog" in broken, "id" in broken["post"]) == (False, False)
    assert judged([npf]) == [{"wrong": None}]
    driver.set_blog("frank", deactivated=False)
    after = post_of(client, "cora", cora["id"]), post_of(client, "cora", cora["id"], npf=True)
    assert after == before


def test_what_tumblr_backup_takes_for_reblogs(crowd: Crowd, chain: Chain) -> None:
    plain: list[Any] = [post_of(crowd.client("frank"), name, post["id"]) for name, post in chain.items()]
    told = [one["is_reblog"] for one in judged([*plain, *chain.values()])]
    assert told == [False, True, True, True, True] * 2
