"""Reactions to posts of communities: which emoji there are, and how many one may leave.

The documentation says that there are limits and not which; they are here.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Connection

from tumblr_sandbox.errors import CommunityError, Refusal
from tumblr_sandbox.store import reactions
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.store.reactions import Reaction

DIFFERENT_ON_POST = 20
"""So many different emoji stand under a post."""
OF_ONE_MEMBER = 5
"""So many of them are one member's."""
LONGEST_SLUG = 64
LONGEST_EMOJI = 16
_SHORT_NAMES = {
    "thumbs_up": "THUMBS UP SIGN",
    "thumbs_down": "THUMBS DOWN SIGN",
    "red_heart": "HEAVY BLACK HEART",
    "clapping_hands": "CLAPPING HANDS SIGN",
    "folded_hands": "PERSON WITH FOLDED HANDS",
    "hundred_points": "HUNDRED POINTS SYMBOL",
    "grinning_face_with_smiling_eyes": "SMILING FACE WITH OPEN MOUTH AND SMILING EYES",
    "star_struck": "GRINNING FACE WITH STAR EYES",
}
"""Emoji whose short name is not their name in Unicode."""
_SLUG = re.compile(r":([a-z0-9_]+):")
_JOINER, _AS_EMOJI, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_SKINS = "\U0001f3fb-\U0001f3ff"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_KEY = re.compile(f"[0-9#*]{_AS_EMOJI}?{_KEYCAP}")
_PART = re.compile(f"(.)[{_SKINS}]?{_AS_EMOJI}?")


def named(slug: str) -> str:
    """The emoji that a slug such as ``:thumbs_up:`` names."""
    match = _SLUG.fullmatch(slug) if len(slug) <= LONGEST_SLUG else None
    if match is None:
        raise CommunityError(Refusal.NO_EMOJI)
    name = _SHORT_NAMES.get(match.group(1), match.group(1).replace("_", " ").upper())
    try:
        return checked(unicodedata.lookup(name))
    except KeyError:
        raise CommunityError(Refusal.NO_EMOJI) from None


def checked(grapheme: str) -> str:
    """A text that is one emoji: a sign, joined signs, a flag or a key."""
    if len(grapheme) <= LONGEST_EMOJI and (_FLAG.fullmatch(grapheme) or _KEY.fullmatch(grapheme)):
        return grapheme
    parts = grapheme.split(_JOINER) if len(grapheme) <= LONGEST_EMOJI else []
    if not parts or not all(_is_sign(part) for part in parts):
        raise CommunityError(Refusal.NO_EMOJI)
    return grapheme


def _is_sign(part: str) -> bool:
    match = _PART.fullmatch(part)
    return match is not None and unicodedata.category(match.group(1)) == "So"


def react(connection: Connection, post: StoredPost, user_id: int, grapheme: str) -> None:
    """Leave an emoji under a post; once more changes nothing."""
    there = reactions.of_posts(connection, [post.id])
    own = {one.grapheme for one in there if one.user_id == user_id}
    if grapheme in own:
        return
    different = {one.grapheme for one in there}
    if grapheme not in different and len(different) >= DIFFERENT_ON_POST:
        raise CommunityError(Refusal.POST_REACTIONS)
    if len(own) >= OF_ONE_MEMBER:
        raise CommunityError(Refusal.OWN_REACTIONS)
    reactions.add(connection, post.id, user_id, grapheme)


def take_back(connection: Connection, post: StoredPost, user_id: int, named_as: str) -> bool:
    """Take one's own reaction back, named by its number or its emoji; false when there is none."""
    found = _named(reactions.of_posts(connection, [post.id]), user_id, named_as)
    if found is not None:
        reactions.remove(connection, found.number)
    return found is not None


def _named(there: list[Reaction], user_id: int, named_as: str) -> Reaction | None:
    own = (one for one in there if one.user_id == user_id)
    return next((one for one in own if named_as in (str(one.number), one.grapheme)), None)
