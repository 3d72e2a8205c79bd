"""Threads as the bot is about to continue them: how the switchboard carries them, and who said what."""

from __future__ import annotations

from dataclasses import replace

from munging.classic import to_classic
from munging.control import TAGS
from munging.reply_mockup import with_reply
from munging.thread import Identity, Post, Thread
from switchboard.messages.fields import MAX_QUESTION_CHARACTERS, MAX_TEXT_CHARACTERS
from tumblr.api.models import TumblrPost


def thread_of_reply(context: TumblrPost, replier: str, reply: str, identity: Identity) -> Thread:
    """The thread of an own post with somebody's reply to it, and an empty turn of the bot at its end."""
    thread = context.thread.as_reblogged_by(identity)
    return with_reply(thread, identity.name_of(replier), reply)


def prompt_of(thread: Thread, identity: Identity, limit: int = MAX_QUESTION_CHARACTERS) -> str:
    """A thread that waits for the bot, as the switchboard carries it; its oldest posts make room."""
    while len(printed := to_classic(thread, identity)) > limit and (thread.preamble or len(thread.posts) > 2):
        keep = thread.posts if thread.preamble else thread.posts[1:]
        thread = Thread(keep)
    if len(printed) <= limit:
        return printed
    *_, said, turn = thread.posts
    spare = len(said.text) - (len(printed) - limit)
    return to_classic(Thread((replace(said, text=said.text[: max(0, spare)]), turn)), identity)


def text_to_judge(thread: Thread, identity: Identity, stand_in: str) -> str:
    """A thread as it is judged for the dashboard: as if the bot were about to answer.

    What the bot has said in it counts as said by ``stand_in``; nobody's tags are in it, its own are empty.
    """
    posts = tuple(_without_bot(post, stand_in) for post in thread.posts[:-1])
    waiting = Thread((*posts, thread.posts[-1]), thread.preamble)
    return prompt_of(waiting, identity, MAX_TEXT_CHARACTERS - len(TAGS)) + TAGS


def said_since_bot(thread: Thread) -> str:
    """What others have said in a thread after the bot's last words in it."""
    said: list[str] = []
    for post in reversed(thread.posts):
        if post.by_bot and (post.text or post.tags):
            break
        said.append(post.text)
    return "\n".join(text.strip() for text in reversed(said) if text.strip())


def exchanges_with(thread: Thread, who: str) -> int:
    """How often the bot has answered in a thread since anybody but it and one other has spoken.

    A thread that the bot began is not its answer to anybody.
    """
    spoken = 0
    for index, post in reversed(list(enumerate(thread.posts))):
        if post.by_bot:
            spoken += index > 0 and bool(post.text or post.tags)
        elif post.author.lower() != who.lower():
            break
    return spoken


def answers_in(thread: Thread) -> int:
    """How often the bot has answered anybody in a thread; what it began is no answer."""
    return sum(post.by_bot and bool(post.text or post.tags) for post in thread.posts[1:])


def is_between(thread: Thread, who: str) -> bool:
    """Whether nobody but the bot and one other has spoken in a thread."""
    return all(post.by_bot or post.author.lower() == who.lower() for post in thread.posts)


def _without_bot(post: Post, stand_in: str) -> Post:
    author, by_bot = (stand_in, False) if post.by_bot else (post.author, False)
    return replace(post, author=author, by_bot=by_bot, tags=())
