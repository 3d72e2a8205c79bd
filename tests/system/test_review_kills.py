"""No decision is lost and none is carried out twice, whichever process dies while somebody reviews."""

from __future__ import annotations

from tests.system.cluster import MoveIn
from tests.system.review_kills import review_under_fire


def test_a_review_survives_whatever_is_killed(move_in: MoveIn) -> None:
    bot = move_in("decided", tumblr={"publishing": "drafts"})
    report = review_under_fire(bot, kills=9, seed=7)
    assert report["wrong"] == [], report
    assert sum(report["confirmed"].values()) == report["asked"] == 12
