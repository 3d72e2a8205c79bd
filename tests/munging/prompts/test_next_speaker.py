"""Who speaks next: what the model is shown of a thread, and whose names are in question."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from munging.classic import from_classic, to_classic
from munging.prompts.formats import FORMATS, V9, V10, PromptFormat, control_phrases, own_format
from munging.prompts.next_speaker import SpeakerForm, SpeakerPrompt, has_bot_spoken, speaker_prompt, spoken
from munging.thread import Post, PostKind, Thread
from tests.strategies import IDENTITY, threads

ALL = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
ASK = Thread.ask("zoe", "why?").with_post("bob", "because")


def chain(*turns: tuple[str, str], preamble: str = "") -> Thread:
    thread = Thread((), preamble)
    for author, text in turns:
        thread = thread.with_post(author, text, by_bot=author == "Frank")
    return thread


ONE = "#1 alice posted:\n\n one\n\n#2"
RIVER = "#1 alice posted:\n\n a river\n\n"
X = "#1 bob posted:\n\n x\n\n"
TWO = chain(("alice", "a river"), ("bob", "is long"))


@pytest.mark.parametrize(
    ("thread", "view", "before", "others"),
    [
        (TWO, "full", f"{RIVER}#2 bob commented:\n\n is long\n\n#3", (" alice", " bob")),
        (TWO, "masked", "#1 posted:\n\n is long\n\n#2", ()),
        (TWO.with_post("carol", ""), "masked", "#1 posted:\n\n is long\n\n#2", ()),
        (TWO.with_post("alice", "so"), "masked", "#1 posted:\n\n so\n\n#2", ()),
        (ASK, "full", "#1 zoe asked:\n\n why?\n\n#2 bob responded:\n\n because\n\n#3", (" zoe", " bob")),
        (ASK, "masked", "#1 posted:\n\n because\n\n#2", ()),
        (Thread.ask("zoe", "why?"), "masked", "#1 asked:\n\n why?\n\n#2", ()),
        (chain(("alice", "one"), preamble="A title\n"), "full", f"A title\n\n{ONE}", (" alice",)),
        (chain(("alice", "one"), preamble="A title\n"), "masked", "#1 posted:\n\n one\n\n#2", ()),
        (chain(("bob", "x"), ("bob", "y")), "full", f"{X}#2 bob commented:\n\n y\n\n#3", (" bob",)),
        (chain(("bob", "x"), ("Frank", "y")), "full", f"{X}#2 Frank commented:\n\n y\n\n#3", (" bob",)),
    ],
)  # fmt: skip
def test_what_the_model_is_shown(
    thread: Thread, view: SpeakerForm, before: str, others: tuple[str, ...]
) -> None:
    last_line = before.rpartition("\n")[2]
    expected = SpeakerPrompt(before=before, last_line=last_line, name=" Frank", others=others)
    assert speaker_prompt(thread, V10, IDENTITY, view) == expected
    assert speaker_prompt(thread.awaiting_bot(IDENTITY), V10, IDENTITY, view).last_line == last_line


def test_the_bots_own_beginning_counts_as_the_format_says() -> None:
    original = Thread((Post("Frank", PostKind.ORIGINAL, "rivers", by_bot=True),)).with_post("bob", "same")
    assert speaker_prompt(original, V9, IDENTITY, "full").last_line == "#2"
    assert speaker_prompt(original, FORMATS["later"], IDENTITY, "full").last_line == "#3"


@pytest.mark.parametrize(
    ("turn", "name", "last_line", "before"),
    [
        ("<{name}> {verb}\n", "Frank", "<", "<> posted\n a river\n\n<"),
        ("[{number}]\n{name} says:\n\n", "Frank", "", "[1]\nsays:\n\n a river\n\n[2]\n"),
        ("Now  {name}:\n", "  Frank", "Now", "Now :\n a river\n\nNow"),
    ],
)
def test_a_format_of_ones_own(turn: str, name: str, last_line: str, before: str) -> None:
    form = own_format("v10", {"turn": turn})
    found = speaker_prompt(chain(("alice", "a river")), form, IDENTITY, "masked")
    assert found == SpeakerPrompt(before=before, last_line=last_line, name=name, others=())


@pytest.mark.parametrize(
    ("thread", "has_spoken"),
    [
        (TWO, False),
        (TWO.awaiting_bot(IDENTITY), False),
        (TWO.with_post("Frank", "no", by_bot=True), True),
        (TWO.with_post("Frank", "no", by_bot=True).with_post("bob", "yes"), True),
    ],
)
def test_whether_the_bot_has_spoken(thread: Thread, has_spoken: bool) -> None:
    assert has_bot_spoken(thread) is has_spoken


@ALL
@pytest.mark.parametrize("view", ["full", "masked"])
@settings(max_examples=40, deadline=None)
@given(thread=threads())
def test_the_name_is_where_a_turn_begins_and_survives_the_wire(
    form: PromptFormat, view: SpeakerForm, thread: Thread
) -> None:
    """With the rest of its line behind it, the name begins a turn; of what people type, nothing does."""
    waiting = thread.awaiting_bot(IDENTITY)
    found = speaker_prompt(waiting, form, IDENTITY, view)
    assert found.before.endswith(found.last_line)
    line = f"{found.before}{found.name} {form.verbs[PostKind.COMMENTED]}:"
    turns = list(control_phrases(form, IDENTITY).finditer(line))
    assert turns[-1].end() >= len(found.before) + len(found.name)
    if view == "full":
        assert len(turns) == 1 + len(spoken(waiting))
    assert view == "full" or [turn.start() for turn in turns[:-1]] in ([], [0])
    again = from_classic(to_classic(waiting, IDENTITY), IDENTITY)
    assert speaker_prompt(again, form, IDENTITY, view) == found
