"""What workers get: jobs, and the leases they are worked on under."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from switchboard.messages.fields import (
    MAX_CANDIDATES_PER_BATCH,
    MAX_MENTIONS,
    MAX_SCORED_CANDIDATES,
    MAX_TEXTS,
    Identifier,
    Label,
    ModelInfo,
    Probability,
    PromptText,
    Text,
    Token,
    WireModel,
    is_none,
)


class MoodRecord(WireModel):
    """A mood as jobs and results carry it; bounds are logit differences, inclusive."""

    name: Label = Field(description="name of the mood, or of the mixture of two")
    score_fn: Label = Field("logit_diff", description="which score the bounds are about")
    min_allowed_score: FiniteFloat = Field(description="lowest sentiment logit difference allowed")
    max_allowed_score: FiniteFloat = Field(description="highest sentiment logit difference allowed")


class Lease(WireModel):
    """The right to work on a job for a time. The token proves it when results or renewals come back."""

    token: Token = Field(description="opaque; send it back with the result")
    expires_at: datetime = Field(description="when the work may be given to someone else (UTC)")
    lasts_seconds: FiniteFloat = Field(ge=0.0, description="the same, counted from when the reply was made")
    candidates: int = Field(ge=0, le=MAX_CANDIDATES_PER_BATCH, description="candidates to write under it")
    attempt: int = Field(ge=1, description="1 for the first try")
    number: int = Field(0, ge=0, description="leases of the job before this one; makes its texts its own")


class GenerationOptions(WireModel):
    """How candidates are to be written and chosen (the job's kwargs)."""

    best_of: int = Field(1, ge=1, le=MAX_CANDIDATES_PER_BATCH, description="candidates to write now")
    mood: MoodRecord = Field(description="the mood's bounds")
    verbose: bool = Field(True, description="kept for old workers")
    V5: bool = Field(True, description="kept for old workers")
    return_all_conts: bool = Field(False, description="the result is to carry all posts and tags")
    spare_retained: bool = Field(
        False, description="leave the retention list as it is", exclude_if=lambda spared: not spared
    )
    selector_cut_to_final_exchange: bool = Field(False, description="score only the last exchange")
    forced_tags_string: Text = Field("", description="tags that the answer starts with")
    write_fic_override: bool = Field(False, description="write a piece of fiction")
    prompt_from_dataset: bool = Field(
        False, description="true for unprompted posts: the generator starts them"
    )
    strategy: Label = Field("proportional_winnowed", description="how the selector draws")
    eps: FiniteFloat = Field(0.1, ge=0.0, le=1.0, description="share of uniform draws in eps_greedy")
    avoid_if_under: int = Field(10, ge=0, description="words below which a candidate is refused")
    avoid_half_if_under: int = Field(15, ge=0, description="words below which half of them are refused")
    avoid_if_over: int | None = Field(
        None, ge=1, exclude_if=is_none, description="words above which a candidate is refused; absent: any"
    )
    avoid_if_cut_off: bool = Field(False, description="refuse candidates without an end")
    split_on_control_char: bool = Field(True, description="cut at a control phrase instead of refusing")
    avoid_initial_blockquote: bool = Field(True, description="refuse bodies that open with a quotation")
    avoid_if_profane: bool = Field(False, description="refuse candidates with words of the profane list")
    AB_fork: Label = Field("A", description="mark carried through to the result")
    allowed_mentions: list[Label] | None = Field(
        None,
        max_length=MAX_MENTIONS,
        exclude_if=is_none,
        description="blogs, in lower case, that a candidate may @-mention; absent: all",
    )


class _GenerationFields(WireModel):
    type: Literal["answer", "textpost"] = Field(description="kind of job")
    prompt: PromptText = Field("", description="prompt in classic form; empty for a textpost")
    kwargs: GenerationOptions = Field(description="how to write and choose")
    base_id: Identifier = Field(description="request id of the job")
    v8_timestamp: Label = Field("", description="time for prompts of format V8")
    v10_timestamp: Label = Field("", description="time for prompts of format V10")
    n_desired: int = Field(ge=0, description="candidates wanted in all")
    lease: Lease | None = Field(None, description="the lease under which this was handed out")


class GenerationJob(_GenerationFields):
    """A job that needs candidates: write and score `kwargs.best_of` of them."""


class SpeakerQuestion(WireModel):
    """A question how likely the bot is to speak next in a thread."""

    prompt: Text = Field(description="the thread in classic form, waiting for the bot")
    form: Literal["full", "masked"] = Field(
        "masked",
        description="full: all of it, nobody who spoke is expected again; masked: its last post, unnamed",
    )


class RawSelectJob(WireModel):
    """A job that needs scores for texts."""

    type: Literal["raw_select"] = Field("raw_select", description="kind of job")
    texts: list[Text] = Field(min_length=1, max_length=MAX_TEXTS, description="texts in classic form")
    v8_timestamp: Label = Field("", description="one time for all texts")
    v10_timestamp: Label = Field("", description="one time for all texts")
    next_speaker: list[SpeakerQuestion | None] | None = Field(
        None,
        max_length=MAX_TEXTS,
        description="for each text a question, or null; left out where nothing is asked",
        exclude_if=is_none,
    )
    lease: Lease | None = Field(None, description="the lease under which this was handed out")


Candidates = Annotated[list[Text], Field(max_length=MAX_CANDIDATES_PER_BATCH)]


class SelectionJob(_GenerationFields):
    """A finished candidate set. All lists are as long as each other, in the order of arrival."""

    continuations: list[Text] = Field(
        max_length=MAX_SCORED_CANDIDATES, description="candidates, classic form"
    )
    mirotarg: list[FiniteFloat | None] = Field(
        max_length=MAX_SCORED_CANDIDATES, description="target surprise"
    )
    selection_proba: list[Probability] = Field(
        max_length=MAX_SCORED_CANDIDATES, description="selector probability"
    )
    sentiment_logit_diffs: list[FiniteFloat] = Field(
        max_length=MAX_SCORED_CANDIDATES, description="sentiment, positive minus negative logit"
    )
    model_infos: list[ModelInfo] = Field(
        max_length=MAX_SCORED_CANDIDATES, description="which models wrote it"
    )
    autoreview: list[Probability | None] | None = Field(
        None,
        max_length=MAX_SCORED_CANDIDATES,
        description="probability that a human would reject each; left out where no model gave any",
        exclude_if=is_none,
    )
