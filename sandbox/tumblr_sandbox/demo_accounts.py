"""The accounts of the demonstration: the bot's blog, the people around it, and their keys.

The keys are the same on every machine, so that a fresh clone runs with nothing to fill in. They open
a sandbox on this machine and nothing else: they are no tumblr keys.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from tumblr_sandbox.records import KeySet

DEMO_BLOG = "frank"
"""The bot's blog, and the name of the user who owns it."""

DEMO_CONSUMER_KEY = "sandbox-demo-consumer-key"
DEMO_CONSUMER_SECRET = "sandbox-demo-consumer-secret"  # noqa: S105 - opens nothing but a local sandbox


@dataclass(frozen=True)
class DemoAccount:
    """One user of the demonstration, whose blog has the user's name."""

    name: str
    title: str
    description: str


BOT = DemoAccount(DEMO_BLOG, "Frank", "a small machine that answers questions. ask it something")

PEOPLE = (
    DemoAccount("quietmarsh", "quiet marsh", "birds, fog, long walks, tea going cold"),
    DemoAccount("tinplate-owl", "the tinplate owl", "clockwork, old radios, things with screws in them"),
    DemoAccount("memefoundry", "MEME FOUNDRY", "casting the finest posts since tuesday"),
    DemoAccount("crimewave-jam", "crimewave jam", "mystery novels and preserves, in no fixed order"),
)


def demo_keys(name: str) -> KeySet:
    """The key set of a demonstration user: one consumer for all, a token for each."""
    return KeySet(
        consumer_key=DEMO_CONSUMER_KEY,
        consumer_secret=SecretStr(DEMO_CONSUMER_SECRET),
        oauth_token=f"sandbox-demo-token-{name}",
        oauth_secret=SecretStr(f"sandbox-demo-token-secret-{name}"),
    )
