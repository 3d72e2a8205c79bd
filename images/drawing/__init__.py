"""Text as pictures: black on white, wrapped, in fonts that come with the bot. For workers."""

from images.drawing.artist import Artist

__all__ = ["Artist"]
