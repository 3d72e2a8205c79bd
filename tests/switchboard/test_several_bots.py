"""Several bots at one switchboard, each with a token of its own: they see their own jobs alone, and share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardBusy, SwitchboardForbidden, SwitchboardRefused
from switchboard.messages import RawSelectRequest
from switchboard.settings import BotClientConfig, SwitchboardConfig
from tests.switchboard.bench import Bench, scores
from tests.switchboard.service import Service, with_tokens

BOTS = (
    BotClientConfig(name="frank", token=SecretStr("token-frank"), share=2.0),
    BotClientConfig(name="nora", token=SecretStr("token-nora"), max_open_jobs=2),
)


@pytest.fixture
def shared(sqlite_bench: Bench) -> Iterator[Service]:
    sqlite_bench.store.settings = sqlite_bench.settings.model_copy(update={"clients": BOTS})
    service = Service(sqlite_bench, with_tokens(sqlite_bench.store.settings))
    yield service
    service.parts.notifier.close()


def bot(service: Service, name: str) -> SwitchboardClient:
    return service.client("client", token=f"token-{name}")


def texts(job_id: str, **fields: Any) -> RawSelectRequest:
    return RawSelectRequest(id=job_id, texts=["one", "two"], **fields)


def test_two_bots_may_use_one_id_for_jobs_of_their_own(shared: Service) -> None:
    frank, nora = bot(shared, "frank"), bot(shared, "nora")
    assert not frank.submit_raw_select(texts("same", client="nora")).collision
    assert not nora.submit_raw_select(texts("same")).collision
    shared.bench.post("frank.same", scores(2))
    assert frank.get_result("same").done
    assert not nora.get_result("same").done
    assert nora.get_result("frank.same").state == "unknown"
    assert nora.acknowledge("frank.same").state == "unknown"
    assert nora.clear_all("frank").cleared_from == ["same"]
    assert frank.get_result("same").state == "finished"
    assert shared.client().status().counts == {"finished": 1, "cancelled": 1}


def test_what_concerns_all_is_for_the_operator(shared: Service) -> None:
    with pytest.raises(SwitchboardForbidden):
        bot(shared, "frank").status()
    headers = {"Authorization": "Bearer token-nora"}
    for path in ("/metrics", "/status?id=x"):
        assert shared.send("GET", path, None, headers=headers).status_code == 403
    assert shared.send("POST", "/pollgenerator", None, headers=headers, json={}).status_code == 403
    with pytest.raises(SwitchboardForbidden):
        bot(shared, "nobody").get_result("x")


def test_a_bot_has_no_more_open_jobs_than_it_may(shared: Service) -> None:
    frank, nora = bot(shared, "frank"), bot(shared, "nora")
    for number in range(2):
        nora.submit_raw_select(texts(f"{number}"))
    with pytest.raises(SwitchboardBusy, match="2 open jobs of nora"):
        nora.submit_raw_select(texts("2"))
    frank.submit_raw_select(texts("2"))
    nora.cancel("0")
    assert not nora.submit_raw_select(texts("2")).collision


def test_a_larger_share_is_handed_out_more_often(shared: Service) -> None:
    shared.bench.store.settings = shared.settings.model_copy(update={"clients": (BOTS[0],)})
    for number in range(9):
        bot(shared, "frank").submit_raw_select(texts(f"{number}"))
        shared.client().submit_raw_select(texts(f"other.{number}"))
    handed = [next(iter(shared.bench.poll(f"g{number}", max_jobs=1).jobs)) for number in range(9)]
    assert sum(job_id.startswith("frank.") for job_id in handed) == 6


def test_an_id_must_leave_room_for_the_name(shared: Service) -> None:
    assert not bot(shared, "frank").submit_raw_select(texts("x" * 95)).collision
    with pytest.raises(SwitchboardRefused, match="longer than 95 characters"):
        bot(shared, "frank").submit_raw_select(texts("x" * 96))


def test_tokens_and_names_of_bots_are_their_own() -> None:
    twice = (BOTS[0], BOTS[0].model_copy(update={"token": SecretStr("another")}))
    problem = SwitchboardConfig(clients=twice).token_problem()
    assert problem is not None
    assert "one name" in problem[0]
    problem = SwitchboardConfig(client_token=SecretStr("token-frank"), clients=BOTS).token_problem()
    assert problem is not None
    assert "share a token" in problem[0]
