"""What people decide: who they are, what they see, the time and chance give actions. No effects here."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tumblr_sandbox.people import schedule
from tumblr_sandbox.people.actions import (
    Action,
    Answer,
    Ask,
    FeedItem,
    Follow,
    Like,
    Memory,
    Plan,
    Reblog,
    ReceivedReply,
    Reply,
    Unfollow,
    View,
    Write,
)
from tumblr_sandbox.people.characters import KIND, RUDE, Person
from tumblr_sandbox.people.words import Speaker

LOOKED_AT = 40
"""Of the new posts on a dashboard the latest so many are read."""
INBOX_ANSWERED = 2
REACTIONS = 2
"""Most answers to what was said to them in one visit."""
PLEASED, DISPLEASED = 0.8, 0.1
"""How far a post must lie above a person's readiness to like to please them, and below which it annoys."""
TO_THE_BOT = 0.85
"""Share of asks that go to the bot; the others go to somebody they follow."""
RUDE_SHARE, KIND_SHARE, ODD_SHARE = 0.35, 0.2, 0.5
PICTURES = 8
"""Of a hundred posts, those whose words are posted as a picture; of asks, those that come with one."""
MEETS_SOMEBODY, LEAVES_SOMEBODY = 0.06, 0.004
BURST = (2, 5)
"""How many asks a spammer sends at once."""
MOOD_KEPT, MOOD_DRIFT, MOOD_STEP = 0.9, 0.12, 0.25
COMMANDS = ("!mood", "!follow", "!unfollow", "!review")


@dataclass
class Visit:
    """One person's visit while it lasts."""

    person: Person
    view: View
    speaker: Speaker
    rng: random.Random
    now: float
    bot: str
    mood: float

    def chance(self, share: float) -> bool:
        """True in this share of calls."""
        return self.rng.random() < share


def decide(visit: Visit, memory: Memory) -> Plan:
    """Read what is new, react to it, perhaps do something unprompted, and say when to come back."""
    drifted = visit.mood * MOOD_KEPT + visit.rng.gauss(0, MOOD_DRIFT)
    felt = sum(_feeling(visit.person, item) for item in visit.view.for_me if item.blog == visit.bot)
    visit.mood = max(-1.0, min(1.0, drifted + MOOD_STEP * felt))
    actions = [*likes(visit), *reactions(visit, memory), *own_actions(visit), *follow_changes(visit)]
    actions = [action for action in actions if _is_heard(action, visit)]
    next_at, silent_until = schedule.next_visit(visit.person, visit.now, visit.rng)
    left = replace(
        memory,
        next_at=next_at,
        silent_until=silent_until,
        mood=round(visit.mood, 4),
        visits=memory.visits + 1,
    )
    return Plan(left, tuple(actions))


def likes(visit: Visit) -> list[Action]:
    """Likes of what is new on the dashboard, by taste."""
    new = visit.view.dashboard[-LOOKED_AT:]
    return [Like(item.id) for item in new if visit.chance(visit.person.taste.chance(item.features))]


# Reactions


def reactions(visit: Visit, memory: Memory) -> list[Action]:
    """Answers to what was said to this person: in their inbox, in replies, by the bot and by others."""
    view, person = visit.view, visit.person
    actions: list[Action] = [
        Answer(ask.id, visit.speaker.say("answers"), visit.speaker.tags("tags"))
        for ask in view.inbox[:INBOX_ANSWERED]
    ]
    actions += [_answer_reply(visit, heard) for heard in view.heard if visit.chance(person.patience / 2)]
    found: list[Action] = []
    for item in view.for_me:
        found += _react(visit, item, memory)
    return [*actions, *found[:REACTIONS]]


def _answer_reply(visit: Visit, heard: ReceivedReply) -> Action:
    return Reply(heard.post_id, f"@{heard.blog} {visit.speaker.say('replies')}")


def _react(visit: Visit, item: FeedItem, memory: Memory) -> list[Action]:
    """What somebody does about a post that was meant for them; less and less with every turn of theirs."""
    person = visit.person
    turns = sum(name == person.name for name, _ in item.said)
    if not visit.chance(person.temperament.answers * person.patience**turns):
        return [Like(item.id)] if _feeling(person, item) > 0 and visit.chance(0.7) else []
    about = _subject(item, memory)
    if not visit.chance(person.patience):
        return [Reply(item.id, visit.speaker.say("farewells" if item.blog == visit.bot else "replies"))]
    if item.asker != person.name and item.is_ask:
        # It was asked without a name, and it stays so.
        return [Ask(item.blog, visit.speaker.say("follow_ups", about=about), anonymous=True)]
    words = visit.speaker.say(_tone(visit, item), about=about)
    draw = visit.rng.random()
    if draw < 0.5:
        return [Reblog(item.id, words, visit.speaker.tags("comment_tags"))]
    if draw < 0.85 or item.blog != visit.bot:
        return [Reply(item.id, words)]
    return [Ask(item.blog, visit.speaker.say("follow_ups", about=about))]


def _feeling(person: Person, item: FeedItem) -> int:
    """Whether a post pleases somebody (1), annoys them (-1), or neither."""
    above = person.taste.logit(item.features) - person.taste.base
    return (above > PLEASED) - (above < DISPLEASED)


