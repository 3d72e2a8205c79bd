"""Who may do what: three roles, each with a token of its own."""

import hmac
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from switchboard.parsing import RequestError

Role = Literal["client", "generator", "selector"]

SCHEME = "Bearer "


@dataclass(frozen=True)
class RoleTokens:
    """The token of each role; a role without one is open to everybody who can reach the service."""

    client: SecretStr | None = None
    generator: SecretStr | None = None
    selector: SecretStr | None = None

    def of(self, role: Role) -> SecretStr | None:
        """The token of a role."""
        return {"client": self.client, "generator": self.generator, "selector": self.selector}[role]

    def complete(self) -> bool:
        """Whether every role has a token."""
        return None not in (self.client, self.generator, self.selector)

    def distinct(self) -> bool:
        """Whether no two roles share a token."""
        given = [token.get_secret_value() for token in (self.client, self.generator, self.selector) if token]
        return len(given) == len(set(given))


def authorize(header: str | None, role: Role, tokens: RoleTokens) -> None:
    """Let a request with this Authorization header act in a role. Raises RequestError, without detail.

    The comparison takes the same time whatever is wrong with the token.
    """
    expected = tokens.of(role)
    if expected is None:
        return
    if header is None or not header.startswith(SCHEME):
        raise RequestError(401, "a token is needed")
    given = header.removeprefix(SCHEME).encode("latin-1", "replace")  # the bytes that were on the wire
    if not hmac.compare_digest(given, expected.get_secret_value().encode()):
        raise RequestError(403, "not allowed")
