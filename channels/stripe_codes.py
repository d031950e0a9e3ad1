"""Enters codes of ours at Stripe, as promotion codes of a coupon that is there already.

Not verified live: written from Stripe's reference (API version 2026-10-28), and tested against
answers in the shapes that it documents. Facts that shape this file:

- There is no bulk call: one request for each code.
- ``Idempotency-Key`` (at most 255 characters, kept for a day at least) replays the first answer of
  a key, a 500 included. So after a 5xx the code is looked up, and made once more under a second
  key if it is not there. That cannot make two: an active code is unique at Stripe.
- The same key with other parameters is refused, and one that is under way elsewhere is a 409.
- How a second code of one spelling is refused is not documented, so every refusal that names the
  code, and every clash of keys, is settled by looking the code up.
- Codes are letters and digits without dashes, and upper and lower case are one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

import httpx
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Url
from channels.contract import BadCredentials, ChannelError, Refused, Throttled, Unreachable
from channels.http import Clock, Effect, ask_over, body_of, new_client, throttled_until, utc_now

PROVIDER = "Stripe"
API_VERSION = "2026-10-28.endive"


class StripeSettings(ChannelSettings):
    """A secret or restricted key that may write promotion codes, and where the API is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_STRIPE_", env_file_encoding="utf-8-sig")

    api_key: Key = Field(description="secret or restricted key that may write promotion codes")
    base_url: Url = "https://api.stripe.com"
    at_once: int = Field(default=8, ge=1, le=50)


class PromotionCode(NamedTuple):
    """One code to be entered: usable once, for ``coupon``, until the end of ``expires`` (UTC)."""

    code: str
    coupon: str
    incident: str
    recipient: int
    version: int
    expires: date | None = None

    def key(self) -> str:
        """The same for every attempt at this code, and for no other."""
        mark = f"{self.incident}|{self.recipient}|{self.version}|{self.coupon}|{self.code}"
        return f"frontfoot-{hashlib.sha256(mark.encode()).hexdigest()[:40]}"


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _turns(at_once: int) -> asyncio.Semaphore:
    """What bounds the requests of everybody in this process: the rate is the account's."""
    return _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(at_once))