def _tone(visit: Visit, item: FeedItem) -> str:
    """How somebody speaks to a post: as it pleased them, as they are, and in the mood they are in."""
    feeling, kindness = _feeling(visit.person, item), visit.person.kindness + 0.5 * visit.mood
    if item.blog != visit.bot:
        return "comments"
    if feeling < 0 or kindness < RUDE:
        return "rude" if kindness < 0 else "cool"
    return "kind" if feeling > 0 or kindness > KIND else "comments"


def _subject(item: FeedItem, memory: Memory) -> str:
    """What a conversation is about, in one word: the longest of the question or of the post before."""
    asked = next((text for number, text in memory.asked if number == item.born_as), item.question)
    before = asked or (item.said[-1][1] if item.said else item.text)
    words = [word.strip(".,!?:;\"'()@").lower() for word in before.split()]
    return max((word for word in words if word.isalpha()), key=len, default="")


# Unprompted actions


def own_actions(visit: Visit) -> list[Action]:
    """What somebody does unprompted: post, ask, reblog, reply, mention, send a command, spam."""
    given, actions = visit.person.temperament, list[Action]()
    if visit.chance(given.spam):
        return _spam(visit)
    if visit.chance(given.post):
        text, tags = visit.speaker.post(visit.mood)
        actions.append(Write(text, tags, is_picture=_is_pictured(text)))
    if visit.chance(given.mention):
        actions.append(Write(visit.speaker.say("mentions"), visit.speaker.tags("tags")))
    if visit.chance(given.ask):
        actions.append(_ask(visit))
    if visit.chance(given.command):
        actions.append(Ask(visit.bot, _command(visit)))
    seen = visit.view.dashboard[-LOOKED_AT:]
    if visit.chance(given.reblog) and seen:
        actions.append(_reblog(visit, _dearest(visit, seen)))
    if visit.chance(given.reply) and seen:
        actions.append(Reply(_dearest(visit, seen).id, visit.speaker.say("replies")))
    return actions


def _spam(visit: Visit) -> list[Action]:
    text = visit.speaker.say("spam")
    return [Ask(visit.bot, text) for _ in range(visit.rng.randint(*BURST))]


def _ask(visit: Visit) -> Action:
    friends = sorted(visit.view.following - {visit.bot})
    anonymous = visit.chance(visit.person.temperament.anonymous)
    if friends and not visit.chance(TO_THE_BOT):
        return Ask(visit.rng.choice(friends), visit.speaker.question(visit.now), anonymous)
    question = _question(visit)
    shows = not anonymous and _is_pictured(question)  # nobody can send pictures without a name
    return Ask(visit.bot, question, anonymous, _last_seen(visit) if shows else "")


def _is_pictured(text: str) -> bool:
    """Whether a picture goes with some words: by the words alone, so that lives go on as without pictures."""
    return zlib.crc32(text.encode()) % 100 < PICTURES


def _last_seen(visit: Visit) -> str:
    """The words of the newest post on somebody's dashboard, of which they send a screenshot."""
    return visit.view.dashboard[-1].text if visit.view.dashboard else ""


def _question(visit: Visit) -> str:
    kindness = visit.person.kindness + 0.3 * visit.mood
    if visit.person.temperament.command and visit.chance(ODD_SHARE):
        return visit.speaker.say("odd")
    if kindness < 0 and visit.chance(RUDE_SHARE):
        return visit.speaker.say("rude_asks")
    if kindness > KIND and visit.chance(KIND_SHARE):
        return visit.speaker.say("kind_asks")
    return visit.speaker.question(visit.now)


def _command(visit: Visit) -> str:
    command = visit.rng.choice(COMMANDS)
    return visit.speaker.review_command() if command == "!review" else command


def _reblog(visit: Visit, item: FeedItem) -> Action:
    words = visit.speaker.say("comments") if visit.chance(visit.person.temperament.comment) else ""
    return Reblog(item.id, words, visit.speaker.tags("comment_tags"))


def _dearest(visit: Visit, seen: Sequence[FeedItem]) -> FeedItem:
    """One of the posts seen, the more likely the better they like it."""
    weights = [visit.person.taste.chance(item.features) for item in seen]
    return visit.rng.choices(seen, weights)[0]


def follow_changes(visit: Visit) -> list[Action]:
    """Whom somebody begins to follow, and whom no longer."""
    view, rng = visit.view, visit.rng
    if view.strangers and visit.chance(MEETS_SOMEBODY):
        return [Follow(rng.choice(view.strangers))]
    left = sorted(view.following - {visit.bot})
    if left and visit.chance(LEAVES_SOMEBODY):
        return [Unfollow(rng.choice(left))]
    return []


def _is_heard(action: Action, visit: Visit) -> bool:
    """Whether the bot has an ear for an action, or the action is none of its business."""
    if isinstance(action, Ask):
        return action.blog != visit.bot or not visit.view.crowded
    return not (visit.view.crowded or visit.view.only_asks) or not _speaks_to_bot(action, visit)


def _speaks_to_bot(action: Action, visit: Visit) -> bool:
    """Whether a post or note would make the bot answer."""
    if isinstance(action, Write):
        return f"@{visit.bot}" in action.text
    if isinstance(action, Reply) or (isinstance(action, Reblog) and action.text):
        seen = (*visit.view.dashboard, *visit.view.for_me)
        item = next((item for item in seen if item.id == action.post_id), None)
        return item is not None and visit.bot in (item.blog, *(name for name, _ in item.said))
    return False
