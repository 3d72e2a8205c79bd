"""Settings of the service through which the processes speak."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from bot_settings.base import NonNegativeFloat, Port, Secret, Section


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
