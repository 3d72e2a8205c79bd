"""The tokenizer of a GGUF file as a fast tokenizer.

A file has the tokens, the merges or scores, and the name of the way in which text is split before merging
(``tokenizer.ggml.pre``). A name that is not in the table is refused: another splitting gives other ids for
digits, contractions and spaces, and nothing else would show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from training.gguf_import.header import GgufError, GgufHeader

CONTROL, USER_DEFINED = 3, 4  # types of token in a file
SPACE = "▁"  # what SentencePiece writes for a space

_QWEN_2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA_3 = _QWEN_2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


@dataclass(frozen=True)
class _Splitting:
    """How text is split before merging; with ``whole_words`` a word that is a token is not merged."""

    make: Callable[[], pre_tokenizers.PreTokenizer]
    whole_words: bool = False
    composed: bool = False  # text is brought into composed form (NFC) first


def _by_words() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def _by_digits() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _by_words()])


def _by_pattern(pattern: str) -> Callable[[], pre_tokenizers.PreTokenizer]:
    def make() -> pre_tokenizers.PreTokenizer:
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
        return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])

    return make


SPLITTINGS: Mapping[str, _Splitting] = {
    "gpt-2": _Splitting(_by_words),
    "smollm": _Splitting(_by_digits),
    "llama-bpe": _Splitting(_by_pattern(_LLAMA_3), whole_words=True),
    "qwen2": _Splitting(_by_pattern(_QWEN_2), composed=True),
}


def read_tokenizer(header: GgufHeader, end_token: str | None = None) -> PreTrainedTokenizerFast:
    """Make the tokenizer of a file; ``end_token`` names the end token where the file's is not the wanted one.

    Raises GgufError for a kind of tokenizer that is not supported.
    """
    tokens, kinds = _tokens(header)
    kind = header.text("tokenizer.ggml.model")
    if kind == "gpt2":
        inner = _byte_level(header, tokens)
    elif kind == "llama":
        inner = _sentence_piece(header, tokens)
    else:
        raise GgufError(f"the tokenizer {kind!r} is not supported; gpt2 and llama are")
    for special in (True, False):  # added in the file's order, so that they keep their numbers
        wanted = CONTROL if special else USER_DEFINED
        inner.add_tokens(
            [
                AddedToken(token, special=special, normalized=False)
                for token, kind in zip(tokens, kinds, strict=True)
                if kind == wanted
            ]
        )
    names = {name: _named(header, tokens, name) for name in ("bos", "eos", "unknown", "padding")}
    if end_token is not None:
        if end_token not in tokens:
            raise GgufError(f"the file has no token {end_token!r} that could be the end token")
        names |= {"bos": end_token, "eos": end_token, "padding": end_token}
    if names["eos"] is None:
        raise GgufError("the file names no end token: name one with --end-token")
    if header.metadata.get("tokenizer.ggml.add_bos_token") and names["bos"] and end_token is None:
        _begin_with(inner, names["bos"], tokens.index(names["bos"]))
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        bos_token=names["bos"],
        eos_token=names["eos"],
        unk_token=names["unknown"],
        pad_token=names["padding"],
        clean_up_tokenization_spaces=False,
    )
    template = header.metadata.get("tokenizer.chat_template")
    if isinstance(template, str):
        tokenizer.chat_template = template
    return tokenizer


def _tokens(header: GgufHeader) -> tuple[list[str], list[int]]:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise GgufError("the file has no list of tokens")
    if len(set(tokens)) != len(tokens):
        raise GgufError("a token stands twice in the file's list")
    kinds = header.metadata.get("tokenizer.ggml.token_type", [1] * len(tokens))
    if not isinstance(kinds, list) or len(kinds) != len(tokens):
        raise GgufError("the file has another number of token types than of tokens")
    return tokens, kinds


def _named(header: GgufHeader, tokens: Sequence[str], name: str) -> str | None:
    number = header.metadata.get(f"tokenizer.ggml.{name}_token_id")
    if number is None:
        return None
    if not isinstance(number, int) or not 0 <= number < len(tokens):
        raise GgufError(f"tokenizer.ggml.{name}_token_id is {number!r}, which is no token")
    return tokens[number]


def _byte_level(header: GgufHeader, tokens: Sequence[str]) -> Tokenizer:
    default = "gpt-2" if header.metadata.get("general.architecture") == "gpt2" else None
    name = header.metadata.get("tokenizer.ggml.pre", default)
    if name not in SPLITTINGS:
        known = ", ".join(SPLITTINGS)
        raise GgufError(f"the way {name!r} of splitting text is not supported; the importer knows {known}")
    splitting = SPLITTINGS[name]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    inner = Tokenizer(BPE(vocabulary, _merges(header, vocabulary), ignore_merges=splitting.whole_words))
    if splitting.composed:
        inner.normalizer = normalizers.NFC()
    inner.pre_tokenizer = splitting.make()
    inner.decoder = decoders.ByteLevel()
    return inner


def _merges(header: GgufHeader, vocabulary: Mapping[str, int]) -> list[tuple[str, str]]:
    lines = header.metadata.get("tokenizer.ggml.merges")
    if not isinstance(lines, list):
        raise GgufError("the file has no merges")
    merges: list[tuple[str, str]] = []
    for line in lines:
        left, space, right = str(line).partition(" ")
        if not space or left not in vocabulary or right not in vocabulary or left + right not in vocabulary:
            raise GgufError(f"the merge {line!r} is not of the file's tokens")
        merges.append((left, right))
    return merges


def _sentence_piece(header: GgufHeader, tokens: Sequence[str]) -> Tokenizer:
    scores = header.metadata.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) != len(tokens):
        raise GgufError("the file has another number of token scores than of tokens")
    vocabulary = {token: number for number, token in enumerate(tokens)}
    unknown = _named(header, tokens, "unknown")
    merges = _merges_by_score(tokens, scores)
    inner = Tokenizer(BPE(vocabulary, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    prefixed = bool(header.metadata.get("tokenizer.ggml.add_space_prefix", True))
    spaces = [normalizers.Prepend(SPACE)] if prefixed else []
    inner.normalizer = normalizers.Sequence([*spaces, normalizers.Replace(" ", SPACE)])
    strip = [decoders.Strip(" ", 1, 0)] if prefixed else []
    inner.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return inner


def _merges_by_score(tokens: Sequence[str], scores: Sequence[float]) -> list[tuple[str, str]]:
    """The merges that make a token out of two others; the better the token's score, the earlier."""
    known = dict(zip(tokens, scores, strict=True))
    number = {token: place for place, token in enumerate(tokens)}
    merges = [
        (token[:cut], token[cut:])
        for token in tokens
        for cut in range(1, len(token))
        if token[:cut] in known and token[cut:] in known
    ]
    return sorted(merges, key=lambda pair: (-known["".join(pair)], number[pair[0]], number[pair[1]]))


def _begin_with(inner: Tokenizer, token: str, number: int) -> None:
    """Put the beginning token in front of every text that is encoded with special tokens."""
    inner.post_processor = processors.Sequence(
        [
            inner.post_processor or processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=[token, "$A"], pair=[token, "$A", token, "$B"], special_tokens=[(token, number)]
            ),
        ]
    )
