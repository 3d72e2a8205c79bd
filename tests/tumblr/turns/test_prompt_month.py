"""Another month in prompts."""

from __future__ import annotations

from collections.abc import Callable

from tests.tumblr.fakes import World
from tumblr.turns.turn import StoredRequest, in_month

MakeWorld = Callable[..., World]


def a_request(**fields: object) -> StoredRequest:
    return StoredRequest(endpoint="answer", id="1", fields=fields, stored_at=0.0)


def test_hour_and_half_of_the_day_stay() -> None:
    moved = in_month(a_request(v10_timestamp="3 PM January 2021", v8_timestamp="3:07 PM"), "December 2020")
    assert moved.fields == {"v10_timestamp": "3 PM December 2020", "v8_timestamp": "3:07 PM"}
    listed = in_month(a_request(v10_timestamps=["12 AM May 2022"]), "December 2020")
    assert listed.fields == {"v10_timestamps": ["12 AM December 2020"]}


def test_without_a_month_or_a_time_nothing_changes() -> None:
    request = a_request(v10_timestamp="3 PM January 2021")
    assert in_month(request, None) is request
    assert in_month(a_request(v10_timestamp=""), "May 2020").fields == {"v10_timestamp": ""}
    assert in_month(a_request(question="soup?"), "May 2020").fields == {"question": "soup?"}


def test_the_bot_asks_in_that_month(make_world: MakeWorld) -> None:
    world = make_world(blog={"prompt_month": "December 2020"})
    world.tumblr.ask("soup?")
    world.run()
    judged, answered = (job.model_dump() for job in world.switchboard.jobs.values())
    assert answered["v10_timestamp"] == "4 AM December 2020"
    assert judged["v10_timestamps"] == ["4 AM December 2020"]
