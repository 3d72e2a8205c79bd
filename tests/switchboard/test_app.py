"""Every endpoint, through the client that the other processes use."""

from __future__ import annotations

import json
import socket
from typing import Any, get_args

import pytest
from structlog.testing import capture_logs

from mood.named import mood_by_name
from mood.settings import MoodConfig
from switchboard.app import ROUTES
from switchboard.errors import SwitchboardBusy, SwitchboardConflict, SwitchboardForbidden, SwitchboardRefused
from switchboard.job_factory import JobRules
from switchboard.messages import (
    AnswerRequest,
    GenerationJob,
    GeneratorPoll,
    HeadStanding,
    HeadWish,
    RawSelectJob,
    RawSelectOutcome,
    RawSelectRequest,
    SelectionOutcome,
    SelectorPoll,
    TextpostRequest,
    WeekReport,
)
from switchboard.polling import GeneratorExchange
from switchboard.settings import NeededRole, Role, SwitchboardConfig
from tests.switchboard.bench import Bench, choice, generation_result, scores
from tests.switchboard.conftest import MakeBench
from tests.switchboard.service import TOKENS, Service


def answer(job_id: str = "a", **fields: Any) -> AnswerRequest:
    return AnswerRequest(id=job_id, **{"question": "who are you?", "asking_name": "bob", **fields})


def test_an_answer_goes_all_the_way(service: Service) -> None:
    client, generator, selector = (service.client(role) for role in get_args(NeededRole))
    assert not client.submit_answer(answer()).collision
    assert client.get_result("a").state == "submitted"
    job = generator.poll_generator(GeneratorPoll(worker="g1", batch_size=13)).jobs["a"]
    assert isinstance(job, GenerationJob)
    assert job.lease is not None
    batch = generation_result(13, lease=job.lease.token)
    reply = generator.poll_generator(GeneratorPoll(worker="g1", results={"a": batch}))
    assert (reply.statuses, reply.jobs) == ({"a": "accepted"}, {})
    chosen = selector.poll_selector(SelectorPoll(worker="s1")).SELECTION_PROMPT_STACK["a"]
    assert chosen.lease is not None
    result = choice("a", chosen.kwargs.mood, post="hello", tags=["greeting"], lease=chosen.lease.token)
    statuses = selector.poll_selector(SelectorPoll(worker="s1", results={"a": result})).statuses
    assert statuses == {"a": "accepted"}
    fetched = client.get_result("a")
    assert isinstance(fetched.result, SelectionOutcome)
    assert (fetched.done, fetched.result.post, fetched.result.tags) == (True, "hello", ["greeting"])
    assert client.get_result("a") == fetched
    assert client.acknowledge("a").state == "acknowledged"
    assert client.get_result("a").result is None


def test_scores_go_all_the_way(service: Service) -> None:
    client, generator = service.client("client"), service.client("generator")
    request = RawSelectRequest(id="r", texts=["x", "y"], v10_timestamps=["3 PM May 2021", "4 PM May 2021"])
    assert not client.submit_raw_select(request).collision
    job = generator.poll_generator(GeneratorPoll()).jobs["r"]
    assert isinstance(job, RawSelectJob)
    assert job.v10_timestamp == "3 PM May 2021"
    generator.poll_generator(GeneratorPoll(results={"r": scores(2)}))
    result = client.get_result("r").result
    assert isinstance(result, RawSelectOutcome)
    assert result.selection_proba == [0.5, 0.5]


def test_a_text_post_is_submitted_with_its_own_options(service: Service) -> None:
    service.client().submit_textpost(TextpostRequest(id="t", mood="only_happy", return_all_conts=True))
    job = service.bench.poll().jobs["t"]
    assert isinstance(job, GenerationJob)
    options = job.kwargs
    assert (job.prompt, options.prompt_from_dataset, options.return_all_conts) == ("", True, True)
    assert (options.mood.name, options.eps, options.avoid_if_under) == ("only_happy", 0.25, 20)


def test_job_endpoints_say_the_state(service: Service) -> None:
    client = service.client()
    client.submit_answer(answer())
    assert client.cancel("a").state == "cancelled"
    assert client.cancel("nobody").state == "unknown"
    assert client.acknowledge("nobody").state == "unknown"
    failed = client.get_result("a")
    assert (failed.done, failed.result, failed.error) == (True, None, "cancelled by the client")
    assert client.get_result("nobody", wait_seconds=20).state == "unknown"


