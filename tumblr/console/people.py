"""What the settings say of somebody, for the console."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from switchboard.console_talk import Person
from tumblr.bot_settings import BotSettings
from tumblr.console.waiting import label
from tumblr.store.search import Known


def person(known: Known, follows: Collection[str], settings: BotSettings) -> Person:
    """Somebody in a list, with what is particular about them."""
    return Person(
        name=label(known.name),
        turns=known.turns,
        posts=known.posts,
        last_at=known.last_at,
        notes=list(_notes(known.name, follows, settings)),
    )


def _notes(name: str, follows: Collection[str], settings: BotSettings) -> Iterator[str]:
    folded = name.casefold()
    hours = {one.casefold(): hours for one, hours in settings.asks.limited_users.items()}.get(folded)
    if settings.is_operator(name):
        yield "the operator"
    if hours is not None:
        yield f"limited: about one ask in {hours:g} h is answered"
    for words, named in (
        ("avoided: never mentioned or answered", settings.screening.user_avoid_list),
        ("screened: their answers wait", settings.screening.screened_users),
        ("language is kept clean", settings.screening.strict_language_users),
        ("run by a program: gets no answers", settings.damping.automated_accounts),
        ("followed", follows),
    ):
        if folded in {one.casefold() for one in named}:
            yield words
