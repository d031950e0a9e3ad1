"""The promises of every channel as tests, for our own adapters and for yours.

Needs pytest and pytest-asyncio where it is used; the examples beside it do not.
"""

from __future__ import annotations

from importlib.util import find_spec

PROMISES = (
    "abilities",
    "adapter_contract",
    "answering",
    "attempts",
    "checking",
    "events_contract",
    "failing",
    "hearing",
    "looking",
    "mail",
    "publishing",
    "rendering",
    "watching",
)

if find_spec("pytest") is not None:
    import pytest

    # Tests in a package are ordinary modules to pytest: without this a failure shows no values.
    for module in PROMISES:
        pytest.register_assert_rewrite(f"{__name__}.{module}")