@pytest.mark.parametrize(
    "body", [{"data": {"id": "a"}}, {"json": {"id": "a"}}, {"json": "a"}], ids=["form", "json", "bare text"]
)
def test_done_takes_a_form_json_or_a_bare_text(service: Service, body: dict[str, Any]) -> None:
    service.bench.answer()
    assert service.send("POST", "/done", **body).get_json() == {"cleared_from": ["job"]}


def test_all_done_concerns_one_client(service: Service) -> None:
    client = service.client()
    client.submit_answer(answer("a", client="one"))
    client.submit_answer(answer("b", client="two"))
    assert client.clear_all("one").cleared_from == ["a"]
    assert client.get_result("b").state == "submitted"


def test_the_shape_of_an_unfinished_and_of_a_finished_result(service: Service) -> None:
    service.bench.raw_select()
    unfinished = service.send("POST", "/getresult", data={"id": "r"}).get_json()
    assert unfinished == {"done": False, "result": "", "state": "submitted", "error": None}
    service.bench.post("r", scores(2))
    twice = [service.send("POST", "/getresult", data={"id": "r"}).data for _ in range(2)]
    assert twice[0] == twice[1]
    assert json.loads(twice[0])["result"]["selection_proba"] == [0.5, 0.5]


def test_the_reply_to_a_generator_has_jobs_by_id_beside_the_statuses(service: Service) -> None:
    service.bench.answer()
    body = service.send("POST", "/pollgenerator", "generator", json={"worker": "g1"}).get_json()
    assert set(body) == {"a", "$statuses", "$leases"}
    assert body["a"]["kwargs"]["best_of"] == 1
    assert body["a"]["type"] == "answer"


def test_a_worker_of_the_old_kind_may_send_the_job_back_with_its_result(service: Service) -> None:
    service.bench.answer()
    job = service.send("POST", "/pollgenerator", "generator", json={"results": {}}).get_json()["a"]
    lease = job.pop("lease")
    batch = generation_result(1).model_dump(mode="json", exclude={"more", "candidate_keys"})
    old = {**job, **batch, "lease": lease["token"], "alt_selection_proba__june": [0.1]}
    reply = service.send("POST", "/pollgenerator", "generator", json={"results": {"a": old}, "max_jobs": 0})
    assert reply.get_json()["$statuses"] == {"a": "accepted"}


def test_status_shows_no_texts_unless_a_job_is_asked_for(service: Service) -> None:
    client = service.client()
    client.submit_answer(answer(question="a very private question"))
    service.client("generator").poll_generator(GeneratorPoll(worker="g1", capabilities=["raw_select"]))
    status = client.status()
    assert "private" not in status.model_dump_json()
    assert (status.counts, status.open_jobs, status.unserved) == ({"submitted": 1}, 1, ["answer"])
    assert [(line.id, line.type, line.state) for line in status.jobs] == [("a", "answer", "submitted")]
    assert [(line.worker, line.role) for line in status.workers] == [("g1", "generator")]
    job = client.status("a").job
    assert job is not None
    assert "private" in json.dumps(job["request"])
    assert client.status("nobody").job is None


def test_failures_are_shown_with_their_reasons(service: Service) -> None:
    service.bench.raw_select()
    for _ in range(5):
        service.bench.lease_of("r")
        service.bench.clock.advance(1000)
    service.bench.poll()
    (failure,) = service.client().status().failures
    assert failure.error is not None
    assert "failed 5 times" in failure.error


def test_metrics_are_in_the_form_prometheus_reads(service: Service) -> None:
    service.bench.answer()
    service.send("GET", "/nowhere")
    response = service.send("GET", "/metrics")
    assert response.content_type.startswith("text/plain")
    lines = response.text.splitlines()
    assert 'switchboard_jobs{state="submitted"} 1.0' in lines
    by = f'switchboard="{socket.gethostname()}:5000"'
    assert f'switchboard_transitions_total{{state="submitted",{by}}} 1.0' in lines
    assert f'switchboard_requests_total{{endpoint="none",status="404",{by}}} 1.0' in lines
    assert f"switchboard_waiting_polls{{{by}}} 0.0" in lines


