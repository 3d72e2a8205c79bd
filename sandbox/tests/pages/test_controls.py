"""The control page."""

from __future__ import annotations

import pytest

from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.control.messages import LimitFigures
from tumblr_sandbox.faults import FaultKind
from tumblr_sandbox.pages.controls import offset_words
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import Residents
from tumblr_sandbox.records import Call
from tumblr_sandbox.store import posts
from tumblr_sandbox.world import World


def call(path: str, status: int = 200, **parameters: str) -> Call:
    return Call(
        number=0,
        time=0.0,
        method="POST",
        path=path,
        parameters=parameters,
        consumer="key",
        user="frank",
        status=status,
        fault=None,
    )


def test_moving_the_clock(stage: Stage, visitor: Visitor) -> None:
    queued = stage.write("frank", "<p>a</p>", state="queued")
    visitor.send("/control/advance", seconds="86400")
    visitor.send("/control/advance", hours="1.5")
    assert stage.world.clock.offset == 86_400 + 5400
    assert "1 day 1 hour 30 minutes ahead of real time" in visitor.see("/control").get_text()
    with stage.world.database.read() as connection:
        assert posts.get_born_as(connection, queued.id) is not None
    visitor.send("/control/reset-clock")
    assert stage.world.clock.offset == 0


@pytest.mark.parametrize(
    "form", [{"seconds": "soon"}, {"hours": "nan"}, {"seconds": "inf"}, {"hours": "1e30"}]
)
def test_the_clock_takes_numbers_only(world: World, visitor: Visitor, form: dict[str, str]) -> None:
    assert "type a number" in visitor.send("/control/advance", 400, **form).text
    assert world.clock.offset == 0


@pytest.mark.parametrize(
    ("offset", "words"),
    [(0, ""), (0.2, ""), (61, "1 minute 1 second ahead of real time"), (-172_800, "2 days behind real time")],
)
def test_how_far_the_clock_is_off(offset: float, words: str) -> None:
    assert offset_words(offset) == words


def test_faults(world: World, visitor: Visitor) -> None:
    visitor.send("/control/add-fault", kind="status", path="*/post/edit", method="", count="2", status="500")
    (fault,) = world.faults.active().values()
    assert (fault.kind, fault.path, fault.method, fault.count) == (FaultKind.STATUS, "*/post/edit", None, 2)
    number = visitor.see("/control").select_one(".faults input[name=number]")
    assert number is not None
    visitor.send("/control/remove-fault", number=number["value"])
    assert not world.faults.active()
    visitor.send("/control/add-fault", kind="hidden_ask", blog="quietmarsh", post_id="12")
    (fault,) = world.faults.active().values()
    assert (fault.blog, fault.post_id) == ("quietmarsh", "12")
    visitor.send("/control/clear-faults")
    assert not world.faults.active()
    assert "kind" in visitor.send("/control/add-fault", 400, kind="nonsense").text
    assert "status" in visitor.send("/control/add-fault", 400, kind="status", status="200").text


def test_limits_and_checks(world: World, visitor: Visitor) -> None:
    form = {
        str(field["name"]): str(field["value"])
        for field in visitor.see("/control").select("form[action='/control/limits'] input[type=number]")
    }
    visitor.send("/control/limits", **{**form, "posts_per_day": "7"})
    assert world.limits.posts_per_day == 7
    assert form.keys() == LimitFigures.model_fields.keys()
    world.set_limits({"images_per_day": 3})
    visitor.send("/control/limits", posts_per_day="8")
    assert (world.limits.posts_per_day, world.limits.images_per_day) == (8, 3)
    visitor.send("/control/limits", 400, **{**form, "posts_per_day": "-1"})
    visitor.send("/control/checks", nonces="on")
    assert (world.checks.nonces, world.checks.timestamps) == (True, False)


def test_what_the_api_received(world: World, visitor: Visitor) -> None:
    assert "No calls yet" in visitor.see("/control").get_text()
    world.calls.add(call("/v2/user/info"))
    world.calls.add(call("/v2/blog/frank/post", 401, body="<script>x</script>"))
    rows = [text_of(row) for row in visitor.see("/control").select("tbody tr")]
    assert rows == [
        "2 POST /v2/blog/frank/post frank 401 body <script>x</script>",
        "1 POST /v2/user/info frank 200",
    ]
    assert len(visitor.see("/control?path=user").select("tbody tr")) == 1
    assert len(visitor.see("/control?refused=on").select("tbody tr")) == 1
    assert len(visitor.see("/control?method=GET").select("tbody tr")) == 0


def test_people(stage: Stage, visitor: Visitor) -> None:
    visitor.send("/control/people", on="yes", speed="60", count="3")
    assert Residents(stage.world).switch() == PeopleSwitch(on=True, speed=60, count=3)
    assert "3 people live here" in visitor.see("/control").get_text()
    visitor.send("/control/people", on="no", speed="60", count="3")
    assert not Residents(stage.world).switch().on
    visitor.send("/control/people", 400, on="yes", speed="-1", count="3")


def test_the_front_of_the_queues(stage: Stage, visitor: Visitor) -> None:
    queued = stage.write("frank", "<p>a</p>", state="queued")
    visitor.send("/control/publish-queues")
    with stage.world.database.read() as connection:
        assert posts.get_born_as(connection, queued.id) is not None


def test_only_people_at_this_machine(world: World, visitor: Visitor) -> None:
    far = {"REMOTE_ADDR": "192.0.2.1"}
    assert visitor.client.get("/control", environ_overrides=far).status_code == 403
    assert visitor.client.get("/", environ_overrides=far).status_code == 200
    visitor.send("/control/nonsense", 404)
