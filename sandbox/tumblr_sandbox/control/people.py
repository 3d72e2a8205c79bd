"""The control face's side of the people: the switch, who they are, what they do, and what they like."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from tumblr_sandbox.control.support import body
from tumblr_sandbox.people.ground_truth import ground_truth
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import these_residents


def add_routes(blueprint: Blueprint) -> None:
    """Put the people into the control face."""
    blueprint.get("/people")(state)
    blueprint.put("/people")(set_switch)
    blueprint.get("/people/list")(list_people)
    blueprint.get("/people/actions")(list_actions)
    blueprint.get("/people/tastes")(tastes)


def state() -> Response:
    """The switch, and what the people are at."""
    return jsonify(these_residents().state().model_dump())


def set_switch() -> Response:
    """Switch the people; what is not named stays as it is."""
    people = these_residents()
    people.set_switch(body(PeopleSwitch, base=people.switch().model_dump()))
    return state()


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
