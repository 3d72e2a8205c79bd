"""The control face's switches: clock, OAuth checks, limits, faults, people; and the record of calls."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from tumblr_sandbox.control import messages
from tumblr_sandbox.control.support import body
from tumblr_sandbox.faults import Fault
from tumblr_sandbox.people.ground_truth import ground_truth
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import these_residents
from tumblr_sandbox.world import this_world


def add_routes(blueprint: Blueprint) -> None:
    """Put the switches into the control face."""
    blueprint.get("/clock")(clock)
    blueprint.put("/clock")(set_clock)
    blueprint.post("/clock/advance")(advance_clock)
    blueprint.put("/checks")(set_checks)
    blueprint.put("/limits")(set_limits)
    blueprint.get("/faults")(list_faults)
    blueprint.post("/faults")(add_fault)
    blueprint.delete("/faults")(clear_faults)
    blueprint.delete("/faults/<int:number>")(remove_fault)
    blueprint.get("/people")(people_state)
    blueprint.put("/people")(set_people)
    blueprint.get("/people/list")(list_people)
    blueprint.get("/people/actions")(list_actions)
    blueprint.get("/people/tastes")(tastes)
    blueprint.get("/calls")(list_calls)


def clock() -> Response:
    """The time on the sandbox's clock, and how far it is ahead."""
    world = this_world()
    return jsonify(now=world.clock.now(), offset=world.clock.offset)


def set_clock() -> Response:
    """Set how far the clock is ahead of real time."""
    this_world().set_clock_offset(body(messages.ClockOffset).offset)
    return clock()


def advance_clock() -> Response:
    """Move the clock on, and publish what fell due."""
    world = this_world()
    world.set_clock_offset(world.clock.offset + body(messages.ClockStep).seconds)
    return clock()


def set_checks() -> Response:
    """Switch OAuth's checks of nonces and time stamps."""
    wanted = body(messages.OAuthChecks)
    this_world().set_checks(nonces=wanted.nonces, timestamps=wanted.timestamps)
    return jsonify(wanted.model_dump())


def set_limits() -> Response:
    """Set the figures; those not named are what they are at first."""
    wanted = body(messages.LimitFigures)
    this_world().set_limits(wanted.model_dump())
    return jsonify(wanted.model_dump())


def list_faults() -> Response:
    """The faults that are on, by number."""
    active = this_world().faults.active()
    return jsonify(faults={number: fault.model_dump(mode="json") for number, fault in active.items()})


def add_fault() -> Response:
    return jsonify(number=this_world().faults.add(body(Fault)))


def remove_fault(number: int) -> Response:
    """Switch one fault off."""
    if not this_world().faults.remove(number):
        abort(404, f"no fault {number}")
    return jsonify(done=True)


def clear_faults() -> Response:
    """Switch all faults off."""
    this_world().faults.clear()
    return jsonify(done=True)


def list_calls() -> Response:
    """The API calls received, oldest first."""
    asked = request.args
    found = this_world().calls.find(
        after=asked.get("after", 0, type=int), path=asked.get("path", "*"), method=asked.get("method")
    )
    return jsonify(calls=[call.model_dump() for call in found])


def people_state() -> Response:
    """The switch, and what the people are at."""
    return jsonify(these_residents().state().model_dump())


def set_people() -> Response:
    """Switch the people; what is not named stays as it is."""
    people = these_residents()
    people.set_switch(body(PeopleSwitch, base=people.switch().model_dump()))
    return people_state()


def list_people() -> Response:
    """Who lives here."""
    return jsonify(people=[person.model_dump() for person in these_residents().people()])


def list_actions() -> Response:
    """What the people did, the latest last."""
    asked = request.args
    found = these_residents().actions(asked.get("after", 0, type=int), asked.get("limit", 100, type=int))
    return jsonify(actions=[action.model_dump() for action in found])


def tastes() -> Response:
    """What the people like, as it really is: for whoever wants to judge what was learnt from their notes."""
    switch = these_residents().switch()
    return jsonify(ground_truth(switch.seed, switch.count))
