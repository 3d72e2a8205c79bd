"""What the bot of 2021 lost or repeated when a process died, case by case, and what becomes of it here.

Each test kills real processes at the moment in question, starts them again, and looks at tumblr and at the
bot's memory.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.system.chaos import query
from tests.system.cluster import PAUSE, READER, Cluster, MoveIn, RunningBot
from tests.system.harness import eventually
from tests.system.programs import LONG
from tests.system.writing import Write, in_both_forms
from tumblr.turns.fail_points import FailPoint
from tumblr_sandbox.faults import Fault, FaultKind

WEAK = (FailPoint.AFTER_INTENT, FailPoint.AFTER_POST, FailPoint.DURING_RECORD, FailPoint.AFTER_RECORD)
"""The moments around a post: what tumblr knows and what we know are different things there."""


def test_c03_the_queue_is_never_probed_with_a_post(move_in: MoveIn) -> None:
    """2021: a nonsense post in the queue showed the next free time. It is computed here; none is made."""
    bot = move_in("c03", queue={"write_when_below": 2})
    bot.dies_at(FailPoint.AFTER_FOUND, FailPoint.AFTER_REQUEST, FailPoint.AFTER_CHOICE, *WEAK)
    bot.lives_until(lambda: bot.settled(2))
    queued = bot.posts("queued")
    assert len({post.text for post in queued}) == len(queued) == 2
    assert set(bot.written()) == {Write.CREATE}
    assert {call.parameters["state"] for call in bot.writes()} == {"queue"}
    assert len(bot.writes()) == 2
    assert bot.posts("draft", "published") == []
    assert bot.damages() == []


def test_c04_no_picture_is_uploaded_and_no_draft_is_made_for_one(move_in: MoveIn) -> None:
    """2021: pictures went through a photo draft. Here a text that wants one waits for a human as it is."""
    bot = move_in("c04")
    bot.driver.ask(bot.blog, "can you draw soup?", READER)
    bot.dies_at(*WEAK)
    bot.lives_until(lambda: bot.settled(1))
    (draft,) = bot.posts()
    assert draft.state == "draft"
    assert set(bot.written()) == {Write.EDIT}


def test_c06_an_answer_and_its_effect_on_the_mood_are_one(move_in: MoveIn) -> None:
    """2021: after the answer the kick of the words was lost. Here both are one, kept or redone."""
    bot = move_in("c06")
    bot.driver.ask(bot.blog, "i love soup", READER)
    bot.dies_at(FailPoint.AFTER_POST, FailPoint.DURING_RECORD)
    assert bot.query("SELECT * FROM mood_inputs") == []
    bot.lives_until(lambda: bot.settled(1))
    ((logit_diff, p75),) = bot.query("SELECT logit_diff, generated_p75 FROM mood_inputs")
    assert logit_diff == pytest.approx(2.1)
    assert p75 is not None
    assert bot.answers() == {"i love soup": 1}


def test_c07_no_post_without_its_entry_in_the_log(move_in: MoveIn) -> None:
    """2021: the record came late, in a file that was rewritten. Here it follows, once, and whole."""
    bot = move_in("c07")
    for number, point in enumerate(WEAK):
        bot.driver.ask(bot.blog, f"what is soup? ({number})", READER)
        bot.dies_at(point)
    bot.lives_until(lambda: bot.settled(len(WEAK)))
    logged = bot.query("SELECT post_id FROM post_log")
    assert sorted(logged) == sorted((post.id,) for post in bot.posts())
    assert len(logged) == len(WEAK)
    assert bot.damages() == []


def test_c08_a_write_that_is_cut_short_leaves_the_memory_as_it_was(move_in: MoveIn) -> None:
    """2021: files were rewritten in place and could end half way. Here a transaction is there or not."""
    bot = move_in("c08")
    bot.driver.ask(bot.blog, "what is half a soup?", READER)
    bot.dies_at(FailPoint.DURING_FOUND)
    assert bot.states() == {}
    assert bot.damages() == []
    bot.dies_at(FailPoint.DURING_RECORD)
    assert bot.states() == {"posting": 1}
    assert bot.query("SELECT * FROM post_log") == []
    assert bot.damages() == []
    bot.lives_until(lambda: bot.settled(1))
    assert bot.answers() == {"what is half a soup?": 1}
    assert bot.damages() == []


def test_c09_what_was_done_before_a_limit_is_remembered(move_in: MoveIn) -> None:
    """2021: nothing was saved at the end of a pass without calls left. Here nothing waits for a save."""
    bot = move_in("c09")
    early = [f"question {number} before the limit" for number in range(3)]
    for number, question in enumerate(early):
        bot.driver.create_user(f"c09-reader-{number}")
        bot.driver.ask(bot.blog, question, f"c09-reader-{number}")
    bot.tumbl.start()
    bot.waits_until(lambda: bot.settled(3))
    bot.driver.add_fault(Fault(kind=FaultKind.LIMIT, path=f"*/{bot.blog}.tumblr.com/*"))
    bot.driver.ask(bot.blog, "and after?", READER)
    bot.waits_until(lambda: "limit" in bot.tumbl.said())
    bot.tumbl.kill()
    bot.driver.clear_faults()
    bot.lives_until(lambda: bot.settled(4))
    assert bot.answers() == dict.fromkeys([*early, "and after?"], 1)
    assert len(bot.writes()) == 4


@pytest.mark.parametrize("death", ["before-delivery", "after-delivery"])
def test_c10_a_chosen_text_is_posted_once_and_leaves_the_retained(
    death: str, cluster: Cluster, move_in: MoveIn
) -> None:
    """2021: a chosen text was lost, or chosen again. Here choosing and taking out are one transaction."""
    bot = move_in(f"c10-{death}", queue={"write_when_below": 1})
    cluster.selector.stop()
    cluster.crashing_selector.start("--dies", death)
    bot.tumbl.start()
    cluster.crashing_selector.wait_for_death()
    cluster.selector.start()
    bot.waits_until(lambda: bot.settled(1))
    assert bot.tumbl.stop() == 0
    bot.change("queue", write_when_below=3)
    bot.dies_at(FailPoint.AFTER_CHOICE, FailPoint.AFTER_RESULT, FailPoint.AFTER_INTENT)
    bot.lives_until(lambda: bot.settled(3))
    texts = [post.text for post in bot.posts("queued")]
    assert len(set(texts)) == len(texts) == 3
    retained = {text.partition("职")[0].strip() for (text,) in retained_texts(cluster)}
    assert retained, "the test needs texts that are retained"
    assert not retained & set(texts)


def retained_texts(cluster: Cluster) -> list[tuple[str]]:
    """The texts that the switchboard retains for later originals."""
    return query(cluster.run / "switchboard.sqlite", "SELECT text FROM retained")


def test_c11_a_result_that_is_lost_on_the_way_is_fetched_again(cluster: Cluster, move_in: MoveIn) -> None:
    """2021: a result was gone when it was handed out. Here it stays until it is acknowledged."""
    bot = move_in("c11")
    bot.driver.ask(bot.blog, "did you get this?", READER)
    bot.dies_at(FailPoint.AFTER_RESULT, FailPoint.AFTER_RESULT)
    bot.lives_until(lambda: bot.settled(1))
    assert bot.answers() == {"did you get this?": 1}
    assert bot.submissions() == 1
    assert open_jobs(cluster) == 0


def open_jobs(cluster: Cluster) -> int:
    """How many jobs the switchboard has in hand."""
    status = cluster.status()
    assert status is not None
    return status.open_jobs


def test_c12_the_switchboard_may_die_at_any_point_of_a_job(cluster: Cluster, move_in: MoveIn) -> None:
    """2021: all jobs were in memory, and the bot waited for ever. Here they are on the disk."""
    bot = move_in("c12")
    cluster.generator.stop()
    bot.driver.ask(bot.blog, "first question", READER)
    bot.tumbl.start()
    bot.waits_until(lambda: bot.states() == {"requested": 1} and open_jobs(cluster) == 2)
    cluster.restart(cluster.bridge)
    cluster.selector.stop()
    cluster.generator.start()
    bot.waits_until(lambda: waits_for_selection(cluster))
    cluster.restart(cluster.bridge)
    cluster.selector.start()
    bot.waits_until(lambda: bot.settled(1))
    assert bot.answers() == {"first question": 1}
    assert bot.submissions() == 1


def waits_for_selection(cluster: Cluster) -> bool:
    """Whether a candidate set is finished, and nobody there to choose."""
    status = cluster.status()
    return status is not None and any(job.accepted and job.accepted >= job.n_desired for job in status.jobs)


def test_c12_a_switchboard_that_lost_its_memory_is_asked_again(cluster: Cluster, move_in: MoveIn) -> None:
    """2021: the bot waited for ever for a job that nobody knew. Here it is submitted again."""
    bot = move_in("c12-lost")
    cluster.generator.stop()
    bot.driver.ask(bot.blog, "do you remember?", READER)
    bot.tumbl.start()
    bot.waits_until(lambda: bot.states() == {"requested": 1} and open_jobs(cluster) == 2)
    cluster.bridge.kill()
    for path in cluster.run.glob("switchboard.sqlite*"):
        path.unlink()
    cluster.bridge.start()
    cluster.generator.start()
    bot.waits_until(lambda: bot.settled(1))
    assert bot.answers() == {"do you remember?": 1}
    assert bot.submissions() == 1


def test_c13_a_bot_that_died_waiting_gets_its_text_and_leaves_no_job(
    cluster: Cluster, move_in: MoveIn
) -> None:
    """2021: a new job was made, the old result stayed in memory. Here the request is stored as it is sent."""
    bot = move_in("c13")
    cluster.generator.stop()
    bot.driver.ask(bot.blog, "are you still there?", READER)
    bot.dies_at(FailPoint.AFTER_SUBMIT)
    asked = requests_of(bot)
    cluster.generator.start()
    assert eventually(lambda: open_jobs(cluster) == 0, LONG, pause=PAUSE)
    bot.lives_until(lambda: bot.settled(1))
    assert bot.answers() == {"are you still there?": 1}
    assert bot.submissions() == 1
    assert requests_of(bot) == asked, "it asks for the same jobs again, not for others"
    assert {cluster.client.get_result(job).state for job in asked} == {"acknowledged"}


def requests_of(bot: RunningBot) -> list[str]:
    """The jobs that the bot's one turn has asked for."""
    ((request, judgment),) = bot.query("SELECT request, judgment_request FROM turns")
    return [json.loads(stored)["id"] for stored in (request, judgment)]


