"""Signing in with the company's own accounts: OpenID Connect, code flow with PKCE.

The account's ``sub`` is looked up in ``people.yaml``; nothing else of it is read or kept. Like a
passkey's challenge, an attempt belongs to the browser that began it, and is spent once: its cookie
has a secret of which state, nonce and code verifier are derived.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ValidationError

from client.challenges import new_secret, time_of
from client.engine import Engine
from client.passkey_sign_in import LASTS, SignInRefused
from client.signing_in import hash_of, people_here
from domain.model import Value
from domain.passkey import base64url
from settings import Settings
from store.people import sessions

CALLBACK = "/sign-in/callback"
"""Where the identity provider sends people back to; it must be told the whole address."""

_DISCOVERY = "/.well-known/openid-configuration"
_TIMEOUT = 10.0
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Only signatures that the provider alone can make: never none, never one of a shared secret."""
_LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""


class Asked(Value):
    """Where the browser is to go, and the secret for its cookie."""

    url: str
    secret: str


class _Provider(BaseModel):
    """What the identity provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)


def provider_name(settings: Settings) -> str:
    """The identity provider as people know it, by its host; "" if none is set up."""
    return httpx.URL(settings.oidc_issuer).host if settings.oidc_client_id else ""


async def begin_oidc(engine: Engine) -> Asked:
    """Begin an attempt to sign in. ``SignInRefused`` if the provider cannot be used."""
    settings = engine.settings
    if not provider_name(settings):
        raise SignInRefused("No sign-in service of a company is set up here.")
    async with httpx.AsyncClient(timeout=_TIMEOUT) as http:
        provider = await _provider(http, settings)
    secret = new_secret(datetime.now(UTC) + LASTS)
    url = prepare_grant_uri(
        provider.authorization_endpoint,
        client_id=settings.oidc_client_id,
        response_type="code",
        redirect_uri=_redirect_uri(settings),
        scope="openid",
        state=_derived("state", secret),
        nonce=_derived("nonce", secret),
        code_challenge=create_s256_code_challenge(_derived("verifier", secret)),
        code_challenge_method="S256",
    )
    return Asked(url=url, secret=secret)


async def finish_oidc(engine: Engine, secret: str, address: str) -> str:
    """Begin a session for whoever came back at ``address`` with a code; return its id.

    ``secret`` is what this browser's cookie has. ``SignInRefused`` says what does not fit.
    """
    given = httpx.URL(address).params
    if not secret or not secrets.compare_digest(
        given.get("state", "").encode(), _derived("state", secret).encode()
    ):
        raise SignInRefused("This sign-in was begun in another browser, or too long ago.")
    if error := given.get("error"):
        raise SignInRefused(f"The sign-in service says: {_short(error)}.")
    expires, now = time_of(secret), datetime.now(UTC)
    if expires is None or expires <= now:
        raise SignInRefused("This was not asked for here, or it has taken too long.")
    subject = await _subject(engine.settings, given.get("code", ""), secret)
    found = [one.id for one in await people_here(engine) if one.oidc == subject]
    if not found:
        raise SignInRefused(
            "You have an account with the sign-in service, and nobody here goes by it. Whoever "
            f'keeps people.yaml enters it there, as oidc: "{_short(subject)}".'
        )
    session = secrets.token_urlsafe(32)
    begun = await sessions.begin_with_provider(
        await engine.ledger(), hash_of(secret), expires, hash_of(session), found[0], now
    )
    if not begun:
        raise SignInRefused("This was answered already, or has taken too long.")
    return session


async def _subject(settings: Settings, code: str, secret: str) -> str:
    """The ``sub`` of the account that the code is for, as its provider has signed it."""
    async with httpx.AsyncClient(timeout=_TIMEOUT) as http:
        provider = await _provider(http, settings)
        token = await _token(http, provider, settings, code, _derived("verifier", secret))
        keys = await _json(http, provider.jwks_uri, settings)
    try:
        signed = jwt.decode(
            token["id_token"],
            KeySet.import_key_set(keys),
            registry=JWSRegistry(
                algorithms=[
                    one
                    for one in provider.id_token_signing_alg_values_supported
                    if one in _ALGORITHMS
                ],
                strict_check_header=False,
            ),
        )
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": settings.oidc_issuer},
                "aud": {"essential": True, "value": settings.oidc_client_id},
            },
            {
                "nonce": _derived("nonce", secret),
                "client_id": settings.oidc_client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=_LEEWAY)
    except (JoseError, ValueError, KeyError, TypeError):
        # Not what it says: the words are the provider's, or of somebody who stands in for it.
        raise SignInRefused(
            "What the sign-in service says of you is not signed by it, or was not meant for here."
        ) from None
    return str(claims["sub"])


async def _token(
    http: httpx.AsyncClient, provider: _Provider, settings: Settings, code: str, verifier: str
) -> dict[str, Any]:
    """What the provider gives for a code, which is worth nothing without its verifier."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _redirect_uri(settings),
        "code_verifier": verifier,
    }
    secret = settings.oidc_client_secret
    if secret is None:
        # A public client: PKCE alone shows that the code is ours.
        form["client_id"] = settings.oidc_client_id
        auth = None
    else:
        auth = _basic(settings.oidc_client_id, secret.get_secret_value())
    try:
        answer = await http.post(
            provider.token_endpoint, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT
        )
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise _no_answer(settings) from None
    if not isinstance(told, dict):
        raise _no_answer(settings)
    if answer.is_error:
        raise SignInRefused(f"The sign-in service says: {_short(str(told.get('error')))}.")
    return told


def _basic(client: str, secret: str) -> httpx.BasicAuth:
    # RFC 6749, 2.3.1: both are encoded like a form before they become a header.
    return httpx.BasicAuth(quote_plus(client), quote_plus(secret))


async def _provider(http: httpx.AsyncClient, settings: Settings) -> _Provider:
    address = settings.oidc_issuer.rstrip("/") + _DISCOVERY
    try:
        provider = _Provider.model_validate(await _json(http, address, settings))
    except ValidationError:
        raise _no_answer(settings) from None
    if provider.issuer != settings.oidc_issuer:
        raise SignInRefused(
            f"The sign-in service calls itself {_short(provider.issuer)}, and "
            "FRONTFOOT_OIDC_ISSUER says otherwise."
        )
    return provider


async def _json(http: httpx.AsyncClient, address: str, settings: Settings) -> Any:
    try:
        answer = await http.get(address)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise _no_answer(settings) from None


def _redirect_uri(settings: Settings) -> str:
    return f"{settings.console_url}{CALLBACK}"


def _no_answer(settings: Settings) -> SignInRefused:
    return SignInRefused(
        f"The sign-in service {provider_name(settings)} does not answer as it should. It may be "
        "down; a passkey or a link works without it."
    )


def _derived(what: str, secret: str) -> str:
    return base64url(hashlib.sha256(f"oidc {what} {secret}".encode()).digest())


def _short(words: str) -> str:
    """What somebody else says, fit to be shown."""
    return "".join(one for one in words[:80] if one.isprintable())
