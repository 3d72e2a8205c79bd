"""The control face's side of the people: the switch, who they are, what they do, and what they like."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from tumblr_sandbox.control.support import body
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.truth import truth
from tumblr_sandbox.world import this_world


def add_routes(blueprint: Blueprint) -> None:
    """Put the people into the control face."""
    blueprint.get("/people")(state)
    blueprint.put("/people")(set_switch)
    blueprint.get("/people/list")(list_people)
    blueprint.get("/people/deeds")(list_deeds)
    blueprint.get("/people/tastes")(tastes)


def state() -> Response:
    """The switch, and what the people are at."""
    return jsonify(this_world().people.state().model_dump())


def set_switch() -> Response:
    """Switch the people; what is not named stays as it is."""
    people = this_world().people
    people.set_switch(body(PeopleSwitch, base=people.switch().model_dump()))
    return state()


def list_people() -> Response:
    """Who lives here."""
    return jsonify(people=[person.model_dump() for person in this_world().people.people()])


def list_deeds() -> Response:
    """What the people did, the latest last."""
    asked = request.args
    found = this_world().people.deeds(asked.get("after", 0, type=int), asked.get("limit", 100, type=int))
    return jsonify(deeds=[deed.model_dump() for deed in found])


def tastes() -> Response:
    """What the people like, as it really is: for whoever wants to judge what was learnt from their notes."""
    switch = this_world().people.switch()
    return jsonify(truth(switch.seed, switch.count))