def test_c14_no_two_processes_share_a_file(cluster: Cluster, move_in: MoveIn) -> None:
    """2021: bot and selector wrote the same file of judgements. Here each process has files of its own."""
    bot = move_in("c14")
    bot.driver.ask(bot.blog, "who holds what?", READER)
    bot.lives_until(lambda: bot.settled(1))
    bot.tumbl.start()
    bot.passes(2)
    programs = (bot.tumbl, cluster.bridge, cluster.generator, cluster.selector, cluster.sandbox)
    held = [files_of(program.pid) for program in programs]
    assert held[0] >= {str(bot.database)}
    for number, files in enumerate(held):
        others = set().union(*(held[:number] + held[number + 1 :]))
        assert not files & others
    ((judgement,),) = bot.query("SELECT judgment FROM turns")
    assert "logit_diff" in judgement


def test_c14_scores_that_were_being_written_are_there_or_not(cluster: Cluster, move_in: MoveIn) -> None:
    """2021: a cache that was being written could not be read any more. Here it is one transaction."""
    bot = move_in("c14-scores")
    bot.driver.create_user("thoughtful-friend")
    bot.driver.follow(f"{bot.blog}-dash", "thoughtful-friend")
    said = bot.driver.post("thoughtful-friend", "<p>A long thought about who writes what, and when.</p>")
    bot.dies_at(FailPoint.DURING_JUDGMENT, FailPoint.DURING_JUDGMENT)
    assert bot.query("SELECT scores FROM side_judgments") == [(None,)]
    assert bot.damages() == []
    assert all(program.is_up for program in (cluster.bridge, cluster.generator, cluster.selector))
    bot.lives_until(lambda: bot.settled(1))
    ((scores, request),) = bot.query("SELECT scores, request FROM side_judgments")
    assert len(json.loads(scores)) >= 2
    assert cluster.client.get_result(json.loads(request)["id"]).state == "acknowledged"
    assert [post.parent_id for post in bot.posts()] == [said]


