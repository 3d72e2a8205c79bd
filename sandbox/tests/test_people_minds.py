"""What people decide: pure functions of who they are, what they see, chance and time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people import mind, rhythm
from tumblr_sandbox.people.characters import LOUD, TEMPERAMENTS, Crowd, Person
from tumblr_sandbox.people.deeds import (
    Answer,
    Ask,
    Deed,
    Like,
    Memory,
    Plan,
    Reblog,
    Reply,
    Sight,
    View,
    Waiting,
    Write,
)
from tumblr_sandbox.people.features import Noticer
from tumblr_sandbox.people.life import Book
from tumblr_sandbox.people.words import Speaker, load_phrases

NOON = 1_700_000_000.0
TABLES = load_tables()
PHRASES = load_phrases()
NOTICER = Noticer(TABLES, PHRASES)
CROWD = Crowd(TABLES, PHRASES, seed=1)
BOOK = Book(TABLES, PHRASES)


def of(temperament: str, **changes: object) -> Person:
    """Somebody of this temperament."""
    kind = next(one for one in TEMPERAMENTS if one.name == temperament)
    return replace(CROWD.person(0), temperament=kind, **changes)  # type: ignore[arg-type]


def sight(number: int, text: str, *, blog: str = "frank", **more: object) -> Sight:
    """A post that somebody comes across."""
    question = str(more.get("question", ""))
    return Sight(number, blog, text, NOTICER.features(text, question), **more)  # type: ignore[arg-type]


def visit(person: Person, view: View, seed: int = 0) -> Plan:
    """One visit."""
    rng = random.Random(seed)
    speaker = Speaker(TABLES, PHRASES, person, "frank", rng)
    memory = Memory(NOON)
    return mind.come_by(mind.Visit(person, view, speaker, rng, NOON, "frank", memory.mood), memory)


def many(person: Person, view: View, visits: int = 300) -> list[Deed]:
    """The deeds of many visits with the same things to see."""
    return [deed for seed in range(visits) for deed in visit(person, view, seed).deeds]


def kinds(deeds: Sequence[Deed]) -> Counter[str]:
    return Counter(type(deed).__name__ for deed in deeds)


def test_the_same_person_in_any_crowd() -> None:
    small, again = CROWD.people(3), Crowd(TABLES, PHRASES, seed=1).people(40)
    assert small == again[:3]
    assert Crowd(TABLES, PHRASES, seed=2).person(0) != small[0]


def test_a_thousand_people_have_a_thousand_names() -> None:
    people = CROWD.people(1000)
    assert len({person.name for person in people}) == 1000
    assert all(person.name.islower() and len(person.name) <= 32 for person in people)
    temperaments = Counter(person.temperament.name for person in people[LOUD:])
    assert temperaments["reader"] > 700
    assert set(temperaments) == {one.name for one in TEMPERAMENTS}
    assert all(person.temperament.name != "reader" for person in people[:LOUD])


def test_the_same_chance_gives_the_same_visit() -> None:
    view = View(dashboard=(sight(1, "I love owls and the rain."),), following=frozenset({"frank"}))
    assert visit(of("fan"), view, 7) == visit(of("fan"), view, 7)


@pytest.mark.parametrize(
    ("temperament", "kind"), [("poster", Write), ("chatterer", Ask), ("reblogger", Reblog), ("spammer", Ask)]
)
def test_everybody_mostly_does_what_is_in_their_nature(temperament: str, kind: type[Deed]) -> None:
    view = View(dashboard=(sight(1, "A post."),), following=frozenset({"frank"}))
    deeds = [deed for deed in many(of(temperament), view) if not isinstance(deed, Like)]
    assert kinds(deeds).most_common(1)[0][0] == kind.__name__


def test_readers_hardly_say_anything() -> None:
    view = View(dashboard=(sight(1, "I like tea, and the rain is lovely."),))
    deeds = many(of("reader"), view)
    assert sum(not isinstance(deed, Like) for deed in deeds) < 60


def test_spammers_come_in_bursts_of_the_same() -> None:
    spam = {text.split()[0] for text in PHRASES["spam"]}
    visits = [visit(of("spammer", style="plain"), View(), seed).deeds for seed in range(60)]
    bursts = [
        deeds for deeds in visits if deeds and isinstance(deeds[0], Ask) and deeds[0].text.split()[0] in spam
    ]
    assert len(bursts) > 20
    for burst in bursts:
        assert 2 <= len(burst) <= mind.BURST[1]
        assert len(set(burst)) == 1


def test_pranksters_send_every_command() -> None:
    asks = [deed.text for deed in many(of("prankster"), View(), 1500) if isinstance(deed, Ask)]
    commands = [text for text in asks if text.startswith("!")]
    assert {text.split()[0] for text in commands} == set(mind.COMMANDS)
    reviews = [text.removeprefix("!review ").split(",") for text in commands if text.startswith("!review")]
    assert {len(parts) for parts in reviews} == {1, 2, 3}
    assert all(len(part.strip()) <= 50 and "<" not in part for parts in reviews for part in parts)
    assert any("<" in text for text in asks)


def test_the_rude_are_rude_and_the_kind_are_kind() -> None:
    def says(kindness: float, answer: str) -> set[str]:
        plain = of("chatterer", kindness=kindness, style="plain", patience=0.9)
        for_me = sight(5, answer, question="do you like owls?", asker=plain.name, is_ask=True, said=())
        deeds = many(plain, View(for_me=(for_me,)), 200)
        return {deed.text for deed in deeds if isinstance(deed, Reply | Reblog) and deed.text}

    pleasing = "I love owls! Owls are wonderful, and they sleep by day. I like them very much indeed."
    assert says(-0.9, "ok") & set(PHRASES["rude"])
    assert not says(0.9, "ok") & set(PHRASES["rude"])
    assert says(0.9, pleasing) & set(PHRASES["kind"])
    assert not says(-0.9, pleasing) & set(PHRASES["kind"])


def test_conversations_end() -> None:
    person = of("chatterer", patience=0.8)
    talk = [("frank", "I like owls."), (person.name, "and tea?")]

    def answers(turns: int) -> int:
        post = sight(5, "I like tea.", parent=person.name, said=tuple(talk * turns))
        deeds = many(person, View(for_me=(post,)), 400)
        return sum(isinstance(deed, Reblog | Reply) for deed in deeds)

    assert answers(1) > 1.5 * answers(4) > 2 * answers(10)


def test_who_asked_without_a_name_stays_unknown() -> None:
    answer = sight(5, "I like owls, and I like them a lot.", question="owls?", is_ask=True, born_as=4)
    person = of("chatterer", patience=0.9)
    for deed in many(person, View(for_me=(answer,))):
        if isinstance(deed, Ask) and "something about owls" in deed.text:
            assert deed.anonymous
        assert not (isinstance(deed, Reblog) and deed.post_id == 5)


def test_asks_in_the_inbox_are_answered() -> None:
    plan = visit(of("reader"), View(inbox=(Waiting(3, "how are you?"), Waiting(4, "and now?"))))
    assert [deed.ask_id for deed in plan.deeds if isinstance(deed, Answer)] == [3, 4]


@pytest.mark.parametrize("temperament", [one.name for one in TEMPERAMENTS])
def test_nobody_speaks_to_a_crowded_bot(temperament: str) -> None:
    post = sight(5, "I like tea.", parent="somebody")
    deeds = many(of(temperament), View(dashboard=(post,), for_me=(post,), crowded=True), 100)
    assert not [deed for deed in deeds if isinstance(deed, Reply)]
    assert not [deed for deed in deeds if isinstance(deed, Reblog) and deed.text]
    assert not [deed for deed in deeds if isinstance(deed, Ask) and deed.blog == "frank"]
    assert not [deed for deed in deeds if isinstance(deed, Write) and "@frank" in deed.text]


def test_a_bot_that_hears_asks_only_gets_asks_only() -> None:
    post = sight(5, "I like tea.", parent="somebody")
    deeds = many(of("fan"), View(dashboard=(post,), for_me=(post,), only_asks=True), 200)
    assert "Ask" in kinds(deeds)
    assert "Reply" not in kinds(deeds)


def test_good_answers_lift_the_mood_and_bad_ones_lower_it() -> None:
    person = of("fan")
    good = "I love the rain! The rain is lovely and wonderful, and I like to listen to it. It is the best."
    moods = {}
    for text in (good, "ok ok"):
        for_me = tuple(sight(number, text, question="the rain?") for number in range(3))
        moods[text] = sum(visit(person, View(for_me=for_me), seed).memory.mood for seed in range(30))
    assert moods[good] > moods["ok ok"]


# When they come by


def test_people_come_by_about_as_often_as_is_their_habit_and_never_asleep() -> None:
    for number in range(8):
        person, rng, days = replace(CROWD.person(number), falls_silent=0.0), random.Random(number), 60
        time, visits = rhythm.first_visit(person, NOON, rng), 0
        while time < NOON + days * rhythm.DAY:
            assert person.is_awake(time)
            visits += 1
            time, silent = rhythm.next_visit(person, time, rng)
            assert silent == 0.0
        assert visits / days == pytest.approx(person.visits_per_day, rel=0.4)


def test_somebody_goes_silent_for_days() -> None:
    person = replace(CROWD.person(0), falls_silent=1.0)
    time, silent_until = rhythm.next_visit(person, NOON, random.Random(1))
    assert time >= silent_until > NOON + 0.5 * rhythm.DAY


# How they talk


def test_every_phrase_can_be_said_in_every_style() -> None:
    said = [name for name in PHRASES if not name.endswith("_words") and not name.startswith("name_")]
    for style in ("lower", "plain", "loud", "proper"):
        person = replace(CROWD.person(3), style=style)
        speaker = Speaker(TABLES, PHRASES, person, "frank", random.Random(4))
        for kind in said:
            if kind in ("titles", "descriptions"):
                continue
            for _ in range(40):
                text = speaker.say(kind, about="owls")
                assert text.strip()
                assert not set("{}[]|") & set(text.replace("[citation", "")), text


def test_mentions_survive_shouting() -> None:
    speaker = Speaker(TABLES, PHRASES, replace(CROWD.person(3), style="loud"), "frank", random.Random(4))
    assert all("@frank" in speaker.say("mentions") for _ in range(50))
