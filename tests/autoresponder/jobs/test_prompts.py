"""What a job becomes for the model, and how it is made to fit; what the heads get to read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from autoresponder.errors import PromptTooLongError
from autoresponder.jobs.head_texts import (
    answer_reviewer_text,
    answer_selector_text,
    given_texts,
    sentiment_text,
    textpost_selector_text,
)
from autoresponder.jobs.prompts import AnswerPrompt, Voice, fit_original, original_kind
from autoresponder.model.encoding import TextEncoder
from munging.prompts.continuation import Continuation
from munging.prompts.formats import FORMATS, render
from munging.thread import Identity, PostKind, Thread

VOICE = Voice(FORMATS["v10"], Identity(blog="frank-blog", persona="Frank"))
TIME = "3 PM February 2021"
ASK = "友someuser要\nhello frank, how are you?\n域"
CHAIN = "友alice会first post域my comment友bob会bob text域"


def answer(classic: str = ASK, **options: object) -> AnswerPrompt:
    return AnswerPrompt.of(classic, VOICE, present=TIME, **options)  # type: ignore[arg-type]


def fitted(encoder: TextEncoder, prompt: AnswerPrompt, budget: int = 10_000) -> str:
    fit = prompt.fit(VOICE, encoder, budget)
    assert len(fit.ids) <= budget
    assert fit.ids[0] == encoder.eot
    assert encoder.eot not in fit.ids[1:]
    assert encoder.decode(fit.ids) == fit.text
    return fit.text


def test_an_ask_as_the_model_reads_it(encoder: TextEncoder) -> None:
    assert fitted(encoder, answer()) == (
        " Conversation between someuser and Frank | 2 posts |\n#1 someuser asked:\n\n"
        " hello frank, how are you?\n\n#2 Frank responded:\n\n Written 3 PM February 2021 | Frank's tags:"
    )


def test_space_behind_the_prompt_is_dropped_and_a_missing_turn_is_added(encoder: TextEncoder) -> None:
    assert fitted(encoder, answer(ASK + " \n")) == fitted(encoder, answer())
    assert fitted(encoder, answer(ASK.removesuffix("域"))) == fitted(encoder, answer())


def test_fiction_on_demand(encoder: TextEncoder) -> None:
    assert fitted(encoder, answer(fiction=True)) == (
        "#1 someuser asked:\n\n hello frank, how are you?\n\n"
        " Original fiction by Frank\n\n Frank's tags:\n Frank tagged this post as:"
    )


def test_forced_tags_stand_in_the_prompt(encoder: TextEncoder) -> None:
    prompt = answer(forced_tags="#soup, #food")
    assert prompt.forced_tags == ("soup", "food")
    assert fitted(encoder, prompt).endswith("#soup, #food")


def test_a_prompt_that_begins_a_review_is_model_text_already(encoder: TextEncoder) -> None:
    start = " Book review by Frank\n\n Frank's tags:\n Frank tagged this post as: #books\n Title: <b>Soup</b>"
    assert fitted(encoder, answer(start)) == start
    ids = answer(start).fit(VOICE, encoder, 10).ids
    assert ids == (encoder.eot, *encoder.encode_text(start)[-9:])


def test_earlier_posts_are_dropped_whole(encoder: TextEncoder) -> None:
    whole = fitted(encoder, answer(CHAIN))
    assert whole.startswith(" Conversation between alice, Frank and bob | 4 posts |\n#1 alice posted:")
    size = len(answer(CHAIN).fit(VOICE, encoder, 10_000).ids)
    assert fitted(encoder, answer(CHAIN), size) == whole
    assert fitted(encoder, answer(CHAIN), size - 1) == (
        " Conversation between Frank and bob | 3 posts |\n#1 Frank posted:\n\n my comment\n\n"
        "#2 bob commented:\n\n bob text\n\n#3 Frank commented:\n\n Written 3 PM February 2021 | Frank's tags:"
    )


def test_the_last_post_keeps_its_end(encoder: TextEncoder) -> None:
    long = "one two three four five six seven eight nine ten eleven twelve"
    prompt = answer(f"友alice会first友bob会{long}域")
    size = len(answer(f"友bob会{long}域").fit(VOICE, encoder, 10_000).ids)
    text = fitted(encoder, prompt, size - 8)
    assert text.startswith(" Conversation between bob and Frank | 2 posts |\n#1 bob posted:")
    words = text.split("posted:\n\n")[1].split("\n\n")[0].strip()
    assert words
    assert long.endswith(words)


def test_a_context_too_small_for_the_form_is_an_error(encoder: TextEncoder) -> None:
    with pytest.raises(PromptTooLongError):
        answer(CHAIN).fit(VOICE, encoder, 20)


@settings(max_examples=30, deadline=None)
@given(question=st.text(st.characters(exclude_characters="友会要域翰职", codec="utf-8"), max_size=300))
def test_any_question_fits(encoder: TextEncoder, question: str) -> None:
    ids = answer(f"友a要\n{question}\n域").fit(VOICE, encoder, 150).ids
    assert len(ids) <= 150
    assert ids.count(encoder.eot) == 1


@pytest.mark.parametrize(
    ("roll", "kind", "start"),
    [
        (0.0, "review", " Book review by Frank\n\n"),
        (0.149, "review", " Book review by Frank\n\n"),
        (0.15, "fiction", " Original fiction by Frank\n\n"),
        (0.299, "fiction", " Original fiction by Frank\n\n"),
        (0.30, "plain", " Frank posted:\n\n Written 3 PM February 2021"),
        (0.99, "plain", " Frank posted:\n\n Written 3 PM February 2021"),
    ],
)
def test_what_an_unprompted_post_becomes(encoder: TextEncoder, roll: float, kind: str, start: str) -> None:
    drawn = original_kind(roll, review_share=0.15, fiction_share=0.15)
    assert drawn == kind
    fit = fit_original(drawn, VOICE, encoder, written=TIME)
    assert fit.text.startswith(start)
    assert fit.ids == (encoder.eot, *encoder.encode_text(fit.text))


def test_times_are_picked_by_the_format() -> None:
    assert VOICE.time("3:07 PM", TIME) == TIME
    assert Voice(FORMATS["v9"], VOICE.identity).time("3:07 PM", TIME) == "3:07 PM"
    assert VOICE.time("3:07 PM", "") is None


WRITTEN = Continuation(" bob, you are <b>right</b>", ("soup", "food"))


def test_selector_text_of_a_whole_thread() -> None:
    text = answer_selector_text(answer(), "", WRITTEN, VOICE, cut_to_final_exchange=False)
    assert text == (
        " Conversation between someuser and Frank | 2 posts |\n#1 someuser asked:\n\n"
        " hello frank, how are you?\n\n#2 Frank responded:\n\n"
        " Written 3 PM February 2021 | Frank's tags: #soup, #food\n bob, you are <b>right</b>"
    )


def test_selector_text_cut_to_the_final_exchange() -> None:
    text = answer_selector_text(answer(CHAIN), "", WRITTEN, VOICE, cut_to_final_exchange=True)
    assert text == (
        " Conversation between bob and Frank | 2 posts |\n#1 bob posted:\n\n bob text\n\n"
        "#2 Frank commented:\n\n"
        " Written 3 PM February 2021 | Frank's tags: #soup, #food\n bob, you are <b>right</b>"
    )


def test_selector_text_of_a_review_is_what_was_written() -> None:
    prompt = answer(" Book review by Frank\n\n Frank's tags:\n Frank tagged this post as:")
    raw = " #books\n Title: “Soup”"
    text = answer_selector_text(prompt, raw, WRITTEN, VOICE, cut_to_final_exchange=True)
    assert text == prompt.text + ' #books\n Title: "Soup"'


@pytest.mark.parametrize(
    ("prompt", "raw", "text"),
    [
        (
            " Frank posted:\n\n Written 3 PM February 2021",
            " | Frank's tags: #a\n A river.",
            " Frank posted:\n\n Written 3 PM February 2021 | Frank's tags: #a\n A river.",
        ),
        (
            " Original fiction by Frank\n\n Frank's tags:\n Frank tagged this post as: #original fiction",
            ", #rivers\n A river.",
            " Frank posted:\n\n #original fiction, #rivers\n A river.",
        ),
        (
            " Book review by Frank\n\n Frank's tags:\n Frank tagged this post as:",
            " #books\n Title: <b>Soup</b>",
            " Frank posted:\n\n #books\n Title: <b>Soup</b>",
        ),
    ],
    ids=["plain", "fiction", "review"],
)
def test_selector_text_of_an_unprompted_post(prompt: str, raw: str, text: str) -> None:
    assert textpost_selector_text(prompt, raw, VOICE) == text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (" I am <b>very</b> well", " I am very well"),
        ("“a”\nb", '"a"\n b'),
        ("a < b and <i>c</i> > d", "a c > d"),
        ("<a href='x'>one</a> 1 <", "one 1 <"),
    ],
)
def test_sentiment_text_is_words_alone(body: str, words: str) -> None:
    assert sentiment_text(body) == words


@pytest.mark.parametrize("mark", ["", "翰"])
def test_a_given_text_without_marks_is_an_original_post(mark: str) -> None:
    selector, sentiment = given_texts(f"{mark}some text职#tag1, #tag2", VOICE, written=TIME)
    assert selector == (
        " Frank posted:\n\n Written 3 PM February 2021 | Frank's tags: #tag1, #tag2\n some text"
    )
    assert sentiment == "some text"


def test_a_given_thread_is_judged_as_one_and_felt_by_its_words() -> None:
    selector, sentiment = given_texts("友alice会<b>first</b> post友bob会second域", VOICE, written=None)
    assert selector.endswith("#2 bob commented:\n\n second\n\n#3 Frank commented:\n\n Frank's tags:")
    assert sentiment == "first post\n second"


LATER = Voice(FORMATS["later"], VOICE.identity, years={2014: 1.0})
TALK = "友alice会first post域my comment友bob会bob text域"


def later(classic: str, job_id: str = "a") -> AnswerPrompt:
    return AnswerPrompt.of(classic, LATER, present=TIME, job_id=job_id)


def test_in_the_later_formats_each_reads_what_it_was_trained_on(encoder: TextEncoder) -> None:
    prompt, said = later(TALK), Continuation("hm", ())
    fit = prompt.fit(LATER, encoder, 10_000)
    assert fit.text.startswith(" Conversation between alice, Frank and bob | 4 posts |\n#1 alice posted:")
    assert fit.text.endswith("#4 Frank commented:\n\n Written 3 PM February 2014 | Frank's tags:")
    selector = answer_selector_text(prompt, "", said, LATER, cut_to_final_exchange=False)
    assert selector.startswith(" Conversation between bob and Frank | 2 posts |\n#1 bob posted:\n\n bob text")
    reviewer = answer_reviewer_text(prompt, selector, said, LATER)
    assert reviewer.startswith(
        " Conversation between Frank and bob | 3 posts |\n#1 Frank posted:\n\n my comment"
    )
    assert "#2 bob commented:\n\n bob text" in reviewer
    for text in (selector, reviewer):  # both are told the present year
        assert "Written 3 PM February 2021" in text
        assert "2014" not in text


@pytest.mark.parametrize("name", ["v8", "v9", "v10"])
def test_in_the_formats_before_the_reviewer_reads_what_the_selector_does(name: str) -> None:
    voice = Voice(FORMATS[name], VOICE.identity, years={2014: 1.0})
    prompt = AnswerPrompt.of(CHAIN, voice, present=TIME, job_id="a")
    assert prompt.written == prompt.present == TIME
    selector = answer_selector_text(prompt, "", WRITTEN, voice, cut_to_final_exchange=True)
    assert answer_reviewer_text(prompt, selector, WRITTEN, voice) == selector


def test_a_review_on_demand_is_read_whole_by_all() -> None:
    text = f"{LATER.review_start()}\nTitle: <b>Soup</b>"
    prompt = later(text)
    selector = answer_selector_text(prompt, " and on", WRITTEN, LATER, cut_to_final_exchange=False)
    assert selector.endswith("and on")
    assert answer_reviewer_text(prompt, selector, WRITTEN, LATER) == selector


def test_the_year_is_the_jobs_own() -> None:
    voice = Voice(FORMATS["later"], VOICE.identity)
    years = {
        job: AnswerPrompt.of(ASK, voice, present=TIME, job_id=job).written for job in map(str, range(200))
    }
    assert years == {job: AnswerPrompt.of(ASK, voice, present=TIME, job_id=job).written for job in years}
    assert set(years.values()) == {f"3 PM February {year}" for year in range(2012, 2022)}
    assert AnswerPrompt.of(ASK, voice, present=None).written is None


def slowly_fitted(thread: Thread, encoder: TextEncoder, budget: int) -> str:
    """The print of as many of a thread's last posts as fit, found by dropping one after the other."""
    while True:
        prompt = render(thread, VOICE.form, VOICE.identity, written=TIME)
        if len(encoder.encode_prompt(prompt)) <= budget:
            return prompt.text
        assert len(thread.posts) > 2
        first, *rest = thread.posts[1:]
        thread = Thread((replace(first, kind=PostKind.POSTED), *rest))


def long_thread(posts: int) -> AnswerPrompt:
    said = "".join(f"友blog{number % 7}会what about {number} rivers?\n" for number in range(posts))
    return answer(f"{said}域")


@pytest.mark.parametrize("posts", [3, 9, 40])
@pytest.mark.parametrize("budget", [110, 150, 400])
def test_as_many_of_the_last_posts_stay_as_fit(encoder: TextEncoder, posts: int, budget: int) -> None:
    prompt = long_thread(posts)
    assert prompt.thread is not None
    assert fitted(encoder, prompt, budget) == slowly_fitted(prompt.thread, encoder, budget)


class Counting(TextEncoder):
    """Counts the characters it encodes."""

    characters = 0

    def encode_text(self, text: str) -> list[int]:
        self.characters += len(text)
        return super().encode_text(text)


def test_a_thread_of_thousands_costs_no_more_to_shorten_than_one_of_dozens(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    costs = {}
    for posts in (60, 3000):
        encoder = Counting(tokenizer)
        encoder.characters = 0
        fitted(encoder, long_thread(posts), 400)
        costs[posts] = encoder.characters
    assert costs[3000] < 2 * costs[60]
