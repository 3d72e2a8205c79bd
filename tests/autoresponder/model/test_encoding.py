"""Text to ids: the end token comes from us alone, and growing text equals whole text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from autoresponder.errors import TokenizerMismatchError
from autoresponder.model.encoding import Detokenizer, TextEncoder
from munging.prompts.formats import Piece, Prompt

END = "<|endoftext|>"
END_PARTS = ["<|", "endoftext", "|>", END, "<|endo", "a", " ", "\n", "友", "🕒"]


def prompt_of(text: str) -> Prompt:
    return Prompt((Piece(text[:20], structure=True), Piece(text[20:], structure=False)))


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.sampled_from(END_PARTS) | st.text(max_size=5), max_size=8))
def test_no_text_gives_a_control_token(encoder: TextEncoder, parts: list[str]) -> None:
    ids = encoder.encode_text("".join(parts))
    assert encoder.eot not in ids
    assert encoder.decode(ids) == "".join(parts)


def test_the_end_token_is_in_front_exactly_once(encoder: TextEncoder) -> None:
    ids = encoder.encode_prompt(prompt_of(f"{END} Frank posted:\n\n{END} a{END}"))
    assert ids[0] == encoder.eot
    assert ids.count(encoder.eot) == 1
    assert encoder.decode(ids) == " Frank posted:\n\n a"


@settings(max_examples=60, deadline=None)
@given(
    end=st.sampled_from(("[EOS]", "</s>", "<eos>", "<|im_end|>")) | st.text("ab<>/", min_size=1, max_size=6),
    before=st.text(max_size=4),
    behind=st.text(max_size=4),
)
def test_another_models_end_token_in_the_words_joins_nothing(
    tokenizer: PreTrainedTokenizerFast, end: str, before: str, behind: str
) -> None:
    words = f"respo{before}{end}{behind}nded: <s>struck</s>"
    copy = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()))  # type: ignore[no-untyped-call]
    copy.add_special_tokens({"eos_token": f"{end}!"})
    copy.eos_token = f"{end}!"
    other = TextEncoder(copy)
    text = words.replace(end, f"{end}!")
    for ids in (other.encode_prompt(prompt_of(text))[1:], other.encode_for_head(text, 500)[1:-1]):
        assert other.eot not in ids
        assert other.decode(ids) == text.replace(END, "")


def test_pieces_are_encoded_as_the_whole_document_would_be(
    encoder: TextEncoder, tokenizer: PreTrainedTokenizerFast
) -> None:
    text = "#1 someuser asked:\n\n hello frank"
    assert encoder.encode_prompt(prompt_of(text))[1:] == tokenizer.encode(text)


@pytest.mark.parametrize(
    ("limit", "kept"),
    [(12, 10), (11, 9), (3, 1)],
    ids=["room for all", "one too long", "hardly any room"],
)
def test_a_text_too_long_for_a_head_loses_its_end(encoder: TextEncoder, limit: int, kept: int) -> None:
    ids = encoder.encode_text("qzqzqzqzqz")
    assert len(ids) == 10
    row = encoder.encode_for_head("qzqzqzqzqz", limit)
    assert row == [encoder.eot, *ids[:kept], encoder.eot]
    assert len(row) <= limit


def test_end_marks_inside_a_judged_text_are_dropped(encoder: TextEncoder) -> None:
    assert encoder.encode_for_head(f"a{END}", 10) == encoder.encode_for_head("a", 10)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_growing_text_is_a_prefix_of_whole_text(encoder: TextEncoder, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(1, len(encoder) - 1), max_size=30))
    grown = Detokenizer(encoder)
    for end, token in enumerate(ids, start=1):
        grown.push(token)
        assert encoder.decode(ids[:end]).startswith(grown.text)
    assert grown.finish() == encoder.decode(ids)


def test_a_character_of_several_tokens_comes_out_whole(encoder: TextEncoder) -> None:
    ids = encoder.encode_text("a🕒b")
    assert len(ids) == 6
    grown = Detokenizer(encoder)
    assert [grown.push(token) for token in ids] == ["a", "", "", "", "🕒", "b"]


def test_a_tokenizer_without_end_token_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)  # type: ignore[no-untyped-call]
    with pytest.raises(TokenizerMismatchError, match="no end token"):
        TextEncoder(bare)