class StripeCodes:
    """Stripe's promotion codes, over one pool of connections."""

    def __init__(
        self,
        settings: StripeSettings,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._client = client or new_client(
            connect=settings.connect_timeout, read=settings.read_timeout, pool=settings.at_once
        )

    async def make_all(self, wanted: Iterable[PromotionCode]) -> None:
        """Enter every code, some at once; the first error ends it, and repeating it is safe.

        Who enters codes in the same process at the same time shares the number of requests.

        Raises ``Unreachable``, ``Throttled``, ``Refused`` or ``BadCredentials``.
        """
        queue = iter(wanted)
        turns = _turns(self._settings.at_once)

        async def work() -> None:
            for one in queue:
                async with turns:
                    await self.make(one)

        tasks = [asyncio.create_task(work()) for _ in range(self._settings.at_once)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def make(self, wanted: PromotionCode) -> None:
        """Enter one code unless it is there; raises like ``make_all``."""
        for key in (wanted.key(), f"{wanted.key()}-2"):
            try:
                await self._create(wanted, key)
            except _LookFirst as doubt:
                if await self._is_there(wanted):
                    return
                if not isinstance(doubt, _Broke):
                    raise Refused(
                        "Stripe: it refuses one of the codes (400), and does not have it.",
                        "Look at the coupon and its limits in Stripe's dashboard.",
                    ) from None
            else:
                return
        raise Unreachable(
            "Stripe: it answers with errors of its own, and the code is not there.",
            "It is tried again; if it goes on, see status.stripe.com.",
        )

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _create(self, wanted: PromotionCode, key: str) -> None:
        form = {
            "promotion[type]": "coupon",
            "promotion[coupon]": wanted.coupon,
            "code": wanted.code,
            "max_redemptions": "1",
            "metadata[incident]": wanted.incident,
        }
        if wanted.expires is not None:
            ends = datetime.combine(wanted.expires + timedelta(days=1), time(), UTC)
            form["expires_at"] = str(int(ends.timestamp()))
        request = self._request("POST", data=form)
        request.headers["Idempotency-Key"] = key
        answer = await ask_over(
            self._client, request, provider=PROVIDER, own=self._own_words, clock=self._clock
        )
        made = body_of(answer, _Made, Effect.REPEATABLE, PROVIDER)
        if made.code.upper() != wanted.code.upper():
            raise _LookFirst("Stripe: it answered for another code.")

    async def _is_there(self, wanted: PromotionCode) -> bool:
        request = self._request("GET", params={"code": wanted.code, "limit": "10"})
        answer = await ask_over(
            self._client, request, provider=PROVIDER, own=self._own_words, clock=self._clock
        )
        found = body_of(answer, _Listed, Effect.REPEATABLE, PROVIDER).data
        ours = [one for one in found if one.promotion.coupon_id() == wanted.coupon]
        if any(one.active or one.times_redeemed for one in ours):
            return True
        if any(one.active for one in found):
            raise Refused(
                "Stripe: one of the codes is there for another coupon.",
                "Was the coupon changed? Make the offer again with the next version number.",
            )
        if ours:
            raise Refused(
                "Stripe: one of the codes is there, and somebody has switched it off.",
                "Switch it on in Stripe's dashboard, or leave that customer out.",
            )
        return False

    def _request(
        self,
        method: str,
        *,
        data: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        return self._client.build_request(
            method,
            f"{self._settings.base_url}/v1/promotion_codes",
            data=data,
            params=params,
            headers={
                "Authorization": f"Bearer {self._settings.api_key.get_secret_value()}",
                "Stripe-Version": API_VERSION,
            },
        )

    def _own_words(self, answer: httpx.Response) -> ChannelError | None:
        """Stripe's own meaning of an answer; None where the plain reading is right."""
        complaint = _complaint(answer)
        match answer.status_code:
            case 400 | 404 if complaint.code == "resource_missing" or "coupon" in complaint.param:
                return Refused(
                    f"Stripe: it has no such coupon to make codes of ({answer.status_code}).",
                    "Check `source_name` of the offer, and that the key is of the same mode, test "
                    "or live, as the coupon.",
                )
            case 400 if complaint.param == "code" or complaint.type == "idempotency_error":
                return _LookFirst("Stripe: it refuses the code (400).")
            case 402:
                return Refused(
                    "Stripe: it could not do what was asked (402).",
                    "Look at the coupon in Stripe's dashboard.",
                )
            case 403:
                return BadCredentials(
                    "Stripe: the key may not write promotion codes (403).",
                    "Give it that right in Stripe's dashboard, or set another "
                    "FRONTFOOT_STRIPE_API_KEY, and restart the worker.",
                )
            case 409:
                # The same key is under way elsewhere: another attempt of ours.
                until = throttled_until(answer.headers, self._clock(), timedelta(seconds=5))
                return Throttled("Stripe: the same request is under way (409).", until=until)
            case status if status >= 500:
                return _Broke(f"Stripe: an error of its own ({status}).")
        return None


class _LookFirst(Refused):
    """The code may be there already."""


class _Broke(_LookFirst):
    """It failed on Stripe's side, and its key will keep getting that answer."""


class _Promotion(BaseModel):
    coupon: str | dict[str, object] | None = None

    def coupon_id(self) -> str:
        coupon = self.coupon.get("id") if isinstance(self.coupon, dict) else self.coupon
        return str(coupon or "")


class _Made(BaseModel):
    code: str
    active: bool = False
    times_redeemed: int = 0
    promotion: _Promotion = _Promotion()


class _Listed(BaseModel):
    data: list[_Made]


class _Complaint(BaseModel):
    type: str = ""
    code: str = ""
    param: str = ""


class _Complaints(BaseModel):
    error: _Complaint = _Complaint()


def _complaint(answer: httpx.Response) -> _Complaint:
    try:
        return _Complaints.model_validate_json(answer.content).error
    except ValidationError:
        return _Complaint()
