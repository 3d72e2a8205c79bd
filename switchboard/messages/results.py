"""What workers send back: candidates, scores, choices, and failures."""

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, FiniteFloat, Tag, model_validator

from switchboard.messages.fields import (
    MAX_SCORED_CANDIDATES,
    MAX_TAGS,
    MAX_TEXTS,
    ErrorText,
    Identifier,
    Label,
    ModelInfo,
    Probability,
    Text,
    Token,
    WireModel,
    is_none,
)
from switchboard.messages.jobs import Candidates, MoodRecord
from switchboard.messages.pictures import CaptionResult, PictureResult

_ECHOED = frozenset(
    {"type", "prompt", "kwargs", "base_id", "v8_timestamp", "v10_timestamp", "n_desired", "texts"}
)
_ALTERNATIVE = "alt_"
"""So the scores under other timestamps begin, which were tried out in 2021."""


def _without_echo(value: Any) -> Any:
    """Workers of 2021 send the job record back with the result; of it only the lease's token is read."""
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if k not in _ECHOED and not str(k).startswith(_ALTERNATIVE)}
    if isinstance(kept.get("lease"), dict):
        kept["lease"] = kept["lease"].get("token")
    return kept


_CANDIDATE_LISTS = ("mirotarg", "selection_proba", "sentiment_logit_diffs", "autoreview", "candidate_keys")
"""What a batch says of each of its candidates."""


class _WorkerResult(WireModel):
    lease: Token | None = Field(None, description="token of the lease under which the work was done")


class WorkCost(WireModel):
    """What a generator has spent on a result."""

    tokens: int = Field(0, ge=0, description="tokens that were written, those of refused tries too")
    seconds: FiniteFloat = Field(
        ge=0.0, description="time that it worked; of jobs side by side each second counts once"
    )
    speed: FiniteFloat | None = Field(None, ge=0.0, description="tokens a second while it wrote")


class GenerationResult(_WorkerResult):
    """A batch of scored candidates. All lists are of one length, or the batch is refused as a whole."""

    continuations: Candidates = Field(min_length=1, description="candidates in classic form")
    mirotarg: list[FiniteFloat | None] = Field(description="target surprise of each; null if it had none")
    selection_proba: list[Probability] = Field(description="selector probability of each")
    sentiment_logit_diffs: list[FiniteFloat] = Field(
        description="sentiment of each, positive minus negative logit"
    )
    autoreview: list[Probability] | None = Field(
        None,
        description="probability that a human would reject each; left out by a generator without that head",
        exclude_if=is_none,
    )
    model_info: ModelInfo = Field(default_factory=dict, description="which models wrote and scored the batch")
    candidate_keys: list[Token] | None = Field(
        None, description="a key for each candidate, unique in the job; else made from its text and scores"
    )
    more: bool = Field(False, description="true: more will follow under this lease, which is kept")
    cost: WorkCost | None = Field(None, exclude_if=is_none, description="what it took")

    _drop_echo = model_validator(mode="before")(_without_echo)

    @model_validator(mode="after")
    def _lists_have_one_length(self) -> Self:
        n = len(self.continuations)
        for name in _CANDIDATE_LISTS:
            values = getattr(self, name)
            if values is not None and len(values) != n:
                raise ValueError(f"{name} has {len(values)} entries for {n} continuations")
        return self

    def with_keys(self) -> Self:
        """The batch with keys, made of its lease, for its candidates: so two equal texts count as two."""
        if self.candidate_keys is not None or self.lease is None:
            return self
        keys = [f"{self.lease}:{index}" for index in range(len(self.continuations))]
        return self.model_copy(update={"candidate_keys": keys})

    def singly(self) -> list[Self]:
        """The batch as batches of one candidate each; only the last ends the lease, if the batch would.

        Nothing when its lists are not of one length, so that nobody knows what belongs to which candidate.
        """
        last = len(self.continuations) - 1
        values = ((name, getattr(self, name)) for name in (*_CANDIDATE_LISTS, "continuations"))
        kept = {name: value for name, value in values if value is not None}
        if any(len(value) != last + 1 for value in kept.values()):
            return []
        return [
            self.model_copy(
                update={
                    **{name: [value[index]] for name, value in kept.items()},
                    "more": self.more or index < last,
                    "cost": self.cost if index == 0 else None,
                }
            )
            for index in range(last + 1)
        ]


