"""What the generator says of a text decides what becomes of it, from the head to tumblr."""

from __future__ import annotations

import json

from tests.system.cluster import MoveIn, RunningBot


def skipped(bot: RunningBot) -> dict[str, str]:
    """The post that each turn left alone is about, and why."""
    rows = bot.query("SELECT input_id, reason FROM turns WHERE state = 'skipped'")
    return {str(name).rpartition(":")[2]: str(reason) for name, reason in rows}


def test_the_bot_of_2023_reblogs_where_it_would_speak_next(move_in: MoveIn) -> None:
    """The preset asks about the next speaker; numbers of chance are set so that nothing is left to it."""
    calm = {"posts_to_check": 350, "speaker_noise": 1.0, "continuation_cutoff": -1.0}
    bot = move_in("speaks", dashboard=calm)
    settings = json.loads(bot.config_path.read_text(encoding="utf-8"))
    bot.config_path.write_text(json.dumps(settings | {"preset": "2023"}), encoding="utf-8")
    bot.driver.create_user("thinker")
    bot.driver.follow(f"{bot.blog}-dash", "thinker")
    posts = {
        name: bot.driver.post("thinker", f"<p>A long {name} thought about soup, all of it my own.</p>")
        for name in ("fine", "elsewhere", "vile")
    }
    bot.lives_until(lambda: bot.settled(3))
    (reblog,) = bot.posts()
    assert reblog.parent_id == posts["fine"]
    reasons = skipped(bot)
    assert reasons[posts["elsewhere"]].startswith("the thread makes the bot's name 0.2 times as likely")
    assert reasons[posts["vile"]] == "a human would reject it (0.900)"
    ((details,),) = bot.query("SELECT input FROM turns WHERE state = 'posted'")
    assert "the thread makes the bot's name 5 times as likely" in json.loads(str(details))["why"]


def test_an_answer_that_a_human_would_reject_is_tried_again_and_left_to_the_operator(move_in: MoveIn) -> None:
    bot = move_in("reviewed", screening={"autoreview": True})
    for words in ("a fine thing", "a vile thing"):
        bot.driver.ask(bot.blog, f"what do you think of {words}?")
    bot.lives_until(lambda: bot.settled(2) and "draft left to the operator" in bot.tumbl.said())
    assert {str(post.question): post.state for post in bot.posts()} == {
        "what do you think of a fine thing?": "published",
        "what do you think of a vile thing?": "draft",
    }
    assert bot.tumbl.said().count("the autoreviewer doubts it (0.900)") == 3
