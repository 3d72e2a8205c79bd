"""Who may do what: each role has a token of its own."""

import hmac

from switchboard.parsing import RequestError
from switchboard.settings import Role, SwitchboardConfig

SCHEME = "Bearer "


def authorize(header: str | None, role: Role, settings: SwitchboardConfig) -> None:
    """Let a request with this Authorization header act in a role. Raises RequestError, without detail.

    The comparison takes the same time whatever is wrong with the token.
    """
    expected = settings.token_of(role)
    if expected is None:
        return
    if header is None or not header.startswith(SCHEME):
        raise RequestError(401, "a token is needed")
    given = header.removeprefix(SCHEME).encode("latin-1", "replace")  # the bytes that were on the wire
    if not hmac.compare_digest(given, expected.get_secret_value().encode()):
        raise RequestError(403, "not allowed")
