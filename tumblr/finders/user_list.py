"""The end of a bot's life: it still answers those who are on a list, and nobody else. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UserList:
    """Who is answered."""

    names: frozenset[str] | None = None
    """Blogs, in lower case; None: everybody is answered."""

    def why_not(self, who: str) -> str | None:
        """A reason not to answer a blog, or None."""
        if self.names is None or who.lower() in self.names:
            return None
        return f"{who} is not on the list of those who are answered"


EVERYBODY = UserList()
"""There is no list."""