class SpeakerOdds(WireModel):
    """How likely the bot is to speak next."""

    after_thread: Probability = Field(description="probability of its name behind the thread")
    after_line: Probability = Field(description="the same behind the last line alone")


class RawSelectOutcome(WireModel):
    """Scores of the texts of a raw_select job, in the order of the texts."""

    selection_proba: list[Probability] = Field(
        max_length=MAX_TEXTS, description="selector probability of each"
    )
    sentiment_logit_diffs: list[FiniteFloat] = Field(max_length=MAX_TEXTS, description="sentiment of each")
    autoreview: list[Probability] | None = Field(
        None,
        max_length=MAX_TEXTS,
        description="probability that a human would reject each; left out by a generator without that head",
        exclude_if=is_none,
    )
    next_speaker: list[SpeakerOdds | None] | None = Field(
        None,
        max_length=MAX_TEXTS,
        description="for each text what was asked about its thread, or null; left out where nothing was",
        exclude_if=is_none,
    )
    model_info: ModelInfo = Field(default_factory=dict, description="which models scored")

    @model_validator(mode="after")
    def _lists_have_one_length(self) -> Self:
        for name in ("sentiment_logit_diffs", "autoreview", "next_speaker"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.selection_proba):
                raise ValueError(f"selection_proba and {name} must have the same length")
        return self


class RawSelectResult(RawSelectOutcome, _WorkerResult):
    """A generator's answer to a raw_select job."""

    cost: WorkCost | None = Field(None, exclude_if=is_none, description="what it took")

    _drop_echo = model_validator(mode="before")(_without_echo)

    def outcome(self) -> RawSelectOutcome:
        """What the client gets to see."""
        return RawSelectOutcome.model_validate(self.model_dump(exclude={"lease", "cost"}))


class WorkerError(_WorkerResult):
    """A worker says that it could not do the job; its lease ends at once."""

    error: ErrorText = Field(description="what went wrong; shown in status and to the client at last")
    blameless: bool = Field(
        False, description="true: not the job's fault (shutting down); not counted as an attempt"
    )


Score = FiniteFloat | None
Scores = Annotated[list[Score], Field(max_length=MAX_SCORED_CANDIDATES)]
Tags = Annotated[list[Text], Field(max_length=MAX_TAGS)]


class SelectionOutcome(WireModel):
    """The chosen text and what it was chosen from. The `all_` lists cover new and retained candidates."""

    post: Text = Field(description="body of the chosen candidate")
    tags: Tags = Field(default_factory=list, description="its tags")
    proba: Score = Field(None, description="its selector probability, with coldstart deltas")
    pos_sentiment: Score = Field(None, description="its probability of positive sentiment")
    mirotarg: Score = Field(None, description="its target surprise")
    all_pos_sentiment: Scores = Field(default_factory=list, description="of all candidates")
    all_proba: Scores = Field(default_factory=list, description="of all candidates")
    all_mirotarg: Scores = Field(default_factory=list, description="of all candidates")
    all_autoreview: Scores | None = Field(
        None, description="of all candidates; left out where no model gave any", exclude_if=is_none
    )
    choice_ix: int = Field(ge=0, description="index of the chosen one in the list left by the mood screen")
    choice_index: int = Field(ge=0, description="index of the chosen one in the all_ lists")
    mood: MoodRecord = Field(description="the mood it was chosen in")
    base_id: Identifier = Field(description="request id of the job")
    AB_fork: Label = Field("A", description="as in the job")
    autoreview: Score = Field(
        None, description="probability that a human would reject it, if a model was asked"
    )
    model_info: ModelInfo = Field(default_factory=dict, description="which models wrote the chosen one")
    by_chance: bool | None = Field(
        None, description="true: drawn by chance alone; else left out", exclude_if=is_none
    )
    all_posts: list[Text] | None = Field(None, max_length=MAX_SCORED_CANDIDATES, description="if asked for")
    all_tags: list[Tags] | None = Field(None, max_length=MAX_SCORED_CANDIDATES, description="if asked for")


