"""Signs requests with OAuth 1.0a (RFC 5849, HMAC-SHA1), the way X accepts them for JSON bodies.

Our own code rather than ``oauthlib``: signing a JSON request is a sort, a quote and an HMAC, and
the library would bring form bodies, two other signature methods and OAuth 2. A JSON body takes no
part in the signature (section 3.4.1.3.1 counts form bodies only).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class UserKeys:
    """The four secrets of one app speaking for one account. They do not expire."""

    consumer_key: SecretStr
    consumer_secret: SecretStr
    token: SecretStr
    token_secret: SecretStr


class SignedRequests(httpx.Auth):
    """httpx authentication that signs each request as it goes out.

    ``nonce`` and ``clock`` (seconds since 1970) can be given, for tests.
    """

    def __init__(
        self,
        keys: UserKeys,
        *,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._nonce = nonce
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = authorization(
            request.method,
            str(request.url),
            self._keys,
            nonce=self._nonce(),
            timestamp=int(self._clock()),
        )
        yield request


def authorization(method: str, url: str, keys: UserKeys, *, nonce: str, timestamp: int) -> str:
    """The ``Authorization`` header for a request whose body is not a form."""
    fields = {
        "oauth_consumer_key": keys.consumer_key.get_secret_value(),
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": keys.token.get_secret_value(),
        "oauth_version": "1.0",
    }
    base = signature_base(method, url, fields.items())
    fields["oauth_signature"] = sign(
        base, keys.consumer_secret.get_secret_value(), keys.token_secret.get_secret_value()
    )
    return "OAuth " + ", ".join(f'{name}="{_escape(fields[name])}"' for name in sorted(fields))


def signature_base(method: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """The signature base string of RFC 5849, section 3.4.1.

    ``fields`` are the OAuth parameters and, for a form request, those of its body.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != standard else ""
    everything = [*fields, *parse_qsl(parts.query, keep_blank_values=True)]
    pairs = sorted((_escape(name), _escape(value)) for name, value in everything)
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    address = f"{parts.scheme}://{host}{port}{parts.path or '/'}"
    return "&".join((method.upper(), _escape(address), _escape(normalized)))


def sign(base: str, consumer_secret: str, token_secret: str) -> str:
    """The HMAC-SHA1 signature of a base string, in base 64."""
    key = f"{_escape(consumer_secret)}&{_escape(token_secret)}".encode()
    return base64.b64encode(hmac.digest(key, base.encode(), hashlib.sha1)).decode()


def _escape(text: str) -> str:
    return quote(text, safe="~")
