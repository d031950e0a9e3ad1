"""Where a webhook may go: to the internet, to exactly the address that was looked at, by TLS."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from activities.webhook_request import WebhookRequests
from domain.endpoint import is_public
from domain.outbox import AttemptEnd
from tests.endpoint import EndpointServer, serving


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The TLS of a server whose certificate is for ``localhost``, and is trusted here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    file, secret = tmp_path / "certificate.pem", tmp_path / "key.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context


def lead(monkeypatch: pytest.MonkeyPatch, host: str, *addresses: str) -> None:
    """Let a host name lead to these addresses."""
    real = asyncio.BaseEventLoop.getaddrinfo

    async def found(self: asyncio.BaseEventLoop, name: str, port: int, **more: object) -> object:
        if name != host:
            return await real(self, name, port, **more)  # type: ignore[arg-type]
        return [(2, 1, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)


async def end_of(url: str, *, private: bool = True) -> AttemptEnd | int:
    """How one request ends: its status, if there is one."""
    requests = WebhookRequests(private=private, within=timedelta(seconds=30))
    try:
        ended = await requests.post(url, {}, b"{}")
    finally:
        await requests.close()
    return ended.status or ended.end


async def test_the_certificate_has_to_be_that_of_the_name(
    certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is made to an address, and verified for the name all the same."""
    async with serving(EndpointServer("https"), certified) as server:
        assert await end_of(server.url) == 204
        lead(monkeypatch, "other.example.com", "127.0.0.1")
        other = server.url.replace("localhost", "other.example.com")
        assert await end_of(other) is AttemptEnd.NO_TRUST
        assert await end_of(server.url.replace("localhost", "127.0.0.1")) is AttemptEnd.NO_TRUST
        monkeypatch.delenv("SSL_CERT_FILE")
        assert await end_of(server.url) is AttemptEnd.NO_TRUST

    assert len(server.received) == 1


async def test_no_name_leads_into_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(EndpointServer()) as server:
        lead(monkeypatch, "inside.example.com", "127.0.0.1", "10.0.0.7")
        inside = server.url.replace("localhost", "inside.example.com")

        assert await end_of(inside, private=False) is AttemptEnd.PRIVATE
        assert await end_of(server.url, private=False) is AttemptEnd.PRIVATE
        assert server.received == []
        assert await end_of(inside) == 204


async def test_a_name_is_looked_up_once_for_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the name could let it lead elsewhere between a look and a connection."""
    asked: list[str] = []

    async def rebinding(_: object, name: str, port: int, **more: object) -> object:
        asked.append(name)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(2, 1, 6, "", (address, port))]

    async with serving(EndpointServer()) as server:
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", rebinding)
        assert await end_of(server.url.replace("localhost", "sly.example.com")) == 204
    assert [one for one in asked if one == "sly.example.com"] == ["sly.example.com"]


async def test_the_next_address_is_tried_where_nobody_listens_at_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(EndpointServer()) as server:
        lead(monkeypatch, "two.example.com", "127.0.0.9", "127.0.0.1")
        assert await end_of(server.url.replace("localhost", "two.example.com")) == 204


async def test_what_cannot_be_reached_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(EndpointServer()) as server:
        await asyncio.sleep(0)
    assert await end_of(server.url) is AttemptEnd.UNREACHABLE
    lead(monkeypatch, "nowhere.example.com")
    assert await end_of("https://nowhere.example.com/") is AttemptEnd.NO_ADDRESS


async def test_the_host_is_the_one_that_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """``xn--strae-oqa`` is a name with ß, which older rules read as another one with ss."""
    named: list[str] = []

    async def found(_: object, name: str, port: int, **more: object) -> object:
        named.append(name)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async with serving(EndpointServer()) as server:
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)
        host = "xn--strae-oqa.example.com"
        assert await end_of(server.url.replace("localhost", host)) == 204
        # Nobody can read this one, and it is a name all the same.
        assert await end_of(server.url.replace("localhost", "xn--a.example.com")) == 204
    assert host in named
    assert [one.headers["host"].partition(":")[0] for one in server.received] == [
        host,
        "xn--a.example.com",
    ]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up again, and connect to whatever it finds."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with serving(EndpointServer()) as server:
        assert await end_of(server.url) == 204


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"],
)
def test_an_address_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "fec0::1",
        "2002:a00:1::1",
        "fc00::1",
        "fe80::1%eth0",
        "ff02::1",
    ],
)
def test_an_address_that_is_none_of_the_internet(address: str) -> None:
    assert not is_public(address)
