"""Faults on demand, over a real socket: what the client sees and what the books say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from sandbox.app import create_app
from sandbox.config import SandboxConfig

PAGE = "100000000000001"

Act = Callable[[Any], httpx.Response]


def send(sandbox: Any) -> httpx.Response:
    answer: httpx.Response = sandbox.send("a@example.com")
    return answer


def tweet(sandbox: Any) -> httpx.Response:
    answer: httpx.Response = sandbox.tweet("hello")
    return answer


def publish(sandbox: Any) -> httpx.Response:
    answer: httpx.Response = sandbox.graph("POST", f"{PAGE}/feed", message="hello")
    return answer


def accepted(sandbox: Any) -> int:
    books = sandbox.books()
    return int(
        books["sendgrid"]["recipients"]
        + books["twitter"]["accepted"]
        + books["facebook"]["accepted"]
    )


EVERYWHERE = pytest.mark.parametrize(
    ("provider", "act"), [("sendgrid", send), ("twitter", tweet), ("facebook", publish)]
)


@EVERYWHERE
def test_an_error_before_leaves_nothing_in_the_books(sandbox: Any, provider: str, act: Act) -> None:
    sandbox.fault("error_before", provider=provider, status=503, times=1)
    assert act(sandbox).status_code == 503
    assert accepted(sandbox) == 0
    assert act(sandbox).is_success


@EVERYWHERE
def test_an_error_after_was_accepted_all_the_same(sandbox: Any, provider: str, act: Act) -> None:
    sandbox.fault("error_after", provider=provider, status=502, times=1)
    assert act(sandbox).status_code == 502
    assert accepted(sandbox) == 1


@EVERYWHERE
def test_a_connection_dropped_before_leaves_nothing_in_the_books(
    sandbox: Any, provider: str, act: Act
) -> None:
    sandbox.fault("drop_before", provider=provider, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        act(sandbox)
    assert accepted(sandbox) == 0
    assert act(sandbox).is_success


@EVERYWHERE
def test_a_connection_dropped_after_was_accepted_all_the_same(
    sandbox: Any, provider: str, act: Act
) -> None:
    sandbox.fault("drop_after", provider=provider, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        act(sandbox)
    assert accepted(sandbox) == 1


@EVERYWHERE
def test_half_an_answer_has_a_status_but_no_end(sandbox: Any, provider: str, act: Act) -> None:
    sandbox.fault("half_answer", provider=provider, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        act(sandbox)
    assert accepted(sandbox) == 1


@EVERYWHERE
def test_a_request_that_hangs_is_not_accepted(sandbox: Any, provider: str, act: Act) -> None:
    sandbox.fault("network_hang", provider=provider, times=1)
    for client in (sandbox.mailer, sandbox.x, sandbox.http):
        client.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        act(sandbox)
    for client in (sandbox.mailer, sandbox.x, sandbox.http):
        client.timeout = 5
    assert accepted(sandbox) == 0


def test_a_hang_of_some_seconds_ends_in_a_cut_connection(sandbox: Any) -> None:
    sandbox.fault("network_hang", seconds=0.05)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        send(sandbox)


def test_x_throttles_with_the_time_of_the_reset(sandbox: Any) -> None:
    sandbox.fault("throttle", provider="twitter", seconds=60)
    answer = tweet(sandbox)
    assert answer.status_code == 429
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert 0 < int(answer.headers["x-rate-limit-reset"]) - sandbox.clock() <= 62


def test_sendgrid_throttles_with_the_time_of_the_reset(sandbox: Any) -> None:
    sandbox.fault("throttle", provider="sendgrid", seconds=60)
    answer = send(sandbox)
    assert answer.status_code == 429
    assert answer.json()["errors"][0] == {
        "message": "too many requests",
        "field": None,
        "help": None,
    }
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - sandbox.clock() <= 62


def test_facebook_throttles_with_an_estimate_in_minutes(sandbox: Any) -> None:
    sandbox.fault("throttle", provider="facebook", seconds=90)
    answer = publish(sandbox)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 80001)
    (entry,) = orjson.loads(answer.headers["X-Business-Use-Case-Usage"])[PAGE]
    assert entry["estimated_time_to_regain_access"] == 2


@EVERYWHERE
def test_a_dead_token_is_refused_in_the_providers_own_words(
    sandbox: Any, provider: str, act: Act
) -> None:
    sandbox.fault("dead_token", provider=provider)
    answer = act(sandbox)
    expected = {"sendgrid": 401, "twitter": 401, "facebook": 400}
    assert answer.status_code == expected[provider]
    assert accepted(sandbox) == 0
    if provider == "facebook":
        assert answer.json()["error"]["code"] == 190


def test_one_key_can_die_while_another_lives(sandbox: Any) -> None:
    sandbox.fault("dead_token", provider="sendgrid", token="SG.test")
    assert send(sandbox).status_code == 401
    other = {"Authorization": "Bearer SG.other"}
    assert sandbox.mailer.get("/v3/scopes", headers=other).status_code == 200


def test_credits_run_out_as_each_provider_says_it(sandbox: Any) -> None:
    sandbox.fault("credits")
    mail, post = send(sandbox), tweet(sandbox)
    assert (mail.status_code, mail.json()["errors"][0]["message"]) == (
        401,
        "Maximum credits exceeded",
    )
    assert (post.status_code, post.json()["title"]) == (402, "CreditsDepleted")


def test_facebooks_server_error_is_code_2_and_transient(sandbox: Any) -> None:
    sandbox.fault("error_after", provider="facebook")
    answer = publish(sandbox)
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert (error["code"], error["is_transient"]) == (2, True)


def test_a_slow_provider_answers_in_the_end(sandbox: Any) -> None:
    sandbox.fault("latency", seconds=0.3)
    sandbox.mailer.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        send(sandbox)
    sandbox.mailer.timeout = 5
    assert send(sandbox).status_code == 202


def test_a_fault_strikes_only_the_operation_it_names(sandbox: Any) -> None:
    sandbox.fault("error_before", provider="twitter", operation="list")
    assert tweet(sandbox).status_code == 201
    assert sandbox.x.get("/2/users/7000000001/tweets").status_code == 500


def test_a_fault_can_skip_the_first_ones_and_stop_after_some(sandbox: Any) -> None:
    sandbox.fault("error_before", provider="sendgrid", after=2, times=2)
    statuses = [send(sandbox).status_code for _ in range(6)]
    assert statuses == [202, 202, 500, 500, 202, 202]
    assert sandbox.fired() == [2]


def test_a_fault_of_some_probability_strikes_some(sandbox: Any) -> None:
    sandbox.fault("error_after", provider="sendgrid", probability=0.5)
    statuses = [send(sandbox).status_code for _ in range(60)]
    assert set(statuses) == {202, 500}
    assert statuses.count(500) == sandbox.fired()[0]
    assert sandbox.books()["sendgrid"]["recipients"] == 60


def test_the_same_seed_strikes_the_same_requests(serve: Any, tmp_path: Any) -> None:
    def strikes(name: str) -> list[int]:
        sandbox = serve(state=tmp_path / name, seed=7)
        sandbox.fault("error_before", probability=0.5)
        return [send(sandbox).status_code for _ in range(30)]

    assert strikes("one.db") == strikes("two.db")


def test_a_refused_request_does_not_use_up_a_fault_that_strikes_after(sandbox: Any) -> None:
    sandbox.fault("error_after", provider="sendgrid", times=1)
    assert sandbox.send("not-an-address").status_code == 400
    assert send(sandbox).status_code == 500


def test_a_lifted_fault_is_gone(sandbox: Any) -> None:
    number = sandbox.fault("error_before")
    sandbox.fault("error_before", provider="twitter")
    assert sandbox.http.delete(f"/_sandbox/faults/{number}").json() == {"lifted": 1}
    assert send(sandbox).status_code == 202
    assert tweet(sandbox).status_code == 500
    assert sandbox.http.delete("/_sandbox/faults").json() == {"lifted": 1}
    assert tweet(sandbox).status_code == 201


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "latency", "probability": 2},
        {"kind": "latency", "x": 1},
    ],
)
def test_a_rule_it_does_not_understand_is_refused(sandbox: Any, rule: dict[str, Any]) -> None:
    answer = sandbox.http.post("/_sandbox/faults", json=rule)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_and_their_counts_survive_a_restart(serve: Any) -> None:
    before = serve()
    before.fault("error_before", provider="sendgrid", times=1)
    send(before)
    after = serve()
    assert after.fired() == [1]
    assert send(after).status_code == 202


def test_in_an_outage_every_provider_is_down_and_comes_back(sandbox: Any) -> None:
    sandbox.http.post("/_sandbox/outage", json={"seconds": 60})
    assert [act(sandbox).status_code for act in (send, tweet, publish)] == [503, 503, 503]
    sandbox.http.post("/_sandbox/outage", json={"seconds": 0})
    assert [act(sandbox).is_success for act in (send, tweet, publish)] == [True, True, True]
    assert accepted(sandbox) == 3


def test_a_thousand_recipients_are_in_the_books_though_the_connection_was_cut(sandbox: Any) -> None:
    sandbox.fault("drop_after", provider="sendgrid", times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        sandbox.send(*[f"u{number}@example.com" for number in range(1000)])
    assert sandbox.books()["sendgrid"]["recipients"] == 1000


def test_a_hanging_request_holds_up_nobody_else(sandbox: Any) -> None:
    sandbox.fault("network_hang", provider="sendgrid", times=1)
    hung: list[BaseException] = []

    def wait() -> None:
        try:
            send(sandbox)
        except httpx.ReadTimeout as error:
            hung.append(error)

    sandbox.mailer.timeout = 0.5
    waiting = threading.Thread(target=wait)
    waiting.start()
    assert tweet(sandbox).status_code == 201
    waiting.join()
    assert len(hung) == 1


async def test_without_a_socket_a_dropped_connection_is_an_error_of_the_application(
    tmp_path: Path,
) -> None:
    app = create_app(SandboxConfig(state=tmp_path / "sandbox.db"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        rule = {"kind": "drop_after", "provider": "twitter"}
        await client.post("/_sandbox/faults", json=rule)
        with pytest.raises(ConnectionResetError):
            await client.post(
                "/2/tweets", json={"text": "hello"}, headers={"Authorization": "Bearer x"}
            )
        books = (await client.get("/_sandbox/books")).json()
    app.state.world.book.close()
    assert books["twitter"]["accepted"] == 1


def test_one_page_token_can_die_though_it_travels_in_the_body(sandbox: Any) -> None:
    sandbox.fault("dead_token", provider="facebook", token="sandbox-page-token")
    assert publish(sandbox).json()["error"]["code"] == 190
