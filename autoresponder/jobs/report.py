"""What a job took, for its log line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autoresponder.generation.generator import WritingFigures
from autoresponder.heads.scoring import Scores
from autoresponder.jobs.attempts import JobAttempts


@dataclass
class JobReport:
    """Figures of one job; times in seconds, surprisal in bits per token."""

    kind: str
    texts: int
    scores: Scores
    scoring_seconds: float
    tries: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    relaxed: tuple[str, ...] = ()
    mean_surprisal: float | None = None
    writing: WritingFigures | None = None
    by_month: list[dict[str, float]] = field(default_factory=list)
    """Of each candidate the selector's probability, had it been written in another month, if asked for."""

    @classmethod
    def of_writing(cls, kind: str, scores: Scores, scoring_seconds: float, tries: JobAttempts) -> JobReport:
        return cls(
            kind,
            len(scores.selector_probabilities),
            scores,
            scoring_seconds,
            tries=tries.begun,
            rejections=tries.rejections,
            relaxed=tries.relaxed,
            mean_surprisal=tries.mean_surprisal,
            writing=tries.stats,
        )

    def fields(self) -> dict[str, object]:
        """Key and value pairs of the log line."""
        return {
            "kind": self.kind,
            "texts": self.texts,
            **self._writing_fields(),
            "scoring_ms": round(1000 * self.scoring_seconds),
            "reused": self.scores.reused,
            "selector": _span(self.scores.selector_probabilities),
            "sentiment": _span(self.scores.sentiment_logit_differences),
            **{name: _span(values) for name, values in self.scores.further.items()},
        }

    def month_lines(self) -> Iterator[dict[str, object]]:
        """Key and value pairs of one log line for each candidate that tells a time, by its place."""
        for place, scores in enumerate(self.by_month):
            if scores:
                by_month = ",".join(f"{month}:{score:.3f}" for month, score in scores.items())
                yield {"candidate": place, "selector": by_month}

    def _writing_fields(self) -> dict[str, object]:
        if self.writing is None:
            return {}
        return {
            "prompt_tokens": self.writing.prompt_tokens,
            "prompt_known": self.writing.prompt_known,
            "prefill_ms": round(1000 * self.writing.prefill_seconds),
            "tokens": self.writing.tokens,
            "tokens_per_s": round(self.writing.tokens_per_second),
            "tries": self.tries,
            "rejected": ",".join(f"{rule}:{n}" for rule, n in self.rejections.most_common()) or "none",
            "relaxed": ",".join(self.relaxed) or "none",
            "mean_surprisal": "unknown" if self.mean_surprisal is None else round(self.mean_surprisal, 2),
        }


def _span(values: Sequence[float]) -> str:
    return f"{min(values):.2f}..{max(values):.2f}"
