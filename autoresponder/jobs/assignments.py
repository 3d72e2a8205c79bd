"""What each type of writing job asks for: where its texts start, and what becomes of a finished one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from autoresponder.jobs.attempts import Candidate
from autoresponder.jobs.head_texts import answer_reviewer_text, answer_selector_text, textpost_selector_text
from autoresponder.jobs.prompts import AnswerPrompt, FittedPrompt, Voice, fit_original, original_kind
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import GeneratorConfig
from munging.prompts.continuation import Continuation, parse_continuation
from munging.prompts.formats import OriginalKind, original_prompt
from switchboard.messages import GenerationJob


@dataclass(frozen=True)
class CandidateText:
    """A candidate as a post, and as the selector and the reviewer read it."""

    post: Continuation
    selector: str
    reviewer: str


class Assignment(Protocol):
    """A writing job, understood."""

    text_type: str
    """Which calibration its scores use: "responses" or "originals"."""

    def prompt(self, roll: float) -> FittedPrompt:
        """Where a text starts; ``roll`` is uniform in [0, 1) and decides where there is a choice."""
        ...

    def read(self, candidate: Candidate) -> CandidateText:
        """Take a finished text apart."""
        ...

    def selector_text_at(self, candidate: Candidate, written: str) -> str:
        """What the selector would read of a finished text, had it been written at another time."""
        ...

    def is_fiction(self, candidate: Candidate) -> bool:
        """Whether a finished text is a story."""
        ...


class AnswerAssignment:
    """An answer, or a comment in a thread: every candidate starts from the same prompt."""

    text_type = "responses"

    def __init__(self, job: GenerationJob, voice: Voice, encoder: TextEncoder, budget: int) -> None:
        """``budget`` is the longest prompt in tokens. Raises PromptTooLongError."""
        options = job.kwargs
        self._voice = voice
        self._cut = options.selector_cut_to_final_exchange
        self._prompt = AnswerPrompt.of(
            job.prompt,
            voice,
            present=voice.time(job.v8_timestamp, job.v10_timestamp),
            job_id=job.base_id,
            forced_tags=options.forced_tags_string,
            fiction=options.write_fic_override,
        )
        self._fitted = self._prompt.fit(voice, encoder, budget)

    def prompt(self, roll: float) -> FittedPrompt:  # noqa: ARG002
        """Give the one prompt there is."""
        return self._fitted

    def is_fiction(self, candidate: Candidate) -> bool:  # noqa: ARG002
        """Whether a story was asked for."""
        return self._prompt.fiction

    def read(self, candidate: Candidate) -> CandidateText:
        """Tags that were forced by the job stand before those the model wrote."""
        post = self._post(candidate)
        selector = self._selector_text(self._prompt, candidate, post)
        reviewer = answer_reviewer_text(self._prompt, selector, post, self._voice)
        return CandidateText(post, selector, reviewer)

    def selector_text_at(self, candidate: Candidate, written: str) -> str:
        """The time stands in the first line of the bot's turn."""
        prompt = replace(self._prompt, present=written)
        return self._selector_text(prompt, candidate, self._post(candidate))

    def _post(self, candidate: Candidate) -> Continuation:
        parsed = parse_continuation(candidate.written.text, self._voice.form, self._voice.identity)
        return Continuation(parsed.body, (*self._prompt.forced_tags, *parsed.tags))

    def _selector_text(self, prompt: AnswerPrompt, candidate: Candidate, post: Continuation) -> str:
        raw = candidate.written.text
        return answer_selector_text(prompt, raw, post, self._voice, cut_to_final_exchange=self._cut)


class TextpostAssignment:
    """An unprompted post: what it becomes is drawn anew for every candidate."""

    text_type = "originals"

    def __init__(
        self, job: GenerationJob, voice: Voice, encoder: TextEncoder, settings: GeneratorConfig
    ) -> None:
        written = voice.time(job.v8_timestamp, job.v10_timestamp)
        kinds: tuple[OriginalKind, ...] = ("plain", "review", "fiction")
        self._prompts = {kind: fit_original(kind, voice, encoder, written=written) for kind in kinds}
        self._voice = voice
        self._settings = settings

    def prompt(self, roll: float) -> FittedPrompt:
        """Give the beginning of a plain post, a review or a piece of fiction."""
        return self._prompts[self._kind(roll)]

    def is_fiction(self, candidate: Candidate) -> bool:
        """Whether this candidate became one."""
        return self._kind(candidate.attempt.draws.kind) == "fiction"

    def _kind(self, roll: float) -> OriginalKind:
        shares = self._settings
        return original_kind(roll, review_share=shares.review_share, fiction_share=shares.fiction_share)

    def read(self, candidate: Candidate) -> CandidateText:
        """Prompt and text together are the post."""
        start, raw = candidate.attempt.prompt_text, candidate.written.text
        post = parse_continuation(start + raw, self._voice.form, self._voice.identity)
        text = textpost_selector_text(start, raw, self._voice)
        return CandidateText(post, text, text)

    def selector_text_at(self, candidate: Candidate, written: str) -> str:
        """Only a plain post tells a time; the others read alike at all times."""
        kind = self._kind(candidate.attempt.draws.kind)
        start = original_prompt(kind, self._voice.form, self._voice.identity, written=written).text
        return textpost_selector_text(start, candidate.written.text, self._voice)