def files_of(pid: int) -> set[str]:
    """The regular files that a process has open, but for its log."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = entry.readlink()
        if target.is_absolute() and target.is_file() and target.suffix != ".log":
            found.add(str(target))
    return found


def test_c17_a_dying_generator_loses_what_it_was_about_to_send_and_no_more(
    cluster: Cluster, move_in: MoveIn
) -> None:
    """2021: a worker's finished candidate died with it. It still does, alone: the others are kept."""
    bot = move_in("c17")
    cluster.generator.stop()
    cluster.generator.start("--batch", "1", "--dies", "after-delivery")
    bot.driver.ask(bot.blog, "how many lives?", READER)
    bot.tumbl.start()
    cluster.generator.wait_for_death()
    cluster.generator.start("--batch", "1", "--dies", "before-delivery")
    cluster.generator.wait_for_death()
    status = cluster.status()
    assert status is not None
    (job,) = [job for job in status.jobs if job.type == "answer"]
    assert 0 < job.accepted < job.n_desired, "what was delivered is kept"
    cluster.generator.start()
    bot.waits_until(lambda: bot.settled(1))
    assert bot.answers() == {"how many lives?": 1}


@pytest.mark.parametrize("point", [FailPoint.AFTER_CHOICE, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST])
def test_c19_an_error_that_nobody_expects_stays_with_its_turn(point: FailPoint, move_in: MoveIn) -> None:
    """2021: an unexpected error ended the process without a save. Here one turn rests, the rest goes on."""
    bot = move_in(f"c19-{point[:12]}")
    bot.driver.ask(bot.blog, "question of the one", READER)
    bot.driver.ask(bot.blog, "question of the other", "friend")
    bot.tumbl.start(fail_point=f"{point}:raise")
    bot.lives_until(lambda: bot.settled(2))
    assert "Misfortune" in bot.tumbl.said()
    assert bot.answers() == {"question of the one": 1, "question of the other": 1}
    assert bot.damages() == []