def test_results_and_what_was_swept_are_counted(service: Service) -> None:
    service.bench.raw_select("r")
    results = {"r": {"selection_proba": [0.5, 0.5], "sentiment_logit_diffs": [0.0, 0.0]}, "x": {"error": "e"}}
    service.send("POST", "/pollgenerator", "generator", json={"results": results})
    service.bench.clock.advance(30 * 86_400)
    service.bench.store.sweep()
    lines = service.send("GET", "/metrics").text.splitlines()
    by = f'switchboard="{socket.gethostname()}:5000"'
    assert f'switchboard_results_total{{status="accepted",{by}}} 1.0' in lines
    assert f'switchboard_results_total{{status="unknown",{by}}} 1.0' in lines
    assert f'switchboard_swept_total{{{by},what="results removed"}} 1.0' in lines
    assert "switchboard_retained_texts 0.0" in lines


def test_health_needs_no_token(service: Service) -> None:
    assert service.send("GET", "/health", None).get_json() == {"ok": True}


# --- roles


@pytest.mark.parametrize(("method", "path", "role"), [route[:3] for route in ROUTES if route[2] is not None])
def test_an_endpoint_needs_the_token_of_its_role(
    service: Service, method: str, path: str, role: Role
) -> None:
    service.bench.answer()
    before = service.bench.store.status()
    assert service.send(method, path, None).status_code == 401
    assert service.send(method, path, None, headers={"Authorization": "Basic x"}).status_code == 401
    for wrong in (*(t for r, t in TOKENS.items() if r != role), "", TOKENS[role] + "x", "tökén"):
        response = service.send(method, path, None, headers={"Authorization": f"Bearer {wrong}"})
        assert (response.status_code, response.get_json()) == (403, {"error": "not allowed", "field": ""})
    assert service.bench.store.status() == before


def test_the_client_raises_what_the_service_says(service: Service) -> None:
    with pytest.raises(SwitchboardForbidden):
        service.client("client", token="wrong").status()
    client = service.client()
    with pytest.raises(SwitchboardRefused) as refused:
        client.submit_answer(answer(mood="angry"))
    assert (refused.value.status, refused.value.field) == (400, "mood")
    client.submit_answer(answer())
    with pytest.raises(SwitchboardConflict):
        client.submit_answer(answer(question="something else"))


def test_tokens_are_told_apart_and_never_shown() -> None:
    def open_to_all(**tokens: str) -> SwitchboardConfig:
        return SwitchboardConfig.model_validate({"listen_host": "0.0.0.0", **tokens})

    full = open_to_all(client_token="a", generator_token="b", selector_token="c")
    assert full.token_problem() is None
    shared = open_to_all(client_token="a", generator_token="a", selector_token="c").token_problem()
    missing = open_to_all(client_token="a").token_problem()
    assert shared is not None
    assert missing is not None
    assert "share a token" in shared[0]
    assert "a token is missing" in missing[0]
    assert SwitchboardConfig().token_problem() is None
    assert "'a'" not in repr(full)


# --- limits and logs


def test_too_many_open_jobs_are_answered_with_patience(make_bench: MakeBench) -> None:
    service = Service(make_bench(SwitchboardConfig(max_open_jobs=1)))
    client = service.client()
    client.submit_answer(answer("1"))
    with pytest.raises(SwitchboardBusy) as busy:
        client.submit_answer(answer("2"))
    assert busy.value.retry_after == 5
    form = {"id": "3", "question": "q", "asking_name": "bob"}
    assert service.send("POST", "/", data=form).headers["Retry-After"] == "5"
    assert client.submit_answer(answer("1")).collision


def test_a_full_disk_is_said_clearly_and_loses_nothing(service: Service) -> None:
    client = service.client()
    client.submit_answer(answer("first"))
    with service.bench.store._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SwitchboardBusy, match=r"disk is full.*free some space"):
        client.submit_answer(answer("second", question="x" * 100_000))
    assert client.get_result("second").state == "unknown"
    assert client.get_result("first").state == "submitted"
    with service.bench.store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert not client.submit_answer(answer("second", question="x" * 100_000)).collision


def test_logs_carry_transitions_but_no_text_and_no_token(service: Service) -> None:
    with capture_logs() as logged:
        client = service.client()
        client.submit_answer(answer(question="a very private question"))
        service.bench.finish("a", post="a very private answer")
        service.send("GET", "/status", None, headers={"Authorization": "Bearer wrong-token"})
    assert [line["event"] for line in logged] == [
        "job submitted", "job generating", "job generated", "job selecting", "job finished",
    ]  # fmt: skip
    assert all({"job", "type", "old", "worker", "seconds"} <= set(line) for line in logged)
    assert not any(secret in str(logged) for secret in ("private", "token", *TOKENS.values()))


