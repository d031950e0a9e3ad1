"""SendGrid's answers, row by row, and the requests that we make of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import orjson
import pytest

from channels.batch import Addressee, Addressees, Batch
from channels.contract import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    CannotExpress,
    ChannelError,
    OutcomeUnknown,
    Refused,
    Template,
    Throttled,
    Unreachable,
)
from channels.sendgrid import SendGridChannel, SendGridSettings
from channels.sendgrid.body import body_of_batch
from domain.message import Copy, Voice
from domain.publication import Finding
from tests.channels.one_shot import Canned

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
KEY = "0123456789abcdef.3.1"
BROADCAST = "0123456789abcdef"
VOICE = Voice(name="Joel", address="joel@acme.example", reply_to="help@acme.example")
COPY = Copy(
    channel="email",
    subject="We were broken into, [[first_name]]",
    text="Your code is [[code]].",
    html="<p>Your code is <b>[[code]]</b>.</p>",
    voice=VOICE,
)


def people(count: int, **values: str) -> list[Addressee]:
    filled = {"first_name": "Ann O'Neil", "code": "K7QF-2M9X-0TBDV", **values}
    return [
        Addressee(f"{BROADCAST}.{position}", f"p{position}@customers.example", filled)
        for position in range(count)
    ]


def batch(addressees: list[Addressee], copy: Copy = COPY) -> Batch:
    return Batch(KEY, BROADCAST, copy, Addressees.of(addressees))


class World:
    """A channel, and the requests that it made of a provider with one answer."""

    def __init__(self, answer: Canned, **settings: Any) -> None:
        self.requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

        self.channel = SendGridChannel(
            SendGridSettings(api_key="SG.key", **settings),
            client=httpx.AsyncClient(transport=httpx.MockTransport(handle)),
            clock=lambda: NOW,
        )


def complaint(message: str, field: str | None = None) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "field": field, "help": None}]})


IN_A_MINUTE = str(int(NOW.timestamp()) + 60)

ROWS: list[tuple[str, Canned, type[ChannelError]]] = [
    ("bad payload", Canned(400, complaint("Bad Request")), Refused),
    (
        "empty subject",
        Canned(400, complaint("The subject is required.", "subject")),
        BroadcastRefused,
    ),
    ("400 without a body", Canned(400), Refused),
    ("dead key", Canned(401, complaint("authorization required")), BadCredentials),
    ("no credits", Canned(401, complaint("Maximum credits exceeded")), BadCredentials),
    ("unverified sender", Canned(403, complaint("from address does not match")), BroadcastRefused),
    ("blocked account", Canned(403, complaint("access forbidden")), BroadcastRefused),
    ("out of credit", Canned(402), BadCredentials),
    ("wrong path", Canned(404), BroadcastRefused),
    ("wrong method", Canned(405), BroadcastRefused),
    ("missing accept", Canned(406), BroadcastRefused),
    ("too large", Canned(413, complaint("too large")), Refused),
    ("wrong media type", Canned(415), BroadcastRefused),
    ("unprocessable", Canned(422), Refused),
    ("throttled", Canned(429, b"", {"X-RateLimit-Reset": IN_A_MINUTE}), Throttled),
    ("error", Canned(500, complaint("internal")), OutcomeUnknown),
    ("gateway", Canned(502, b"<html>"), OutcomeUnknown),
    ("unavailable", Canned(503), OutcomeUnknown),
    ("gateway time-out", Canned(504), OutcomeUnknown),
    ("redirect", Canned(308, b"", {"location": "https://elsewhere.example"}), Refused),
]


@pytest.mark.parametrize(("answer", "meaning"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_an_answer_of_sendgrid_means_what_the_retry_matrix_says(
    answer: Canned, meaning: type[ChannelError]
) -> None:
    with pytest.raises(ChannelError) as caught:
        await World(answer).channel.send(batch(people(3)))
    assert type(caught.value) is meaning


async def test_a_throttled_batch_waits_for_sendgrids_reset() -> None:
    answer = Canned(429, complaint("too many requests"), {"X-RateLimit-Reset": IN_A_MINUTE})
    with pytest.raises(Throttled) as caught:
        await World(answer).channel.send(batch(people(1)))
    assert caught.value.until == NOW + timedelta(minutes=1)


async def test_used_up_credits_are_not_taken_for_a_dead_key() -> None:
    with pytest.raises(BadCredentials, match="credits") as caught:
        await World(Canned(401, complaint("Maximum credits exceeded"))).channel.send(
            batch(people(1))
        )
    assert "the key is fine" in caught.value.next_step


@pytest.mark.parametrize(
    ("errors", "positions"),
    [
        ([("x", "personalizations.2.to.0.email")], (2,)),
        (
            [("x", "personalizations.4.to.0.email"), ("x", "personalizations.0.substitutions")],
            (0, 4),
        ),
        ([("x", "personalizations.1.to.0.email"), ("y", "personalizations.1.to.0.email")], (1,)),
        (
            [("found the first duplicate in the personalizations.3.to field", "personalizations")],
            (3,),
        ),
    ],
)
async def test_a_refusal_that_names_addressees_drops_only_them(
    errors: list[tuple[str, str]], positions: tuple[int, ...]
) -> None:
    body = orjson.dumps({"errors": [{"message": m, "field": f} for m, f in errors]})
    with pytest.raises(BadRecipient) as caught:
        await World(Canned(400, body)).channel.send(batch(people(5)))
    assert caught.value.positions == positions


@pytest.mark.parametrize(
    "field",
    [
        "from",
        "from.email",
        "reply_to.email",
        "subject",
        "content.0.value",
        "template_id",
        "asm.group_id",
        "categories",
        "custom_args",
        "mail_settings.sandbox_mode",
        "send_at",
        "personalizations.0.headers",
        "personalizations.3.custom_args",
        "personalizations.2.subject",
    ],
)
async def test_a_complaint_about_what_all_mails_share_costs_no_addressee(field: str) -> None:
    for named in ([], [("bad", "personalizations.0.to.0.email")]):
        errors = [*named, ("x", field)]
        body = orjson.dumps({"errors": [{"message": m, "field": f} for m, f in errors]})
        with pytest.raises(BroadcastRefused):
            await World(Canned(400, body)).channel.send(batch(people(5)))


@pytest.mark.parametrize(
    "errors",
    [
        [("x", "personalizations.9.to.0.email")],
        [("x", "personalizations.1.to.0.email"), ("y", None)],
        [("too many", "personalizations")],
        [("x", None)],
        [],
    ],
)
async def test_a_complaint_that_does_not_say_what_about_costs_no_addressee(
    errors: list[tuple[str, str | None]],
) -> None:
    body = orjson.dumps({"errors": [{"message": m, "field": f} for m, f in errors]})
    with pytest.raises(Refused) as caught:
        await World(Canned(400, body)).channel.send(batch(people(5)))
    assert type(caught.value) is Refused


@pytest.mark.parametrize(
    ("headers", "named"), [({"X-Message-Id": "14c5d75ce93"}, "14c5d75ce93"), ({}, KEY)]
)
async def test_acceptance_is_a_receipt_even_without_a_name(
    headers: dict[str, str], named: str
) -> None:
    receipt = await World(Canned(202, b"", headers)).channel.send(batch(people(1)))
    assert (receipt.id, receipt.at) == (named, NOW)


async def test_a_batch_is_one_request_with_one_personalization_for_each_addressee() -> None:
    world = World(Canned(202))
    await world.channel.send(batch(people(3)))
    [request] = world.requests
    body = orjson.loads(request.content)
    assert request.headers["authorization"] == "Bearer SG.key"
    assert str(request.url) == "https://api.sendgrid.com/v3/mail/send"
    assert body["custom_args"] == {"ff_batch": KEY, "ff_broadcast": BROADCAST}
    assert body["personalizations"][2] == {
        "to": [{"email": "p2@customers.example"}],
        "custom_args": {"ff_delivery": f"{BROADCAST}.2"},
        "substitutions": {"[[code]]": "K7QF-2M9X-0TBDV", "[[first_name]]": "Ann O'Neil"},
    }
    assert [one["to"][0]["email"] for one in body["personalizations"]] == [
        f"p{position}@customers.example" for position in range(3)
    ]
    assert body["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert body["from"] == {"email": "joel@acme.example", "name": "Joel"}
    assert body["reply_to"] == {"email": "help@acme.example"}


async def test_an_unsubscribe_address_becomes_one_click_headers() -> None:
    world = World(Canned(202), asm_group_id=77)
    await world.channel.send(batch(people(1, unsubscribe_url="https://acme.example/u/abc")))
    body = orjson.loads(world.requests[0].content)
    assert body["asm"] == {"group_id": 77}
    assert body["personalizations"][0]["headers"] == {
        "List-Unsubscribe": "<https://acme.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert "unsubscribe_url" not in body["personalizations"][0]["substitutions"]


def odd(position: int, **changes: Any) -> list[Addressee]:
    addressees = people(4)
    plain = addressees[position]
    addressees[position] = Addressee(
        plain.delivery, changes.get("address", plain.address), changes.get("values", plain.values)
    )
    return addressees


@pytest.mark.parametrize(
    ("addressees", "position"),
    [
        (odd(1, values={"first_name": "Ann"}), 1),
        (odd(2, values={"first_name": "<script>", "code": "K"}), 2),
        (odd(2, values={"first_name": "A & B", "code": "K"}), 2),
        (odd(3, values={"first_name": "Ann\r\nBcc: x", "code": "K"}), 3),
        (odd(3, values={"first_name": "[[code]]", "code": "K"}), 3),
        (odd(3, address="P0@customers.example"), 3),
    ],
    ids=["missing", "markup", "ampersand", "line end", "field in a field", "doubled address"],
)
async def test_an_addressee_who_would_get_a_broken_mail_is_named_before_anything_goes_out(
    addressees: list[Addressee], position: int
) -> None:
    world = World(Canned(202))
    with pytest.raises(BadRecipient) as caught:
        await world.channel.send(batch(addressees))
    assert caught.value.positions == (position,)
    assert world.requests == []


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_batch_that_sendgrid_would_refuse_for_its_size_does_not_leave(count: int) -> None:
    world = World(Canned(202))
    with pytest.raises(Refused):
        await world.channel.send(batch(people(count)))
    assert world.requests == []


async def test_without_the_activity_feed_looking_tells_nothing_and_asks_nobody() -> None:
    world = World(Canned(200))
    sighting = await world.channel.find(KEY, COPY, NOW)
    assert sighting.finding is Finding.CANNOT_TELL
    assert not world.channel.capabilities.reads_back
    assert world.requests == []


async def test_the_activity_feed_names_the_request_that_a_message_was_in() -> None:
    body = b'{"messages":[{"msg_id":"14c5d75ce93.filter0307p1las1-16816-5A023E36-1.0"}]}'
    world = World(Canned(200, body), activity_feed=True)
    sighting = await world.channel.find(KEY, COPY, NOW)
    assert sighting.receipt is not None
    assert sighting.receipt.id == "14c5d75ce93"
    assert KEY in world.requests[0].url.params["query"]


@pytest.mark.parametrize(
    ("status", "finding"), [(400, Finding.CANNOT_TELL), (403, Finding.CANNOT_TELL)]
)
async def test_a_feed_that_is_not_ours_to_read_tells_nothing(status: int, finding: Finding) -> None:
    world = World(Canned(status), activity_feed=True)
    assert (await world.channel.find(KEY, COPY, NOW)).finding is finding


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (500, Unreachable)])
async def test_a_look_that_failed_may_be_tried_again(
    status: int, error: type[ChannelError]
) -> None:
    with pytest.raises(error):
        await World(Canned(status), activity_feed=True).channel.find(KEY, COPY, NOW)


@pytest.mark.parametrize(
    ("answer", "activity_feed", "ok"),
    [
        (Canned(200, b'{"scopes":["mail.send"]}'), False, True),
        (Canned(200, b'{"scopes":["mail.send"]}'), True, False),
        (Canned(200, b'{"scopes":["mail.send","messages.read"]}'), True, True),
        (Canned(200, b'{"scopes":["stats.read"]}'), False, False),
        (Canned(401, complaint("authorization required")), False, False),
        (Canned(200, b"<html>"), False, False),
    ],
)
async def test_check_says_whether_the_key_may_send(
    answer: Canned, activity_feed: bool, ok: bool
) -> None:
    health = await World(answer, activity_feed=activity_feed).channel.check()
    assert health.ok is ok


TEMPLATE = Template(subject="About today", text="We are on it.", voice=VOICE)


@pytest.mark.parametrize(
    "flaw",
    [
        {"subject": None},
        {"text": " "},
        {"subject": "two\nlines"},
        {"subject": "x" * 999},
        {"html": "x" * 1_000_000},
        {"voice": None},
        {"voice": Voice(name="Joel", address="not an address")},
        {"voice": Voice(name="Joel", address="joel@acme.example", reply_to="help@")},
    ],
    ids=lambda flaw: next(iter(flaw)),
)
def test_a_mail_that_cannot_be_sent_is_found_before_any_gate(flaw: dict[str, Any]) -> None:
    with pytest.raises(CannotExpress):
        World(Canned(202)).channel.render(TEMPLATE.model_copy(update=flaw))


def test_a_voice_without_an_address_speaks_from_the_configured_one() -> None:
    channel = World(Canned(202), from_address="status@acme.example", from_name="Acme").channel
    copy = channel.render(TEMPLATE.model_copy(update={"voice": None}))
    assert copy.voice == Voice(name="Acme", address="status@acme.example")


@pytest.fixture(scope="session")
def schema(specs: Path) -> jsonschema_rs.Validator:
    document = orjson.loads((specs / "sendgrid" / "tsg_mail_v3.patched.json").read_bytes())
    return jsonschema_rs.validator_for(
        {
            "$ref": "#/components/requestBodies/PostMailSend/content/application~1json/schema",
            "components": document["components"],
        }
    )


def test_mail_to_subscribers_is_not_of_the_group_of_mail_to_customers(
    schema: jsonschema_rs.Validator,
) -> None:
    """SendGrid drops mail of a group that somebody left, also if another audience's was meant."""
    mail = batch(people(1, unsubscribe_url="https://acme.example/u/abc"))
    told = replace(mail, copy=mail.copy.model_copy(update={"audience": "subscribers"}))

    body = orjson.loads(body_of_batch(told, asm_group_id=77))

    assert "asm" not in body
    assert body["tracking_settings"]["subscription_tracking"] == {"enable": False}
    assert [str(error) for error in schema.iter_errors(body)] == []


@pytest.mark.parametrize("count", [1, 1000])
def test_the_body_is_what_sendgrids_own_description_asks_for(
    schema: jsonschema_rs.Validator, count: int
) -> None:
    whole = people(count, unsubscribe_url="https://acme.example/u/abc")
    body = orjson.loads(body_of_batch(batch(whole), asm_group_id=77))
    assert [str(error) for error in schema.iter_errors(body)] == []
    assert len(body["personalizations"]) == count


def test_the_description_would_notice_a_faulty_body(schema: jsonschema_rs.Validator) -> None:
    body = orjson.loads(body_of_batch(batch(people(1)), asm_group_id=None))
    del body["from"]
    assert not schema.is_valid(body)


def test_a_thousand_personalizations_are_built_in_a_few_milliseconds() -> None:
    """The package's helpers take 7 ms or more for the same; the bound leaves room for a busy CI."""
    whole = batch(people(1000))
    times = []
    for _ in range(20):
        began = time.process_time()
        body_of_batch(whole, asm_group_id=None)
        times.append(time.process_time() - began)
    assert min(times) < 0.005