TROUBLES = (
    Fault(kind=FaultKind.TIMEOUT, seconds=1.0, count=1),
    Fault(kind=FaultKind.MALFORMED, count=1),
    Fault(kind=FaultKind.CUT, after_work=True, count=1),
    Fault(kind=FaultKind.STATUS, status=500, after_work=True, count=1),
)
"""Ways in which a call that was carried out can look as if it had failed."""


@in_both_forms("trouble", TROUBLES, ids=lambda value: getattr(value, "kind", value))
def test_c20_a_post_whose_confirmation_got_lost_is_not_made_again(
    trouble: Fault, form: str, move_in: MoveIn
) -> None:
    """2021: a call that timed out was made again, though it had worked. Here tumblr is looked at first."""
    bot = move_in(f"c20-{trouble.kind}-{form}", queue={"write_when_below": 1}, tumblr={"write_format": form})
    for write in (Write.EDIT, Write.CREATE):
        bot.add_fault(trouble, write)
    bot.driver.ask(bot.blog, "did this arrive?", READER)
    bot.dies_at(FailPoint.AFTER_INTENT)
    bot.lives_until(lambda: bot.settled(2))
    assert bot.driver.faults() == {}
    assert bot.answers() == {"did this arrive?": 1}
    assert len(bot.posts("queued")) == 1
    assert bot.tumbl.said().count("found to be posted already") == 2
    assert bot.damages() == []
