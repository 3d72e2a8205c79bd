"""Undoing disguises: characters that look like letters, and digits that stand for them."""

from __future__ import annotations

import unicodedata

from wcwidth import wcwidth

_CYRILLIC = "аӑбвгеёһіїјкӏмноөпрсѕтуүхԁԛԝьꙇ"
_CYRILLIC_LATIN = "aabbreehiijklmhoonpcstyyxdqwbi"
_GREEK = "αβγεζηικνορτυχωϲϳ"
_GREEK_LATIN = "abyezniknoptuxwcj"
_OTHER = "ɑɡɩıſʟɴʀʏᴀʙᴄᴅᴇꜰɢʜɪᴊᴋᴍᴏᴘꜱᴛᴜᴠᴡᴢøłđħŧɨʉƀɓɗƙօսոհցԍ"
_OTHER_LATIN = "agiislnryabcdefghijkmopstuvwzoldhtiubbdkounhgg"

LOOKALIKES = str.maketrans(_CYRILLIC + _GREEK + _OTHER, _CYRILLIC_LATIN + _GREEK_LATIN + _OTHER_LATIN)
"""Letters of other scripts (in lower case) to the Latin letters that they are taken for."""

_SUBSTITUTES = {"!": "i", "4": "a", "3": "e", "@": "a", "$": "s", "0": "o", "5": "s", "7": "t", "+": "t"}
SUBSTITUTES = tuple(str.maketrans({**_SUBSTITUTES, "1": one, "|": one}) for one in ("i", "l"))
"""Digits and signs to the letters that they stand for; 1 and | may be either of two."""


def visible(text: str) -> str:
    """The text in lower case, with what takes no room on the screen taken out and wide forms made plain.

    Accents that are characters of their own go, too, as they take no room.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character.isspace() or wcwidth(character) != 0)


def undisguised(text: str) -> str:
    """A visible text with look-alike letters replaced and accents taken off."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return bare.translate(LOOKALIKES)


def readings(text: str) -> list[str]:
    """The ways in which a visible text may be meant, the plain one first, each once."""
    bare = undisguised(text)
    return list(dict.fromkeys([text, bare, *(bare.translate(table) for table in SUBSTITUTES)]))
