"""The post log for readers: an entry as an explanation, and as one flat record for analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tumblr.post import Posted
from tumblr.turns import Intent, LogEntry, StoredMoodInput, Turn

SHOWN = 100
"""Characters of a candidate that an explanation shows; the export has all of them."""

POST_TYPES = {"original": "textpost", "mention": "reblog", "dash": "reblog"}
"""What the log's kinds of turn have always been called in records of posts; the others keep their names."""


def log_entry(turn: Turn, intent: Intent, posted: Posted) -> dict[str, Any]:
    """The post log's account of a post: the input, what was asked, what was chosen from, what tumblr said."""
    requests: Sequence[Any] = [turn.request, turn.judgment_request]
    return {
        "kind": str(turn.kind),
        "input_id": turn.input_id,
        "who": turn.who,
        "input": dict(turn.input),
        "requests": [request.model_dump(mode="json") for request in requests if request is not None],
        "judgment": None if turn.judgment is None else turn.judgment.model_dump(mode="json"),
        "result": turn.result,
        "intent": intent.model_dump(mode="json", exclude={"image"}),
        "answer": dict(posted.answer),
    }


def flat_record(logged: LogEntry) -> dict[str, Any]:
    """One record per post: what tumblr said (``api__``), what was chosen from what, and what was asked."""
    entry = logged.entry
    request = entry["requests"][0]["fields"] if entry["requests"] else {}
    return {
        **request,
        **{f"api__{name}": value for name, value in entry["answer"].items()},
        **(entry["result"] or {}),
        "post_id": logged.post_id,
        "kind": entry["kind"],
        "post_type": POST_TYPES.get(entry["kind"], entry["kind"]),
        "input_ident": [entry["who"], entry["input_id"], entry["input"].get("timestamp")],
        "question": entry["input"].get("question", entry["input"].get("prompt")),
        "requested__state": entry["intent"]["state"],
        "reasons": entry["intent"]["reasons"],
        "time": logged.created_at,
    }


def explain(logged: LogEntry) -> str:
    """Why a post was made, for people."""
    return "\n".join(_explanation(logged))


def mood_record(stored: StoredMoodInput) -> dict[str, Any]:
    """What moved the mood once, as ``mood/history.py`` reads it; times are ISO 8601 in UTC."""
    return {
        "time": datetime.fromtimestamp(stored.input_timestamp, UTC).isoformat(),
        "logit_diff": stored.logit_diff,
        "generated_p75": stored.generated_p75,
        "generated_ts": stored.time.isoformat(),
        "who": stored.who,
        "input_id": stored.input_id,
    }


def _explanation(logged: LogEntry) -> Iterator[str]:
    entry, result, intent = logged.entry, logged.entry["result"] or {}, logged.entry["intent"]
    moment = datetime.fromtimestamp(logged.created_at, UTC).isoformat(timespec="seconds")
    yield f"post {logged.post_id}, {logged.state} at {moment}"
    yield f"  input: {entry['kind']} {entry['input_id']} from {entry['who'] or 'nobody'}"
    yield from _about_input(entry["input"])
    yield from _about_judgment(entry)
    for request in entry["requests"]:
        yield f"  asked the switchboard for: {request['endpoint']} {request['id']}"
    yield from _about_choice(result)
    yield f"  sent as: {intent['state']}, tags {', '.join(intent['tags']) or 'none'}"
    yield (
        f"  drafted because: {'; '.join(intent['reasons'])}" if intent["reasons"] else "  nothing against it"
    )
    yield f"  text: {_one_line(result.get('post', ''))}"
    yield f"  tumblr answered: {_one_line(str(dict(entry['answer'])))}"


def _about_input(said: Mapping[str, Any]) -> Iterator[str]:
    """What the turn was about: the question of an ask, or what was said and in which thread."""
    for name, label in (("question", "question"), ("text", "said"), ("why", "why"), ("prompt", "thread")):
        if said.get(name):
            yield f"  {label}: {_one_line(str(said[name]))}"


def _about_judgment(entry: Mapping[str, Any]) -> Iterator[str]:
    judgment = entry.get("judgment")
    if judgment is not None:
        score = judgment["logit_diff"]
        yield "  its sentiment: " + (f"unknown ({judgment['reason']})" if score is None else f"{score:+.3f}")


def _about_choice(result: Mapping[str, Any]) -> Iterator[str]:
    mood = result.get("mood") or {}
    if mood:
        bounds = f"{mood['min_allowed_score']:+.3f} to {mood['max_allowed_score']:+.3f}"
        yield f"  mood: {mood['name']}, sentiment {bounds}"
    probabilities: Sequence[float | None] = result.get("all_proba") or []
    sentiments: Sequence[float | None] = result.get("all_pos_sentiment") or []
    reviews: Sequence[float | None] = result.get("all_autoreview") or []
    texts: Sequence[str] = result.get("all_posts") or []
    for index, (proba, sentiment) in enumerate(zip(probabilities, sentiments, strict=False)):
        mark = "  <- chosen" if index == result.get("choice_index") else ""
        text = f": {_one_line(texts[index])[:SHOWN]}" if index < len(texts) else ""
        review = f", rejection {_number(reviews[index])}" if index < len(reviews) else ""
        scores = f"selector {_number(proba)}, positive {_number(sentiment)}{review}"
        yield f"  candidate {index}: {scores}{mark}{text}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")
