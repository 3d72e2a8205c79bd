"""The account of a day: everything that can be wrong with one is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.system.account import (
    DAY,
    HOUR,
    Account,
    Due,
    Limit,
    Line,
    Outcome,
    Remembered,
    Said,
    Skipped,
    Sort,
    busiest_window,
    calls_limits,
    compare,
    exchange_limit,
    make_account,
    pace_limit,
    posts_limits,
    talk_limit,
    with_limits,
)
from tumblr_sandbox.records import Call, PostRecord

NOON = 1_800_000_000.0


def a_post(post_id: str, **changes: Any) -> PostRecord:
    fields: dict[str, Any] = {
        "id": post_id,
        "blog": "frank",
        "state": "published",
        "type": "text",
        "genesis_id": None,
        "title": None,
        "html": f"<p>words of {post_id}</p>",
        "text": f"words of {post_id}",
        "question": None,
        "asker": None,
        "anonymous": False,
        "tags": [],
        "reblog_key": "k",
        "parent_id": None,
        "root_id": post_id,
        "timestamp": int(NOON),
        "scheduled": None,
        "url": "",
    }
    return PostRecord(**{**fields, **changes})


def a_call(at: float, **changes: Any) -> Call:
    fields: dict[str, Any] = {
        "number": 1,
        "time": at,
        "method": "GET",
        "path": "/v2/blog/frank/posts/submission",
        "parameters": {},
        "consumer": "key",
        "user": "frank",
        "status": 200,
        "fault": None,
    }
    return Call(**{**fields, **changes})


def outcome(said: Said, *posts: PostRecord, followed: int = 0) -> Outcome:
    (line,) = make_account([said], posts, {said.who: followed}, []).lines
    return line.outcome


ASK = Said(Sort.ASK, "7", "ann", Due.ANSWER)
REBLOG = Said(Sort.REBLOG, "8", "ann", Due.ANSWER)
REPLY = Said(Sort.REPLY, "why soup (no 3)", "ann", Due.ANSWER)
FOLLOW = Said(Sort.FOLLOW, "9", "ann", Due.DEED)
MOOD = Said(Sort.MOOD, "9", "ann", Due.ANSWER)
ANSWER = a_post("11", genesis_id="7", question="soup?")
IN_INBOX = a_post("7", state="submission", question="soup?")
ON_REPLY = a_post("13", html="<p>ann said</p>", text="ann said why soup (no 3)")


@pytest.mark.parametrize(
    ("said", "posts", "expected"),
    [
        (ASK, [ANSWER], Outcome.ANSWERED),
        (ASK, [a_post("7", question="soup?", state="draft")], Outcome.DRAFTED),
        (ASK, [IN_INBOX], Outcome.LOST),
        (ASK, [], Outcome.LOST),
        (ASK, [ANSWER, a_post("12", genesis_id="7", question="soup?")], Outcome.TWICE),
        (ASK, [a_post("11", genesis_id="6", question="soup?")], Outcome.LOST),
        (replace(ASK, due=Due.CHANCE), [IN_INBOX], Outcome.LEFT),
        (replace(ASK, due=Due.CHANCE), [ANSWER], Outcome.ANSWERED),
        (REBLOG, [a_post("12", parent_id="8")], Outcome.ANSWERED),
        (REBLOG, [a_post("12", parent_id="88")], Outcome.LOST),
        (REBLOG, [a_post("12", parent_id="8"), a_post("13", parent_id="8", state="draft")], Outcome.TWICE),
        (replace(REBLOG, due=Due.NOTHING), [], Outcome.LEFT),
        (replace(REBLOG, due=Due.NOTHING), [a_post("12", parent_id="8")], Outcome.UNCALLED),
        (REPLY, [ON_REPLY], Outcome.ANSWERED),
        (REPLY, [ON_REPLY, ON_REPLY], Outcome.TWICE),
        (replace(REPLY, key="why soup (no 4)"), [ON_REPLY], Outcome.LOST),
        (MOOD, [a_post("14", type="photo", text="because @ann asked")], Outcome.ANSWERED),
        (MOOD, [a_post("14", type="photo", text="because @bob asked, as @ann did")], Outcome.LOST),
    ],
)
def test_what_became_of_something(said: Said, posts: list[PostRecord], expected: Outcome) -> None:
    assert outcome(said, *posts) is expected


def test_a_command_is_obeyed_when_it_is_done_and_gone() -> None:
    assert outcome(FOLLOW, followed=1) is Outcome.OBEYED
    assert outcome(FOLLOW, followed=0) is Outcome.LOST
    assert outcome(FOLLOW, a_post("9", state="submission"), followed=1) is Outcome.LOST


def test_posts_that_answer_nobody_are_originals_and_no_two_are_alike() -> None:
    account = make_account(
        [ASK], [ANSWER, a_post("20"), a_post("21"), a_post("22", text="words of 21")], {}, []
    )
    assert account.originals == ("20", "21", "22")
    assert account.repeated == ("21", "22")
    assert account.complaints == ["said twice: 21", "said twice: 22"]
    assert account.table == {(Sort.ASK, Outcome.ANSWERED): 1}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], 0),
        ([0, 1, 2], 3),
        ([0, HOUR - 1, HOUR], 2),
        ([5, HOUR + 4, HOUR + 5, HOUR + 6, HOUR + 7], 3),
    ],
)
def test_windows_begin_with_a_call(times: list[float], expected: int) -> None:
    assert busiest_window(times, HOUR) == expected


def test_the_limits_of_calls_are_those_of_each_consumer() -> None:
    calls = [a_call(NOON + n) for n in range(3)] + [a_call(NOON, consumer="other"), a_call(NOON + DAY)]
    refused = [a_call(NOON, status=429), a_call(NOON, status=429, fault="limit")]
    hour, day, turned_away = calls_limits([*calls, *refused], per_hour=2, per_day=3, refused=0)
    assert (hour.found, hour.is_kept) == (3, False)
    assert (day.found, day.is_kept) == (3, True)
    assert (turned_away.found, turned_away.is_kept) == (1, False)


def test_posts_are_counted_by_the_days_of_the_us_east() -> None:
    midnight = 1_800_075_600  # in New York
    posts = [a_post("1", timestamp=midnight - 1), a_post("2", timestamp=midnight)]
    posts += [a_post("3", timestamp=midnight + 1), a_post("4", timestamp=midnight + 1, state="queued")]
    refused = a_call(NOON, method="POST", status=400, parameters={"state": "published"})
    draft = a_call(NOON, method="POST", status=400, parameters={"state": "draft"})
    in_a_day, turned_away = posts_limits(posts, [refused, draft], per_day=1, refused=0)
    assert in_a_day.found == 2
    assert turned_away.found == 1


def test_talk_and_pace() -> None:
    lines = [
        Line(ASK, Outcome.ANSWERED, ("1",)),
        Line(REBLOG, Outcome.ANSWERED, ("2",)),
        Line(REPLY, Outcome.LOST),
    ]
    assert exchange_limit(lines, "ann", 3).found == 1
    assert talk_limit(lines, 2) == Limit("answers to one person", 2, 2)
    calls = [a_call(NOON + n) for n in range(7)]
    assert pace_limit(calls, HOUR, 0).is_kept is False
    assert pace_limit(calls, HOUR, 1).is_kept is True
    further = [a_call(NOON + n, parameters={"offset": "50"}) for n in range(7)]
    assert pace_limit([*calls, *further], HOUR, 1).is_kept is True


def test_a_limit_that_is_not_kept_is_a_complaint() -> None:
    empty = Account((), (), (), ())
    assert with_limits(empty, Limit("soup", 2, 3)).complaints == ["soup: 3 of 2"]
    assert with_limits(empty, Limit("soup", 3, 3)).complaints == []


def test_the_bots_memory_must_say_the_same() -> None:
    account = make_account([ASK], [ANSWER, a_post("20")], {}, [])
    posts = [ANSWER, a_post("20")]
    assert compare(account, posts, Remembered(("7", "20"), {}, ())) == []
    assert compare(account, posts, Remembered(("11",), {}, ("ask:5",))) == [
        "the turn ask:5 is left open",
        "post 20 is not in the log",
    ]
    twice = Remembered(("11", "20", "20", "30"), {}, ())
    assert compare(account, posts, twice) == [
        "post 20 is logged 2 times",
        "the log has a post 30 that is nowhere",
    ]
    assert compare(account, posts, Remembered(("11", "11", "20"), {}, ()), {"11"}) == []


SIDE_REPLY = replace(REPLY, due=Due.NOTHING)
LEFT_REBLOG = replace(REBLOG, due=Due.NOTHING)


@pytest.mark.parametrize(
    ("said", "posts", "skipped", "is_explained"),
    [
        (LEFT_REBLOG, [], [], False),
        (LEFT_REBLOG, [], [Skipped("ann:8", "", "it is a program")], True),
        (LEFT_REBLOG, [], [Skipped("ann:8", "", "")], False),
        (LEFT_REBLOG, [], [Skipped("ann:88", "", "it is a program")], False),
        (replace(LEFT_REBLOG, says_something=False), [], [], True),
        (SIDE_REPLY, [], [], False),
        (SIDE_REPLY, [], [Skipped("ann:5:9", '{"text": "why soup (no 3)"}', "to somebody else")], True),
        (replace(ASK, due=Due.CHANCE), [IN_INBOX], [], True),
    ],
)
def test_what_was_left_has_a_reason(
    said: Said, posts: list[PostRecord], skipped: list[Skipped], is_explained: bool
) -> None:
    remembered = Remembered((), {}, (), tuple(skipped))
    complaints = compare(make_account([said], posts, {}, []), posts, remembered)
    assert complaints == ([] if is_explained else [f"left without a reason: {said.sort} {said.key} of ann"])
