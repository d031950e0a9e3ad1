"""Mail that SendGrid hands on: signed, in either form, in any pieces, whatever is in it."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from channels.sendgrid.inbound import ArrivingMail, InboundMail, InboundSettings
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Mention
from tests.channels.sendgrid.signing import SigningKey

KEY = SigningKey()

BOUNDARY = "xYzZY"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
HEADERS = (
    "Message-ID: <1.question@customers.example>\nIn-Reply-To: <0.ours@acme.example>\n"
    "From: Ann <Ann@customers.example>\nDate: Fri, 20 Nov 2026 14:05:00 +0000\nSubject: Hello\n"
)


def form(**fields: str | bytes) -> bytes:
    parts = []
    for name, value in fields.items():
        file = f'; filename="{name}"' if name.startswith("attachment") else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts += [head.encode(), value if isinstance(value, bytes) else value.encode(), b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def arriving(body: bytes, content_type: str = TYPE, signs: bytes | None = None) -> ArrivingMail:
    reader = InboundMail(InboundSettings(public_key=KEY.public))
    signature = KEY.headers(body if signs is None else signs)
    headers = {name.lower(): value for name, value in signature.items()}
    return reader.expect_mentions({"content-type": content_type, **headers})


def read(body: bytes, piece: int = 1 << 20, content_type: str = TYPE) -> Mention:
    mail = arriving(body, content_type)
    for begin in range(0, len(body), piece):
        mail.add(body[begin : begin + piece])
    mail.verify()
    [mention] = mail.read()
    assert isinstance(mention, Mention)
    return mention


WHOLE = EmailMessage()
WHOLE["Message-ID"] = "<1.question@customers.example>"
WHOLE["From"] = "Ann <Ann@customers.example>"
WHOLE["Subject"] = "Hello"
WHOLE.set_content("Is Café safe?\n\nOn Monday somebody wrote:\n> We know.")


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    "body",
    [
        form(
            headers=HEADERS,
            subject="Hello",
            text="Is Café safe?\n\nOn Monday somebody wrote:\n> We know.".encode("latin-1"),
            attachment1=b"--xYzZ\r\n" * 500,
            envelope=json.dumps({"from": "ann@customers.example"}),
            charsets=json.dumps({"text": "iso-8859-1"}),
        ),
        form(headers=HEADERS, subject="Hello", html="<p>Is Caf&eacute; safe?</p>"),
        form(email=WHOLE.as_bytes(), envelope="no object"),
    ],
    ids=["text", "html", "whole"],
)
def test_a_mail_is_read_in_any_form_and_in_any_pieces(body: bytes, piece: int) -> None:
    mention = read(body, piece)
    assert mention.text == "Hello\n\nIs Café safe?"
    assert mention.id.startswith("1.question@customers.example~")
    assert (mention.author.handle, mention.author.name) == ("Ann@customers.example", "Ann")
    assert (mention.channel, mention.private, mention.automatic) == ("email", True, False)


def test_of_a_long_text_the_beginning_is_kept_and_a_bounce_is_automatic() -> None:
    long = read(form(headers=HEADERS, text="x" * 1_000_000))
    assert long.cut
    bounce = read(form(headers=HEADERS, text="no", envelope=json.dumps({"from": ""})))
    assert bounce.automatic


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (form(headers=HEADERS), "multipart/form-data"),
        (form(headers=HEADERS)[:-9], TYPE),
        (form(subject="no mail"), TYPE),
        (b"--xYzZY\r\n" + b"x: y\r\n" * 9_000, TYPE),
        (form(**{f"field{number}": "x" for number in range(300)}, headers=HEADERS), TYPE),
        (b"", TYPE),
    ],
)
def test_what_is_signed_and_no_form_is_not_readable(body: bytes, content_type: str) -> None:
    with pytest.raises(EventsUnreadable):
        read(body, content_type=content_type)


def test_what_is_not_signed_is_not_genuine_whatever_it_is() -> None:
    body = form(headers=HEADERS, text="pay here")
    mail = arriving(body, signs=b"something else")
    mail.add(body)
    with pytest.raises(EventsNotGenuine):
        mail.verify()
    with pytest.raises(EventsNotGenuine):
        InboundMail(InboundSettings(public_key=KEY.public)).expect_mentions({})


@pytest.mark.parametrize(
    "fields",
    [
        {"charsets": '{"text": 5}'},
        {"charsets": '{"text": "no-such"}'},
        {"charsets": "[" * 100_000},
        {"envelope": '{"from": ["x"]}'},
        {"subject": b"\xff\xfe\x00"},
        {"text": b"\xff\x00 is it?"},
        {"headers": b"\xff: \x00\n\nMessage-ID <"},
    ],
)
def test_a_mail_is_taken_whatever_is_in_it(fields: dict[str, str | bytes]) -> None:
    mention = read(form(**{"headers": HEADERS, "subject": "s", "text": "is it?", **fields}))
    assert "is it?" in mention.text
