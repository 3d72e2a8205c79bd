"""Whatever people do with a community, and in whatever order: it keeps its rules."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import get_args

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bench import FakeClock, make_person, new_world
from tumblr_sandbox.errors import CommunityError, DayLimitError
from tumblr_sandbox.services import communities, inviting
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store import communities as stored
from tumblr_sandbox.store.communities import CommunitySettings, Role

NAMES = ("ada", "ben", "cay", "dot")
CAP = 3
people = st.sampled_from(NAMES)


class Life(RuleBasedStateMachine):
    """A community in which at most three of four people are, held against what was done so far."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock(1_700_000_000.0)
        self.world = new_world(Path(self.folder.name) / "sandbox.sqlite", self.clock)
        for name in NAMES:
            make_person(self.world, name)
        with self.world.database.note() as connection:
            found = (accounts.find_blog(connection, name) for name in NAMES)
            self.blogs = {blog.name: blog for blog in found if blog is not None}
            chosen = CommunitySettings(join_type="invite", population_cap=CAP)
            self.community = communities.make(
                connection,
                self.blogs["ada"],
                "club",
                now=self.clock(),
                rng=random.Random(1),
                title="",
                description="",
                settings=chosen,
            )
        self.members: dict[str, Role] = {"ada": "admin"}
        self.banned: set[str] = set()
        self.invited: set[str] = set()

    def _admins(self) -> int:
        return list(self.members.values()).count("admin")

    @rule(name=people, by_link=st.booleans())
    def joins(self, name: str, by_link: bool) -> None:
        allowed = name not in self.banned and (by_link or name in self.invited) and len(self.members) < CAP
        link = self.community.invite_hash if by_link else None
        try:
            with self.world.database.note() as connection:
                communities.join(connection, self.community, self.blogs[name].owner_id, link, self.clock())
        except CommunityError:
            assert not allowed
            assert name not in self.members
        else:
            assert allowed or name in self.members
            self.invited -= {name} - self.members.keys()
            self.members.setdefault(name, "member")

    @rule(name=people, ban=st.booleans())
    def is_removed(self, name: str, ban: bool) -> None:
        role = self.members.get(name)
        allowed = role is not None and (role != "admin" or self._admins() > 1)
        try:
            with self.world.database.note() as connection:
                communities.remove(connection, self.community, self.blogs[name].owner_id, ban=ban)
        except CommunityError:
            assert not allowed
        else:
            assert allowed
            del self.members[name]
            self.banned |= {name} if ban else set()

    @rule(name=people, role=st.sampled_from(get_args(Role)))
    def gets_a_role(self, name: str, role: Role) -> None:
        allowed = role == "admin" or self.members.get(name) != "admin" or self._admins() > 1
        try:
            with self.world.database.note() as connection:
                member = stored.member(connection, self.community.id, self.blogs[name].owner_id)
                if member is not None:
                    communities.set_role(connection, self.community, member, role)
        except CommunityError:
            assert not allowed
        else:
            assert allowed
            self.members |= {name: role} if name in self.members else {}

    @rule(name=people, wait=st.booleans())
    def is_invited(self, name: str, wait: bool) -> None:
        self.clock.advance(1 if wait else 0)
        allowed = name not in {*self.members, *self.banned, *self.invited} and len(self.members) < CAP
        ada, one, world = self.blogs["ada"], self.blogs[name], self.world
        try:
            with world.database.note() as connection:
                inviting.invite(connection, self.community, ada, one, "", world.limits, self.clock())
        except DayLimitError:
            assert not wait
        except CommunityError:
            assert not allowed
        else:
            assert allowed
            self.invited.add(name)

    @rule(name=people)
    def declines(self, name: str) -> None:
        user_id = self.blogs[name].owner_id
        with self.world.database.note() as connection:
            there = inviting.withdraw(connection, self.community, user_id, user_id, for_good=False)
        assert there == (name in self.invited)
        self.invited.discard(name)

    @invariant()
    def everybody_is_what_they_were_made(self) -> None:
        with self.world.database.read() as connection:
            for name, blog in self.blogs.items():
                who = communities.standing(connection, self.community, blog.owner_id)
                assert (who.role, who.banned, who.invited) == (
                    self.members.get(name),
                    name in self.banned,
                    name in self.invited,
                )
        assert self._admins() >= 1
        assert len(self.members) <= CAP

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
