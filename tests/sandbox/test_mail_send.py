"""Sending mail: what is accepted, what is refused, and where the fault is said to be."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.mailbag import filled_subject
from sandbox.mailrules import judge


def test_an_accepted_mail_is_in_the_books_before_the_answer(sandbox: Any) -> None:
    answer = sandbox.send("ana@example.com")
    assert answer.status_code == 202
    assert answer.content == b""
    (row,) = sandbox.recipients()
    assert row["address"] == "ana@example.com"
    assert row["message_id"] == answer.headers["X-Message-Id"]


def test_the_last_of_several_recipients_is_named_when_it_is_malformed(sandbox: Any) -> None:
    answer = sandbox.send("a@example.com", "b@example.com", "c@example.com", "not-an-address")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == "personalizations.3.to.0.email"
    assert sandbox.recipients() == []


def person(address: str = "a@example.com", **changes: Any) -> dict[str, Any]:
    return {"to": [{"email": address}], **changes}


def many(count: int) -> list[dict[str, Any]]:
    return [person(f"u{number}@example.com") for number in range(count)]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no sender", {"from": None}, "from.email"),
    ("a malformed sender", {"from": {"email": "nope"}}, "from.email"),
    ("no personalization", {"personalizations": []}, "personalizations"),
    ("1,001 personalizations", {"personalizations": many(1001)}, "personalizations"),
    ("nobody in to", {"personalizations": [{"to": []}]}, "personalizations.0.to"),
    (
        "1,001 recipients in one personalization",
        {"personalizations": [{"to": [p["to"][0] for p in many(1001)]}]},
        "personalizations",
    ),
    (
        "one address twice",
        {"personalizations": [person(), person("A@example.com")]},
        "personalizations",
    ),
    (
        "an address both in to and cc",
        {"personalizations": [person(cc=[{"email": "a@example.com"}])]},
        "personalizations",
    ),
    ("no subject", {"subject": None}, "subject"),
    ("no content", {"content": None}, "content"),
    ("empty content", {"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
    (
        "html before plain text",
        {
            "content": [
                {"type": "text/html", "value": "<p>x"},
                {"type": "text/plain", "value": "x"},
            ]
        },
        "content",
    ),
    ("a number as a custom argument", {"custom_args": {"n": 1}}, "custom_args"),
    (
        "more than 10,000 bytes of custom arguments",
        {
            "custom_args": {"k": "x" * 6000},
            "personalizations": [person(custom_args={"j": "y" * 6000})],
        },
        "personalizations.0.custom_args",
    ),
    (
        "more than 10,000 bytes of substitutions",
        {"personalizations": [person(substitutions={"-a-": "x" * 10_001})]},
        "personalizations.0.substitutions",
    ),
    (
        "substitutions with a dynamic template",
        {"template_id": "d-1", "personalizations": [person(substitutions={"-a-": "x"})]},
        "personalizations.0.substitutions",
    ),
    ("eleven categories", {"categories": [str(n) for n in range(11)]}, "categories"),
    ("the same category twice", {"categories": ["a", "a"]}, "categories"),
    ("a category of 256 characters", {"categories": ["x" * 256]}, "categories.0"),
    ("a forbidden header", {"headers": {"Reply-To": "x@example.com"}}, "headers.Reply-To"),
    (
        "26 groups to display",
        {"asm": {"group_id": 1, "groups_to_display": [0] * 26}},
        "asm.groups_to_display",
    ),
    ("a pool name of one letter", {"ip_pool_name": "x"}, "ip_pool_name"),
    ("a send_at that is text", {"send_at": "tomorrow"}, "send_at"),
    ("a send_at in the far future", {"send_at": 9_999_999_999}, "send_at"),
]


@pytest.mark.parametrize(
    ("changes", "field"), [(c, f) for _, c, f in REFUSED], ids=[n for n, _, _ in REFUSED]
)
def test_a_request_is_refused_as_a_whole_and_the_field_is_named(
    sandbox: Any, changes: dict[str, Any], field: str
) -> None:
    answer = sandbox.send("a@example.com", **changes)
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert sandbox.recipients() == []


def test_a_thousand_recipients_are_accepted_in_one_request(sandbox: Any) -> None:
    assert sandbox.send(personalizations=many(1000)).status_code == 202
    assert sandbox.books()["sendgrid"]["recipients"] == 1000


def test_a_template_needs_neither_subject_nor_content(sandbox: Any) -> None:
    body = {"subject": None, "content": None, "template_id": "d-abc"}
    assert sandbox.send("a@example.com", **body).status_code == 202


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Basic SG.x"])
def test_a_key_that_is_none_is_answered_with_401(sandbox: Any, key: str) -> None:
    answer = sandbox.mailer.get("/v3/scopes", headers={"Authorization": key})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["field"] is None


def test_a_good_key_is_told_its_scopes(sandbox: Any) -> None:
    assert "mail.send" in sandbox.mailer.get("/v3/scopes").json()["scopes"]


def test_a_body_over_30_megabytes_is_too_large(sandbox: Any) -> None:
    body = b'{"x":"' + b"x" * (30 * 1024 * 1024) + b'"}'
    headers = {"Content-Type": "application/json"}
    assert sandbox.mailer.post("/v3/mail/send", content=body, headers=headers).status_code == 413


def test_a_body_that_is_not_json_is_a_bad_request(sandbox: Any) -> None:
    headers = {"Content-Type": "application/json"}
    answer = sandbox.mailer.post("/v3/mail/send", content=b"{", headers=headers)
    assert answer.status_code == 400


def test_another_content_type_is_unsupported(sandbox: Any) -> None:
    headers = {"Content-Type": "text/plain"}
    assert sandbox.mailer.post("/v3/mail/send", content=b"{}", headers=headers).status_code == 415


def test_a_compressed_body_is_read(sandbox: Any) -> None:
    body: dict[str, Any] = {
        "from": {"email": "f@example.com"},
        "subject": "s",
        "content": [{"type": "text/plain", "value": "v"}],
        "personalizations": [person("zip@example.com")],
    }
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(orjson.dumps(body))
    sandbox.mailer.post("/v3/mail/send", content=packed, headers=headers)
    assert [row["address"] for row in sandbox.recipients()] == ["zip@example.com"]


def test_a_validation_run_leaves_nothing_in_the_books(sandbox: Any) -> None:
    settings = {"sandbox_mode": {"enable": True}}
    assert sandbox.send("a@example.com", mail_settings=settings).status_code == 200
    assert sandbox.recipients() == []


def test_a_recipients_own_arguments_override_the_requests(sandbox: Any) -> None:
    sandbox.send(
        custom_args={"batch": "7", "kind": "notice"},
        personalizations=[person(custom_args={"kind": "offer", "delivery": "d1"})],
    )
    (row,) = sandbox.recipients()
    assert row["args"] == {"batch": "7", "kind": "offer", "delivery": "d1"}


def test_substitutions_are_applied_to_each_recipients_subject(sandbox: Any) -> None:
    sandbox.send(
        subject="Sorry, -name-",
        personalizations=[
            person("a@example.com", substitutions={"-name-": "Ana"}),
            person("b@example.com", substitutions={"-name-": "Ben"}),
        ],
    )
    assert [row["subject"] for row in sandbox.recipients()] == ["Sorry, Ana", "Sorry, Ben"]


def test_recipients_are_counted_by_a_custom_argument_wherever_it_stands(sandbox: Any) -> None:
    sandbox.send("a@example.com", "b@example.com", custom_args={"message": "1"})
    sandbox.send(personalizations=[person("a@example.com", custom_args={"message": "1"})])
    sandbox.send("c@example.com")
    counted = sandbox.books(by="message")["sendgrid"]["by"]["values"]
    assert counted == {"1": {"recipients": 3, "addresses": 2}}


def test_an_address_accepted_twice_for_one_value_is_reported_as_doubled(sandbox: Any) -> None:
    sandbox.send("a@example.com", "b@example.com", custom_args={"message": "1"})
    sandbox.send("A@example.com", custom_args={"message": "1"})
    sandbox.send("b@example.com", custom_args={"message": "2"})
    report = sandbox.http.get("/_sandbox/books/doubled", params={"by": "message"}).json()
    assert report["doubled"] == 1
    assert report["examples"] == [{"value": "1", "times": 2, "args": {"message": "1"}}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = (
    "from personalizations subject content custom_args headers categories asm reply_to "
    "reply_to_list ip_pool_name send_at mail_settings template_id"
).split()
PERSON_KEYS = (
    "to cc bcc from subject headers custom_args substitutions dynamic_template_data".split()
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3),
    own=st.dictionaries(st.sampled_from(PERSON_KEYS), JSON, max_size=2),
)
def test_whatever_is_posted_is_judged_and_never_breaks_the_judge(
    changes: dict[str, Any], own: dict[str, Any]
) -> None:
    body: dict[str, Any] = {
        "from": {"email": "f@example.com"},
        "subject": "s",
        "content": [{"type": "text/plain", "value": "v"}],
        "personalizations": [{**person(), **own}],
        **changes,
    }
    judged = judge(body)
    assert judged.errors or len(judged.rows) >= 1
    if not judged.errors:
        assert all(isinstance(filled_subject("s", row[3]), str) for row in judged.rows)
