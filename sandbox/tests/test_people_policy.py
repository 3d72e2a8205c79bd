"""What people decide: pure functions of who they are, what they see, chance and time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people import policy, schedule
from tumblr_sandbox.people.actions import (
    Action,
    Answer,
    Ask,
    FeedItem,
    InboxAsk,
    Like,
    Memory,
    Plan,
    Reblog,
    Reply,
    View,
    Write,
)
from tumblr_sandbox.people.characters import LOUD, TEMPERAMENTS, Person, Population
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.simulation import Language
from tumblr_sandbox.people.words import Speaker, load_phrases

NOON = 1_700_000_000.0
TABLES = load_tables()
PHRASES = load_phrases()
EXTRACTOR = FeatureExtractor(TABLES, PHRASES)
POPULATION = Population(TABLES, PHRASES, seed=1)
LANGUAGE = Language(TABLES, PHRASES)


def of(temperament: str, **changes: object) -> Person:
    """Somebody of this temperament."""
    kind = next(one for one in TEMPERAMENTS if one.name == temperament)
    return replace(POPULATION.person(0), temperament=kind, **changes)  # type: ignore[arg-type]


def item(number: int, text: str, *, blog: str = "frank", **more: object) -> FeedItem:
    """A post that somebody comes across."""
    question = str(more.get("question", ""))
    return FeedItem(number, blog, text, EXTRACTOR.features(text, question), **more)  # type: ignore[arg-type]


def visit(person: Person, view: View, seed: int = 0) -> Plan:
    """One visit."""
    rng = random.Random(seed)
    speaker = Speaker(TABLES, PHRASES, person, "frank", rng)
    memory = Memory(NOON)
    return policy.decide(policy.Visit(person, view, speaker, rng, NOON, "frank", memory.mood), memory)


def many(person: Person, view: View, visits: int = 300) -> list[Action]:
    """The actions of many visits with the same things to see."""
    return [action for seed in range(visits) for action in visit(person, view, seed).actions]


def kinds(actions: Sequence[Action]) -> Counter[str]:
    return Counter(type(action).__name__ for action in actions)


def test_the_same_person_in_any_crowd() -> None:
    small, again = POPULATION.people(3), Population(TABLES, PHRASES, seed=1).people(40)
    assert small == again[:3]
    assert Population(TABLES, PHRASES, seed=2).person(0) != small[0]


def test_a_thousand_people_have_a_thousand_names() -> None:
    people = POPULATION.people(1000)
    assert len({person.name for person in people}) == 1000
    assert all(person.name.islower() and len(person.name) <= 32 for person in people)
    temperaments = Counter(person.temperament.name for person in people[LOUD:])
    assert temperaments["reader"] > 700
    assert set(temperaments) == {one.name for one in TEMPERAMENTS}
    assert all(person.temperament.name != "reader" for person in people[:LOUD])


def test_the_same_chance_gives_the_same_visit() -> None:
    view = View(dashboard=(item(1, "I love owls and the rain."),), following=frozenset({"frank"}))
    assert visit(of("fan"), view, 7) == visit(of("fan"), view, 7)


@pytest.mark.parametrize(
    ("temperament", "kind"), [("poster", Write), ("chatterer", Ask), ("reblogger", Reblog), ("spammer", Ask)]
)
def test_everybody_mostly_does_what_is_in_their_nature(temperament: str, kind: type[Action]) -> None:
    view = View(dashboard=(item(1, "A post."),), following=frozenset({"frank"}))
    actions = [action for action in many(of(temperament), view) if not isinstance(action, Like)]
    assert kinds(actions).most_common(1)[0][0] == kind.__name__


def test_readers_hardly_say_anything() -> None:
    view = View(dashboard=(item(1, "I like tea, and the rain is lovely."),))
    actions = many(of("reader"), view)
    assert sum(not isinstance(action, Like) for action in actions) < 60


def test_spammers_come_in_bursts_of_the_same() -> None:
    spam = {text.split()[0] for text in PHRASES["spam"]}
    visits = [visit(of("spammer", style="plain"), View(), seed).actions for seed in range(60)]
    bursts = [
        actions
        for actions in visits
        if actions and isinstance(actions[0], Ask) and actions[0].text.split()[0] in spam
    ]
    assert len(bursts) > 20
    for burst in bursts:
        assert 2 <= len(burst) <= policy.BURST[1]
        assert len(set(burst)) == 1


def test_pranksters_send_every_command() -> None:
    asks = [action.text for action in many(of("prankster"), View(), 1500) if isinstance(action, Ask)]
    commands = [text for text in asks if text.startswith("!")]
    assert {text.split()[0] for text in commands} == set(policy.COMMANDS)
    reviews = [text.removeprefix("!review ").split(",") for text in commands if text.startswith("!review")]
    assert {len(parts) for parts in reviews} == {1, 2, 3}
    assert all(len(part.strip()) <= 50 and "<" not in part for parts in reviews for part in parts)
    assert any("<" in text for text in asks)


def test_the_rude_are_rude_and_the_kind_are_kind() -> None:
    def says(kindness: float, answer: str) -> set[str]:
        plain = of("chatterer", kindness=kindness, style="plain", patience=0.9)
        for_me = item(5, answer, question="do you like owls?", asker=plain.name, is_ask=True, said=())
        actions = many(plain, View(for_me=(for_me,)), 200)
        return {action.text for action in actions if isinstance(action, Reply | Reblog) and action.text}

    pleasing = "I love owls! Owls are wonderful, and they sleep by day. I like them very much indeed."
    assert says(-0.9, "ok") & set(PHRASES["rude"])
    assert not says(0.9, "ok") & set(PHRASES["rude"])
    assert says(0.9, pleasing) & set(PHRASES["kind"])
    assert not says(-0.9, pleasing) & set(PHRASES["kind"])


def test_conversations_end() -> None:
    person = of("chatterer", patience=0.8)
    talk = [("frank", "I like owls."), (person.name, "and tea?")]

    def answers(turns: int) -> int:
        post = item(5, "I like tea.", parent=person.name, said=tuple(talk * turns))
        actions = many(person, View(for_me=(post,)), 400)
        return sum(isinstance(action, Reblog | Reply) for action in actions)

    assert answers(1) > 1.5 * answers(4) > 2 * answers(10)


def test_who_asked_without_a_name_stays_unknown() -> None:
    answer = item(5, "I like owls, and I like them a lot.", question="owls?", is_ask=True, born_as=4)
    person = of("chatterer", patience=0.9)
    for action in many(person, View(for_me=(answer,))):
        if isinstance(action, Ask) and "something about owls" in action.text:
            assert action.anonymous
        assert not (isinstance(action, Reblog) and action.post_id == 5)


def test_asks_in_the_inbox_are_answered() -> None:
    plan = visit(of("reader"), View(inbox=(InboxAsk(3, "how are you?"), InboxAsk(4, "and now?"))))
    assert [action.ask_id for action in plan.actions if isinstance(action, Answer)] == [3, 4]


@pytest.mark.parametrize("temperament", [one.name for one in TEMPERAMENTS])
def test_nobody_speaks_to_a_crowded_bot(temperament: str) -> None:
    post = item(5, "I like tea.", parent="somebody")
    actions = many(of(temperament), View(dashboard=(post,), for_me=(post,), crowded=True), 100)
    assert not [action for action in actions if isinstance(action, Reply)]
    assert not [action for action in actions if isinstance(action, Reblog) and action.text]
    assert not [action for action in actions if isinstance(action, Ask) and action.blog == "frank"]
    assert not [action for action in actions if isinstance(action, Write) and "@frank" in action.text]


def test_a_bot_that_hears_asks_only_gets_asks_only() -> None:
    post = item(5, "I like tea.", parent="somebody")
    actions = many(of("fan"), View(dashboard=(post,), for_me=(post,), only_asks=True), 200)
    assert "Ask" in kinds(actions)
    assert "Reply" not in kinds(actions)


def test_good_answers_lift_the_mood_and_bad_ones_lower_it() -> None:
    person = of("fan")
    good = "I love the rain! The rain is lovely and wonderful, and I like to listen to it. It is the best."
    moods = {}
    for text in (good, "ok ok"):
        for_me = tuple(item(number, text, question="the rain?") for number in range(3))
        moods[text] = sum(visit(person, View(for_me=for_me), seed).memory.mood for seed in range(30))
    assert moods[good] > moods["ok ok"]


# When they come by


def test_people_come_by_about_as_often_as_is_their_habit_and_never_asleep() -> None:
    for number in range(8):
        person, rng, days = replace(POPULATION.person(number), falls_silent=0.0), random.Random(number), 60
        time, visits = schedule.first_visit(person, NOON, rng), 0
        while time < NOON + days * schedule.DAY:
            assert person.is_awake(time)
            visits += 1
            time, silent = schedule.next_visit(person, time, rng)
            assert silent == 0.0
        assert visits / days == pytest.approx(person.visits_per_day, rel=0.4)


def test_somebody_goes_silent_for_days() -> None:
    person = replace(POPULATION.person(0), falls_silent=1.0)
    time, silent_until = schedule.next_visit(person, NOON, random.Random(1))
    assert time >= silent_until > NOON + 0.5 * schedule.DAY


# How they talk


def test_every_phrase_can_be_said_in_every_style() -> None:
    said = [name for name in PHRASES if not name.endswith("_words") and not name.startswith("name_")]
    for style in ("lower", "plain", "loud", "proper"):
        person = replace(POPULATION.person(3), style=style)
        speaker = Speaker(TABLES, PHRASES, person, "frank", random.Random(4))
        for kind in said:
            if kind in ("titles", "descriptions"):
                continue
            for _ in range(40):
                text = speaker.say(kind, about="owls")
                assert text.strip()
                assert not set("{}[]|") & set(text.replace("[citation", "")), text


def test_mentions_survive_shouting() -> None:
    speaker = Speaker(TABLES, PHRASES, replace(POPULATION.person(3), style="loud"), "frank", random.Random(4))
    assert all("@frank" in speaker.say("mentions") for _ in range(50))