def _choice_without_echo(value: Any) -> Any:
    """The same of a selector's choice, which says for which job it is."""
    kept = _without_echo(value)
    return {**kept, "base_id": value["base_id"]} if isinstance(value, dict) and "base_id" in value else kept


_OF_ALL = {
    "proba": "all_proba",
    "pos_sentiment": "all_pos_sentiment",
    "mirotarg": "all_mirotarg",
    "post": "all_posts",
}
"""What a choice says of itself, and where the same is said of all candidates."""


def _with_choice_index(value: Any) -> Any:
    """Selectors of 2021 tell the place of their choice among those left by the mood screen only.

    Its place in the ``all_`` lists is where these say the same; where there are none it counts in nothing.
    """
    if not isinstance(value, dict) or "choice_index" in value:
        return value
    pairs = ((value.get(name), value.get(of_all)) for name, of_all in _OF_ALL.items())
    columns = [(own, values) for own, values in pairs if isinstance(values, list)]
    length = min((len(values) for _, values in columns), default=0)
    same = (index for index in range(length) if all(values[index] == own for own, values in columns))
    return {**value, "choice_index": next(same, value.get("choice_ix"))}


class SelectionResult(SelectionOutcome, _WorkerResult):
    """A selector's answer: the outcome, and what it does to the retention list in the same transaction."""

    _find_choice = model_validator(mode="before")(_with_choice_index)
    _drop_echo = model_validator(mode="before")(_choice_without_echo)

    retained: list[Text] = Field(
        default_factory=list,
        max_length=MAX_SCORED_CANDIDATES,
        description="texts to add to the retention list",
    )
    chosen_retained: Text | None = Field(
        None, description="the retained text that was chosen; it leaves the list"
    )

    def outcome(self) -> SelectionOutcome:
        """What the client gets to see."""
        return SelectionOutcome.model_validate(
            self.model_dump(exclude={"lease", "retained", "chosen_retained"})
        )


_TELLING = {"continuations": "GenerationResult", "captions": "CaptionResult", "png": "PictureResult"}
"""Fields that tell what a generator's result is."""


def _generator_result_tag(value: Any) -> str:
    if isinstance(value, WireModel):
        return type(value).__name__
    if not isinstance(value, dict):
        return "GenerationResult"
    if "error" in value:
        return "WorkerError"
    for field, tag in _TELLING.items():
        if field in value:
            return tag
    return "RawSelectResult"


def _selector_result_tag(value: Any) -> str:
    failed = isinstance(value, WorkerError) or (isinstance(value, dict) and "error" in value)
    return "WorkerError" if failed else "SelectionResult"


GeneratorResult = Annotated[
    Annotated[GenerationResult, Tag("GenerationResult")]
    | Annotated[RawSelectResult, Tag("RawSelectResult")]
    | Annotated[CaptionResult, Tag("CaptionResult")]
    | Annotated[PictureResult, Tag("PictureResult")]
    | Annotated[WorkerError, Tag("WorkerError")],
    Discriminator(_generator_result_tag),
]
SelectorResult = Annotated[
    Annotated[SelectionResult, Tag("SelectionResult")] | Annotated[WorkerError, Tag("WorkerError")],
    Discriminator(_selector_result_tag),
]
