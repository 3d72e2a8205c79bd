"""The settings of the operator's console."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from bot_settings.base import NonNegativeFloat, NonNegativeInt, Port, Secret, Section

ConsoleRole = Literal["operator", "reviewer"]
"""A reviewer decides about posts; an operator may also stop the bot, override refusals, promote heads."""

LoginName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$")]
HOST_NAME = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?$"


class AccountConfig(Section):
    """Somebody who may log in."""

    name: LoginName = Field(description="name to log in with, or as the proxy gives it")
    role: ConsoleRole = Field(
        "reviewer", description="reviewer: decides about posts; operator: does everything"
    )
    password_hash: Secret | None = Field(
        None,
        description="what python -m operator_console password prints; without one a proxy logs them in",
    )


class ConsoleConfig(Section):
    """The operator's console."""

    on: bool = Field(False, description="whether the bot answers to a console")
    hold: bool = Field(
        True,
        description="with a console: what a human has to look at waits there; false: it becomes a draft on "
        "tumblr",
    )
    accounts: tuple[AccountConfig, ...] = Field(
        (), description="who may log in, each with name, role and password_hash; see docs/console.md"
    )
    listen_host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(5080, description="TCP port to listen on")
    host_names: tuple[Annotated[str, Field(pattern=HOST_NAME)], ...] = Field(
        (),
        description="names under which browsers may reach it beside the loopback ones, such as "
        "console.example.org or bot.lan:5080; any other Host header is refused",
    )
    undo_seconds: NonNegativeFloat = Field(
        60.0, description="how long a decision can be undone before it takes effect; 0: it does at once"
    )
    session_hours: PositiveFloat = Field(12.0, description="how long a login lasts without being used")
    database: Path = Field(Path("run/console.sqlite"), description="SQLite file of the logins")
    image_hosts: tuple[Annotated[str, Field(pattern=r"^(\*\.)?[A-Za-z0-9.-]+$")], ...] = Field(
        ("*.media.tumblr.com",), description="hosts from which pictures of posts are shown"
    )
    threads: Annotated[int, Field(ge=4, le=64)] = Field(16, description="threads that serve pages")
    streams: Annotated[int, Field(ge=1, le=48)] = Field(
        8, description="live pages that are kept up to date at once; fewer than threads"
    )
    confirm_above: NonNegativeInt = Field(
        10, description="decisions about more posts at once than this have to be confirmed by their number"
    )
    proxy_header: str | None = Field(
        None,
        description="header in which a reverse proxy gives the name of who is logged in, such as Remote-User",
    )
    proxy_peers: tuple[str, ...] = Field((), description="addresses of the proxies whose header is believed")
    proxies: NonNegativeInt = Field(
        0, description="reverse proxies in front that add to X-Forwarded-For; counted from the right"
    )
    secure: bool = Field(
        False, description="browsers reach it by https: the cookie is sent over nothing else"
    )
    login_attempts: PositiveInt = Field(
        8, description="wrong passwords from one address in a quarter of an hour, after which it has to wait"
    )

    @field_validator("proxy_header")
    @classmethod
    def _a_header_of_its_own(cls, name: str | None) -> str | None:
        if name is not None and "_" in name:
            raise ValueError(
                "a header with an underscore cannot be told from the same with a hyphen; use a hyphen"
            )
        if name is not None and not name.replace("-", "").isalnum():
            raise ValueError("expected the name of a header, such as Remote-User")
        return name

    @field_validator("proxy_peers")
    @classmethod
    def _addresses(cls, peers: tuple[str, ...]) -> tuple[str, ...]:
        for peer in peers:
            ip_address(peer)
        return peers

    @model_validator(mode="after")
    def _fits_together(self) -> ConsoleConfig:
        if self.streams >= self.threads:
            raise ValueError("console.streams must be less than console.threads, or nothing else is served")
        if self.proxy_header and not self.proxy_peers:
            raise ValueError("console.proxy_header needs console.proxy_peers, whose header is believed")
        names = [account.name.lower() for account in self.accounts]
        if len(names) > len(set(names)):
            raise ValueError("two accounts of the console have the same name")
        return self

    @property
    def holds(self) -> bool:
        """Whether what a human has to look at waits in the console."""
        return self.on and self.hold
