"""The settings of the service through which the processes speak, and of what it asks the generator for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr

from bot_network import is_loopback, local_url, shown_url
from bot_settings.base import NonNegativeFloat, NonNegativeInt, Port, Probability, Secret, Section

NeededRole = Literal["client", "generator", "selector"]
"""Without whom there is no bot."""

Role = Literal[NeededRole, "console"]
"""Who speaks with the switchboard, each with a token of its own."""


class BotClientConfig(Section):
    """One of several bots that share a switchboard."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,32}$", description="what its jobs are counted under", examples=["frank"]
    )
    token: Secret = Field(
        description="its token, which it has as its client_token", examples=[{"env": "FRANK_TOKEN"}]
    )
    share: PositiveFloat = Field(1.0, description="how much of the workers' time it gets beside the others")
    max_open_jobs: PositiveInt | None = Field(
        None, description="open jobs of its own above which its submissions are refused for now"
    )


class SwitchboardConfig(Section):
    """The service through which the processes speak."""

    listen_host: str = Field(
        "127.0.0.1", description="address to listen on; any but loopback needs all three tokens"
    )
    port: Port = Field(5000, description="TCP port to listen on")
    url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="address under which the other processes reach it; default: listen_host (every address: "
        "loopback) and the port",
    )
    database_url: str = Field(
        "sqlite:///run/switchboard.sqlite",
        description="SQLAlchemy URL; sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
    )
    client_token: Secret | None = Field(None, description="token of tumbl.py and of status readers")
    generator_token: Secret | None = Field(None, description="token of the generators")
    selector_token: Secret | None = Field(None, description="token of the selector")
    console_token: Secret | None = Field(None, description="token of the operator's console")
    clients: tuple[BotClientConfig, ...] = Field(
        (), description="bots beside the one that has client_token, each of which sees its own jobs alone"
    )
    token_file: Path = Field(
        Path("run/switchboard.tokens"),
        description="where tokens that are not set are kept, readable by their owner alone; drawn at the "
        "first start, for processes of this machine",
    )
    threads: Annotated[int, Field(ge=4, le=256)] = Field(32, description="threads that serve requests")
    generation_lease_seconds: PositiveFloat = Field(
        60.0, description="lease of candidates to a generator, which renews it while it works"
    )
    raw_select_lease_seconds: PositiveFloat = Field(60.0, description="lease of a scoring job")
    selection_lease_seconds: PositiveFloat = Field(
        60.0, description="lease of a candidate set to the selector"
    )
    max_attempts: PositiveInt = Field(5, description="leases without result before a job has failed")
    delivered_retention_seconds: PositiveFloat = Field(
        86_400.0, description="how long a result is kept once it was fetched"
    )
    undelivered_retention_seconds: PositiveFloat = Field(
        604_800.0, description="how long a result nobody fetched is kept"
    )
    job_expiry_seconds: PositiveFloat = Field(86_400.0, description="age at which an unfinished job expires")
    retention_wait_seconds: NonNegativeFloat = Field(
        60.0, description="longest wait of an original post for the scores of the retained texts"
    )
    max_open_jobs: PositiveInt = Field(
        200, description="open jobs above which submissions are refused for now"
    )
    max_body_bytes: PositiveInt = Field(8 * 1024 * 1024, description="largest request body, in bytes")

    @property
    def address(self) -> str:
        """Where the other processes reach the switchboard."""
        return self.url or local_url(self.listen_host, self.port)

    def token_of(self, role: Role) -> SecretStr | None:
        """The token of a role; in one without nobody can act."""
        tokens = {
            "client": self.client_token,
            "generator": self.generator_token,
            "selector": self.selector_token,
            "console": self.console_token,
        }
        return tokens[role]

    def client_named(self, name: str) -> BotClientConfig | None:
        """What is set for one of several bots."""
        return next((one for one in self.clients if one.name == name), None)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the switchboard is reached over loopback alone."""
        host = urlsplit(self.address).hostname or ""
        return is_loopback(self.listen_host) and is_loopback(host)

    def token_problem(self, *, serving: bool = False) -> tuple[str, str] | None:
        """What is unsafe about the tokens, and what to do about it; None: nothing is.

        ``serving``: as the switchboard itself has them, which needs all three; a worker needs its own alone.
        """
        tokens = {role: token for role in get_args(Role) if (token := self.token_of(role))}
        given = [
            token.get_secret_value() for token in (*tokens.values(), *(one.token for one in self.clients))
        ]
        if len(given) > len(set(given)):
            return "two roles of the switchboard share a token", "give each role a token of its own"
        names = [one.name for one in self.clients]
        if len(names) > len(set(names)):
            return "two of switchboard.clients have one name", "give each a name of its own"
        is_missing = any(role not in tokens for role in get_args(NeededRole))
        if is_missing and (serving or not is_loopback(self.listen_host)):
            return (
                f"the switchboard is open to other machines (listen_host {self.listen_host}, address "
                f"{shown_url(self.address)}), and a token is missing",
                "set switchboard.client_token, generator_token and selector_token, or listen on 127.0.0.1",
            )
        return None


class CandidatesConfig(Section):
    """How many candidates are written for one post, before the mood adds to it."""

    answer: PositiveInt = Field(13, description="for an answer")
    fiction_or_review: PositiveInt = Field(8, description="for fiction and reviews on demand")
    textpost: PositiveInt = Field(15, description="for an original post")
    rejection_discount: Probability = Field(
        0.5, description="share of the candidates the mood is expected to reject that is written in addition"
    )
    growth_decimals: Annotated[int, Field(ge=0, le=6)] = Field(
        0, description="decimals to which the number of which enough are left is rounded before the discount"
    )
    retained_first: bool = Field(
        False,
        description="retained texts that fit the mood are taken off the number for an original post before "
        "the mood adds to it; else all of them afterwards",
    )
    answer_min_words: NonNegativeInt = Field(10, description="an answer with fewer words is refused")
    answer_half_min_words: NonNegativeInt = Field(
        15, description="half of the answers with fewer words are refused"
    )
    fiction_min_words: NonNegativeInt = Field(100, description="a story with fewer words is refused")
    textpost_min_words: NonNegativeInt = Field(20, description="an original post with fewer is refused")
    textpost_half_min_words: NonNegativeInt = Field(
        40, description="half of the original posts with fewer words are refused"
    )
    mentions: Literal["anyone", "thread"] = Field(
        "anyone",
        description="thread: texts are refused that @-mention a blog which does not speak in the thread, "
        "the operator and the bot aside",
    )
