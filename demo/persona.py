"""Who the demo's bot is."""

from __future__ import annotations

from munging.thread import Identity
from tumblr_sandbox.demo_accounts import BOT

DEMO_IDENTITY = Identity(blog=BOT.name, persona=BOT.title)
"""The bot as the demo's model knows it from the documents it was trained on."""
