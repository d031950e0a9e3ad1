"""Codes at Stripe: made once, whatever is lost or repeated. Shapes as Stripe documents them.

None of this has met Stripe itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from channels.contract import BadCredentials, ChannelError, Refused, Throttled, Unreachable
from channels.stripe_codes import PromotionCode, StripeCodes, StripeSettings

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "sk_test_never_shown"
WANTED = PromotionCode("QXAG6HCQCKSVW", "sorry10", "site-down", 42, 1, date(2026, 12, 31))


def promotion_code(code: str, coupon: str = "sorry10", **changes: object) -> dict[str, object]:
    return {
        "id": "promo_1MiM6KLkdIwHu7ixrIaX4wgn",
        "object": "promotion_code",
        "active": True,
        "code": code,
        "promotion": {"type": "coupon", "coupon": coupon},
        "created": 1678040164,
        "customer": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": 1,
        "metadata": {},
        "times_redeemed": 0,
        **changes,
    }


def complaint(status: int, **error: object) -> httpx.Response:
    return httpx.Response(
        status,
        json={"error": {"type": "invalid_request_error", "message": f"quoted {KEY}", **error}},
    )


class Stripe:
    """Keeps what it made, replays the first answer of a key, and says what a test tells it to."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, object]] = {}
        self.answered: dict[str, httpx.Response] = {}
        self.requests: list[httpx.Request] = []
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.after: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "GET":
            code = request.url.params["code"]
            found = [one for name, one in self.there.items() if name == code.upper()]
            return httpx.Response(200, json={"object": "list", "data": found, "has_more": False})
        told = self.before(request)
        if told is not None:
            return told
        key = request.headers["Idempotency-Key"]
        if key not in self.answered:
            self.answered[key] = self.make(request)
        return self.after(request) or self.answered[key]

    def make(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if form["code"].upper() in self.there:
            # How exactly it says so is not documented; that it names the code is our reading.
            return complaint(400, param="code")
        made = promotion_code(form["code"], form["promotion[coupon]"])
        self.there[form["code"].upper()] = made
        return httpx.Response(200, json=made)

    @property
    def posts(self) -> list[httpx.Request]:
        return [one for one in self.requests if one.method == "POST"]


def form_of(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


@pytest.fixture
def stripe() -> Stripe:
    return Stripe()


@pytest.fixture
async def shop(stripe: Stripe) -> AsyncIterator[StripeCodes]:
    settings = StripeSettings.model_validate({"api_key": KEY})
    client = httpx.AsyncClient(transport=httpx.MockTransport(stripe))
    made = StripeCodes(settings, client, lambda: NOW)
    yield made
    await made.close()


def once(answer: Callable[[], httpx.Response]) -> Callable[[httpx.Request], httpx.Response | None]:
    left = [answer]
    return lambda _: left.pop()() if left else None


def broken() -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


async def test_a_code_is_made_for_one_use_until_the_end_of_its_last_day(
    stripe: Stripe, shop: StripeCodes
) -> None:
    await shop.make(WANTED)

    [request] = stripe.posts
    assert request.url == "https://api.stripe.com/v1/promotion_codes"
    assert request.headers["Stripe-Version"] == "2026-10-28.endive"
    assert form_of(request) == {
        "promotion[type]": "coupon",
        "promotion[coupon]": "sorry10",
        "code": "QXAG6HCQCKSVW",
        "max_redemptions": "1",
        "metadata[incident]": "site-down",
        "expires_at": str(int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())),
    }


def test_the_key_is_the_same_for_every_attempt_and_for_no_other_code() -> None:
    others: list[dict[str, Any]] = [
        {"recipient": 43},
        {"incident": "site-up"},
        {"version": 2},
        {"coupon": "sorry20"},
        {"code": "0000000000000"},
    ]
    keys = {
        WANTED.key(),
        WANTED._replace().key(),
        *(WANTED._replace(**one).key() for one in others),
    }
    assert len(keys) == 1 + len(others)
    assert max(map(len, keys)) < 250


async def test_after_a_lost_answer_the_same_request_is_repeated_and_makes_no_second_code(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.after = once(broken)
    with pytest.raises(Unreachable):
        await shop.make(WANTED)

    await shop.make(WANTED)

    first, second = stripe.posts
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.content == second.content
    assert len(stripe.there) == 1


async def test_a_code_that_is_there_from_days_ago_counts_as_made(
    stripe: Stripe, shop: StripeCodes
) -> None:
    """Its key is forgotten by then, so the second create is refused."""
    await shop.make(WANTED)
    stripe.answered.clear()

    await shop.make(WANTED)

    assert [one.method for one in stripe.requests] == ["POST", "POST", "GET"]


async def test_a_code_that_was_used_meanwhile_counts_as_made(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.there[WANTED.code] = promotion_code(WANTED.code, active=False, times_redeemed=1)
    await shop.make(WANTED)
    assert stripe.requests[-1].method == "GET"


async def test_an_error_of_stripes_after_which_the_code_is_there_counts_as_made(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.after = once(lambda: httpx.Response(500, json={"error": {"type": "api_error"}}))
    await shop.make(WANTED)
    assert (len(stripe.posts), len(stripe.there)) == (1, 1)


async def test_an_error_that_stripe_would_replay_is_got_round_with_a_second_key(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.before = once(lambda: httpx.Response(500, json={"error": {"type": "api_error"}}))

    await shop.make(WANTED)

    keys = [one.headers["Idempotency-Key"] for one in stripe.posts]
    assert (keys, list(stripe.there)) == ([WANTED.key(), f"{WANTED.key()}-2"], [WANTED.code])


async def test_an_error_that_stays_is_tried_again_later(stripe: Stripe, shop: StripeCodes) -> None:
    stripe.before = lambda _: httpx.Response(503)
    with pytest.raises(Unreachable, match=r"status\.stripe\.com"):
        await shop.make(WANTED)


async def test_a_code_that_another_coupon_has_is_not_mailed(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.there[WANTED.code] = promotion_code(WANTED.code, "welcome5")
    with pytest.raises(Refused, match="another coupon"):
        await shop.make(WANTED)


async def test_a_code_that_somebody_switched_off_is_not_mailed(
    stripe: Stripe, shop: StripeCodes
) -> None:
    stripe.there[WANTED.code] = promotion_code(WANTED.code, active=False)
    with pytest.raises(Refused, match="switched it off"):
        await shop.make(WANTED)


@pytest.mark.parametrize(
    ("answer", "word", "says"),
    [
        (complaint(400, param="promotion[coupon]", code="resource_missing"), Refused, "coupon"),
        (complaint(400, param="expires_at"), Refused, "refused the request"),
        (complaint(400, param="code"), Refused, "refuses one of the codes"),
        (complaint(400, type="idempotency_error"), Refused, "refuses one of the codes"),
        (complaint(401), BadCredentials, "credentials"),
        (complaint(402), Refused, "402"),
        (complaint(403), BadCredentials, "may not write promotion codes"),
        (complaint(409, code="idempotency_key_in_use"), Throttled, "under way"),
        (complaint(429, code="rate_limit"), Throttled, "too many requests"),
        (httpx.Response(200, text="<html>"), Unreachable, "could not be read"),
        (httpx.Response(302), Refused, "redirect"),
    ],
)
async def test_every_answer_comes_to_a_word_and_quotes_nothing(
    stripe: Stripe, shop: StripeCodes, answer: httpx.Response, word: type[ChannelError], says: str
) -> None:
    stripe.before = lambda _: answer
    with pytest.raises(ChannelError, match=says) as failure:
        await shop.make(WANTED)
    told = str(failure.value)
    assert isinstance(failure.value, word)
    assert [one for one in (KEY, WANTED.code, "quoted") if one in told] == []


async def test_many_codes_are_made_some_at_once_and_each_once(
    stripe: Stripe, shop: StripeCodes
) -> None:
    wanted = [WANTED._replace(code=f"CODE{number:04}", recipient=number) for number in range(50)]
    await shop.make_all(wanted)
    assert (len(stripe.posts), len(stripe.there)) == (50, 50)


async def test_several_batches_at_a_time_share_the_number_of_requests(stripe: Stripe) -> None:
    under_way = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return stripe(request)

    settings = StripeSettings.model_validate({"api_key": KEY})
    shops = [
        StripeCodes(settings, httpx.AsyncClient(transport=httpx.MockTransport(answer)), lambda: NOW)
        for _ in range(4)
    ]
    wanted = [WANTED._replace(code=f"CODE{number:04}", recipient=number) for number in range(100)]
    parts = [wanted[number::4] for number in range(4)]
    await asyncio.gather(*(one.make_all(part) for one, part in zip(shops, parts, strict=True)))
    for one in shops:
        await one.close()
    assert (most, len(stripe.there)) == (settings.at_once, 100)


async def test_the_first_refusal_stops_the_rest(stripe: Stripe, shop: StripeCodes) -> None:
    stripe.before = lambda _: complaint(401)
    wanted = [WANTED._replace(code=f"CODE{number:04}", recipient=number) for number in range(500)]
    with pytest.raises(BadCredentials):
        await shop.make_all(wanted)
    assert len(stripe.posts) <= 16
    assert len(asyncio.all_tasks()) == 1
