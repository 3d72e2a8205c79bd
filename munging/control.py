"""The marks that structure text in the classic form, and what becomes of them in users' words."""

NAME = "友"
"""A blog's name follows."""
SAID = "会"
"""Ends a name: they said."""
ASKED = "要"
"""Ends a name: they asked."""
BOT = "域"
"""The bot speaks."""
ORIGINAL = "翰"
"""An original post of the bot follows."""
TAGS = "职"
"""Tags follow."""
CLOCK = "\U0001f552"
"""The time of writing follows."""
END = "<|endoftext|>"
"""The end of a document."""
END_PREFIX = "<|"
IMAGE_DELIMITER = "======="

# The marks are ordinary characters. In a user's words each is replaced by the nearest one in sense:
# the traditional form where there is one, else a synonym.
REPLACEMENTS = {
    NAME: "朋",
    SAID: "會",
    ASKED: "须",
    BOT: "區",
    ORIGINAL: "墨",
    TAGS: "職",
    CLOCK: "\U0001f550",
}

_TABLE = str.maketrans(REPLACEMENTS)


def without_control(text: str) -> str:
    """Replace every control character and break every end mark, so that text stays text."""
    marked = text if text.isascii() else text.translate(_TABLE)
    return marked.replace(END_PREFIX, "< |")
