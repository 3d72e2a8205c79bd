"""The pages beside the review: stories, search, export, people, settings, news."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from bot_config import load_config
from bot_config_sources import setting_lines
from operator_console.parts import PARTS
from operator_console.streams import QUEUED, RESYNC, SIGNED_OUT, Stream, Streams
from switchboard.console_talk import AskPosts, Posts
from switchboard.job_factory import JobRules, draft
from switchboard.messages import AnswerRequest, GenerationResult, GeneratorPoll, WorkCost, WorkDone
from tests.operator_console.stage import Stage
from tests.operator_console.test_access import harm_in
from tumblr.api.posting_switch import PostingHalted, PostingMode, PostingSwitch
from tumblr.store.schema import turns
from tumblr.turns.kinds import TurnState

MakeStage = Callable[..., Stage]


@pytest.fixture
def told(make_stage: MakeStage) -> Stage:
    """A stage with two published posts and one that waits."""
    stage: Stage = make_stage(asks=3)
    browser = stage.browser()
    for turn in (1, 2):
        form = browser.form(f"/review/{turn}", f"/review/{turn}/decide", 'value="approve"')
        browser.post(f"/review/{turn}/decide", form | {"action": "approve"})
    stage.later()
    return stage


def test_a_post_has_its_whole_story(told: Stage) -> None:
    (post,) = (one for one in told.world.store.log_entries() if one.turn_id == 1)
    page = told.browser().get(f"/why/{post.post_id}").text
    for words in (
        "what do you eat?",
        "Soup, mostly",
        "dreams of a station",
        "keeper (operator) decided: approve",
        "it was held for the operator",
        "it was posted on tumblr",
        "and moved the mood",
        "The prompt",
        "reader-1 asked:",
    ):
        assert words in page, words
    assert told.browser().get("/why/1").text.count("what do you eat?") == page.count("what do you eat?")
    assert told.browser().get("/why/999999").status_code == 404


def test_posts_are_found_by_words_and_by_whom_they_are_for(told: Stage) -> None:
    browser = told.browser()
    everything = browser.get("/why").text
    assert everything.count('class="card"') == 2
    for query, found in (
        ("words=soup", True),
        ("words=whale", False),
        ('words="*%20OR%20)', False),
        ("words=eat%20soup", True),
        ("who=reader-1", True),
        ("who=nobody", False),
    ):
        page = browser.get(f"/why?{query}").text
        assert ("what do you eat?" in page) == found, query


def test_all_posts_are_exported_as_on_the_command_line(told: Stage) -> None:
    answer = told.browser("helper").get("/export.jsonl")
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert [record["post_id"] for record in records] == [
        one.post_id for one in told.world.store.log_entries()
    ]
    assert records[0]["question"] == "what do you eat?"


def test_people_are_listed_with_what_is_particular(make_stage: MakeStage) -> None:
    stage = make_stage(asks=2)
    page = stage.browser().get("/people").text
    assert page.count("/why?who=reader-") == 2
    assert "reader-2" not in stage.browser().get("/people?begins=READER-1").text


def test_settings_are_shown_with_their_source_and_no_secret(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.json"
    keys = {name: f"hidden-{name}" for name in ("consumer_key", "consumer_secret", "token", "token_secret")}
    content = {"preset": "2023", "tumblr": {"base_keys": [keys]}, "loop": {"posts_per_day": 77}}
    path.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("AUTORESPONDER__QUEUE__WRITE_WHEN_BELOW", "9")
    stage.app.extensions[PARTS].configured = setting_lines(load_config(path), path)
    lines = {
        (section, line.name): (line.value, line.source)
        for section, found in stage.app.extensions[PARTS].configured.items()
        for line in found
    }
    assert lines[("loop", "posts_per_day")] == ("77", "file")
    assert lines[("queue", "write_when_below")] == ("9", "environment")
    assert lines[("screening", "autoreview")] == ("true", "preset 2023")
    assert lines[("blog", "timezone")][1] == "default"
    assert lines[("tumblr", "base_keys")] == ("set; never shown", "file")
    page = stage.browser("helper").get("/settings").text
    assert "posts_per_day" in page
    assert "hidden-" not in page
    assert "posts_per_day" in stage.browser().get("/settings?changed=yes").text


def test_live_shows_who_works_what_it_costs_and_what_to_do(stage: Stage) -> None:
    """Costs are counted with the result, once, and outlive the switchboard."""
    store = stage.keep_heads()
    store.submit(draft(AnswerRequest(id="a", question="hi", asking_name="bob"), JobRules()))
    job = store.exchange_generator(GeneratorPoll(worker="gpu-1", batch_size=2)).jobs["a"]
    assert job.lease is not None
    written = GenerationResult(
        continuations=["one", "two"],
        mirotarg=[None, None],
        selection_proba=[0.5, 0.6],
        sentiment_logit_diffs=[0.1, 0.2],
        cost=WorkCost(tokens=1234, seconds=95, speed=41.5),
        lease=job.lease.token,
    ).with_keys()
    for _ in range(2):  # the answer was lost
        store.exchange_generator(GeneratorPoll(worker="gpu-1", results={"a": written}, max_jobs=0))
    with stage.world.bot.database.transaction() as connection:
        reason = "tumblr answered 403: Forbidden <script>a()</script><img src=x onerror=a()>"
        failed = {"state": TurnState.FAILED, "reason": reason}
        connection.execute(update(turns).values(**failed))
    page = stage.browser().get("/live").text
    for shown in ("gpu-1", "41.5", "<dd>1234</dd>", "<dd>2</dd>", "<dd>1 min 35 s</dd>", "answered 403"):
        assert shown in page
    assert "see on tumblr whether the blog is blocked" in page
    assert "start selector.py" in page
    assert "start generator_service.py" not in page
    for asked in ("/live", "/live?part=panel", "/audit"):  # what is swapped in is HTML, and escaped
        answer = stage.browser().get(asked)
        assert answer.mimetype == "text/html"
        assert harm_in(answer.text) == []
    assert store.status().work == [WorkDone(worker="gpu-1", texts=2, tokens=1234, seconds=95, speed=41.5)]


def test_stopping_says_what_had_begun(stage: Stage) -> None:
    browser = stage.browser()
    with stage.world.bot.posting.write("POST /v2/blog/frank/posts"):
        form = browser.form("/live", "/posting") | {"mode": "stopped"}
        page = browser.post("/posting", form, follow_redirects=True).text
    assert "Begun before, and waiting for tumblr&#39;s answer: POST /v2/blog/frank/posts" in page
    with pytest.raises(PostingHalted), stage.world.bot.posting.write("POST /late"):
        pass


def test_no_write_begins_after_a_stop_however_many_try() -> None:
    switch, stopped = PostingSwitch(), threading.Event()
    begun_late: list[str] = []

    def write() -> None:
        while True:
            try:
                with switch.write("a write"):
                    if stopped.is_set() and not switch.under_way():
                        begun_late.append("late")
            except PostingHalted:
                return

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    before = set(switch.change(PostingMode.STOPPED))
    number = switch._next
    stopped.set()
    for thread in threads:
        thread.join()
    assert before <= {"a write"}
    assert switch._next == number, "a write began after the stop was acknowledged"
    assert begun_late == []


# News


def news_of(look: Callable[[], str], most: int = 2) -> Streams:
    return Streams(most, look)


def test_so_many_streams_and_no_more(stage: Stage) -> None:
    browser = stage.browser()
    opened = [stage.streams.open() for _ in range(stage.settings.streams)]
    answer = browser.get("/live/stream")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.get("/audit").status_code == 200
    assert None not in opened
    stage.streams.close()


def test_a_stream_tells_of_what_is_new_and_of_nothing_twice() -> None:
    states = iter(["1", "1", "2"])
    streams = news_of(lambda: next(states, "2"))
    stream = streams.open()
    assert stream is not None
    lines = streams.lines(stream, lambda: False, lambda: True)
    assert next(lines).startswith("retry:")
    assert [next(lines) for _ in range(2)] == ["event: live\ndata: 1\n\n", "event: live\ndata: 2\n\n"]
    lines.close()  # type: ignore[attr-defined]
    assert streams.number == 0
    streams.close()


def test_a_reader_that_is_gone_frees_its_stream() -> None:
    streams = news_of(lambda: "same")
    stream = streams.open()
    assert stream is not None
    assert len(list(streams.lines(stream, lambda: True, lambda: True))) == 1
    assert streams.number == 0
    streams.close()


def test_a_reader_that_does_not_keep_up_is_told_to_load_anew() -> None:
    streams, stream = news_of(lambda: "same"), Stream()
    for number in range(QUEUED + 1):
        stream.put(f"event {number}")
    assert list(streams.lines(stream, lambda: False, lambda: True))[1:] == [RESYNC]
    streams.close()


def test_whoever_is_logged_out_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operator_console.streams.HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr("operator_console.streams.LOOK_SECONDS", 0.01)
    streams, stream = news_of(lambda: "same"), Stream()
    assert list(streams.lines(stream, lambda: False, lambda: False))[-1].startswith("event: signed-out")
    streams.close()


def test_whoever_is_logged_out_hears_no_more_news_however_much_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("operator_console.streams.HEARTBEAT_SECONDS", 0.0)
    streams, stream = news_of(lambda: "same"), Stream()
    for number in range(3):
        stream.put(f"event {number}")
    assert list(streams.lines(stream, lambda: False, lambda: False))[1:] == [SIGNED_OUT]
    streams.close()


def test_a_search_of_the_bot_s_own_is_bounded(told: Stage) -> None:
    found: Posts = told.app.extensions[PARTS].bot.ask(AskPosts(limit=1), Posts)
    assert len(found.posts) == 1
