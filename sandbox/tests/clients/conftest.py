"""The people of the conformance tests, for the tests of what further clients need."""

from __future__ import annotations

from conformance.conftest import crowd, frank2, picture, small_picture

__all__ = ["crowd", "frank2", "picture", "small_picture"]
