"""The post log for readers: an entry as an explanation, and as one flat record for analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from switchboard.job_factory import answer_prompt
from switchboard.messages import AnswerRequest
from tumblr.responding.handlers.base import parse_request
from tumblr.responding.publisher import Posted
from tumblr.store.migrations import current_input
from tumblr.turns.inputs import AskInput, CommandInput, ReplyInput, ThreadInput, TurnInput, parse_input
from tumblr.turns.review import Decision
from tumblr.turns.tags import SEND_BACK
from tumblr.turns.turn import Intent, LogEntry, StoredMoodInput, StoredRequest, Turn

SHOWN = 100
"""Characters of a candidate that an explanation shows, unless it is asked for the whole."""

LONG_FIELDS = frozenset({"question", "texts"})
"""Fields of a request that an explanation shows in other places."""

SCORES = {
    "all_proba": "selector",
    "all_pos_sentiment": "positive",
    "all_autoreview": "rejection",
    "all_mirotarg": "surprise",
}
"""Scores of candidates, and what an explanation calls them."""

POST_TYPES = {"original": "textpost", "mention": "reblog", "dash": "reblog"}
"""What the log's kinds of turn have always been called in records of posts; the others keep their names."""


def log_entry(turn: Turn, intent: Intent, posted: Posted) -> dict[str, Any]:
    """The post log's account of a post: the input, what was asked, what was chosen from, what tumblr said."""
    return _entry(turn, intent, posted.answer)


def _entry(turn: Turn, intent: Intent | None, answer: Mapping[str, Any]) -> dict[str, Any]:
    requests: Sequence[Any] = [turn.request, turn.judgment_request]
    return {
        "kind": str(turn.kind),
        "input_id": turn.input_id,
        "who": turn.who,
        "input": turn.input.model_dump(mode="json"),
        "requests": [request.model_dump(mode="json") for request in requests if request is not None],
        "judgment": None if turn.judgment is None else turn.judgment.model_dump(mode="json"),
        "result": None if turn.result is None else turn.result.model_dump(mode="json"),
        "intent": None if intent is None else intent.model_dump(mode="json", exclude={"image", "figures"}),
        "answer": dict(answer),
    }


def flat_record(logged: LogEntry) -> dict[str, Any]:
    """One record per post: what tumblr said (``api__``), what was chosen from what, and what was asked.

    ``rejected``: the bot itself sent the text back.
    """
    entry = logged.entry
    request = entry["requests"][0]["fields"] if entry["requests"] else {}
    asked = logged_input(entry)
    question = asked.question if isinstance(asked, AskInput | CommandInput) else None
    return {
        **request,
        **{f"api__{name}": value for name, value in entry["answer"].items()},
        **(entry["result"] or {}),
        "post_id": logged.post_id,
        "kind": entry["kind"],
        "post_type": POST_TYPES.get(entry["kind"], entry["kind"]),
        "input_ident": [entry["who"], entry["input_id"], getattr(asked, "timestamp", None)],
        "question": asked.prompt if isinstance(asked, ThreadInput | ReplyInput) else question or None,
        "requested__state": entry["intent"]["state"],
        "reasons": entry["intent"]["reasons"],
        "rejected": SEND_BACK in entry["intent"]["tags"],
        "time": logged.created_at,
    }


def decision_record(decision: Decision, seen: Mapping[str, Any]) -> dict[str, Any]:
    """One record per decision of the operator: what was decided, and the text that was decided about.

    ``first`` is what the bot itself had written, where the operator had changed it.
    """
    result, review = seen.get("result") or {}, seen.get("review") or {}
    request = (seen.get("request") or {}).get("fields") or {}
    asked = parse_input(current_input(seen["kind"], seen["input"]))
    question = asked.question if isinstance(asked, AskInput | CommandInput) else None
    first = review.get("first")
    return {
        **request,
        "decision": decision.number,
        "turn": decision.turn_id,
        "action": str(decision.action),
        "reason": decision.reason,
        "length": decision.length,
        "who": decision.who,
        "time": decision.created_at,
        "kind": seen["kind"],
        "question": asked.prompt if isinstance(asked, ThreadInput | ReplyInput) else question or None,
        "post": result.get("post"),
        "tags": result.get("tags") or [],
        "candidates": result.get("all_posts") or [],
        "first": first if first != result.get("post") else None,
        "reasons": review.get("reasons") or [],
        "autoreview": result.get("autoreview"),
    }


