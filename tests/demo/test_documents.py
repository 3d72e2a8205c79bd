"""The demo's documents: a seed gives the same files, every text reads back, what is known of it is true."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from demo.documents.__main__ import main
from demo.documents.judged import (
    Noted,
    labelled,
    note,
    remark,
    selector_rows,
    sentiment_rows,
    taste,
    type_of,
)
from demo.documents.rendering import (
    DEMO_IDENTITY,
    document_text,
    indented,
    judged_text,
    prompt_text,
    thread_of,
)
from demo.documents.writing import Sizes, write_corpus
from munging.prompts.continuation import parse_continuation
from munging.prompts.formats import V10, control_phrases
from munging.thread import PostKind
from tumblr_sandbox.language.answers import Answerer
from tumblr_sandbox.language.grammar import Grammar
from tumblr_sandbox.language.tables import Tables, Thing, load_tables
from tumblr_sandbox.language.threads import KIND_WEIGHTS, Conversation, Talk

SMALL = Sizes(documents=120, noted=120, sentiment=120)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables()


@pytest.fixture(scope="module")
def conversations(tables: Tables) -> list[Conversation]:
    talk = Talk(tables, random.Random(7))
    return [talk.conversation() for _ in range(1500)]


def talk_with(tables: Tables, seed: int) -> Talk:
    return Talk(tables, random.Random(seed))


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
