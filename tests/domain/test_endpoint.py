"""Where webhooks may be sent, and who can read the secrets that they are signed with."""

from __future__ import annotations

import pytest

from domain import endpoint_secret
from domain.endpoint import check_endpoint_name, check_url, host_of, name_from
from domain.endpoint_secret import SecretUnreadable
from domain.errors import DomainError
from tests.sealing import KEY, STRANGER

SECRET = bytes(range(32))


@pytest.mark.parametrize(
    "url",
    [
        "https://helpdesk.example.com/hooks/frontfoot?team=7",
        "https://helpdesk.example.com:8443/",
        "http://localhost:8090/_sandbox/hooks",
        "http://127.0.0.1/",
        "http://[::1]:9000/",
    ],
)
def test_an_address_that_can_be_used(url: str) -> None:
    assert check_url(f" {url}\n") == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://helpdesk.example.com/", "https alone"),
        ("http://10.0.0.7/", "https alone"),
        ("https://maya:hunter2@helpdesk.example.com/", "password"),
        ("https://token@helpdesk.example.com/", "password"),
        ("https://helpdesk.example.com/#team", "after #"),
        ("https://", "not an address"),
        ("https://helpdesk.example.com:99999/", "not an address"),
        ("https://helpdesk.example.com/ä", "not an address"),
        ("https://helpdesk.example.com/a b", "not an address"),
        ("https://[helpdesk/", "not an address"),
        ("ftp://helpdesk.example.com/", "not an address"),
        ("helpdesk.example.com", "not an address"),
        ("https://helpdesk.example.com/" + "a" * 2_000, "not an address"),
    ],
)
def test_an_address_that_cannot(url: str, why: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_url(url)

    assert why in refused.value.what
    assert "hunter2" not in str(refused.value)


def test_an_endpoint_is_named_after_its_host() -> None:
    assert name_from("https://Help.Desk.example.com/hooks") == "help-desk-example-com"
    assert check_endpoint_name(name_from(f"https://{'a' * 60}.example.com/")) == "a" * 40
    assert host_of("https://Help.Desk.example.com:81/x") == "help.desk.example.com"
    for bad in ("", "Helpdesk", "-helpdesk", "help desk", "a" * 41, "help/desk"):
        with pytest.raises(DomainError):
            check_endpoint_name(bad)


def test_a_secret_is_read_by_the_key_that_it_was_encrypted_to_alone() -> None:
    kept = endpoint_secret.encrypted(SECRET, "helpdesk", endpoint_secret.public_half(KEY))

    assert endpoint_secret.decrypted(kept, "helpdesk", KEY) == SECRET
    assert SECRET.hex() not in kept
    for name, key, text in (
        ("chat", KEY, kept),
        ("helpdesk", STRANGER, kept),
        ("helpdesk", KEY, kept[:-2] + "00"),
        ("helpdesk", KEY, "no hexadecimal digits"),
        ("helpdesk", KEY, ""),
    ):
        with pytest.raises(SecretUnreadable):
            endpoint_secret.decrypted(text, name, key)


def test_a_secret_is_handed_on_in_the_form_of_the_standard() -> None:
    assert endpoint_secret.written(b"\x00" * 24) == "whsec_" + "A" * 32
