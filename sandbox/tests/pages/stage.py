"""A stage for looking at pages: the demo's people, and everything that a page must be able to show."""

from __future__ import annotations

from typing import Any

from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs, sanitise
from tumblr_sandbox.services import communities, interactions
from tumblr_sandbox.services.posting import Changes, Written
from tumblr_sandbox.store import accounts, posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.communities import Community, CommunitySettings
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import World

PEOPLE = ("quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam")
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b></textarea>\"'"


class Stage:
    """Does in a world what people do, by the code that answers real clients."""

    def __init__(self, world: World) -> None:
        self.world = world

    def blog(self, name: str) -> Blog:
        """The blog of a name."""
        with self.world.database.read() as connection:
            found = accounts.find_blog(connection, name)
        assert found is not None, name
        return found

    def write(self, name: str, html: str = "", **more: Any) -> StoredPost:
        """A post."""
        written = Written(content=Content(html=sanitise(html)), **more)
        with self.world.database.write() as connection:
            return self.world.writer.create(connection, self.blog(name), written, self.world.clock.now())

    def reblog(self, name: str, parent: StoredPost, html: str = "", **more: Any) -> StoredPost:
        """A reblog."""
        written = Written(content=Content(html=sanitise(html)), **more)
        with self.world.database.write() as connection:
            return self.world.writer.reblog(
                connection, self.blog(name), parent, written, self.world.clock.now()
            )

    def ask(self, question: str, asker: str | None = "quietmarsh", blog: str = DEMO_BLOG) -> StoredPost:
        """A question in an inbox."""
        with self.world.database.write() as connection:
            return self.world.writer.ask(
                connection,
                self.blog(blog),
                Content(html=paragraphs(question)),
                None if asker is None else self.blog(asker),
                self.world.clock.now(),
            )

    def community(
        self, handle: str, admin: str, *members: str, title: str = "", description: str = "", **more: Any
    ) -> Community:
        """A community with its admin and members."""
        world, now = self.world, self.world.clock.now()
        with world.database.write() as connection:
            made = communities.make(
                connection,
                self.blog(admin),
                handle,
                now=now,
                rng=world.rng,
                title=title,
                description=description,
                settings=CommunitySettings(**more),
            )
            for name in members:
                communities.admit(connection, made, self.blog(name).owner_id, now)
        return made

    def post_into(self, community: Community, name: str, html: str) -> StoredPost:
        """A member's post."""
        written = Written(content=Content(html=sanitise(html)), author=self.blog(name))
        world = self.world
        with world.database.write() as connection:
            return world.writer.create(connection, community.blog, written, world.clock.now())

    def change(self, post: StoredPost, **changes: Any) -> StoredPost:
        """An edited post, as it is afterwards."""
        with self.world.database.write() as connection:
            blog = accounts.blogs_by_id(connection, {post.blog_id})[post.blog_id]
            current = posts.get(connection, post.id)
            assert current is not None
            return self.world.writer.edit(
                connection, blog, current, Changes(**changes), self.world.clock.now()
            )

    def answer(self, ask: StoredPost, html: str, state: str = "published", **more: Any) -> StoredPost:
        """An answered ask."""
        return self.change(ask, content=Content(html=html), state=state, **more)

    def like(self, name: str, post: StoredPost) -> None:
        """A like."""
        with self.world.database.write() as connection:
            interactions.like(connection, self.blog(name), post, self.world.limits, self.world.clock.now())

    def reply(self, name: str, post: StoredPost, text: str) -> None:
        """A reply."""
        with self.world.database.write() as connection:
            interactions.reply(connection, self.blog(name), post, text, self.world.clock.now())

    def chain(self, length: int) -> StoredPost:
        """A reblog chain of so many contributions."""
        post = self.write("memefoundry", "<p>the kettle has started again</p>", tags=("kettle hours",))
        for number in range(1, length):
            post = self.reblog(
                (*PEOPLE, DEMO_BLOG)[number % 5], post, f"<p>and so it goes on, reblog number {number}</p>"
            )
        return post


def furnish(world: World) -> Stage:
    """A sandbox in which every page has something to show."""
    seed_demo(world)
    stage = Stage(world)
    stage.chain(21)
    _conversation(stage)
    _types(stage)
    _unpublished_posts(stage)
    readers = stage.community("readers", "quietmarsh", "frank", "memefoundry", title="Slow readers")
    stage.post_into(readers, "memefoundry", "<p>Page forty, and still nobody has been murdered.</p>")
    return stage


def _conversation(stage: Stage) -> None:
    ask = stage.ask("do you ever get lonely in there?", "tinplate-owl")
    answer = stage.answer(
        ask,
        "<p>Not lonely, exactly. There is a great deal of weather in here, and somebody is always asking me "
        "about springs.</p><p>But I did notice that you were gone on Tuesday.</p>",
        tags=("tinplate-owl", "springs", "i counted"),
    )
    first = stage.reblog(
        "tinplate-owl", answer, "<p>I was at the <i>radio museum</i>. They had a whole room of dials.</p>"
    )
    second = stage.reblog(DEMO_BLOG, first, "<p>A whole room. Did any of them point at you?</p>")
    third = stage.reblog("quietmarsh", second, "<p>all of them, if you stand right</p>", tags=("dials",))
    for name in ("memefoundry", "crimewave-jam", "quietmarsh"):
        stage.like(name, answer)
    stage.like("memefoundry", third)
    stage.reply("crimewave-jam", answer, "the butler did notice too")
    stage.reply("memefoundry", answer, "sealed and delivered @frank")


def _types(stage: Stage) -> None:
    stage.write(
        "quietmarsh",
        "<p>ReceivedReply on the towpath.</p>",
        type="quote",
        details={"text": "A heron is a committee of one."},
        tags=("herons", "overheard"),
    )
    stage.write(
        "crimewave-jam",
        "<p>Saved for the long evenings.</p>",
        type="link",
        details={"url": "https://example.org/damson", "title": "A short history of the damson"},
    )
    stage.write(
        "memefoundry",
        "<p>kettle: hello<br>me: it is three in the morning<br>kettle: symphony</p>",
        type="chat",
        title="an exchange",
    )
    stage.write(
        "tinplate-owl",
        f"<h2>{LONG_WORD}</h2><p>{LONG_WORD}</p><ul><li>one</li><li>two</li></ul>"
        '<blockquote><p>quoted</p></blockquote><p><img src="https://elsewhere.example/x.png" '
        'alt="a picture that lies elsewhere"></p><pre>10 PRINT "HELLO"\n20 GOTO 10</pre>',
        title="Many things, and a very long word",
        tags=(LONG_WORD[:140], "short"),
    )
    stage.write("frank", "<p>Before.</p><p>[[MORE]]</p><p>After.</p>", tags=("long post",))


def _unpublished_posts(stage: Stage) -> None:
    stage.ask("what is the best time of the day?", None)
    stage.ask("If you were a tool, which one?\n\nAnd who would hold you?", "crimewave-jam")
    stage.answer(stage.ask("is it true about the moon?"), "<p>I would not put it past the moon.</p>", "draft")
    stage.answer(
        stage.ask("tell me a secret", None),
        "<p>There is a spring in here after all.</p>",
        "draft",
        tags=("secrets", "rts"),
    )
    stage.write("frank", "<p>Some of the stars are only pretending.</p>", state="draft", title="On stars")
    for number in range(3):
        stage.write(
            "frank", f"<p>A thought for later, number {number}.</p>", state="queued", tags=("thoughts",)
        )
