"""Checks an OAuth 1.0a signed request (RFC 5849, HMAC-SHA1) the way X does for user context."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

REQUIRED = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
)
_PARAMETER = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"\s*')
_CLOCK_SKEW = 300.0
_NONCES_KEPT = 20_000


@dataclass(slots=True)
class OAuth1Verifier:
    """The four secrets of one application and one user, and the nonces seen."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str
    _nonces: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    def accepts(
        self, header: str, method: str, url: str, query: str, form: str, now: float
    ) -> bool:
        """Whether the header signs exactly this request, now, with our secrets.

        `url` is without query; `form` is a urlencoded body, empty for JSON, which RFC 5849
        3.4.1.3.1 leaves out of the signature. A nonce is good once, a timestamp for 5 minutes.
        """
        given = parse_header(header)
        if given is None or any(not given.get(name) for name in REQUIRED):
            return False
        if given["oauth_consumer_key"] != self.consumer_key or given["oauth_token"] != self.token:
            return False
        if given["oauth_signature_method"] != "HMAC-SHA1":
            return False
        if given.get("oauth_version", "1.0") != "1.0":
            return False
        if not given["oauth_timestamp"].isdigit():
            return False
        if abs(int(given["oauth_timestamp"]) - now) > _CLOCK_SKEW:
            return False
        signed = [(k, v) for k, v in given.items() if k not in ("oauth_signature", "realm")]
        signed += parse_qsl(query, keep_blank_values=True)
        signed += parse_qsl(form, keep_blank_values=True)
        expected = signature(method, url, signed, self.consumer_secret, self.token_secret)
        if not hmac.compare_digest(expected.encode(), given["oauth_signature"].encode()):
            return False
        return self._is_fresh((given["oauth_timestamp"], given["oauth_nonce"]))

    def _is_fresh(self, nonce: tuple[str, str]) -> bool:
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES_KEPT:
            self._nonces.popitem(last=False)
        return True


def parse_header(header: str) -> dict[str, str] | None:
    """The decoded parameters of an `Authorization: OAuth ...` header; None when it is not one."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth" or not rest:
        return None
    found: dict[str, str] = {}
    for part in rest.split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None or unquote(match[1]) in found:
            return None
        found[unquote(match[1])] = unquote(match[2])
    return found


def signature(
    method: str,
    url: str,
    parameters: list[tuple[str, str]],
    consumer_secret: str,
    token_secret: str,
) -> str:
    """The base64 HMAC-SHA1 of the signature base string of RFC 5849 3.4."""
    pairs = sorted((_escape(name), _escape(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), _escape(url), _escape(joined)))
    key = f"{_escape(consumer_secret)}&{_escape(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
