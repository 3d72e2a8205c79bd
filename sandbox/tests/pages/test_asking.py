"""The ask box, the wait for an answer, and one's own questions."""

from __future__ import annotations

import pytest

from bench import FakeClock
from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.pages.asking import MAX_QUESTION
from tumblr_sandbox.store import accounts, posts


def test_the_ask_box_says_who_asks(stage: Stage, visitor: Visitor) -> None:
    assert "Asking anonymously" in text_of(visitor.see("/blog/frank/ask").select_one(".as"))
    visitor.be("quietmarsh")
    page = visitor.see("/blog/frank/ask")
    assert text_of(page.select_one(".as p")) == "Asking as quietmarsh switch"
    assert page.select_one("input[name=anonymous]") is not None


def test_from_the_question_to_the_answer(stage: Stage, visitor: Visitor, clock: FakeClock) -> None:
    visitor.be("quietmarsh")
    number = visitor.ask("Do you dream?\nOften?")
    path = f"/blog/frank/asked/{number}"
    waiting = visitor.see(path)
    assert text_of(waiting.select_one("main [role=status]")) == "Your question is with Frank."
    assert "quietmarsh asked: Do you dream? Often?" in text_of(waiting.select_one(".waiting"))
    assert waiting.select_one("noscript meta[http-equiv=refresh]") is not None
    assert [text_of(step) for step in waiting.select(".steps .done")] == ["asked"]
    assert visitor.client.get(f"{path}/status").json == {"state": "waiting"}
    assert "1 question waiting" in text_of(visitor.see("/blog/frank").select_one(".masthead"))

    clock.advance(5)
    with stage.world.database.read() as connection:
        ask = posts.get(connection, number)
    assert ask is not None
    post = stage.answer(ask, "<p>Of springs.</p>", tags=("x",))
    assert visitor.client.get(f"{path}/status").json == {"state": "answered"}
    answered = visitor.see(path)
    assert text_of(answered.select_one("main [role=status]")) == "Frank has answered your question."
    assert text_of(answered.select_one("#answer .card > .text")) == "Of springs."
    assert len(answered.select(".steps .done")) == 3
    assert answered.select_one(f'a[href="/blog/frank/post/{post.id}"]') is not None
    assert answered.select_one("meta[http-equiv=refresh]") is None
    assert "Of springs." in visitor.see("/blog/frank").get_text()


@pytest.mark.parametrize(
    ("state", "told", "says"),
    [("draft", "held", "approval"), ("queued", "queued", "queue"), ("private", "private", "private")],
)
def test_answers_that_are_not_out_yet(
    stage: Stage, visitor: Visitor, state: str, told: str, says: str
) -> None:
    ask = stage.ask("Do you dream?")
    stage.answer(ask, "<p>secret</p>", state)
    path = f"/blog/frank/asked/{ask.id}"
    assert visitor.client.get(f"{path}/status").json == {"state": told}
    page = visitor.see(path)
    assert says in text_of(page.select_one("main [role=status]"))
    assert "secret" not in page.get_text()


def test_the_keeper_is_led_to_the_drafts(stage: Stage, visitor: Visitor) -> None:
    ask = stage.ask("Do you dream?")
    visitor.be("frank")
    path = f"/blog/frank/asked/{ask.id}"
    assert visitor.see(path).select_one('main a[href="/inbox"]') is not None
    stage.answer(ask, "<p>secret</p>", "draft")
    assert visitor.see(path).select_one('main a[href="/drafts"]') is not None


def test_a_question_that_was_deleted(stage: Stage, visitor: Visitor) -> None:
    ask = stage.ask("Do you dream?")
    with stage.world.database.write() as connection:
        posts.remove(connection, ask.id)
    path = f"/blog/frank/asked/{ask.id}"
    assert visitor.client.get(f"{path}/status").json == {"state": "gone"}
    assert "will not answer" in text_of(visitor.see(path).select_one("main [role=status]"))
    text_post = stage.write("frank", "<p>a</p>")
    assert visitor.client.get(f"/blog/frank/asked/{text_post.id}/status").json == {"state": "gone"}


def test_anonymous_questions(stage: Stage, visitor: Visitor) -> None:
    as_guest = visitor.ask("Do you dream?")
    visitor.be("quietmarsh")
    hidden = visitor.ask("Really?", anonymous="yes")
    for number in (as_guest, hidden):
        assert "Anonymous asked:" in text_of(visitor.see(f"/blog/frank/asked/{number}").select_one(".bubble"))


def test_what_became_of_ones_questions(stage: Stage, visitor: Visitor) -> None:
    assert "No questions yet" in visitor.see("/questions").get_text()
    numbers = [visitor.ask(f"question {number}?") for number in range(4)]
    with stage.world.database.read() as connection:
        asks = {number: posts.get(connection, number) for number in numbers}
    for number, state in zip(numbers[:3], ("published", "draft", "queued"), strict=True):
        ask = asks[number]
        assert ask is not None
        stage.answer(ask, "<p>so</p>", state)
    rows = visitor.see("/questions").select(".row")
    assert [text_of(row.select_one(".row-body")) for row in rows] == [f"question {n}?" for n in (3, 2, 1, 0)]
    assert [text_of(row.select_one(".fate")) for row in rows] == ["waiting", "queued", "drafted", "answered"]
    assert [str(row["href"]) for row in rows] == [f"/blog/frank/asked/{n}" for n in numbers[::-1]]


@pytest.mark.parametrize("question", ["", "  \n ", "x" * (MAX_QUESTION + 1)])
def test_questions_that_are_sent_back(stage: Stage, visitor: Visitor, question: str) -> None:
    visitor.be("memefoundry")
    answer = visitor.send("/blog/frank/ask", 400, question=question, anonymous="yes")
    assert "question of up to" in answer.text
    assert "checked" in answer.text


def test_line_ends_of_forms_count_once(stage: Stage, visitor: Visitor) -> None:
    assert visitor.ask("a\r\n" * (MAX_QUESTION // 2))


def test_blogs_that_take_no_questions(stage: Stage, visitor: Visitor) -> None:
    frank = stage.blog("frank")
    for changed in ({"ask_anon": False}, {"ask": False}):
        with stage.world.database.write() as connection:
            accounts.save_settings(connection, frank, frank.settings.model_copy(update=changed))
        visitor.send("/blog/frank/ask", 409, question="hm?")
        visitor.see("/blog/frank/ask")
    assert "takes no questions" in visitor.see("/blog/frank/ask").get_text()
