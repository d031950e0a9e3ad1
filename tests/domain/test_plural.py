"""Counts are printed with the right form of what is counted."""

from __future__ import annotations

import pytest

from domain.plural import plural


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 recipients"), (1, "1 recipient"), (2, "2 recipients"), (1200, "1,200 recipients")],
)
def test_one_of_something_has_no_s(count: int, shown: str) -> None:
    assert plural(count, "recipient") == shown


def test_other_forms_are_given_by_name() -> None:
    forms = ("batch is", "batches are")
    assert (plural(1, *forms), plural(3, *forms)) == ("1 batch is", "3 batches are")
