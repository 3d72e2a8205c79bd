"""The recipes of the heads: those of 2021, and those for generators that are much smaller than that one.

A head's tower makes one row of numbers of a text: averages of the stream, weighed by attention. What a narrow
generator says in one average is little: of a text's words it keeps as many numbers as it is wide. The form
"wide" therefore has four times the width in attention, in many small heads that begin sharp, so that each
averages over tokens of its own.
"""

from __future__ import annotations

from dataclasses import replace

from transformers import PreTrainedModel

from training.errors import UsageError
from training.scoring_heads.fit import SELECTOR, SENTIMENT, HeadRecipe

LARGE = 1024
"""Width from which the rates and numbers of attention heads of 2021 are used as they were, for GPT-2 XL."""

WIDE = {"attention_width": 4, "head_size": 8, "sharpness": 3.0, "mlp_ratio": 1}
"""The form "wide"; its attention width is a multiple of the generator's."""

_SMALL_STEPS = {"epochs": 6, "batch": 8, "rate": 5e-4}
"""Of a wide selector, which has to learn from some hundred rows of a few weeks."""

_OF_2021 = {
    "selector": {"epochs": 3, "batch": 8, "rate": 2.58815e-5, "floor": 0.25, "wanted_heads": 40},
    "sentiment": {"epochs": 3, "batch": 8, "rate": 5e-5, "floor": 0.05, "wanted_heads": 32},
}


def recipe_for(
    name: str,
    network: PreTrainedModel,
    *,
    form: str | None = None,
    epochs: int | None = None,
    rate: float | None = None,
    batch: int | None = None,
    attention_width: int | None = None,
    seed: int = 2021,
) -> HeadRecipe:
    """The recipe of a head for a generator, changed where the operator says so.

    The form "later" is the narrower one: attention of a quarter of the width, unless told otherwise. By
    default a generator narrower than ``LARGE`` has a wide head, and others the form of 2021.
    """
    base = SENTIMENT if name == "sentiment" else replace(SELECTOR, name=name)
    width = int(network.config.hidden_size)
    if width >= LARGE:
        base = replace(base, **_OF_2021["sentiment" if name == "sentiment" else "selector"])  # type: ignore[arg-type]
    form = form or ("2021" if width >= LARGE else "wide")
    if form == "wide" and name != "sentiment":
        base = replace(base, **_SMALL_STEPS)  # type: ignore[arg-type]
    changes = {"epochs": epochs, "rate": rate, "batch": batch}
    recipe = replace(base, seed=seed, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    if form == "wide":
        shape = WIDE | {"attention_width": attention_width or int(WIDE["attention_width"]) * width}
        return replace(recipe, form="later", **shape)  # type: ignore[arg-type]
    if form == "2021":
        if attention_width is not None:
            raise UsageError("--attention-width is for --form later and wide")
        return recipe
    narrow = attention_width or _narrow(width)
    return replace(recipe, form="later", attention_width=narrow, wanted_heads=max(1, narrow // 32))


def _narrow(width: int) -> int:
    """A quarter of the width, in whole heads of 32 where it is that large."""
    return max(32, width // 4 // 32 * 32) if width >= 32 else width
