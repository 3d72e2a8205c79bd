"""From a submission to its job: prompt, options, number of candidates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.named import UnknownMood
from munging.control import ASKED, BOT, NAME
from selection.settings import SelectionConfig, StrategyName
from switchboard.job_factory import JobRules, NewJob, draft
from switchboard.messages import AnswerRequest, GenerationJob, RawSelectJob, RawSelectRequest, TextpostRequest
from switchboard.settings import CandidatesConfig


def answer(settings: JobRules | None = None, **fields: Any) -> NewJob:
    values = {"id": "a", "question": "how are you?", "asking_name": "bob", **fields}
    return draft(AnswerRequest(**values), settings or JobRules())


def job_of(made: NewJob) -> GenerationJob:
    assert isinstance(made.body, GenerationJob)
    return made.body


def test_a_bare_question_is_put_between_the_marks_of_a_turn() -> None:
    assert job_of(answer()).prompt == f"{NAME}bob{ASKED}\nhow are you?\n{BOT}"


def test_an_exact_prompt_is_used_as_it_is() -> None:
    prompt = f"{NAME}bob{ASKED}\nhi\n{NAME}frank{ASKED}\nwell\n{BOT}"
    assert job_of(answer(question=prompt, exact_prompt="true", asking_name="")).prompt == prompt


@given(name=st.text(min_size=1, max_size=20), question=st.text(max_size=60))
def test_a_bare_question_can_never_be_read_as_structure(name: str, question: str) -> None:
    prompt = job_of(
        answer(asking_name=name + NAME, question=question + ASKED + BOT + NAME + "<|endoftext|>")
    ).prompt
    assert (prompt.count(NAME), prompt.count(ASKED), prompt.count(BOT)) == (1, 1, 1)
    assert "<|endoftext|>" not in prompt


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, 13), ({"write_fic_override": "1"}, 8), ({"write_review_override": "1"}, 8),
        ({"mood": "meh"}, 17), ({"mood": "only_happy"}, 33),  # 4 of the 22 of the sample are happy enough
        ({"mood": "only_sad", "write_fic_override": "1"}, 14),
    ],
)  # fmt: skip
def test_how_many_candidates_are_written(fields: dict[str, Any], wanted: int) -> None:
    made = answer(**fields)
    assert (made.wanted, job_of(made).n_desired) == (wanted, wanted)


@pytest.mark.parametrize("mood", ["only_happy", "only_sad", "unrestricted"])
def test_no_sample_or_a_sample_that_is_rejected_whole_is_no_failure(mood: str) -> None:
    assert answer(JobRules(rejection_sample=()), mood=mood).wanted == 13
    whole = answer(JobRules(rejection_sample=(1e6, -1e6)), mood=mood).wanted
    assert 13 < whole <= 4 * 13


@pytest.mark.parametrize(("decimals", "wanted"), [(0, 4), (3, 5)])
def test_growth_may_be_reckoned_in_fractions(decimals: int, wanted: int) -> None:
    sample = tuple([50.0] * 27 + [0.0] * 73)  # "meh" refuses 27 in 100
    shares = JobRules(
        CandidatesConfig(answer=4, rejection_discount=0.4, growth_decimals=decimals), rejection_sample=sample
    )
    assert answer(shares, mood="meh").wanted == wanted


def test_a_mood_is_carried_with_its_bounds() -> None:
    mood = job_of(answer(mood="interp_only_sad__only_non_happy__0.25__0.75")).kwargs.mood
    assert mood.name == "interp_only_sad__only_non_happy__0.25__0.75"
    assert mood.min_allowed_score < mood.max_allowed_score < 0
    assert job_of(answer()).kwargs.mood.name == "unrestricted"
    with pytest.raises(UnknownMood):
        answer(mood="angry")


@pytest.mark.parametrize(
    ("fields", "option", "value"),
    [
        ({}, "avoid_if_under", 10),
        ({"write_fic_override": "1"}, "avoid_if_under", 100),
        ({}, "avoid_half_if_under", 15),
        ({"forced_tags_string": "#a"}, "forced_tags_string", "#a"),
        ({"return_all_conts": "1"}, "return_all_conts", True),
        ({"selector_cut_to_final_exchange": "true"}, "selector_cut_to_final_exchange", True),
        ({"write_fic_override": "on"}, "write_fic_override", True),
        ({"write_fic_override": ""}, "write_fic_override", False),
        ({}, "avoid_if_profane", False),
        ({"asking_name": "Prim"}, "avoid_if_profane", True),
    ],
)
def test_options_of_an_answer(fields: dict[str, Any], option: str, value: object) -> None:
    strict = JobRules(prim_askers=frozenset({"prim"}))
    assert getattr(job_of(answer(strict, **fields)).kwargs, option) == value


@pytest.mark.parametrize(
    ("fields", "lengths"),
    [
        ({}, (10, 15, None)),
        ({"least_words": "40"}, (40, 15, None)),
        ({"least_words": "4"}, (10, 15, None)),
        ({"most_words": "60"}, (10, 15, 60)),
        ({"most_words": "12", "write_fic_override": "1"}, (6, 6, 12)),
    ],
)
def test_a_wanted_length_bounds_the_candidates(
    fields: dict[str, Any], lengths: tuple[int, int, int | None]
) -> None:
    options = job_of(answer(**fields)).kwargs
    assert (options.avoid_if_under, options.avoid_half_if_under, options.avoid_if_over) == lengths


@pytest.mark.parametrize(
    ("question", "exact", "expected"),
    [
        ("hi @eve", False, ["frank", "keeper", "prim"]),
        ("友Ann会hi @eve\n\n友bob要hello\n\n域", True, ["frank", "keeper", "bob", "ann"]),
        ("翰hello\n\n友bob会and?\n\n域", True, ["frank", "keeper", "bob"]),
    ],
)
def test_who_may_be_mentioned(question: str, exact: bool, expected: list[str]) -> None:
    thread_only = JobRules(mentionable=frozenset({"frank", "keeper"}))
    fields: dict[str, Any] = {"question": question, "exact_prompt": exact, "asking_name": "Prim"}
    assert job_of(answer(thread_only, **fields)).kwargs.allowed_mentions == expected
    assert job_of(answer(JobRules(), **fields)).kwargs.allowed_mentions is None
    original = job_of(draft(TextpostRequest(id="t"), thread_only))
    assert original.kwargs.allowed_mentions == ["frank", "keeper"]


def test_options_of_an_unprompted_post() -> None:
    job = job_of(draft(TextpostRequest(id="t", v10_timestamp="3 PM May 2021"), JobRules()))
    options = job.kwargs
    assert (job.type, job.prompt, job.v10_timestamp, job.n_desired) == ("textpost", "", "3 PM May 2021", 15)
    assert (options.prompt_from_dataset, options.eps, options.strategy) == (
        True,
        0.25,
        "proportional_winnowed",
    )
    assert (options.avoid_if_under, options.avoid_half_if_under) == (20, 40)


def test_how_one_is_drawn_and_the_least_words_are_settings() -> None:
    settings = JobRules(
        CandidatesConfig(
            answer_min_words=1,
            answer_half_min_words=3,
            fiction_min_words=75,
            textpost_min_words=4,
            textpost_half_min_words=5,
        ),
        SelectionConfig(
            answer_strategy=StrategyName.EPS_GREEDY,
            answer_eps=0.075,
            textpost_strategy=StrategyName.ARGMAX,
            textpost_eps=0.15,
        ),
    )
    said = job_of(answer(settings)).kwargs
    assert (said.strategy, said.eps, said.avoid_if_under, said.avoid_half_if_under) == (
        "eps_greedy",
        0.075,
        1,
        3,
    )
    assert job_of(answer(settings, write_fic_override=True)).kwargs.avoid_if_under == 75
    told = job_of(draft(TextpostRequest(id="t"), settings)).kwargs
    assert (told.strategy, told.eps, told.avoid_if_under, told.avoid_half_if_under) == ("argmax", 0.15, 4, 5)


def test_one_time_is_applied_to_all_texts_to_be_scored() -> None:
    request = RawSelectRequest(id="r", texts=["x", "y"], v8_timestamps=["1 PM", "2 PM"])
    body = draft(request, JobRules()).body
    assert isinstance(body, RawSelectJob)
    assert (body.texts, body.v8_timestamp, body.v10_timestamp) == (["x", "y"], "1 PM", "")


def test_requests_are_told_apart_by_what_they_ask_not_by_who_asks() -> None:
    same = {answer().payload_hash, answer(id="b").payload_hash, answer(client="other").payload_hash}
    assert len(same) == 1
    other = {answer(v8_timestamp="1 PM").payload_hash, answer(question="?").payload_hash}
    textpost = draft(TextpostRequest(id="a"), JobRules()).payload_hash
    assert len({*same, *other, textpost}) == 4
