"""No forging on the ids of a real tokenizer: what people say never becomes a control token, or structure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from tokenizers import Tokenizer

from munging.control import END
from munging.prompts.formats import PromptFormat, control_phrases, render
from munging.thread import Thread
from tests.munging.own_formats import ALL, NAMES
from tests.strategies import IDENTITY, threads

FILE = Path(__file__).parents[2] / "demo" / "models" / "tiny" / "tokenizer.json"
FORMS = pytest.mark.parametrize("form", ALL, ids=NAMES.get)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The demo model's, as it comes: it takes the end mark in a text for the control token."""
    return Tokenizer.from_file(str(FILE))


def ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def test_the_tokenizer_would_believe_a_typed_end_mark(tokenizer: Tokenizer) -> None:
    assert tokenizer.token_to_id(END) in ids(tokenizer, f"a{END}b")


@FORMS
@settings(max_examples=60, deadline=None)
@given(thread=threads())
def test_what_people_say_is_no_control_token(
    tokenizer: Tokenizer, form: PromptFormat, thread: Thread
) -> None:
    end = tokenizer.token_to_id(END)
    prompt = render(thread, form, IDENTITY, written="3 PM January 2021")
    apart = [ids(tokenizer, piece.text) for piece in prompt.pieces]
    assert end not in ids(tokenizer, prompt.text)
    assert not any(end in piece for piece in apart)
    # Encoded apart or as a whole, the model reads the same text.
    together = tokenizer.decode(ids(tokenizer, prompt.text))
    assert "".join(tokenizer.decode(piece) for piece in apart) == together == prompt.text


@FORMS
@settings(max_examples=60, deadline=None)
@given(thread=threads())
def test_as_many_turns_are_read_from_the_ids_as_there_are(
    tokenizer: Tokenizer, form: PromptFormat, thread: Thread
) -> None:
    phrases = control_phrases(form, IDENTITY)
    prompt = render(thread, form, IDENTITY)
    said = "".join("\n" if piece.structure else piece.text for piece in prompt.pieces)
    assert not phrases.search(tokenizer.decode(ids(tokenizer, said)))
    read = tokenizer.decode(ids(tokenizer, prompt.text))
    structure = "".join(piece.text if piece.structure else "word\n" for piece in prompt.pieces)
    assert len(phrases.findall(read)) == len(phrases.findall(structure))
