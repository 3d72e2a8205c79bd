"""The screening, rule by rule; the words in the lists are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr.screening.lookalikes import readings, visible
from tumblr.screening.word_lists import findings
from tumblr.settings import ScreeningConfig
from tumblr.turns.planned_post import ScreenedText

LISTS = ScreeningConfig(
    bad_strings=("zorpful", "grimble gromble", "Blivet"),
    bad_strings_shortwords=("nup",),
    okay_superstrings=("unblivetable", "blivetworth"),
    likely_obscured_strings=("quozzle", "flarn fish"),
    profane_strings=("drat",),
    strict_language_users=("bukbot",),
    screened_users=("pepperpot",),
    user_avoid_list=("sourmilkblog",),
)


def screen(
    text: ScreenedText, lists: ScreeningConfig = LISTS, operator: str | None = "boss", *, made: bool = True
) -> list[str]:
    """The reasons why a human should look first."""
    return [found.text for found in findings(text, lists, operator, images_are_made=made)]


def draft(
    answer: str = "hi", asker: str = "quietmarsh", question: str = "", tags: tuple[str, ...] = ()
) -> ScreenedText:
    return ScreenedText(asker, question, answer, tags)


@pytest.mark.parametrize(
    ("answer", "hosts"),
    [
        ('<p>see <a href="https://evil.example/x?y=1">this</a></p>', ["evil.example"]),
        ("<a class=x HREF='//evil.example'>this</a>", ["evil.example"]),
        ("<a href=https&#58;//evil.example/>this</a>", ["evil.example"]),
        ("go to http://user:pw@Evil.Example:8080/x now", ["evil.example"]),
        ("go to www.evil.example, friend", ["evil.example"]),
        ("it is at evil-site.com/offer", ["evil-site.com"]),
        ("https://tumblr.com.evil.example/", ["tumblr.com.evil.example"]),
        ('<a href="https://[nonsense">this</a>', ["https://[nonsense"]),
        ('<a href="javascript:alert(1)">this</a>', ["javascript"]),
        ('<a class="tumblelog" href="https://quietmarsh.tumblr.com/">@quietmarsh</a> tumblr.com/bob', []),
        ("e.g. soup.Warm soup, i.e. at 3.30 or version 2.0 of node.js (or so)", []),
        ("mail bob@example.com? no", []),
    ],
)
def test_links_elsewhere_are_looked_at_first(answer: str, hosts: list[str]) -> None:
    assert screen(draft(answer)) == [f"a link to {host}" for host in hosts]
    assert screen(draft(answer), LISTS.model_copy(update={"link_hosts": None})) == []


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("look, @outsider and @Outsider!", ["outsider"]),
        ('<p><a class="tumblelog" href="https://victim.tumblr.com/">see</a></p>', ["victim"]),
        ("@quietmarsh @MyBot @carol, and mail@example.com", []),
        ("ask @bob-2, (@bob3)", ["bob-2", "bob3"]),
    ],
)
def test_mentions_of_those_who_do_not_speak_are_looked_at_first(answer: str, names: list[str]) -> None:
    said = ScreenedText("quietmarsh", "say hello to @outsider", answer, (), speakers=("Carol",))
    found = [finding.text for finding in findings(said, LISTS, at_home=("mybot",))]
    assert found == [f"a mention of @{name}" for name in names]
    assert findings(said, LISTS.model_copy(update={"mentions": "anyone"}), at_home=("mybot",)) == []


def test_hosts_that_the_operator_trusts_may_be_linked_to() -> None:
    trusting = LISTS.model_copy(update={"link_hosts": ("Example.org", "tumblr.com")})
    said = "https://en.example.org/soup and https://example.org and https://notexample.org"
    assert screen(draft(said), trusting) == ["a link to notexample.org"]


PASSES = {
    "nothing listed": draft("Soup is warm.", question="do you like soup?", tags=("soup",)),
    "only inside a harmless text": draft("it was unblivetable"),
    "harmless text, then listed letters apart": draft("zorpblivetworthful"),
    "short word inside longer words": draft("nuptials. snup! (supernup)"),
    "letters of two innocent words": draft("antiquo zzleep"),
    "plain list with letters apart": draft("z o r p f u l"),
    "a screened user is only mentioned": draft("pepperpot says hi"),
    "mild words for most": draft("oh drat"),
    "anonymous": draft(asker="Anonymous"),
    "an original post has no asker": draft(asker=""),
}
STOPPED = {
    "in the answer": draft("a most zorpful day"),
    "in the question": draft(question="are you zorpful?"),
    "in a tag": draft(tags=("soup", "zorpful things")),
    "in the name": draft(asker="zorpful-owl"),
    "in upper case": draft("ZORPFUL!"),
    "in upper case in the list": draft("a blivet"),
    "inside a longer word": draft("superzorpfully"),
    "from answer to tag": draft("my grimble", tags=("gromble",)),
    "over the end of a line": draft("grimble\ngromble"),
    "beside a harmless text": draft("an unblivetable blivet"),
    "short word, space and stop": draft("well nup."),
    "short word in quotes": draft('they said "nup"'),
    "short word between spaces": draft("well nup then"),
    "short word at the end": draft("well nup"),
    "short word at the start": ScreenedText("nup", "", "", ()),
    "short word after a sign": draft("well -nup ok"),
    "short word between underscores": draft("_nup_"),
    "digit for i": draft("a bl1vet"),
    "several substitutes": draft("gr!mbl3 gromble"),
    "zero for o": draft("z0rpful"),
    "one for l": draft("zorpfu1"),
    "Cyrillic letters": draft("z\u043erpful"),
    "Greek letters": draft("z\u03bfrpful"),
    "accents": draft("z\u00f6rpf\u00fal"),
    "accents as characters of their own": draft("zo\u0308rpful"),
    "full width": draft("\uff5a\uff4f\uff52\uff50\uff46\uff55\uff4c"),
    "mathematical letters": draft("\U0001d433\U0001d428\U0001d42b\U0001d429\U0001d41f\U0001d42e\U0001d425"),
    "zero-width space": draft("zorp\u200bful"),
    "letters apart": draft("q u o z z l e"),
    "dots between letters": draft("q.u.o-z_z*l~e"),
    "zero-width between letters": draft("q\u200bu\u200bo\u200bzzle"),
    "joiners and a newline": draft("quo\u200d\nzz\u2060le"),
    "substitutes and dots": draft("q.u.0.z.z.1.3"),
    "apart, and a plural": draft("q u o z z l e s"),
    "obscured inside a word": draft("superquozzles"),
    "obscured phrase without its space": draft("flarnfish"),
    "an avoided user is mentioned": draft("ask @sourmilkblog about it"),
    "an avoided user asks": draft(asker="sourmilkblog"),
    "a screened user asks": draft(asker="pepperpot"),
    "the operator asks": draft(asker="Boss"),
    "mild words for the strict user": draft("oh drat", asker="bukbot"),
    "harmless texts do not count for the strict user": draft("it was unblivetable", asker="bukbot"),
}


@pytest.mark.parametrize("case", PASSES)
def test_passes(case: str) -> None:
    assert screen(PASSES[case]) == []


@pytest.mark.parametrize("case", STOPPED)
def test_is_stopped(case: str) -> None:
    assert screen(STOPPED[case])


def test_the_reason_names_the_text_and_its_surroundings() -> None:
    (reason,) = screen(draft("this was a most zorpful day for all of us who were there"))
    assert reason == "listed text 'zorpful' in 'etmarsh this was a most zorpful day for all of us who we'"


def test_empty_lists_stop_nothing() -> None:
    assert screen(draft("zorpful blivet nup"), ScreeningConfig()) == []


def test_switches() -> None:
    assert screen(draft(asker="Anonymous"), LISTS.model_copy(update={"screen_anonymous": True})) == [
        "an anonymous asker"
    ]
    assert screen(draft(asker="boss"), operator=None) == []
    block = draft("look\n=======\nSIGN\n=======\n")
    assert screen(block) == []
    assert screen(block, made=False) == ["an image block that is not made into an image"]


def test_white_space_and_empty_entries_in_lists_are_harmless() -> None:
    lists = ScreeningConfig(
        bad_strings=("", "  ", " zorpful "),
        bad_strings_shortwords=("",),
        likely_obscured_strings=("", "..."),
    )
    assert screen(draft("anything at all ... "), lists) == []
    assert screen(draft("zorpful"), lists)


@given(st.text(max_size=60), st.sampled_from(["zorpful", "grimble gromble", "quozzle"]), st.text(max_size=60))
def test_a_listed_text_is_found_wherever_it_stands(before: str, listed: str, after: str) -> None:
    assert screen(draft(f"{before} {listed} {after}"), LISTS.model_copy(update={"okay_superstrings": ()}))


@given(st.text(max_size=80))
def test_readings_never_fail_and_the_plain_one_comes_first(text: str) -> None:
    plain = visible(text)
    assert readings(plain)[0] == plain
    assert visible(plain) == plain


MARKUP = (
    "<b>",
    "</b>",
    "<i></i>",
    '<a href="https://x.org/?a=1&amp;b=2">',
    "<wbr>",
    "<!-- x -->",
    "&shy;",
    "\u200b",
    "</span >",
)
"""What splits a word without a reader seeing it."""


@given(data=st.data(), place=st.sampled_from(("answer", "question", "asker", "tags")))
def test_no_formatting_hides_a_listed_text(data: st.DataObject, place: str) -> None:
    listed = data.draw(st.sampled_from(("zorpful", "blivet", "quozzle", "sourmilkblog")))
    splits = st.sampled_from(("", *MARKUP))
    disguised = "".join(letter + data.draw(splits) for letter in listed)
    text = draft(**{place: (disguised,) if place == "tags" else disguised})  # type: ignore[arg-type]
    assert screen(text)


@pytest.mark.parametrize(
    "word",
    [
        "z&#111;rpful",
        "z&#x6f;rpful",
        "<b>zor</b>pful",
        "z<b>0</b>rpful",
        "n<i>u</i>p",
        "gri<b>mble</b> grom<i>b</i>le",
    ],
)
def test_a_listed_text_is_found_as_a_reader_sees_it(word: str) -> None:
    assert screen(draft(f"a {word} day"))


@pytest.mark.parametrize("word", ["zorp<br>ful", "<p>zorp</p><p>ful</p>", "zorp<li>ful", "zorp&nbsp;ful"])
def test_what_a_reader_sees_apart_stays_apart(word: str) -> None:
    assert not screen(draft(f"a {word} day"))
