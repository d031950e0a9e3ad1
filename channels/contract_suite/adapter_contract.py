"""What every ``ADAPTER`` says of its channel: inherit ``AdapterContract``, supply a ``package``.

::

    class TestPostboxAdapter(AdapterContract):
        @pytest.fixture
        def package(self) -> Package:
            settings = {"url": "https://postbox.example", "token": "hook-token"}
            return Package("postbox", ADAPTER, settings, secrets=("hook-token",))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from pydantic_settings import BaseSettings

from channels.adapter import Adapter
from channels.configured import masked_settings, variable_of
from channels.contract import ChannelKind
from channels.contract_suite.base import Promises
from domain.ids import check_channel


@dataclass(frozen=True, slots=True)
class Package:
    """A package's entry point, its adapter, and values for the settings that must be set.

    ``secrets`` are those of the values that nobody may see.
    """

    name: str
    adapter: Adapter
    settings: Mapping[str, str]
    secrets: tuple[str, ...]


class AdapterContract(Promises):
    """The promises of an adapter, as tests."""

    @pytest.fixture
    def package(self) -> Package:
        raise NotImplementedError("a subclass supplies the package")

    async def test_entry_point_and_channel_are_one_word(self, package: Package) -> None:
        """What a playbook sends to one name must not end up at another."""
        channel = package.adapter.factory(_configured(package))
        await channel.close()
        assert channel.name == check_channel(package.name)

    def test_the_variables_of_the_settings_begin_with_the_name(self, package: Package) -> None:
        prefix = f"FRONTFOOT_{package.name.upper()}_"
        for model in _models(package):
            assert all(one.startswith(prefix) for one in _variables(model)), model.__name__

    def test_whoever_reads_events_is_not_given_what_sends(self, package: Package) -> None:
        """That process can be reached from the internet."""
        if package.adapter.events is None:
            pytest.skip("this channel tells no events")
        shared = _variables(package.adapter.settings) & _variables(package.adapter.events.settings)
        assert shared == set()

    async def test_events_are_announced_if_and_only_if_they_can_be_read(
        self, package: Package
    ) -> None:
        """Silence about a batch counts as evidence only where somebody would have told us."""
        channel = package.adapter.factory(_configured(package))
        await channel.close()
        assert channel.capabilities.tells_events == (package.adapter.events is not None)

    async def test_whoever_looks_by_hand_for_a_batch_is_told_where(self, package: Package) -> None:
        channel = package.adapter.factory(_configured(package))
        await channel.close()
        if channel.capabilities.kind is ChannelKind.DIRECT:
            assert package.adapter.look_for

    def test_every_variable_that_must_be_set_says_what_it_is_for(self, package: Package) -> None:
        for model in _models(package):
            for name, field in model.model_fields.items():
                assert field.description or not field.is_required(), variable_of(model, name)

    def test_a_configured_channel_is_shown_without_its_secrets(self, package: Package) -> None:
        settings = _configured(package)
        shown = f"{masked_settings(settings)} {settings!r}"
        assert not any(secret in shown for secret in package.secrets), "make it a Key"


def _configured(package: Package) -> BaseSettings:
    return package.adapter.settings.model_validate(package.settings)


def _models(package: Package) -> list[type[BaseSettings]]:
    events = package.adapter.events
    return [package.adapter.settings, *([events.settings] if events else [])]


def _variables(model: type[BaseSettings]) -> set[str]:
    return {variable_of(model, name) for name in model.model_fields}
