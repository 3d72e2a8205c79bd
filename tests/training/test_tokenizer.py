"""A tokenizer of one's own: any text comes back, and no text becomes the end mark."""

from __future__ import annotations

from autoresponder.model.encoding import TextEncoder
from training.tokenizer import END, train_tokenizer


def test_any_text_comes_back() -> None:
    encoder = TextEncoder(train_tokenizer(["the rain and the cat"] * 3, 280))
    for text in (" the cat", "naïve ☂ 友", "a\n\n b", ""):
        assert encoder.decode(encoder.encode_text(text)) == text


def test_the_end_mark_in_a_text_stays_text() -> None:
    encoder = TextEncoder(train_tokenizer(["the rain"], 280))
    assert encoder.eot not in encoder.encode_text(f"a{END}b")
    assert len(encoder) <= 280


def test_prompt_and_continuation_encode_as_the_whole() -> None:
    texts = [
        f"#{n} somebody asked:\n\n do you like {word}?\n\n I like {word}."
        for n, word in enumerate(["rain", "cats", "soup"] * 8)
    ]
    encoder = TextEncoder(train_tokenizer(texts, 400))
    prompt, continuation = " Written 3 PM May 2021 | Frank's tags:", " #a, #b\n I like rain."
    parts = encoder.encode_text(prompt) + encoder.encode_text(continuation)
    assert parts == encoder.encode_text(prompt + continuation)
