"""The people of the scripted day: they do on the sandbox what the script says."""

from __future__ import annotations

import random

from tests.system.account import Due, Said, Sort
from tests.system.cluster import RunningBot
from tests.system.day_script import Deed, Event
from tumblr_sandbox.records import PostRecord

LOOKED_AT = 150
"""So many of its own posts the bot looks at for what is said about them, and some more."""


class People:
    """Acts for everybody who is not the bot. Which post something is done to is drawn."""

    def __init__(self, bot: RunningBot, rng: random.Random) -> None:
        self._bot = bot
        self._driver = bot.driver
        self._blog = bot.blog
        self._rng = rng
        self._reblogs: dict[str, str] = {}
        """Who made each reblog that waits for an answer, or has one."""
        self.sent_back: set[str] = set()
        """Drafts that the operator has sent back."""

    def act(self, event: Event) -> Said | None:
        """Let somebody do something; the answer is what was said to the bot, if that could be done."""
        key = self._do(event)
        says_something = bool(event.text)
        return Said(event.sort, key, event.who, event.due, event.why, says_something) if key else None

    def _do(self, event: Event) -> str | None:
        match event.deed:
            case Deed.ASK:
                asked = self._driver.ask(self._blog, event.text, event.who or None)
                return event.why if event.sort is Sort.REVIEW else asked
            case Deed.POST:
                return self._driver.post(event.who, f"<p>{event.text}</p>")
            case Deed.MENTION:
                link = f'<a class="tumblelog" href="https://{self._blog}.tumblr.com/">@{self._blog}</a>'
                return self._driver.post(event.who, f"<p>{link} {event.text}</p>")
            case Deed.FOLLOW:
                self._driver.follow(event.who, self._blog)
            case Deed.TAG:
                self._tag_a_draft(event.text)
            case _:
                return self._do_to_a_post(event)
        return None

    def _do_to_a_post(self, event: Event) -> str | None:
        """Do something to a post of the bot's, if there is one that it can be done to."""
        posts = [post for post in self._driver.posts(self._blog, "published") if post.question]
        if not posts:
            return None
        post = self._rng.choice(posts[:30])
        match event.deed:
            case Deed.LIKE:
                self._driver.like(event.who, post.id)
                return None
            case Deed.REPLY | Deed.SIDE_REPLY:
                return self._reply(event, post)
            case Deed.SIDE_REBLOG | Deed.TALK_BACK:
                return self._reblog_another(event)
        html = f"<p>{event.text}</p>" if event.text else ""
        reblog = self._driver.reblog(event.who, post.id, html)
        if event.due is Due.ANSWER:
            self._reblogs[reblog] = event.who
        return reblog

    def _reply(self, event: Event, post: PostRecord) -> str:
        """Reply; under a post that others have reblogged, say that the bot is meant."""
        shared = any(note.kind == "reblog" for note in self._driver.notes(post.id))
        addressed = event.deed is Deed.REPLY and shared
        self._driver.reply(event.who, post.id, f"@{self._blog} {event.text}" if addressed else event.text)
        return event.text

    def _reblog_another(self, event: Event) -> str | None:
        """Reblog what somebody else has reblogged from the bot, or what the bot has answered oneself."""
        if event.deed is Deed.SIDE_REBLOG:
            # The newest: what is far down the blog is not looked at any more.
            others = [post for post, who in reversed(self._reblogs.items()) if who != event.who]
        else:
            mine = {post for post, who in self._reblogs.items() if who == event.who}
            newest = self._driver.posts(self._blog, "published")[:LOOKED_AT]
            others = [post.id for post in newest if post.parent_id in mine]
        if not others:
            return None
        reblog = self._driver.reblog(event.who, others[0], f"<p>{event.text}</p>")
        if event.deed is Deed.TALK_BACK:
            self._reblogs[reblog] = event.who
        return reblog

    def _tag_a_draft(self, tag: str) -> None:
        """Send the newest draft back, or accept it."""
        drafts = [post for post in self._driver.posts(self._blog, "draft") if post.question]
        if drafts:
            self._bot.tag(drafts[0].id, *drafts[0].tags, tag)
            if tag == "rts":
                self.sent_back.add(drafts[0].id)
