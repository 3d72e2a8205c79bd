"""Undoing disguises: characters that look like letters, and digits that stand for them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

from wcwidth import wcwidth

_CYRILLIC = "аӑбвгеёһіїјкӏмноөпрсѕтуүхԁԛԝьꙇ"
_CYRILLIC_LATIN = "aabbreehiijklmhoonpcstyyxdqwbi"
_GREEK = "αβγεζηικορτυχωϳ"
_GREEK_LATIN = "abyeznikoptuxwj"
_OTHER = "ɑɡɩıſʟɴʀʏᴀʙᴄᴅᴇꜰɢʜɪᴊᴋᴍᴏᴘꜱᴛᴜᴠᴡᴢøłđħŧɨʉƀɓɗƙօսոհցԍ"
_OTHER_LATIN = "agiislnryabcdefghijkmopstuvwzoldhtiubbdkounhgg"

# What Unicode's table of confusable characters (UTS 39) has beside these. Most are letters of scripts that
# nobody writes to the bot in.
_CONFUSABLE = {
    "a": "Ꭺᗅ⍺ꓮ𐊠𖽀",
    "b": "ᏏᏴᑲᖯᗷꓐ𐊂𐊡𐌁",
    "c": "Ꮯⲥꓚ𐊢𐌂𐐽𐔜𑣩𑣲🝌",
    "d": "ᎠᏧᑯᗞᗪꓒꓓ",
    "e": "ҽᎬ℮⋿ⴹꓰꬲ𐊆",
    "f": "քᖴẝꓝꞙꬵ𐊇𐊥𐔥𑣂𝈓",
    "g": "ƍᏀᏳᶃꓖ",
    "h": "ᎻᏂᕼꓧ𐋏",
    "i": "Ꭵ⍳𑣃",
    "j": "Ꭻᒍꓙ",
    "k": "Ꮶᛕꓗ𐔘",
    "l": "ǀ۱Ꮮᒪᛁ∣⏽ⵏꓡꓲ│𐊊𐌉𐌠𐔦𖼖𖼨𝈪",
    "m": "Ꮇᗰᛖꓟ𐊰𐌑",
    "n": "ռꓠ𐔓",
    "o": "σ۵०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐᴑⲟⵔ〇ꓳꬽ𐊒𐊫𐐬𐓪𐔖𑓐𑣈𑣗𑣠",
    "p": "Ꮲᑭ⍴ⲣꓑ𐊕",
    "q": "գզⵕ",
    "r": "ᎡᏒᖇᴦⲅꓣꭇꭈ𖼵𝈖",
    "s": "ƽᏕᏚꓢ𐊖𐑈𑣁𖼺",
    "t": "Ꭲ⊤⟙ꓔ𐊗𐊱𐌕𖼊🝨",
    "u": "ʋሀᑌ∪⋃ꓴꞟꭎꭒ𐓶𑣘𖽂",
    "v": "νѵ۷Ꮩᐯ∨⋁ⴸꓦꛟ𐔝𑜆𑣀𖼈𝈍",
    "w": "ɯѡաᎳᏔꓪ𑜊𑜎𑜏𑣦𑣯",
    "x": "×ᕁᕽ᙭᙮ᚷ╳⤫⤬⨯ⵝꓫ𐊐𐊴𐌗𐌢𐔧𑣬",
    "y": "ɣყᎩᎽᶌỿꓬꭚ𐊲𑣜𖽃",
    "z": "Ꮓꓜ𐋵𑣄𑣥",
}

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENCLOSED_FROM = 0x1F150, 0x1F170, 0x1F1E6
"""White on black in circles, in squares, and the letters that flags are made of; each goes from a to z."""


def _by_code(signs: str, letters: str) -> dict[int, str]:
    return {ord(sign): letter for sign, letter in zip(signs, letters, strict=True)}


LOOKALIKES: Mapping[int, str] = {
    **_by_code(_CYRILLIC + _GREEK + _OTHER, _CYRILLIC_LATIN + _GREEK_LATIN + _OTHER_LATIN),
    **{ord(sign): letter for letter, signs in _CONFUSABLE.items() for sign in signs},
    **{start + place: letter for start in _ENCLOSED_FROM for place, letter in enumerate(_LETTERS)},
}
"""Letters of other scripts (in lower case) to the Latin letters that they are taken for."""

_CAPITALS = str.maketrans(
    "ƄΗΜΝΥϜςϺՏⲎⲒⲔⲘⲚⲦⲨⲬⳐꞲꞳꞴꮁ𐒴𑢣𑢤𑢦𑢩𑢮𑢲𑢵𑢼",
    "bhmnyfcmshlkmntyxljxbrrlyezelot",
)
_CAPITAL_I = re.compile(r"(?<=[^\W\d_A-Z])I")

_SUBSTITUTES = {"!": "i", "4": "a", "3": "e", "@": "a", "$": "s", "0": "o", "5": "s", "7": "t", "+": "t"}
SUBSTITUTES = tuple(str.maketrans({**_SUBSTITUTES, "1": one, "|": one}) for one in ("i", "l"))
"""Digits and signs to the letters that they stand for; 1 and | may be either of two."""


_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>")
_INLINE = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time"),
        *("tt", "u", "var", "wbr"),
    }
)
"""Elements that a reader does not see in the middle of a word; any other begins a line or is seen."""
_FILLERS = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters that show nothing."""


def as_shown(text: str) -> str:
    """The text as a reader of HTML sees it: without tags and comments, entities decoded."""
    if "<" in text:
        text = _TAG.sub(_gap, _COMMENT.sub("", text))
    return html.unescape(text) if "&" in text else text


def _gap(tag: re.Match[str]) -> str:
    return "" if tag[1].lstrip("/").lower() in _INLINE else " "


def visible(text: str) -> str:
    """The text in lower case, with what takes no room on the screen taken out and wide forms made plain.

    Accents that are characters of their own go, too, as they take no room.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character.isspace() or not _is_unseen(character))


def _is_unseen(character: str) -> bool:
    """Whether a character takes no room, or would only if a line broke there, as a soft hyphen."""
    return wcwidth(character) == 0 or character in _FILLERS or unicodedata.category(character) == "Cf"


def by_shape(text: str) -> str:
    """The text with capitals replaced that look like other letters than their small forms do.

    Such as the Greek capital eta, whose small form is taken for an n, and a capital I behind a small letter.
    """
    return _CAPITAL_I.sub("l", unicodedata.normalize("NFKC", text).translate(_CAPITALS))


def undisguised(text: str) -> str:
    """A visible text with look-alike letters replaced and accents taken off."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return bare.translate(LOOKALIKES)


def readings(text: str) -> list[str]:
    """The ways in which a visible text may be meant, the plain one first, each once."""
    bare = undisguised(text)
    return list(dict.fromkeys([text, bare, *(bare.translate(table) for table in SUBSTITUTES)]))
