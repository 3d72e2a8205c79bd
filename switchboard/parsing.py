"""From the bytes of a request to a message, or to a refusal that names the field. Nothing raises a 500."""

import base64
import binascii
import hmac
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Request
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import from_json
from werkzeug.datastructures import Headers

from bot_network import is_loopback
from switchboard.messages.fields import MAX_JSON_DEPTH
from switchboard.settings import Role, SwitchboardConfig

Model = TypeVar("Model", bound=BaseModel)

MAX_SHOWN_CHARACTERS = 200


class RequestError(Exception):
    """A request that is answered 4xx. Its text never repeats what was sent."""

    def __init__(self, status: int, error: str, field: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.field = field


def read_form(request: Request, model: type[Model]) -> Model:
    """The message in a form. Raises RequestError."""
    fields: dict[str, Any] = {}
    for name, values in request.form.lists():
        if len(values) > 1:
            raise RequestError(400, "given more than once", name[:MAX_SHOWN_CHARACTERS])
        fields[name] = values[0]
    check_shape(fields)
    return validated(model, fields)


def read_json(request: Request, model: type[Model]) -> Model:
    """The message in a JSON body. Raises RequestError."""
    return validated(model, json_body(request))


def read_either(request: Request, model: type[Model]) -> Model:
    """The message in a form or in a JSON body, as the content type says. Raises RequestError."""
    return read_json(request, model) if request.is_json else read_form(request, model)


def json_body(request: Request) -> Any:
    """The JSON value of the body, whatever content type is claimed. Raises RequestError."""
    try:
        value = from_json(request.get_data(), allow_inf_nan=False)
    except ValueError:
        raise RequestError(
            400, "the body is not JSON in UTF-8, is too deep, or has NaN or infinity in it"
        ) from None
    check_shape(value)
    return value


def check_shape(value: Any) -> None:
    """Refuse what is too deep, and NUL characters, which a database cannot keep. Raises RequestError."""
    level: list[Any] = [value]
    for _depth in range(MAX_JSON_DEPTH + 1):
        texts = [one for one in level if isinstance(one, str)]
        if any("\x00" in text for text in texts):
            raise RequestError(400, "NUL characters are not allowed")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise RequestError(400, f"nested deeper than {MAX_JSON_DEPTH} levels")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def validated(model: type[Model], value: Any) -> Model:
    """The message of this type. Raises RequestError."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in mistake["loc"])
        message = mistake["msg"].removeprefix("Value error, ")
        raise RequestError(400, message[:MAX_SHOWN_CHARACTERS], field[:MAX_SHOWN_CHARACTERS]) from None


UNNAMED = "a token is needed: in the header Authorization, as Bearer TOKEN, or as a password in the address"


def check_origin(headers: Headers, settings: SwitchboardConfig) -> None:
    """Refuse what a page in somebody's browser sends, or has the browser send. Raises RequestError.

    A browser can reach services of its machine that nobody else can. It names the page it acts for, and the
    host it believes to speak to, also where a page has its own name point to this machine.
    """
    if "Origin" in headers or headers.get("Sec-Fetch-Site", "none") != "none":
        raise RequestError(403, "the switchboard serves no web pages")
    if not is_loopback(settings.listen_host):
        return
    try:
        host = urlsplit(f"//{headers.get('Host', '')}").hostname or ""
    except ValueError:
        host = ""
    own = urlsplit(settings.url or "").hostname
    if not is_loopback(host) and host not in (own, settings.listen_host):
        raise RequestError(403, "not addressed to this switchboard", "Host")


def authorize(header: str | None, role: Role, settings: SwitchboardConfig) -> str | None:
    """Let a request with this Authorization header act in a role. Raises RequestError, without detail.

    Says which of the bots of `switchboard.clients` acts; None: who has the role's own token. The comparison
    takes the same time whatever is wrong with the token.
    """
    given = _token_in(header or "")
    if given is None:
        raise RequestError(401, UNNAMED)
    known: list[tuple[str | None, SecretStr | None]] = [(None, settings.token_of(role))]
    if role == "client":
        known += [(one.name, one.token) for one in settings.clients]
    fitting = [name for name, token in known if token is not None and _is_same(given, token)]
    if not fitting:
        raise RequestError(403, "not allowed")
    return fitting[0]


def _is_same(given: bytes, token: SecretStr) -> bool:
    return hmac.compare_digest(given, token.get_secret_value().encode())


def _token_in(header: str) -> bytes | None:
    """The token of an Authorization header: Bearer, or the password of Basic.

    Programs that know of no tokens send Basic when their address of the switchboard has a password in it.
    """
    scheme, _, rest = header.partition(" ")
    given = rest.encode("latin-1", "replace")  # the bytes that were on the wire
    if scheme == "Bearer":
        return given
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2] if scheme == "Basic" else None
    except binascii.Error:
        return None
