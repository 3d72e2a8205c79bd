"""The corpus: the same seed gives the same files, every text reads back, and what is known of it is true."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from munging.continuation import parse_continuation
from munging.formats import V10, control_phrases
from munging.thread import PostKind
from sandbox.corpus.__main__ import main
from sandbox.corpus.answers import Answerer, Subject
from sandbox.corpus.asks import Asker
from sandbox.corpus.documents import (
    DEMO_IDENTITY,
    document_text,
    indented,
    judged_text,
    prompt_text,
    thread_of,
)
from sandbox.corpus.grammar import MOODS, Grammar, Sentence, gladness
from sandbox.corpus.judged import (
    Noted,
    labelled,
    note,
    remark,
    selector_rows,
    sentiment_rows,
    taste,
    type_of,
)
from sandbox.corpus.stories import FICTION_WORDS, fiction, review, small_story
from sandbox.corpus.tables import TIERS, VALENCE, Tables, Thing, load_tables, parse_thing
from sandbox.corpus.threads import KIND_WEIGHTS, Conversation, Talk
from sandbox.corpus.write import Sizes, write_corpus

SMALL = Sizes(documents=120, noted=120, sentiment=120)
LEFT_OVER = re.compile(r"[{}\[\]|]")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables()


@pytest.fixture(scope="module")
def conversations(tables: Tables) -> list[Conversation]:
    talk = Talk(tables, random.Random(7))
    return [talk.conversation() for _ in range(1500)]


def talk_with(tables: Tables, seed: int) -> Talk:
    return Talk(tables, random.Random(seed))


class TestTables:
    def test_there_are_two_dozen_topics_and_each_is_whole(self, tables: Tables) -> None:
        assert len(tables.topics) >= 24
        for topic in tables.topics.values():
            assert len(topic.things) >= 6, topic.name
            assert set(topic.facts) == {thing.text for thing in topic.things}, topic.name
            assert all(len(topic.tiers[tier]) >= 3 for tier in TIERS), topic.name
            assert topic.tags
            assert topic.asks
            assert topic.funny

    def test_every_intent_can_be_answered_in_every_mood(self, tables: Tables) -> None:
        for intent in tables.intents.values():
            assert all(intent.openers[tier] for tier in TIERS), intent.name
            assert -4 <= intent.valence <= 4
            assert intent.topic == "" or intent.topic in tables.topics

    @pytest.mark.parametrize(
        ("written", "text", "plural"), [("cats+", "cats", True), ("the rain", "the rain", False)]
    )
    def test_a_thing_knows_its_number(self, written: str, text: str, plural: bool) -> None:
        assert parse_thing(written) == Thing(text, plural)

    def test_my_cat_is_your_cat_from_the_other_side(self) -> None:
        assert Thing("my cat").turned().text == "your cat"
        assert Thing("your own code").turned().text == "my own code"
        assert Thing("myth").turned().text == "myth"
        assert Thing("the rain").bare == "rain"


class TestGrammar:
    @pytest.mark.parametrize(
        ("phrase", "thing", "expected"),
        [
            ("{Thing} {is} here", Thing("cats", plural=True), "Cats are here"),
            ("{Thing} {is} here", Thing("the rain"), "The rain is here"),
            ("{thing} make{s} and do{es}", Thing("tea"), "tea makes and does"),
            ("{thing} make{s} and do{es}", Thing("dogs", plural=True), "dogs make and do"),
            ("I like {them}, {they} {was}", Thing("owls", plural=True), "I like them, they were"),
            ("{It} {has} it", Thing("tea"), "It has it"),
        ],
    )
    def test_verbs_agree(self, tables: Tables, phrase: str, thing: Thing, expected: str) -> None:
        assert Grammar(tables, random.Random(1)).fill(phrase, thing) == expected

    def test_alternatives_may_be_empty(self, tables: Tables) -> None:
        grammar = Grammar(tables, random.Random(1))
        assert {grammar.fill("very [old|]") for _ in range(40)} == {"very old", "very"}

    def test_given_values_come_before_the_tables(self, tables: Tables) -> None:
        assert Grammar(tables, random.Random(1)).fill(
            "{Person} at {place}", None, {"person": "x", "place": "y"}
        ) == ("X at y")

    def test_an_unknown_slot_is_an_error(self, tables: Tables) -> None:
        with pytest.raises(KeyError):
            Grammar(tables, random.Random(1)).fill("{nonsense}")

    @pytest.mark.parametrize("mood", MOODS)
    def test_a_mood_draws_from_its_own_tiers(self, tables: Tables, mood: int) -> None:
        grammar = Grammar(tables, random.Random(mood))
        drawn = {VALENCE[grammar.tier(mood)] for _ in range(60)}
        assert drawn == ({mood} if mood % 2 == 0 else {mood - 1, mood + 1})

    def test_gladness_counts_asides_a_third(self) -> None:
        assert gladness([]) == 0
        assert gladness([Sentence("a", 4), Sentence("b", -2)]) == 1
        assert gladness([Sentence("a", 4), Sentence("b", 0, "fact")]) == pytest.approx(3)


class TestTurns:
    def test_most_turns_are_distinct(self, conversations: list[Conversation]) -> None:
        assert len({conversation.body for conversation in conversations}) > 0.97 * len(conversations)

    def test_nothing_of_the_grammar_is_left_over(self, conversations: list[Conversation]) -> None:
        for conversation in conversations:
            texts = [conversation.body, *conversation.turn.tags, *(said.text for said in conversation.said)]
            assert not any(LEFT_OVER.search(text) for text in texts), texts

    def test_sentiment_stays_in_range_and_reaches_both_ends(self, conversations: list[Conversation]) -> None:
        valences = [conversation.turn.valence for conversation in conversations]
        assert -4 <= min(valences) < -3.5
        assert 3.5 < max(valences) <= 4
        assert abs(sum(valences) / len(valences)) < 0.5

    def test_an_answer_names_what_was_asked_about(self, tables: Tables) -> None:
        talk = talk_with(tables, 3)
        for name in ("opinion", "tell", "why", "advice", "story", "poem", "joke", "state_bad"):
            question = talk.asker.from_intent(tables.intents[name], "")
            for mood in MOODS:
                answer = talk.answerer.answer(question.subject, mood).text.lower()
                assert question.subject.thing.text.lower() in answer

    def test_tags_are_few_clean_and_different(self, conversations: list[Conversation]) -> None:
        for conversation in conversations:
            tags = conversation.turn.tags
            assert 1 <= len(tags) <= 6
            assert len(set(tags)) == len(tags)
            assert all(tag == tag.strip().lower() and "#" not in tag and "," not in tag for tag in tags)

    def test_most_turns_are_long_enough_to_be_accepted(self, conversations: list[Conversation]) -> None:
        counted: dict[str, list[int]] = {kind: [] for kind in KIND_WEIGHTS}
        for conversation in conversations:
            counted[conversation.kind].append(len(conversation.body.split(" ")))
        assert sum(n >= 10 for n in counted["ask"]) > 0.97 * len(counted["ask"])
        assert sum(n >= 20 for n in counted["plain"]) > 0.97 * len(counted["plain"])
        assert min(counted["fiction"]) >= 100
        assert min(counted["told"]) >= 100

    def test_no_sentence_is_said_twice_in_an_answer(self, tables: Tables) -> None:
        talk = talk_with(tables, 5)
        for _ in range(200):
            said = [sentence.text for sentence in talk.ask().turn.sentences]
            assert len(said) == len(set(said))


class TestAsks:
    def test_questions_are_of_many_forms(self, tables: Tables) -> None:
        talk = talk_with(tables, 11)
        asked = [talk.asker.question("", talk.moment()) for _ in range(1000)]
        assert len({question.text for question in asked}) > 900
        assert len({question.subject.intent.name for question in asked}) > 40
        assert all(-4 <= question.valence <= 4 for question in asked)

    def test_a_sum_is_right(self, tables: Tables) -> None:
        talk = talk_with(tables, 2)
        for _ in range(20):
            values = talk.asker.from_intent(tables.intents["sum"], "").subject.values
            assert int(values["a"]) + int(values["b"]) == int(values["c"])

    def test_the_time_is_the_one_in_the_prompt(self, tables: Tables) -> None:
        talk = talk_with(tables, 2)
        asker = Asker(talk.grammar)
        moment = talk.moment()
        values = asker.from_intent(tables.intents["clock"], "", moment=moment).subject.values
        assert values["year"] == str(moment.year)
        assert values["hour"].endswith("AM" if moment.hour < 12 else "PM")

    def test_a_users_news_are_told_back_to_them(self, tables: Tables) -> None:
        talk = talk_with(tables, 4)
        for _ in range(100):
            subject = talk.asker.from_intent(tables.intents["bad_news"], "").subject
            assert not re.search(r"\b(i|my|me|i'm)\b", subject.values["remark"])

    def test_good_and_bad_news_of_a_topic_pull_at_the_sentiment(self, tables: Tables) -> None:
        talk = talk_with(tables, 6)
        found = {
            q.text.lower(): q.valence for q in (talk.asker.question("", talk.moment()) for _ in range(9000))
        }
        assert found["i passed my exam!"] > 2
        assert found["my plant died"] < -2


class TestStories:
    @given(seed=st.integers(0, 2**32), mood=st.sampled_from(MOODS))
    @settings(max_examples=25, deadline=None)
    def test_a_fiction_is_long_enough_and_keeps_its_hero(self, tables: Tables, seed: int, mood: int) -> None:
        told = fiction(Grammar(tables, random.Random(seed)), Thing("the moon", topic="space"), mood)
        text = " ".join(sentence.text for part in told for sentence in part)
        assert len(text.split()) >= FICTION_WORDS
        names = {who.split("|")[0].split(" named ")[1] for who in tables.stories["heroes"]}
        assert len({name for name in names if re.search(rf"\b{name}\b", text)}) == 1

    def test_a_small_story_ends_in_its_mood(self, tables: Tables) -> None:
        grammar = Grammar(tables, random.Random(1))
        assert gladness(small_story(grammar, Thing("tea", topic="tea"), 4)) > 0
        assert gladness(small_story(grammar, Thing("tea", topic="tea"), -4)) < 0

    def test_stars_follow_the_verdict(self, tables: Tables) -> None:
        grammar = Grammar(tables, random.Random(1))
        assert review(grammar, Thing("tea"), 4).stars == 5
        assert review(grammar, Thing("tea"), -4).stars <= 2


class TestDocuments:
    def test_every_document_reads_back(self, conversations: list[Conversation]) -> None:
        for conversation in conversations:
            document, prompt = document_text(conversation), prompt_text(conversation)
            assert document.startswith(prompt)
            written = parse_continuation(document[len(prompt) :], V10, DEMO_IDENTITY)
            tags = written.tags
            if conversation.kind == "fiction":
                assert prompt.endswith("#original fiction")
                tags = ("original fiction", *tags)
            assert tags == conversation.turn.tags
            assert written.body == indented(conversation.body)

    def test_the_bot_never_speaks_for_others(self, conversations: list[Conversation]) -> None:
        phrases = control_phrases(V10, DEMO_IDENTITY)
        for conversation in conversations:
            assert not phrases.search("\n" + conversation.body)

    def test_prompts_have_the_shapes_of_v10(self, conversations: list[Conversation]) -> None:
        by_kind = {conversation.kind: conversation for conversation in conversations}
        assert set(by_kind) == set(KIND_WEIGHTS)
        assert re.fullmatch(r" Frank posted:\n\n Written \d+ [AP]M \w+ \d{4}", prompt_text(by_kind["plain"]))
        header = " Book review by Frank\n\n Frank's tags:\n Frank tagged this post as:"
        assert prompt_text(by_kind["review"]) == header
        assert re.search(r"\n Title: <b>.+</b>\n\n Author: <b>.+</b>\n\n", document_text(by_kind["review"]))
        ask = prompt_text(by_kind["ask"])
        assert ask.startswith(" Conversation between ")
        assert re.search(r" Written \d+ [AP]M \w+ \d{4} \| Frank's tags:$", ask)
        assert prompt_text(by_kind["told"]).startswith("#1 ")

    def test_threads_have_two_to_four_posts(self, conversations: list[Conversation]) -> None:
        lengths = Counter(len(thread_of(c).posts) for c in conversations if c.kind == "chain")
        assert set(lengths) == {2, 3, 4}
        plain = next(c for c in conversations if c.kind == "plain")
        assert thread_of(plain).posts[0].kind is PostKind.ORIGINAL

    def test_the_selector_sees_tags_in_the_line_of_the_time(self, conversations: list[Conversation]) -> None:
        for conversation in conversations[:200]:
            line = next(line for line in judged_text(conversation).split("\n") if "Frank's tags:" in line)
            assert line.startswith(" Written ")
            assert line.endswith(f"#{conversation.turn.tags[-1]}")


class TestJudged:
    def test_sentiment_targets_are_logit_differences(self, tables: Tables) -> None:
        rows = sentiment_rows(talk_with(tables, 1), 600)
        assert all(-4 <= row.target <= 4 for row in rows)
        assert len({round(row.target) for row in rows}) == 9

    def test_plain_remarks_carry_their_words_level(self, tables: Tables) -> None:
        grammar = Grammar(tables, random.Random(2))
        levels = {
            word: float(level)
            for kind in ("feeling", "quality", "event")
            for level, words in tables.lexicon[kind].items()
            for word in words
        }
        for _ in range(100):
            row = remark(grammar)
            assert row.target in {level for word, level in levels.items() if word in row.text}

    def test_selector_rows_are_half_liked_and_of_both_types(self, tables: Tables) -> None:
        rows = selector_rows(talk_with(tables, 1), 800)
        assert 300 < len(rows) < 700
        assert {row.text_type for row in rows} == {"responses", "originals"}
        assert 0.3 < sum(row.target for row in rows) / len(rows) < 0.7

    def test_readers_like_whole_answers_on_topic(self, tables: Tables) -> None:
        talk = talk_with(tables, 9)
        noted = [note(talk) for _ in range(1500)]
        mean = {
            spoiled: sum(n.notes for n in noted if n.spoiled == spoiled)
            / max(1, sum(n.spoiled == spoiled for n in noted))
            for spoiled in ("", "off_topic", "short", "shuffled", "repeated", "cut_off")
        }
        assert all(mean[""] > 3 * mean[spoiled] for spoiled in mean if spoiled)

    def test_taste_rises_with_jokes(self, tables: Tables) -> None:
        talk = talk_with(tables, 8)
        answerer = Answerer(talk.grammar)
        for _ in range(20):
            conversation = talk.ask()
            assert taste(conversation, "") > taste(conversation, "off_topic")
        assert answerer.joke(Thing("tea", topic="tea")).role == "funny"

    def test_the_middle_half_is_left_out(self, tables: Tables) -> None:
        conversation = talk_with(tables, 1).ask()
        rows = labelled([Noted(conversation, "", notes) for notes in range(101)])
        assert sorted(item.notes for item, _ in rows) == [*range(26), *range(75, 101)]
        assert all(target == (item.notes > 50) for item, target in rows)
        assert labelled([]) == []

    def test_types_follow_what_stands_before(self, conversations: list[Conversation]) -> None:
        for conversation in conversations:
            expected = "originals" if conversation.kind in ("plain", "fiction", "review") else "responses"
            assert type_of(conversation) == expected


class TestFiles:
    def test_the_same_seed_writes_the_same_files(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            write_corpus(tmp_path / name, 5, SMALL)
        write_corpus(tmp_path / "c", 6, SMALL)
        files = sorted(path.name for path in (tmp_path / "a").iterdir())
        assert files == ["documents.jsonl", "report.json", "selector.jsonl", "sentiment.jsonl"]
        for name in files:
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
            assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()

    def test_the_command_writes_rows_in_every_split(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sizes = ["--documents", "120", "--noted", "120", "--sentiment", "120"]
        main(["--out", str(tmp_path), "--seed", "3", *sizes])
        assert json.loads(capsys.readouterr().out)["documents"] == 120
        splits = {
            name: {json.loads(line)["split"] for line in (tmp_path / name).read_text().splitlines()}
            for name in ("documents.jsonl", "selector.jsonl", "sentiment.jsonl")
        }
        assert splits["documents.jsonl"] == {"train", "validation"}
        assert splits["selector.jsonl"] == splits["sentiment.jsonl"] == {"train", "calibration", "test"}

    def test_a_subject_without_an_asker_is_not_named(self, tables: Tables) -> None:
        answerer = Answerer(Grammar(tables, random.Random(1)))
        subject = Subject(tables.intents["feelings"], Thing("hope", topic="feelings"))
        assert all("{" not in answerer.answer(subject, 0).text for _ in range(50))
