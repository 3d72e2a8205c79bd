"""The real model's corpus: what is asked, what is kept, how it is printed, and a run that is stopped."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM

from autoresponder.generation.decoder import Decoder
from autoresponder.jobs.model_folder import load_generator
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SamplerConfig
from demo.corpus.archive import Archive, Raw
from demo.corpus.chat import ChatForm
from demo.corpus.documents import prompt_and_target
from demo.corpus.filters import Filter, Written, keep_near, limit_openings, with_known_tags
from demo.corpus.readers import Readership, selector_rows
from demo.corpus.run import CorpusRun
from demo.corpus.served import read_served, write_served
from demo.corpus.tables import load_persona, load_topics
from demo.corpus.tasks import Book, Planner, Sizes, Task
from demo.corpus.writing import ManyWriter, Try, WrittenText
from demo.documents.rendering import DEMO_IDENTITY
from munging.prompts.continuation import parse_continuation
from munging.prompts.formats import V10, original_prompt
from tests.training.gguf_files import byte_level
from tumblr_sandbox.language.threads import Said

SMALL = Sizes().scaled(0.02)
ASK = Task(
    "ask/1",
    "ask",
    "opinion",
    ("What do you think about bees?",),
    (Said("", "bees?", asked=True),),
    about="bees",
)
GOOD = "Bees are busy all day, and I like to read about the small maps that they dance.\n#bees, #maps"


def judged(text: str, task: Task = ASK, *, ended: bool = True) -> Written | str:
    return Filter(load_persona()).judge(task, 0, text, ended=ended)


def kept(text: str = GOOD, task: Task = ASK, number: int = 0) -> Written:
    found = Filter(load_persona()).judge(task, number, text, ended=True)
    assert isinstance(found, Written), found
    return found


def test_nothing_of_the_evaluation_is_asked() -> None:
    topics = load_topics()
    tasks = Planner(topics, 2021, Sizes()).first()
    assert len(tasks) > 1500
    for task in tasks:
        if task.form in ("ask", "told"):
            assert not topics.keeps_apart(task.turns[0]), task.turns
    for kind in topics.unseen_kinds.values():
        assert all(kind.looks.search(ask.lower()) for ask in kind.asks), "each of its own questions is one"
    assert not set(topics.known) & set(topics.unseen)


def test_the_same_seed_asks_the_same_and_keys_are_different() -> None:
    def planned(seed: int) -> list[Task]:
        return Planner(load_topics(), seed, SMALL).first()

    tasks = planned(1)
    assert tasks == planned(1)
    assert tasks != planned(2)
    assert len({task.key for task in tasks}) == len(tasks)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.removesuffix("maps").replace(" dance.", " dance"), "unfinished"),
        ('Bees said "I am busy all day long, and I would rather not be asked.\n#bees', "unfinished"),
        ("Bees are fine.\n#bees", "length"),
        (GOOD.replace("dance.", "dance. Frank: what do you think about them, and why?"), "format"),
        (GOOD.replace("dance.", "dance, see https://example.com for more."), "format"),
        (GOOD.replace("dance.", "dance. As an AI I cannot be stung."), "assistant"),
        (GOOD.replace("dance.", "dance. How can I help you today?"), "assistant"),
        (GOOD.replace("dance.", "dance, and then they murder the queen."), "unsafe"),
        ("Bienen sind den ganzen Tag unterwegs und sammeln Honig in ihren Taschen.\n#bees", "language"),
        (f"{GOOD.partition(chr(10))[0]} {GOOD}", "repetition"),
        ("Bees say that most of the ocean has never been seen by anybody at all.\n#bees", "example"),
        ("Bees? What do you think about bees and their friends in the garden?\n#bees", "parrot"),
    ],
)  # fmt: skip
def test_what_is_not_to_be_learned_is_dropped_by_its_rule(text: str, reason: str) -> None:
    assert judged(text) == reason


def test_a_good_text_is_taken_apart() -> None:
    written = kept()
    assert written.body.startswith("Bees are busy")
    assert written.tags == ("bees", "maps")
    assert judged(GOOD, ended=False) == "unfinished"


def test_most_of_what_is_beside_the_point_is_dropped() -> None:
    beside = "Pancakes are best in the morning, when somebody else has made them for me and my cat.\n#food"
    rule = Filter(load_persona())
    found = Counter(
        isinstance(rule.judge(replace(ASK, key=f"ask/{number}"), 0, beside, ended=True), Written)
        for number in range(400)
    )
    assert 50 < found[True] < 150


def test_the_answers_to_each_kind_of_question_that_say_least_of_it_are_dropped() -> None:
    def answers(source: str, *bodies: str) -> list[Written]:
        task = replace(ASK, source=source)
        return [replace(kept(), task=task, number=number, body=body) for number, body in enumerate(bodies)]

    near, far = "Bees are better than any bus.", "Nobody knows what the weather wants."
    texts = [*answers("opinion", far, near, far, near), *answers("advice", far, far, near, far)]
    posts = [replace(kept(), task=replace(ASK, form="post", said=()), body=far)]
    left = keep_near([*texts, *posts], 0.5)
    assert Counter((text.task.source, text.task.form, text.body == near) for text in left) == {
        ("opinion", "ask", True): 2,
        ("advice", "ask", True): 1,
        ("advice", "ask", False): 1,
        (ASK.source, "post", False): 1,
    }
    assert keep_near([*texts, *posts], 0.5) == left


def test_no_more_than_its_share_of_texts_begins_with_the_same_word() -> None:
    rng = random.Random(1)
    words = ["Bees", *(f"{chr(97 + number)}bc" for number in range(20))]
    texts = [
        replace(kept(), number=number, body=f"{words[0] if number % 2 else rng.choice(words[1:])} are busy.")
        for number in range(400)
    ]
    left = limit_openings(texts, 0.08)
    assert Counter(text.first_word for text in left)["bees"] <= 0.08 * len(left) + 1
    assert len(left) > 150


def test_tags_are_words_that_others_use_and_name_the_topic() -> None:
    def with_tags(*tags: str) -> Written:
        return replace(kept(), tags=tags)

    texts = [with_tags("maps", "beezlings", "maps"), *(replace(kept(), number=n) for n in range(5))]
    assert with_known_tags(texts)[0].tags == ("bees", "maps")


CASES: tuple[tuple[Task, str], ...] = (
    (ASK, "Written "),
    (replace(ASK, said=(*ASK.said, Said("", "busy.", by_bot=True), Said("bob", "really?"))), "Written "),
    (Task("comment/1", "comment", "model", ("bob wrote: bees!",), (Said("bob", "bees!"),)), "Written "),
    (replace(ASK, form="reply", said=(Said("", "hm.", by_bot=True), Said("bob", "bees?"))), "Written "),
    (replace(ASK, form="told"), "Frank tagged this post as:"),
    (Task("post/1", "post", "topic", ("Write a post about bees.",), about="bees"), ""),
    (Task("story/1", "story", "topic", ("x",), about="bees"), ""),
    (Task("review/1", "review", "topic", ("x",), book=Book("The Bee", "Ada", 4)), ""),
)  # fmt: skip


@pytest.mark.parametrize(("task", "shows"), CASES, ids=lambda value: getattr(value, "form", None))
def test_what_is_learned_begins_where_the_prompt_of_serving_ends(task: Task, shows: str) -> None:
    written = Written(task, 0, "Bees dance small maps.", ("bees", "maps"))
    prompt, target = prompt_and_target(written)
    kinds = {"post": "plain", "story": "fiction", "review": "review"}
    if task.form in ("story", "review"):
        kind = kinds[task.form]
        assert prompt == original_prompt(kind, V10, DEMO_IDENTITY).text  # type: ignore[arg-type]
    elif task.form == "post":
        assert prompt.startswith(" Frank posted:\n\n Written ")
        assert target.startswith(" | Frank's tags: #bees, #maps\n")
    else:
        assert shows in prompt.splitlines()[-1]
        assert target.startswith(" #")
    read = parse_continuation(target, V10, DEMO_IDENTITY)
    assert read.body.strip().endswith("Bees dance small maps.")
    assert read.tags[-2:] == ("bees", "maps")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network of chance weights, whose tokenizer has the marks of a chat."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = byte_level(ByteLevel(add_prefix_space=False))
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_rows_write_what_they_would_write_alone(model: Path) -> None:
    """Whatever else is written beside them, and although their prompts are fed while others write."""
    generator = load_generator(str(model))
    form = ChatForm(generator.encoder)
    voices = load_persona().voices
    beginnings = {name: form.beginning(voices[name])[:40] for name in ("ask", "post")}
    asks = [tuple(form.asked([text])) for text in ("hello", "what about rivers?", "frank, how are you?")]
    tries = [
        Try(
            f"{number}", "ask" if number % 3 else "post", asks[number % 3], f"seed {number}", most=12 + number
        )
        for number in range(7)
    ]

    def written(slots: int, chosen: Iterator[Try]) -> dict[str, WrittenText]:
        found: dict[str, WrittenText] = {}
        writer = ManyWriter(
            Decoder(generator.network, slots),
            build_sampler(SamplerConfig(name="penalised"), 0),
            frozenset({form.end, generator.encoder.eot}),
        )
        writer.write(beginnings, chosen, lambda attempt, text: found.__setitem__(attempt.key, text))
        return found

    together = written(3, iter(tries))
    assert len(together) == len(tries)
    assert together == {key: text for one in tries for key, text in written(1, iter([one])).items()}


def test_a_users_words_never_become_marks_of_the_chat(model: Path) -> None:
    form = ChatForm(load_generator(str(model)).encoder)
    assert form.asked(["<|im_end|>"]).count(form.end) == 1


def test_a_stopped_run_goes_on_to_the_same_texts(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.corpus.run.MOST_TOKENS", {})
    monkeypatch.setattr("demo.corpus.run.USUAL_MOST", 6)
    generator, quiet = load_generator(str(model)), Console(file=StringIO())
    sizes = Sizes(**dict.fromkeys(vars(Sizes()), 1) | {"plain": 0})
    whole, cut = (CorpusRun(tmp_path / name, 3, sizes) for name in ("whole", "cut"))
    whole.write(generator, quiet)
    lines = (tmp_path / "whole" / "written.jsonl").read_text().splitlines()
    archive = tmp_path / "cut" / "written.jsonl"
    archive.write_text("\n".join(lines[:5]) + "\n" + lines[5][:20])
    cut = CorpusRun(tmp_path / "cut", 3, sizes)
    cut.write(generator, quiet)
    assert sorted(archive.read_text().splitlines()) == sorted(lines)
    assert sum(cut.finish()["dropped"].values()) == len(lines)  # type: ignore[attr-defined]
    assert json.loads((tmp_path / "cut" / "report.json").read_text())["seed"] == 3


def test_readers_like_what_is_to_the_point_better_and_the_same_rows_come_again() -> None:
    """Half of the texts answer the question at length, half say next to nothing."""
    good = "Bees are the best part of the garden, and I love how happily they dance about the flowers."
    texts = [
        Written(replace(ASK, key=f"ask/{number}"), number, good if number % 2 else "no.", ("bees",))
        for number in range(60)
    ]
    rows = selector_rows(texts, 1)
    assert rows == selector_rows(texts, 1)
    assert {row["target"] for row in rows} == {0, 1}
    for row in rows:
        assert (row["target"] == 1) is ("best part of the garden" in str(row["text"]))
        assert str(row["text"]).count("asked:") == 1


def test_somebody_prefers_the_better_of_two_and_neither_of_the_same() -> None:
    readers = Readership(5, 30)
    good = Written(ASK, 0, "Bees are lovely, and I am glad that they dance in the garden all day.", ("bees",))
    bad = Written(ASK, 1, "no", ())
    assert sum(readers.prefer(good, bad, taste) for taste in readers.tastes) > 25
    assert {readers.prefer(good, good, taste) for taste in readers.tastes} == {0.5}


def test_a_served_text_is_written_behind_the_prompt_of_serving_and_taken_apart(
    model: Path, tmp_path: Path
) -> None:
    generator = load_generator(str(model))
    archive = Archive(tmp_path / "texts.jsonl")
    write_served(generator, [ASK], range(2), archive, Console(file=StringIO()))
    assert set(Archive(tmp_path / "texts.jsonl").texts) == {("ask/1", 0), ("ask/1", 1)}
    raw = Raw("ask/1", 0, " #bees, #maps\n they dance.", ended=True)
    written = read_served(ASK, raw)
    assert (written.body, written.tags) == ("they dance.", ("bees", "maps"))
