"""The links in a post are those that X finds there, and in doubt a post weighs more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twitter.links import links_in
from channels.twitter.tlds import KNOWN, LATER
from channels.twitter.weighted import LINK, weighted_length

A63 = "a" * 63
LONG = "/a-way-that-is-longer-than-a-link"


def found(text: str) -> list[str]:
    return [text[link.start : link.end] for link in links_in(text)]


@pytest.mark.parametrize(
    "link",
    [
        "https://a.io",
        "HTTPS://ACME.COM",
        "http://acme.com:8443/status",
        "http://acme.com/#",
        "http://acme.com?#top",
        "http://acme.com/?q",
        "https://acme.com/incidents/2026-11-20?lang=en&b=%20#latest",
        "https://acme.com/~ops/a+b-",
        "https://acme.com/a,b;c.d/",
        "https://acme.com/wiki/Leak_(computing)",
        "https://acme.com/wiki/Leak_((computing))",
        "https://acme.com/a(v=1.0).aspx",
        "https://acme.com/Fire\u2013water_plan",
        "https://acme.com/\u043f\u0443\u0442\u044c",
        "https://a_b.c-d.com",
        "https://\u00fcber.de/\u00fc",
        "https://\u3042-\u3044.com/x",
        "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/x",
        "https://acme.\u4e2d\u56fd",
        "https://\U0001f3e0.ws/x",
        "https://xn--e1afmkfd.XN--p1ai/",
        f"https://{A63}.com",
        "acme.com",
        "Acme.COM/x?y=1",
        "status.acme.co.uk",
        "acme.jp",
        "mail-host.acme.com",
        "EL\u00c9CTRICA.com",
    ],
)
def test_a_link_is_found_whole_and_weighs_23(link: str) -> None:
    assert found(f"Read {link} now") == [link]
    assert weighted_length(f"Read {link} now") == len("Read  now") + LINK


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://acme.com/x.", ["https://acme.com/x"]),
        ("(https://acme.com/x)", ["https://acme.com/x"]),
        ("https://acme.com/a, https://acme.com/b", ["https://acme.com/a", "https://acme.com/b"]),
        ("https://acme.com/!!!!", ["https://acme.com/"]),
        ("http:// acme.com/x", ["acme.com/x"]),
        ("acme.com\nacme.io/x", ["acme.com", "acme.io/x"]),
        ("\u202aacme.com\u202c", ["acme.com"]),
        # Text of other scripts needs no space beside a link.
        ("\u898b\u3066acme.com/x\u4e2d", ["acme.com/x"]),
        ("https://acme.com\u3060\u3088.comtest/x", ["https://acme.com"]),
        ("acme.com\u4e2d\u56fdfoo.jp\ud55c\uad6d", ["acme.com", "foo.jp"]),
        (
            "acme.com\u3066\u3059\u3068x.\u307f\u3093\u306a\u3067\u3059",
            ["acme.com", "x.\u307f\u3093\u306a"],
        ),
        # Without a scheme, a port or a query belongs to a link only before or after a path.
        ("acme.com:80 acme.com?a=b", ["acme.com", "acme.com"]),
        ("acme.com:80/x", ["acme.com:80/x"]),
        # X's own short links end with their path.
        ("http://t.co/aB1's http://t.co/aB1-", ["http://t.co/aB1", "http://t.co/aB1"]),
        ("https://t.co/aB1?amp=1", ["https://t.co/aB1?amp=1"]),
        ("http://acme.com?from=https://t.co/a", ["http://acme.com?from=https://t.co/a"]),
    ],
)
def test_what_surrounds_a_link_is_counted_by_its_letters(text: str, links: list[str]) -> None:
    assert found(text) == links


@pytest.mark.parametrize(
    "text",
    [
        "ftp://acme",
        "https://no-top-level",
        "https://top.x",
        "https://acme.com-and-no-space",
        "3.14 or v2.0",
        "e.g.this",
        "a.tar.bz2",
        "acme.comm acme.somecom",
        # Addresses, names and symbols.
        "help@acme.com",
        "a.b-c@acme.com or a.b+c@acme.com",
        "a.b.gov@acme.com",
        "@acme.com #acme.com $acme.com",
        "@https://acme.com #https://acme.com $t.co/x",
        # What no name server could hold.
        "https://-a.acme.com",
        "https://a-.acme.com",
        "https://a.-acme.com",
        "https://a.acme-.com",
        "https://_a.acme.com",
        "https://a_.acme.com",
        "https://a._acme.com",
        "https://a.acme_.com",
        "https://ac_me.com",
        "https://acme.c_m",
        "https://a.b_c.com",
        f"https://{A63}a.com",
        "https://xn--\u306f\u3058.com/x",
        "https://" + "\u3042" * 60 + ".com/x",
        "http://t.co/" + "a" * 41,
    ],
)
def test_what_is_no_link_is_counted_by_its_letters(text: str) -> None:
    assert found(text) == []


def test_every_top_level_domain_makes_a_link() -> None:
    links = [f"https://acme.{top}/x" for top in sorted(KNOWN)]
    assert [one for one in links if found(one) != [one]] == []


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("https://a.example", 23),
        (f"https://acme.example{LONG}", len(f"https://acme.example{LONG}")),
        ("acme.kids", 23),
        (f"https://acme.kids{LONG}", len(f"https://acme.kids{LONG}")),
        # Longer by the list as it was than by the one that it may have become.
        ("acme.com.kids", 28),
    ],
)
def test_where_the_list_of_x_is_unknown_a_link_weighs_the_more_of_both(
    text: str, least: int
) -> None:
    assert weighted_length(text) == least


def test_the_two_lists_share_nothing() -> None:
    assert not KNOWN & LATER


PIECES = [
    "http://",
    "acme",
    ".com",
    ".jp",
    ".",
    "-",
    "_",
    "/x",
    "(y)",
    "?q",
    "\u3042",
    "@",
    " ",
    "\U0001f600",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_links_are_in_order_and_do_not_overlap(text: str) -> None:
    end = 0
    for link in links_in(text, perhaps=True):
        assert end <= link.start < link.end <= len(text)
        end = link.end
