"""Whether everything would work: a page that is there whatever does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from client.checks import everything
from client.checks.result import CheckResult
from client.engine import Engine
from tests.surfaces.console.conftest import Console


async def test_the_page_says_what_works_and_what_does_not(console: Console) -> None:
    await console.sign_in()
    answer = await console.browser.get("/readiness")
    assert answer.status_code == 200
    assert "would not work now" in answer.text
    assert "<b>temporal</b>" in answer.text
    assert "Ask the providers too" in answer.text


async def test_a_check_that_hangs_or_breaks_is_a_result_and_hides_no_other(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: Engine) -> list[CheckResult]:
        await asyncio.Event().wait()
        return []

    async def breaks(_: str) -> list[CheckResult]:
        raise RuntimeError("jane@feather.example")

    monkeypatch.setattr(everything, "check_temporal", hangs)
    monkeypatch.setattr(everything, "check_ledger", breaks)
    within = timedelta(seconds=3)
    found = {
        one.about: one
        for one in await everything.check_within(console.engine, within, ask_providers=False)
    }
    assert "did not answer within 3 seconds" in found["temporal"].explanation.what
    assert "a fault of ours" in found["ledger"].explanation.what
    assert "jane" not in str(found)
    assert len(found) > 2


async def test_the_home_page_has_each_channel_and_says_that_no_worker_is_seen(
    console: Console,
) -> None:
    await console.sign_in()
    page = (await console.browser.get("/")).text
    for channel in console.engine.settings.channels:
        assert f"<b>{channel}</b>" in page
    assert "Not used yet" in page
    assert "not seen" in page