def test_the_operator_chooses_the_moods_ranges(sqlite_bench: Bench) -> None:
    client = Service(sqlite_bench, rules=JobRules(mood=MoodConfig(ranges="2023"))).client()
    client.submit_answer(answer("later", mood="only_sad"))
    job = sqlite_bench.poll().jobs["later"]
    assert isinstance(job, GenerationJob)
    assert job.kwargs.mood.max_allowed_score == mood_by_name("only_sad", "2023").max_allowed_score


def test_strict_language_users_and_moods_shape_the_job(sqlite_bench: Bench) -> None:
    service = Service(sqlite_bench, rules=JobRules(prim_askers=frozenset({"prim-person"})))
    client = service.client()
    client.submit_answer(answer("strict", asking_name="Prim-Person", mood="meh"))
    client.submit_answer(answer("free", write_fic_override=True))
    jobs = sqlite_bench.poll().jobs
    strict, free = jobs["strict"], jobs["free"]
    assert isinstance(strict, GenerationJob)
    assert isinstance(free, GenerationJob)
    assert (strict.kwargs.avoid_if_profane, free.kwargs.avoid_if_profane) == (True, False)
    assert (strict.n_desired, free.n_desired, free.kwargs.avoid_if_under) == (17, 8, 100)


# --- names of workers


def test_two_processes_under_one_name_are_noticed(service: Service) -> None:
    generator = service.client("generator")
    generator.poll_generator(GeneratorPoll(worker="g", instance="one"))
    generator.poll_generator(GeneratorPoll(worker="g", instance="two"))
    with pytest.raises(SwitchboardConflict, match="another process works under the name g"):
        generator.poll_generator(GeneratorPoll(worker="g", instance="one"))
    service.client("selector").poll_selector(SelectorPoll(worker="s", instance="one"))
    generator.poll_generator(GeneratorPoll(instance="one"))


def test_announced_heads_are_told_to_every_generator_also_after_a_restart(service: Service) -> None:
    generator = service.client("generator")
    assert generator.poll_generator(GeneratorPoll(worker="g1")).heads is None
    generator.announce("selector/20260101")
    for worker in ("g1", "g2"):
        assert generator.poll_generator(GeneratorPoll(worker=worker)).heads == "selector/20260101"
    service.bench.restart()
    again = Service(service.bench, service.settings).client("generator")
    assert again.poll_generator(GeneratorPoll(worker="g1")).heads == "selector/20260101"
    service.bench.answer()
    again.announce("selector/20260108")
    reply = again.poll_generator(GeneratorPoll(worker="g2"))
    assert reply.jobs
    assert reply.heads == "selector/20260108"
    with pytest.raises(SwitchboardForbidden):
        service.client("client").announce("selector/other")


def test_what_was_learned_and_what_is_wanted_go_all_the_way(service: Service) -> None:
    """A wish is handed out with each poll, also after a restart, until it is settled."""
    generator, console = service.client("generator"), service.client("console")
    generator.report_head(HeadStanding(head="selector", current="b", before=["", "a"], versions=[]))
    generator.report_week(WeekReport(at=1.0))
    wish = HeadWish(head="selector", version="a", instead_of="b", who="keeper")
    for _ in range(2):
        console.wish(wish)
    with pytest.raises(SwitchboardConflict, match="another version"):
        console.wish(wish.model_copy(update={"instead_of": "c"}))
    with pytest.raises(SwitchboardConflict, match="no version z"):
        console.wish(wish.model_copy(update={"version": "z"}))
    service.bench.restart()
    again = Service(service.bench, service.settings)
    asked: list[HeadWish] = []
    exchange = GeneratorExchange(again.client("generator"), worker="g", on_wishes=asked.extend)
    exchange({}, [], max_jobs=1, wait_seconds=0.0)
    assert asked == [wish]
    again.client("generator").report_head(HeadStanding(head="selector", current="a", before=[""]))
    reply = again.client("generator").poll_generator(GeneratorPoll(worker="g"))
    assert (reply.heads, reply.wishes) == ("selector/a", [])
    learned = again.client("console").learned()
    assert [(line.standing.current, line.wish) for line in learned.heads] == [("a", None)]
    assert learned.week == WeekReport(at=1.0)
    assert again.client("console").work().version
    for role in ("client", "selector"):
        with pytest.raises(SwitchboardForbidden):
            again.client(role).learned()