def explain(logged: LogEntry, *, shown: int | None = SHOWN) -> str:
    """Why a post was made, for people; of each candidate so many characters, or the whole text."""
    moment = datetime.fromtimestamp(logged.created_at, UTC).isoformat(timespec="seconds")
    head = f"post {logged.post_id}, {logged.state} at {moment}"
    return "\n".join([head, *_explanation(logged.entry, shown)])


def explain_turn(turn: Turn, *, shown: int | None = SHOWN) -> str:
    """What became of a turn that has no post, or none yet, for people."""
    moment = datetime.fromtimestamp(turn.updated_at, UTC).isoformat(timespec="seconds")
    reason = f": {turn.reason}" if turn.reason else ""
    head = f"no post; {turn.state} at {moment} after {turn.attempts} failed attempts{reason}"
    return "\n".join([head, *_explanation(_entry(turn, turn.intent, {}), shown)])


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


def _explanation(entry: Mapping[str, Any], shown: int | None) -> Iterator[str]:
    result, intent = entry["result"] or {}, entry["intent"]
    yield f"  input: {entry['kind']} {entry['input_id']} from {entry['who'] or 'nobody'}"
    yield from _about_input(logged_input(entry))
    yield from _about_judgment(entry)
    for request in entry["requests"]:
        yield from _about_request(request)
    yield from _about_choice(result, shown)
    if intent is not None:
        yield f"  sent as: {intent['state']}, tags {', '.join(intent['tags']) or 'none'}"
        reasons = "; ".join(intent["reasons"])
        yield f"  drafted because: {reasons}" if reasons else "  nothing against it"
        yield f"  text: {_one_line(result.get('post', ''))}"
    if entry["answer"]:
        yield f"  tumblr answered: {_one_line(str(dict(entry['answer'])))}"


def logged_input(entry: Mapping[str, Any]) -> TurnInput:
    """What a logged turn was about; entries are never changed, so old ones are read as they were written."""
    return parse_input(current_input(entry["kind"], entry["input"]))


def _about_input(said: TurnInput) -> Iterator[str]:
    """What the turn was about: the question of an ask, or what was said, and why that is worth a word."""
    for name, label in (("question", "question"), ("text", "said"), ("why", "why")):
        if words := getattr(said, name, ""):
            yield f"  {label}: {_one_line(words)}"


def _about_request(stored: Mapping[str, Any]) -> Iterator[str]:
    """What was asked of the switchboard: first the small things, then the prompt."""
    fields = {name: value for name, value in stored["fields"].items() if value and name not in LONG_FIELDS}
    details = "".join(f", {name} {_one_line(str(value))}" for name, value in fields.items())
    yield f"  asked the switchboard for: {stored['endpoint']} {stored['id']}{details}"
    request = parse_request(StoredRequest.model_validate(stored))
    if isinstance(request, AnswerRequest):
        yield f"  prompt: {_one_line(answer_prompt(request))}"


def _about_judgment(entry: Mapping[str, Any]) -> Iterator[str]:
    judgment = entry.get("judgment")
    if judgment is not None:
        score = judgment["logit_diff"]
        yield "  its sentiment: " + (f"unknown ({judgment['reason']})" if score is None else f"{score:+.3f}")
    elif any(request["endpoint"] == "raw_select" for request in entry["requests"]):
        yield "  its sentiment: not known by then"


def _about_choice(result: Mapping[str, Any], shown: int | None) -> Iterator[str]:
    mood = result.get("mood") or {}
    if mood:
        bounds = f"{mood['min_allowed_score']:+.3f} to {mood['max_allowed_score']:+.3f}"
        yield f"  mood: {mood['name']}, sentiment {bounds}"
    for index, scores in enumerate(_scores(result)):
        mark = "  <- chosen" if index == result.get("choice_index") else ""
        yield f"  candidate {index}: {scores}{mark}{_candidate(result, index, shown)}"


def _scores(result: Mapping[str, Any]) -> Iterator[str]:
    """The scores of each candidate; those that nobody gave are left out."""
    listed = [(name, result.get(field) or []) for field, name in SCORES.items()]
    for index in range(max((len(values) for _, values in listed), default=0)):
        yield ", ".join(f"{name} {_number(values[index])}" for name, values in listed if index < len(values))


def _candidate(result: Mapping[str, Any], index: int, shown: int | None) -> str:
    texts, tags = result.get("all_posts") or [], result.get("all_tags") or []
    text = f": {_one_line(texts[index])[:shown]}" if index < len(texts) else ""
    return text + (f" #{' #'.join(tags[index])}" if index < len(tags) and tags[index] else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")
