"""The people of a running sandbox: switched on and off, as fast as one likes, going on after a restart."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import cast

import structlog
from flask import Flask, current_app
from sqlalchemy import Connection

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people.actions import Action, Answer, Ask, Follow, Like, Reblog, Reply, Unfollow, Write
from tumblr_sandbox.people.characters import Person
from tumblr_sandbox.people.executor import ActionExecutor
from tumblr_sandbox.people.records import ActionRecord, PeopleState, PeopleSwitch, PersonRecord
from tumblr_sandbox.people.simulation import ActionResult, Language, Simulation
from tumblr_sandbox.people.words import load_phrases
from tumblr_sandbox.store.database import get_setting, put_setting
from tumblr_sandbox.world import World

SWITCH, TIME = "people", "people_time"
"""Where the switch and the people's own clock are kept."""
LONGEST_STEP = 5.0
"""A machine that slept does not make the people catch up: more seconds than this count as so many."""
VISITS_PER_STEP = 20
"""When more people are due than can come by in a step, their clock waits for them."""
ACTIONS_KEPT = 500
KINDS: dict[type[Action], str] = {
    Write: "post",
    Ask: "ask",
    Answer: "answer",
    Reblog: "reblog",
    Reply: "reply",
    Like: "like",
    Follow: "follow",
    Unfollow: "unfollow",
}

log = structlog.get_logger()


@dataclass
class _Running:
    """A life that goes on, and the people's own clock."""

    switch: PeopleSwitch
    simulation: Simulation
    time: float


class Residents:
    """The switch of the people, and their life while it is on. Safe to use from any thread."""

    def __init__(self, world: World) -> None:
        self._database = world.database
        self._clock = world.clock
        self._executor = ActionExecutor(world.writer, world.limits)
        self._rng = world.rng
        self._lock = threading.RLock()
        self._language: Language | None = None
        self._running: _Running | None = None
        self._latest: deque[ActionRecord] = deque(maxlen=ACTIONS_KEPT)
        self._counts: Counter[str] = Counter()
        self._number = 0

    def switch(self) -> PeopleSwitch:
        """How the people are switched."""
        with self._database.read() as connection:
            return PeopleSwitch.model_validate(get_setting(connection, SWITCH, {}))

    def was_switched(self) -> bool:
        """Whether the people were ever switched in this sandbox."""
        with self._database.read() as connection:
            return get_setting(connection, SWITCH) is not None

    def set_switch(self, switch: PeopleSwitch) -> None:
        """Switch the people; accounts that are missing are made when they are on."""
        with self._lock, self._database.write() as connection:
            put_setting(connection, SWITCH, switch.model_dump())
            self._apply(connection, switch)

    def step(self, seconds: float) -> int:
        """Let the people live for so many seconds of real time; gives the number of visits."""
        with self._lock:
            running = self._recall()
            if running is None or not running.switch.on:
                return 0
            until = running.time + min(seconds, LONGEST_STEP) * running.switch.speed
            if running.simulation.next_at > until:
                running.time = until
                return 0
            return self._visits(running, until)

    def state(self) -> PeopleState:
        """The switch, and what the people are at."""
        with self._lock:
            running = self._recall()
            switch = self.switch() if running is None else running.switch
            present = [] if running is None else self._records(running)
            return PeopleState(
                **switch.model_dump(),
                time=self._clock.now() if running is None else running.time,
                awake=sum(person.awake for person in present),
                silent=sum(person.silent for person in present),
                actions=dict(self._counts),
            )

    def people(self) -> list[PersonRecord]:
        """Everybody, in the order of their numbers; nobody before they were first switched on."""
        with self._lock:
            running = self._recall()
            return [] if running is None else self._records(running)

    def actions(self, after: int = 0, limit: int = ACTIONS_KEPT) -> list[ActionRecord]:
        """The latest actions with a higher number than this, oldest first."""
        with self._lock:
            return [action for action in self._latest if action.number > after][-limit:]

    def _visits(self, running: _Running, until: float) -> int:
        visits = 0
        while running.simulation.next_at <= until and visits < VISITS_PER_STEP:
            with self._database.write() as connection:
                running.simulation.look_around(connection)
                running.time = max(running.time, running.simulation.next_at)
                done = running.simulation.next_visit(connection, self._clock.now())
                put_setting(connection, TIME, running.time)
            self._tell(done)
            visits += 1
        if visits < VISITS_PER_STEP:
            running.time = until
        return visits

    def _recall(self) -> _Running | None:
        """The running life; after a restart it is taken up from the database."""
        if self._running is None and self.switch().on:
            with self._database.write() as connection:
                self._apply(connection, self.switch())
        return self._running

    def _apply(self, connection: Connection, switch: PeopleSwitch) -> None:
        """Bring the running life in line with the switch."""
        running, now = self._running, self._clock.now()
        if running is not None and _same_people(running.switch, switch):
            running.switch = switch
            running.simulation.wide = switch.wide
        elif switch.on:
            time = float(get_setting(connection, TIME, now))
            simulation = Simulation(
                self._read_language(),
                self._executor,
                seed=switch.seed,
                count=switch.count,
                bot=switch.bot,
                rng=self._rng,
            )
            simulation.wide = switch.wide
            simulation.settle(connection, now, time)
            put_setting(connection, TIME, time)
            self._running = _Running(switch, simulation, time)
        else:
            self._running = None

    def _read_language(self) -> Language:
        if self._language is None:
            self._language = Language(load_tables(), load_phrases())
        return self._language

    def _records(self, running: _Running) -> list[PersonRecord]:
        return [_record(person, running) for person in running.simulation.people]

    def _tell(self, done: list[ActionResult]) -> None:
        for one in done:
            self._number += 1
            record = _action_record(one, self._number, self._clock.now())
            self._latest.append(record)
            self._counts[record.kind] += 1
            if record.kind != "like":
                log.info(
                    "somebody came by", who=record.who, did=record.kind, whom=record.whom, post=record.post_id
                )


def residents_of(app: Flask) -> Residents:
    """The people whom an application serves."""
    return cast("Residents", app.extensions["residents"])


def these_residents() -> Residents:
    """The people of the sandbox that the current request belongs to."""
    return residents_of(current_app)


def _same_people(one: PeopleSwitch, other: PeopleSwitch) -> bool:
    return (one.seed, one.count, one.bot) == (other.seed, other.count, other.bot)


def _record(person: Person, running: _Running) -> PersonRecord:
    memory = running.simulation.memories[person.name]
    return PersonRecord(
        name=person.name,
        temperament=person.temperament.name,
        likes=list(person.favourites),
        awake=person.is_awake(running.time),
        silent=memory.silent_until > running.time,
        mood=memory.mood,
        visits=memory.visits,
        next_visit=round(max(0.0, memory.next_at - running.time) / running.switch.speed, 1),
    )


def _action_record(done: ActionResult, number: int, now: float) -> ActionRecord:
    kind = KINDS[type(done.action)]
    whom = getattr(done.action, "blog", "")
    return ActionRecord(
        number=number,
        time=now,
        who=done.person.name,
        kind=f"refused {kind}" if done.problem else kind,
        whom=whom,
        post_id=None if done.post is None else str(done.post.id),
        text=done.problem or getattr(done.action, "text", ""),
    )
