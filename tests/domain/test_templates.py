"""Templates say what is known, stop at what is not, and can do nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError, PlaybookInvalid
from domain.message import MessageKind, Voice
from domain.offer import OfferTerms
from domain.templates import RenderContext, Rendered, free_copy, render, template_problems

KIND = MessageKind.ANNOUNCEMENT
CONTEXT = RenderContext(
    incident="site-down",
    title="Spam from our accounts",
    company="Example Co",
    kind=KIND,
    ordinal=1,
    mark="Notice 1, 26 Oct 14:05 UTC",
    voice=Voice(name="Noor", sign_off="Noor, founder"),
    facts={"cause": "A stolen key", "scope": ""},
    link="https://status.example.com/",
    next_update_by=datetime(2013, 10, 26, 15, 30, tzinfo=UTC),
    offer=OfferTerms(
        title="credit", worth=Decimal("10"), currency="USD", budget_cap=Decimal("100")
    ),
)


def rendered(
    source: str, *, channel: str = "twitter", context: RenderContext = CONTEXT, **files: str
) -> Rendered:
    named = {name.replace("__", "."): text for name, text in files.items()}
    return render(KIND, channel, {f"announcement.{channel}.j2": source, **named}, context)


def refusal(source: str, context: RenderContext = CONTEXT) -> str:
    with pytest.raises(PlaybookInvalid) as refused:
        rendered(source, context=context)
    return str(refused.value)


def found(source: str, facts: frozenset[str] = frozenset()) -> list[str]:
    problems = template_problems("announcement.twitter.j2", source, facts)
    return [f"{one} {one.next_step}".strip() for one in problems]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ title }} at {{ company }}", "Spam from our accounts at Example Co"),
        ("{{ facts.cause }}.", "A stolen key."),
        ('{{ facts["cause"] }}.', "A stolen key."),
        ("{{ mark }}", "Notice 1, 26 Oct 14:05 UTC"),
        ("by {{ next_update_by | clock }}", "by 15:30 UTC"),
        ("by {{ next_update_by | moment }}", "by 26 Oct 15:30 UTC"),
        ("by {{ next_update_by }}", "by 26 Oct 15:30 UTC"),
        ("on {{ next_update_by | day }}", "on 26 October 2013"),
        ("{{ offer.worth }} {{ offer.currency }}", "10.00 USD"),
        ("{{ voice.sign_off }}", "Noor, founder"),
        ("{{ kind }} {{ ordinal }}", "announcement 1"),
        ("{{ facts.fix or 'We do not know yet' }}", "We do not know yet"),
        ("{{ facts.fix | default('We do not know yet') }}", "We do not know yet"),
        ("We know {% if facts.scope %}whom{% else %}nothing{% endif %}", "We know nothing"),
        ("{% if facts.cause %}known{% endif %}", "known"),
        ("{{ facts.cause | upper }}", "A STOLEN KEY"),
        ("{{ title | short(12) }}", "Spam from…"),
        ("{{ title | short(80) }}", "Spam from our accounts"),
        ("{# for us only #}Hello", "Hello"),
        ("Your code: [[code]]", "Your code: [[code]]"),
        ("a  \r\nb\n\n\n\nc\n", "a\nb\n\nc"),
        ("a\n{% if facts.fix %}\n\nb\n{% endif %}\n\nc", "a\n\nc"),
        ("above\n---\nbelow", "above\n---\nbelow"),
    ],
)
def test_a_template_says_what_is_known(source: str, text: str) -> None:
    assert rendered(source).text == text


def test_a_value_that_is_not_filled_yet_stops_the_copy_at_its_line() -> None:
    assert refusal("One\nTwo\n{{ facts.fix }}") == (
        "announcement.twitter.j2, line 3: {{ facts.fix }} is not filled yet: nothing is known to "
        "put there. Fill it in, or put {% if facts.fix %} … {% endif %} around the sentence."
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ facts.scope }}", "facts.scope"),
        ("{{ facts.fix | upper }}", "facts.fix"),
        ("{{ facts.fix | short }}", "facts.fix"),
        ("{{ facts.fix ~ '!' }}", "facts.fix"),
        ("{{ link }}", "link"),
        ("{{ next_update_by | clock }}", "next_update_by"),
        ("{{ offer.expires | day }}", "offer.expires"),
        ("{{ offer.worth }}", "offer.worth"),
        ("{{ voice.address }}", "voice.address"),
        ("{{ facts }}", "facts"),
    ],
)
def test_nothing_empty_is_ever_shown(source: str, name: str) -> None:
    bare = CONTEXT.model_copy(
        update={"link": None, "next_update_by": None, "offer": None, "voice": None}
    )
    assert f"{{{{ {name} }}}} is not filled yet" in refusal(f"Hello {source}", bare)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (datetime(2013, 10, 26, 14, 5, tzinfo=UTC), "by 15:30 UTC"),
        (datetime(2013, 10, 25, 23, 55, tzinfo=UTC), "by Saturday 26 October, 15:30 UTC"),
    ],
)
def test_a_promise_for_another_day_names_the_day(written: datetime, shown: str) -> None:
    """`30h` printed a time of day that reads as six hours away."""
    context = CONTEXT.model_copy(update={"at": written})
    assert rendered("by {{ next_update_by | clock }}", context=context).text == shown


@pytest.mark.parametrize("name", ["at", "_written_at"])
def test_templates_do_not_see_when_they_are_written(name: str) -> None:
    assert "is not known to templates" in refusal(f"{{{{ {name} }}}}")


def test_everything_that_is_missing_in_header_and_text_is_told_at_once() -> None:
    told = refusal("subject: {{ facts.fix }}\n---\n\nHello {{ facts.prevention }}")
    assert "line 1: {{ facts.fix }}" in told
    assert "line 4: {{ facts.prevention }}" in told


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("\n{{ facts.fixx }}", "line 2: {{ facts.fixx }} is not known to templates. Did you mean"),
        ("{{ facst.fix }}", "Did you mean {{ facts.fix }}?"),
        ("{{ tilte }}", "Did you mean {{ title }}?"),
        ("{{ title | clok }}", "no filter is called clok. Did you mean clock?"),
        ("{% if title is defned %}x{% endif %}", "no test is called defned"),
        ("{% if title %}x", "line 1: Unexpected end of template. Every {{"),
        ("{{ title ", "line 1: "),
        ("a\n\n{% endfor %}", "line 3: Encountered unknown tag 'endfor'."),
        ("subjct: x\n---\nHello", "line 1: `subjct` is not a header line. Did you mean subject:?"),
        ("subject: x\nHello", "line 1: its header is not closed."),
        ("subject: x\nHello there\n---\nHello", "line 2: `Hello there` is not a header line."),
        ("subject: x\nsubject: y\n---\nHello", "line 2: a second `subject:` line."),
        ("subject: x\n---\n", "is empty."),
        ("subject: x\n---\n\n\n{{ tilte }}", "line 5: {{ tilte }}"),
    ],
)
def test_a_mistake_is_found_at_its_line_before_any_incident(source: str, problem: str) -> None:
    assert any(problem in one for one in found(source)), found(source)


def test_every_mistake_of_a_template_is_found_at_once() -> None:
    assert len(found("{{ one }}\n{{ facts.two }}\n{{ title | three }}")) == 3


def test_facts_of_the_playbooks_own_are_known() -> None:
    assert found("{{ facts.help_page }}", frozenset({"help_page"})) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ title.__class__.__mro__ }}",
        "{{ facts.__init__.__globals__ }}",
        "{{ facts['__class__'] }}",
        "{{ facts[title] }}",
        "{{ ''.__class__ }}",
        "{{ title.upper() }}",
        "{{ range(10) }}",
        "{{ cycler }}",
        "{{ self }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% for x in title %}{{ x }}{% endfor %}",
        "{% set x = title %}",
        "{% include 'other' %}",
        "{% import 'other' as other %}",
        "{% extends 'other' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ title | replace('a', 'aaaaaaaaaa') }}",
        "{{ title | attr('__class__') }}",
        "{{ title | center(1000000000) }}",
        "{{ [title, title] }}",
        "{{ title[0:2] }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    ],
)
def test_a_template_cannot_loop_call_reach_out_or_grow(source: str) -> None:
    assert found(source)
    with pytest.raises(PlaybookInvalid):
        rendered(source)


def test_a_fact_that_looks_like_a_template_is_only_words() -> None:
    context = CONTEXT.model_copy(update={"facts": {"cause": "{{ title }} {% if"}})
    assert rendered("{{ facts.cause }}", context=context).text == "{{ title }} {% if"


def test_copy_that_swells_beyond_all_measure_is_stopped() -> None:
    context = CONTEXT.model_copy(update={"facts": {"cause": "x" * 2000}})
    with pytest.raises(PlaybookInvalid, match="more than 200,000 characters"):
        rendered("{{ facts.cause }}" * 101, context=context)


def test_mail_has_a_subject_on_one_line_and_a_link() -> None:
    context = CONTEXT.model_copy(update={"facts": {"cause": "a key\r\nBcc: everyone@example.com"}})
    mail = rendered(
        "{# For the comms lead:\n   keep it short #}\nsubject: We lost {{ facts.cause }}\n"
        "link: {{ link }}\n---\nHello",
        channel="email",
        context=context,
    )
    assert (mail.subject, mail.link, mail.text) == (
        "We lost a key Bcc: everyone@example.com",
        "https://status.example.com/",
        "Hello",
    )


def test_a_post_has_neither_subject_nor_html() -> None:
    assert rendered("Hello") == Rendered(text="Hello")


def test_a_link_may_be_left_out_where_there_is_none() -> None:
    bare = CONTEXT.model_copy(update={"link": None})
    assert rendered('link: {{ link or "" }}\n---\nHello', context=bare).link is None


@pytest.mark.parametrize("host", ["127.0.0.1:8091", "localhost:8091", "[::1]"])
def test_a_link_to_ones_own_machine_needs_no_certificate(host: str) -> None:
    link = f"http://{host}/incidents/1/#update-2"
    assert rendered(f"link: {link}\n---\nHello").link == link


@pytest.mark.parametrize(
    "link",
    ["http://example.com", "http://localhost.example.com/", "javascript:alert(1)", "https://a b"],
)
def test_a_link_that_nobody_should_follow_is_refused(link: str) -> None:
    assert "begins with https://" in refusal(f"link: {link}\n---\nHello")


def test_the_html_of_a_mail_says_what_its_text_says() -> None:
    mail = rendered("subject: Hi\n---\nHello <all>\n\n[[code]]", channel="email")
    assert mail.html is not None
    assert "<p>Hello &lt;all&gt;</p>" in mail.html
    assert "[[code]]</strong>" in mail.html


def test_a_file_for_the_html_takes_the_place_of_what_we_would_make() -> None:
    context = CONTEXT.model_copy(update={"facts": {"cause": "<script>\n\n- a"}})
    mail = rendered(
        "subject: Hi\n---\nHello",
        channel="email",
        context=context,
        announcement__email__html__j2="<b>{{ facts.cause }}</b>{{ facts.cause | paragraphs }}",
    )
    assert mail.html == ("<b>&lt;script&gt;\n\n- a</b><p>&lt;script&gt;</p>\n<ul><li>a</li></ul>")


def test_a_missing_template_is_named() -> None:
    with pytest.raises(PlaybookInvalid, match=r"announcement\.twitter\.j2: there is no such file"):
        render(KIND, "twitter", {}, CONTEXT)


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=200))
def test_free_copy_is_read_exactly_as_it_was_written(text: str) -> None:
    words = "Hello " + " ".join(text.split())
    assert free_copy(words, "twitter").text == words.strip()


def test_free_copy_with_a_subject_is_mail_with_html() -> None:
    mail = free_copy("Hello {{ you }}", "email", subject="Hi\nthere")
    assert (mail.subject, "<p>Hello {{ you }}</p>" in (mail.html or "")) == ("Hi there", True)


@pytest.mark.parametrize(
    "write",
    [
        lambda: free_copy("  \n ", "email"),
        lambda: free_copy("Hello", "email", subject=" "),
        lambda: free_copy("Hello", "email", subject="x" * 251),
        lambda: free_copy("Hello", "email", link="http://example.com"),
        lambda: free_copy("x" * 200_001, "email"),
    ],
)
def test_free_copy_that_no_channel_could_carry_is_refused(write: Callable[[], Rendered]) -> None:
    with pytest.raises(DomainError, match="The copy for email cannot go out"):
        write()
