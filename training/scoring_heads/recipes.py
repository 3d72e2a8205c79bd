"""The recipes of the heads: those of 2021, with rates that fit the size of the head."""

from __future__ import annotations

from dataclasses import replace

from transformers import PreTrainedModel

from training.errors import UsageError
from training.scoring_heads.fit import SELECTOR, SENTIMENT, HeadRecipe

LARGE = 1024
"""Width from which the rates and numbers of attention heads of 2021 are used as they were, for GPT-2 XL."""

_OF_2021 = {
    "selector": {"epochs": 3, "batch": 8, "rate": 2.58815e-5, "floor": 0.25, "wanted_heads": 40},
    "sentiment": {"epochs": 3, "batch": 8, "rate": 5e-5, "floor": 0.05, "wanted_heads": 32},
}


def recipe_for(
    name: str,
    network: PreTrainedModel,
    *,
    form: str = "2021",
    epochs: int | None = None,
    rate: float | None = None,
    batch: int | None = None,
    attention_width: int | None = None,
    seed: int = 2021,
) -> HeadRecipe:
    """The recipe of a head for a generator, changed where the operator says so.

    The form "later" is the narrower one: attention of a quarter of the width, unless told otherwise.
    """
    base = SENTIMENT if name == "sentiment" else replace(SELECTOR, name=name)
    width = int(network.config.hidden_size)
    if width >= LARGE:
        base = replace(base, **_OF_2021["sentiment" if name == "sentiment" else "selector"])  # type: ignore[arg-type]
    changes = {"epochs": epochs, "rate": rate, "batch": batch}
    recipe = replace(base, seed=seed, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    if form == "2021":
        if attention_width is not None:
            raise UsageError("--attention-width is for --form later")
        return recipe
    narrow = attention_width or _narrow(width)
    return replace(recipe, form="later", attention_width=narrow, wanted_heads=max(1, narrow // 32))


def _narrow(width: int) -> int:
    """A quarter of the width, in whole heads of 32 where it is that large."""
    return max(32, width // 4 // 32 * 32) if width >= 32 else width
