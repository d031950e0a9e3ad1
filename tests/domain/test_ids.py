"""Ids live for years: each is taken apart into exactly what it was made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ids
from domain.errors import DomainError
from domain.ids import MessageRef

slugs = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?", fullmatch=True)
channels = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
audiences = st.none() | st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True)
numbers = st.integers(min_value=0, max_value=10**17)
broadcasts = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


@given(slugs)
def test_an_incidents_workflow_id_leads_back_to_its_slug(slug: str) -> None:
    assert ids.incident_of(ids.incident_workflow_id(slug)) == slug


@given(slugs, numbers, channels, audiences)
def test_a_publications_workflow_id_leads_back_to_its_parts(
    slug: str, number: int, channel: str, audience: str | None
) -> None:
    made = ids.publication_workflow_id(slug, number, channel, audience)
    assert ids.publication_of(made) == (slug, number, channel, audience)


@given(slugs, numbers, channels)
def test_a_publications_workflow_id_leads_back_to_its_incident(
    slug: str, number: int, channel: str
) -> None:
    assert ids.incident_of(ids.publication_workflow_id(slug, number, channel)) == slug


@given(broadcasts, numbers, numbers)
def test_a_batch_key_leads_back_to_its_parts(broadcast: str, batch: int, attempt: int) -> None:
    assert ids.batch_of(ids.batch_key(broadcast, batch, attempt)) == (broadcast, batch, attempt)


@given(broadcasts, numbers)
def test_a_delivery_key_leads_back_to_its_parts(broadcast: str, position: int) -> None:
    assert ids.delivery_of(ids.delivery_key(broadcast, position)) == (broadcast, position)


@pytest.mark.parametrize(
    ("inverse", "text"),
    [
        (ids.incident_of, "incident/"),
        (ids.incident_of, "incidents/site-down"),
        (ids.incident_of, "incident/Site Down"),
        (ids.publication_of, "incident/site-down"),
        (ids.publication_of, "incident/site-down/message/1"),
        (ids.publication_of, "incident/site-down/message/01/twitter"),
        (ids.publication_of, "incident/site-down/message/१/twitter"),
        (ids.publication_of, "incident/site-down/message/1/Twitter"),
        (ids.publication_of, "incident/site-down/message/1/twitter\n"),
        (ids.batch_of, "0123456789abcdef.1"),
        (ids.batch_of, "0123456789ABCDEF.1.1"),
        (ids.batch_of, "0123456789abcdef.-1.1"),
        (ids.delivery_of, "0123456789abcdef.1.1"),
        (ids.delivery_of, "somebody@example.com"),
    ],
)
def test_what_is_no_id_of_ours_is_not_taken_for_one(
    inverse: Callable[[str], object], text: str
) -> None:
    with pytest.raises(ValueError, match=r"not (the|a) "):
        inverse(text)


@given(st.text(max_size=80))
def test_an_id_has_one_spelling(text: str) -> None:
    try:
        parts = ids.publication_of(text)
    except ValueError:
        return
    assert ids.publication_workflow_id(*parts) == text


@pytest.mark.parametrize("slug", ["a", "7", "site-down-oct-26", "a" * 48])
def test_a_short_plain_word_names_an_incident(slug: str) -> None:
    assert ids.check_slug(slug) == slug


@pytest.mark.parametrize(
    "slug", ["", "-a", "a-", "A", "a b", "a/b", "é", "a" * 49, "a\n", "../etc", "٣"]
)
def test_what_could_break_an_address_or_a_path_names_no_incident(slug: str) -> None:
    with pytest.raises(DomainError, match="cannot name an incident"):
        ids.check_slug(slug)


def test_a_publications_key_says_nothing_about_the_incident_and_never_changes() -> None:
    ref = MessageRef(incident="site-down", number=1, revision=2)
    assert ids.publication_key(ref, "twitter") == "c3d685a7036b3e2a"
    assert ids.publication_key(ref, "email", "customers") == "9969d7f3872c1c1c"


@given(slugs, st.integers(1, 50), st.integers(1, 50), channels, audiences)
def test_another_message_revision_channel_or_audience_has_another_key(
    slug: str, number: int, revision: int, channel: str, audience: str | None
) -> None:
    ref = MessageRef(incident=slug, number=number, revision=revision)
    others = [
        (ref.model_copy(update={"number": number + 1}), channel, audience),
        (ref.model_copy(update={"revision": revision + 1}), channel, audience),
        (ref, f"{channel[:30]}x", audience),
        (ref, channel, f"{(audience or 'x')[:60]}-x"),
    ]
    keys = {ids.publication_key(*one) for one in others}
    assert ids.publication_key(ref, channel, audience) not in keys


@pytest.mark.parametrize("name", ["", "Customers", "a/b", "a b", ".a", "é", "a" * 64, "a\n"])
def test_what_could_break_an_id_names_no_audience(name: str) -> None:
    with pytest.raises(DomainError, match="cannot name an audience"):
        ids.check_audience(name)
