"""Halloween mode: who talks to the bot gets every text that it thought of, with numbers as tags.

The post that would have been made is made as always; each of the other candidates becomes a turn of its own,
whose post is settled from the start. Asks are left out: they can only be answered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from switchboard.messages import SelectionOutcome
from tumblr.responding.handlers.base import TurnHandler
from tumblr.turns.inputs import TreatInput
from tumblr.turns.kinds import CONVERSATION_KINDS, TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import NewTurn, Turn

MARK = "\N{JACK-O-LANTERN}"


def halloween_tags(chosen: SelectionOutcome, index: int) -> tuple[str, ...]:
    """What is told of the candidate with this index, before its own tags."""
    said = ["halloween mode", f"response {index + 1} of {len(chosen.all_posts or ())}"]
    if index == chosen.choice_index:
        said.append("the one i would have posted")
    for name, values in (("awesome", chosen.all_proba), ("cheer", chosen.all_pos_sentiment)):
        if index < len(values) and (value := values[index]) is not None:
            said.append(f"{name}: {value:.0%}")
    if index < len(chosen.all_mirotarg) and (surprise := chosen.all_mirotarg[index]) is not None:
        said.append(f"chaos: {surprise:.1f}")
    return tuple(f"{MARK} {words}" for words in said)


def with_treats(
    turn: Turn, kind: TurnHandler, chosen: SelectionOutcome, composed: PlannedPost
) -> tuple[PlannedPost, list[NewTurn]]:
    """The post as Halloween mode makes it, and the turns of the other candidates.

    Candidates that say the same as one before them are left out.
    """
    if turn.kind not in CONVERSATION_KINDS or not chosen.all_posts:
        return composed, []
    treats = []
    seen = {chosen.post}
    for index, text in enumerate(chosen.all_posts):
        if text in seen or not text.strip():
            continue
        seen.add(text)
        candidate = chosen.model_copy(update={"post": text, "tags": _tags_of(chosen, index)})
        treat = _tagged(kind.compose(turn, candidate), chosen, index)
        treats.append(NewTurn(TurnKind.TREAT, f"{turn.name}#{index + 1}", turn.who, TreatInput(post=treat)))
    return _tagged(composed, chosen, chosen.choice_index), treats


def _tags_of(chosen: SelectionOutcome, index: int) -> Sequence[str]:
    listed = chosen.all_tags or []
    return listed[index] if index < len(listed) else []


def _tagged(composed: PlannedPost, chosen: SelectionOutcome, index: int) -> PlannedPost:
    return replace(composed, tags=(*halloween_tags(chosen, index), *composed.tags))
