"""Settings of how texts come about: written, scored, coloured by the mood, chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt
from pydantic_settings import NoDecode

from bot_settings.base import NonNegativeFloat, NonNegativeInt, Probability, Section
from bot_settings.behaviour import DatedText
from bot_settings.prompt_format import PromptFormatConfig, table_of


class SamplerConfig(Section):
    """How tokens are drawn."""

    name: Literal["two_stage_mirostat", "breakruns", "top_p", "mirostat_1", "middle_p", "typical"] = Field(
        "two_stage_mirostat", description="sampling scheme"
    )
    temperature: PositiveFloat | None = Field(
        None,
        description="temperature, of two_stage_mirostat in its first window; default: 0.9, for breakruns 1.0",
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="nucleus mass; default: 0.9, for breakruns 0.95"
    )
    mirostat_learning_rate: PositiveFloat = Field(0.05, description="step of the surprise controller")
    breakruns_step: NonNegativeFloat = Field(0.035, description="temperature added per token of a run")


class GeneratorConfig(Section):
    """The process that writes and scores candidates."""

    model: str = Field(
        "",
        description="folder of a checkpoint, or hf://OWNER/NAME on the model hub; the generator needs one",
    )
    heads: Path | None = Field(
        None, description='folder of the two heads; default: "heads" in the model folder'
    )
    device: str = Field("auto", description='"auto", "cpu", "cuda" or "cuda:N"')
    dtype: Literal["auto", "float32", "int8", "bfloat16", "float16"] = Field(
        "auto",
        description="number format of the weights; auto: float32 on a CPU, bfloat16 on a GPU; int8: CPU only",
    )
    threads: NonNegativeInt = Field(
        0, description="CPU threads; 0: one per core, which is one too many beside busy processes"
    )
    prompt_cache_mib: NonNegativeInt = Field(
        256, description="memory for what is known of past prompts, in MiB"
    )
    batch_size: Annotated[int, Field(ge=1, le=64)] = Field(13, description="candidates written at once")
    format: Annotated[PromptFormatConfig, NoDecode, BeforeValidator(table_of)] = Field(
        PromptFormatConfig(), description="prompt format the model was trained on: a name, or a table"
    )
    training_years: dict[int, PositiveFloat] = Field(
        dict.fromkeys(range(2012, 2022), 1.0),
        min_length=1,
        description="years of the posts the model was trained on, each with its weight; prompts of the later "
        "formats claim one of them",
    )
    sampler: SamplerConfig = Field(SamplerConfig(), description="how tokens are drawn")
    context_tokens: PositiveInt | None = Field(
        None,
        description="longest row that is read or written, in tokens; default: what the model can read. "
        "Memory grows with it",
    )
    max_new_tokens: PositiveInt = Field(1600, description="longest continuation, in tokens")
    required_continuation_room: PositiveInt = Field(100, description="tokens kept free for writing")
    review_share: Probability = Field(0.15, description="share of original posts that are book reviews")
    fiction_share: Probability = Field(0.15, description="share of original posts that are fiction")
    fiction_titles: bool = Field(
        False, description="give stories a title, for which the model is asked eight times with examples"
    )
    alternative_timestamps: bool = Field(
        False,
        description="also score each text as if written in every month of 2019 to 2021 but October, "
        "for the log",
    )
    worker_name: str | None = Field(
        None, max_length=64, description="name in the status; default: host and process"
    )


StrategyName = Literal["argmax", "eps_greedy", "proportional", "proportional_winnowed", "uniform"]


class SelectionConfig(Section):
    """How one candidate is chosen."""

    retention_cutoff: float = Field(
        0.6, description="selector probability above which an unused original text is retained"
    )
    fiction_delta: float = Field(0.2, description="added to the score of texts tagged as original fiction")
    review_delta: float = Field(0.0, description="added to the score of book reviews")
    image_delta: float = Field(0.0, description="added to the score of texts with image blocks")
    quotes_delta: float = Field(0.0, description="added to the score of texts tagged as quotes")
    guidelines_delta: float = Field(
        0.0, description="added to the score of texts with an image that was removed for breaking guidelines"
    )
    pseudo_text_delta: float = Field(
        0.0,
        description="added to the score of texts with an image that has no text though its caption says so",
    )
    answer_strategy: StrategyName = Field(
        "proportional_winnowed", description="how one candidate for an answer is drawn"
    )
    answer_eps: Probability = Field(0.1, description="share of uniform draws of eps_greedy, for an answer")
    textpost_strategy: StrategyName = Field(
        "proportional_winnowed", description="how one candidate for an original post is drawn"
    )
    textpost_eps: Probability = Field(
        0.25, description="share of uniform draws of eps_greedy, for an original post"
    )
    winnow_low: Probability = Field(0.333, description="scores up to this are dropped if a better one exists")
    winnow_high: Probability = Field(0.667, description="the same, tried first")


class CandidatesConfig(Section):
    """How many candidates are written for one post, before the mood adds to it."""

    answer: PositiveInt = Field(13, description="for an answer")
    fiction_or_review: PositiveInt = Field(8, description="for fiction and reviews on demand")
    textpost: PositiveInt = Field(15, description="for an original post")
    rejection_discount: Probability = Field(
        0.5, description="share of the candidates the mood is expected to reject that is written in addition"
    )
    growth_decimals: Annotated[int, Field(ge=0, le=6)] = Field(
        0, description="decimals to which the number of which enough are left is rounded before the discount"
    )
    retained_first: bool = Field(
        False,
        description="retained texts that fit the mood are taken off the number for an original post before "
        "the mood adds to it; else all of them afterwards",
    )
    answer_min_words: NonNegativeInt = Field(10, description="an answer with fewer words is refused")
    answer_half_min_words: NonNegativeInt = Field(
        15, description="half of the answers with fewer words are refused"
    )
    fiction_min_words: NonNegativeInt = Field(100, description="a story with fewer words is refused")
    textpost_min_words: NonNegativeInt = Field(20, description="an original post with fewer is refused")
    textpost_half_min_words: NonNegativeInt = Field(
        40, description="half of the original posts with fewer words are refused"
    )
    mentions: Literal["anyone", "thread"] = Field(
        "anyone",
        description="thread: texts are refused that @-mention a blog which does not speak in the thread, "
        "the operator and the bot aside",
    )


class MoodConfig(Section):
    """How the bot feels."""

    updates_file: Path | None = Field(
        None, description="JSON file of dated centres, scales and time constants, which replace those here"
    )
    centre: float = Field(
        0.0, description="sentiment (logit difference) of an input that leaves the mood alone"
    )
    scale: PositiveFloat = Field(0.1, description="size of the reaction to an input")
    tau_hours: PositiveFloat = Field(12.0, description="time in which the mood forgets, in hours")
    rise_hours: PositiveFloat = Field(1.0, description="time in which an input takes effect, in hours")
    step_seconds: PositiveInt = Field(30, description="time step, in seconds; must divide the hour")
    window_days: PositiveFloat = Field(2.5, description="inputs older than this no longer act, in days")
    stale_seconds: NonNegativeFloat = Field(600.0, description="age at which the mood is computed anew")
    notes: tuple[DatedText, ...] = Field(
        (), description="texts below the mood graphs of certain times: objects of text, since and until"
    )
    ranges: Literal["2021", "2023"] = Field(
        "2021", description="sentiment that each mood accepts: as in 2021, or wider as in 2023"
    )
