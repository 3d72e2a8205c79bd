"""What the handlers have in common that continue a thread of posts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from switchboard.messages.fields import MAX_TEXT_CHARACTERS
from tumblr.responding.handlers.base import stored, times_for_prompts
from tumblr.turns.inputs import ReplyInput, ThreadInput
from tumblr.turns.turn import StoredRequest, Turn


def thread_requests(
    turn: Turn,
    thread: ThreadInput | ReplyInput,
    mood: str,
    now: datetime,
    timezone: ZoneInfo,
    *,
    judged: bool,
) -> tuple[StoredRequest, StoredRequest | None]:
    """What to ask of the switchboard to continue a thread, and about what was said in it."""
    times = times_for_prompts(now, timezone)
    fields = {
        "question": thread.prompt,
        "exact_prompt": True,
        "asking_name": turn.who,
        "mood": mood,
        "selector_cut_to_final_exchange": True,
        "return_all_conts": True,  # for the post log
        **times,
    }
    text = thread.text[:MAX_TEXT_CHARACTERS]
    about = {"texts": [text], "v10_timestamps": [times["v10_timestamp"]]}
    judgment = stored("raw_select", about, turn, now) if judged and text else None
    return stored("answer", fields, turn, now), judgment
