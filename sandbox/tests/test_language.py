"""The language of the sandbox's people: what its phrases and sentences keep to."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumblr_sandbox.language.answers import Answerer, Subject
from tumblr_sandbox.language.asks import Asker
from tumblr_sandbox.language.grammar import MOODS, Grammar, Sentence, gladness
from tumblr_sandbox.language.stories import FICTION_WORDS, fiction, review, small_story
from tumblr_sandbox.language.tables import TIERS, VALENCE, Tables, Thing, load_tables, parse_thing
from tumblr_sandbox.language.threads import KIND_WEIGHTS, Conversation, Talk

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

    def test_a_subject_without_an_asker_is_not_named(self, tables: Tables) -> None:
        answerer = Answerer(Grammar(tables, random.Random(1)))
        subject = Subject(tables.intents["feelings"], Thing("hope", topic="feelings"))
        assert all("{" not in answerer.answer(subject, 0).text for _ in range(50))


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
