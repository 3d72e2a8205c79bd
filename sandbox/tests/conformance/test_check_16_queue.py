"""Check 16: the queue: slots, order, publication, and what happens over the daily limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bench import FakeClock
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

DAY = 86_400


@pytest.fixture
def morning(clock: FakeClock, driver: SandboxDriver, frank: Any) -> int:
    """Midnight UTC of a day to come, with three posts a day to be published from the queue."""
    driver.set_checks(timestamps=False)
    clock.advance(DAY - clock() % DAY)
    driver.set_queue("frank", posts_per_day=3)
    return int(clock())


def queued(client: Any, *words: str) -> list[int]:
    return [client.create_text("frank", body=f"<p>{word}</p>", state="queue")["id"] for word in words]


def queue(client: Any) -> list[tuple[int, int]]:
    return [(post["id"], post["scheduled_publish_time"]) for post in client.queue("frank")["posts"]]


def bodies(client: Any) -> list[str]:
    return [post["body"] for post in client.posts("frank")["posts"]]


def test_three_a_day(frank: Any, morning: int) -> None:
    ids = queued(frank, "a", "b", "c", "d")
    assert [post_id for post_id, _ in queue(frank)] == ids
    times = [datetime.fromtimestamp(time, UTC).strftime("%H:%M") for _, time in queue(frank)]
    assert times == ["06:00", "12:00", "18:00", "06:00"]
    (post,) = frank.queue("frank", limit=1)["posts"]
    assert (post["state"], post["queued_state"]) == ("queued", "queued")


def test_a_freed_slot_is_taken_again(frank: Any, morning: int) -> None:
    first, second = queued(frank, "a", "b")
    (_, slot), *_ = queue(frank)
    frank.delete_post("frank", first)
    assert [post_id for post_id, _ in queue(frank)] == [second]
    (third,) = queued(frank, "c")
    assert queue(frank)[0] == (third, slot)


def test_reorder_and_shuffle_keep_the_times(frank: Any, crowd: Crowd, morning: int) -> None:
    ids = queued(frank, "a", "b", "c", "d")
    scheduled = frank.create_text(
        "frank", body="e", state="queue", date=datetime.fromtimestamp(morning + 10, UTC).isoformat()
    )["id"]
    times = [time for _, time in queue(frank)]

    def arrange(what: str, **body: int) -> list[int]:
        document = crowd.call("POST", f"/v2/blog/frank/posts/queue/{what}", json=body)
        assert document["response"] == []
        assert [time for _, time in queue(frank)] == times
        assert queue(frank)[0][0] == scheduled
        return [post_id for post_id, _ in queue(frank)[1:]]

    assert arrange("reorder", post_id=ids[3], insert_after=0) == [ids[3], *ids[:3]]
    assert arrange("reorder", post_id=ids[3], insert_after=ids[1]) == [ids[0], ids[1], ids[3], ids[2]]
    assert sorted(arrange("shuffle")) == ids


def test_published_once_and_in_order(frank: Any, driver: SandboxDriver, morning: int) -> None:
    ids = queued(frank, "a", "b", "c")
    driver.advance(DAY / 4)
    assert bodies(frank) == ["<p>a</p>"]
    (post,) = frank.posts("frank")["posts"]
    assert (post["timestamp"], post["genesis_post_id"]) == (morning + DAY // 4, str(ids[0]))
    assert post["id"] > ids[-1]
    driver.advance(DAY)
    assert bodies(frank) == ["<p>c</p>", "<p>b</p>", "<p>a</p>"]
    assert queue(frank) == []
    driver.advance(DAY)
    assert len(bodies(frank)) == 3


def test_over_the_daily_limit_it_becomes_a_draft(frank: Any, driver: SandboxDriver, morning: int) -> None:
    (post_id,) = queued(frank, "a")
    driver.set_limits(posts_per_day=0)
    driver.advance(DAY)
    assert (bodies(frank), queue(frank)) == ([], [])
    (draft,) = frank.drafts("frank")["posts"]
    assert (draft["id"], draft["body"]) == (post_id, "<p>a</p>")
