"""A list of JSON is taken apart without reading it, exactly where its elements end."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.json_list import NotAList, elements, read_damaged

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(ANYTHING, max_size=6), st.sampled_from([None, 1]), st.booleans())
def test_each_element_is_found_with_its_own_bytes(
    listed: list[object], indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(listed, indent=indent, ensure_ascii=ascii_only)
    found = elements(body.encode())
    assert [json.loads(one) for one in found] == listed
    assert all(one.decode() in body for one in found)


NO_LISTS = (b"", b" ", b"7", b"{}", b"[", b"]", b"[1", b"1]", b"[1,]", b"[,1]", b"[1]2", b"[}")


@pytest.mark.parametrize("body", [*NO_LISTS, b'["]', b"[1][2]"])
def test_what_is_no_whole_list_is_refused(body: bytes) -> None:
    with pytest.raises(NotAList):
        elements(body)


@pytest.mark.parametrize("body", [b"[]", b" [ ] \n", b"\xef\xbb\xbf[]"])
def test_an_empty_list_has_no_elements(body: bytes) -> None:
    assert elements(body) == []


def test_what_can_be_read_of_a_damaged_element_can_be_written_again() -> None:
    found = read_damaged(
        rb'{"a": "\ud83d", "b": "bo' + b"\xee" + rb'te", "n": ' + b"9" * 9_000 + b"}"
    )
    assert isinstance(found, dict)
    assert orjson.loads(orjson.dumps(found)) == found
    assert found["a"] == "?"


@pytest.mark.parametrize("raw", [b"", b"{", b"tomorrow", b"[" * 100_000 + b"]" * 100_000])
def test_of_some_damage_nothing_can_be_read(raw: bytes) -> None:
    assert read_damaged(raw) is None
