"""What the bot loop sends: requests for text or scores, and questions about them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from switchboard.messages.fields import (
    MAX_TEXTS,
    Flag,
    Identifier,
    Label,
    LongText,
    Text,
    WaitSeconds,
    WireModel,
    WorkerName,
    is_none,
)
from switchboard.messages.jobs import SpeakerQuestion

MAX_WORDS = 10_000
"""Of a wanted length."""


def request_id(endpoint: str, fields: Mapping[str, Any]) -> str:
    """The id of a request: SHA-256 (hex) of the endpoint and the fields as canonical JSON.

    `endpoint` is a name such as "answer", the same for every switchboard; an `id` field is left out, so
    that the id of a request that carries its own id is stable.
    """
    kept = {name: value for name, value in fields.items() if name != "id"}
    canonical = json.dumps(
        [endpoint, kept], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


class Submission(WireModel):
    """What every submission carries."""

    id: Identifier = Field(description="request id, chosen by the client; see request_id()")
    client: WorkerName = Field(
        "default", description="which client this is; /alldone clears that client's jobs"
    )

    def to_form(self) -> dict[str, str]:
        """The fields as form text; flags as 0 and 1."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {name: str(int(v)) if isinstance(v, bool) else str(v) for name, v in values.items()}


class _TextRequest(Submission):
    least_words: int | None = Field(
        None, ge=1, le=MAX_WORDS, exclude_if=is_none, description="words that the text should have at least"
    )
    most_words: int | None = Field(
        None, ge=1, le=MAX_WORDS, exclude_if=is_none, description="words that it should have at most"
    )


class AnswerRequest(_TextRequest):
    """A request for an answer to someone, or for a reblog or reply comment (POST /, form fields)."""

    question: LongText = Field(description="the prompt (exact_prompt), or the bare question")
    asking_name: Label = Field(
        "", description="who asks; part of the prompt, and of the strict language rule"
    )
    mood: Label = Field("unrestricted", description="name of the mood that bounds the sentiment")
    exact_prompt: Flag = Field(False, description="true: question is the whole prompt in classic form")
    v8_timestamp: Label = Field("", description='time for prompts of format V8, as "3:07 PM"')
    v10_timestamp: Label = Field("", description='time for prompts of format V10, as "3 PM January 2021"')
    forced_tags_string: Text = Field("", description="tags that the answer starts with")
    write_fic_override: Flag = Field(False, description="write a piece of fiction")
    write_review_override: Flag = Field(False, description="write a review: fewer candidates")
    return_all_conts: Flag = Field(False, description="the result carries all posts and tags")
    selector_cut_to_final_exchange: Flag = Field(
        False, description="score only the last exchange of the thread"
    )
    na_beamsplit: Label = Field("", description="mark of a client under test; not read")

    @model_validator(mode="after")
    def _bare_question_needs_a_name(self) -> Self:
        if not self.exact_prompt and not self.asking_name:
            raise ValueError("asking_name is required unless exact_prompt is true")
        return self


class TextpostRequest(_TextRequest):
    """A request for an unprompted post (POST /textpost, form fields)."""

    mood: Label = Field("unrestricted", description="name of the mood that bounds the sentiment")
    v8_timestamp: Label = Field("", description='time for prompts of format V8, as "3:07 PM"')
    v10_timestamp: Label = Field("", description='time for prompts of format V10, as "3 PM January 2021"')
    return_all_conts: Flag = Field(False, description="the result carries all posts and tags")
    spare_retained: Flag = Field(
        False, description="neither takes a retained text nor adds one, as for a post that is only tried out"
    )


class RawSelectRequest(Submission):
    """A request for scores of given texts (POST /raw_select, JSON)."""

    texts: list[Text] = Field(min_length=1, max_length=MAX_TEXTS, description="texts in classic form")
    v8_timestamps: list[Label] = Field(
        default_factory=list, max_length=MAX_TEXTS, description="the first one is applied to all texts"
    )
    v10_timestamps: list[Label] = Field(
        default_factory=list, max_length=MAX_TEXTS, description="the first one is applied to all texts"
    )
    next_speaker: list[SpeakerQuestion | None] | None = Field(
        None,
        description="for each text: how likely is the bot to speak next in this thread? null: not asked",
        exclude_if=is_none,
    )

    @model_validator(mode="after")
    def _a_question_for_each_text(self) -> Self:
        if self.next_speaker is not None and len(self.next_speaker) != len(self.texts):
            raise ValueError(f"next_speaker has {len(self.next_speaker)} entries for {len(self.texts)} texts")
        return self


class JobReference(WireModel):
    """Names one job (/ack, /cancel, /done)."""

    id: Identifier = Field(description="request id")


class ResultQuery(JobReference):
    """A question for the result of a job (POST /getresult, form fields)."""

    wait: WaitSeconds = Field(0.0, description="seconds to wait for the end of the job")


class ClientReference(WireModel):
    """Names one client (/alldone)."""

    client: WorkerName = Field("default", description="the client whose jobs are meant")
