"""What a page asks a browser about passkeys, what it answers, and where browsers use any.

Requests and answers have the JSON form of WebAuthn, which browsers and ``@simplewebauthn/browser``
take and give.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from domain.explanation import Explanation, explained
from domain.model import Value
from domain.proof import Evidence, ProofRefused
from store.record import proofs


class PasskeyRequest(Value):
    """What a page asks the browser for (``options``), and what it has to send back with the answer.

    ``token`` is the statement for a signature, and the nonce for an enrolment.
    """

    options: dict[str, object]
    token: str


def _from_base64url(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


_Bytes = Annotated[bytes, BeforeValidator(_from_base64url), Field(max_length=proofs.LARGEST)]


class _Answer(Value):
    model_config = ConfigDict(alias_generator=to_camel)

    client_data_json: _Bytes = Field(alias="clientDataJSON")
    authenticator_data: _Bytes
    signature: _Bytes = b""
    public_key: _Bytes = b""


class BrowserAnswer(Value):
    """What a browser answers, for a new passkey or for a signature with one."""

    id: str = Field(max_length=1_400)
    response: _Answer

    def evidence(self, credential: str, statement: bytes) -> Evidence:
        """It, as what the passkey ``credential`` has signed."""
        return Evidence(
            credential=credential,
            statement=statement,
            signature=self.response.signature,
            authenticator_data=self.response.authenticator_data,
            client_data=self.response.client_data_json,
        )


def rp_id_of(origin: str) -> str:
    """The host that passkeys of a console at ``origin`` are bound to, for good."""
    return urlsplit(origin).hostname or ""


def unusable_at(origin: str) -> Explanation | None:
    """Why no browser uses a passkey on a page of ``origin``; None if browsers do."""
    host = rp_id_of(origin)
    if _is_number(host):
        why = "The console's address is a number, and a passkey is bound to a name."
    elif origin.startswith("https:") or host == "localhost" or host.endswith(".localhost"):
        return None
    else:
        why = "Browsers use passkeys only on pages with HTTPS, and at localhost."
    return explained(
        why,
        "Let FRONTFOOT_CONSOLE_URL be http://localhost:8092 on the machine itself, or https:// "
        "with a host name for other devices, and open the console there.",
        means="No passkey can be added or used here.",
    )


def read_answer(answer: object) -> BrowserAnswer:
    """What a browser has answered, as an object or as a text; ``ProofRefused`` if it is neither."""
    try:
        if isinstance(answer, str):
            return BrowserAnswer.model_validate_json(answer)
        return BrowserAnswer.model_validate(answer)
    except ValidationError as error:
        raise ProofRefused(
            "The browser's answer cannot be read.",
            "Try again, with a current version of your browser.",
        ) from error


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
