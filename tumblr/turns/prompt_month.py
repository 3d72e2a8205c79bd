"""Another month in prompts: the bot can be told to believe that it is, say, December 2020."""

from __future__ import annotations

from tumblr.turns.turn import StoredRequest


def in_month(request: StoredRequest, month: str | None) -> StoredRequest:
    """The request with this month and year in its V10 times; hour and half of the day stay as they are."""
    if month is None:
        return request
    fields = dict(request.fields)
    if fields.get("v10_timestamp"):
        fields["v10_timestamp"] = _moved(fields["v10_timestamp"], month)
    if "v10_timestamps" in fields:
        fields["v10_timestamps"] = [_moved(time, month) for time in fields["v10_timestamps"]]
    return request.model_copy(update={"fields": fields})


def _moved(time: str, month: str) -> str:
    """``3 PM January 2021`` in another month."""
    hour, half, _ = time.split(" ", 2)
    return f"{hour} {half} {month}"
