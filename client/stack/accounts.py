"""Which channels of the embedded stack use real accounts, and which use the sandbox.

Each channel's adapter has the values that the sandbox takes instead of credentials: well-known
words, because the sandbox must never see a live key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings

from channels import registry
from channels.adapter import PUBLIC, SANDBOX, STATE, Adapter
from channels.configured import ChannelMisconfigured, plain_fields, variable_of

STAND_IN = "_STAND_IN_URL"
"""The end of the variable with the address of a stand-in that somebody runs for a channel."""
STRIPE_KEY = "FRONTFOOT_STRIPE_API_KEY"
_KEPT_IN_SANDBOX = (
    "_FROM_ADDRESS",
    "_FROM_NAME",
    "_CONNECT_TIMEOUT",
    "_READ_TIMEOUT",
    "_LIMITS",
)


@dataclass(frozen=True)
class ChosenAccounts:
    """The channels, which account each uses, and notices for a person.

    ``event_channels`` are the channels whose events can be verified, and so accepted. ``own`` are
    those that need no provider in this stack: it plays their part itself.
    """

    channels: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    live: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    event_channels: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def sandboxed(self) -> tuple[str, ...]:
        """The channels that use the sandbox."""
        return tuple(name for name in self.channels if name not in (*self.live, *self.own))

    def with_notice(self, notice: str) -> ChosenAccounts:
        """The same with one more notice."""
        return replace(self, notices=(*self.notices, notice))


def choose_accounts(
    channels: tuple[str, ...],
    given: Mapping[str, str],
    sandbox: str,
    *,
    live: bool,
    public: str = "",
    state: Path = Path(),
) -> ChosenAccounts:
    """Say which channels use the credentials in ``given`` and which the sandbox at ``sandbox``.

    ``public`` is the stack's own public address and ``state`` its folder, for channels that use
    those instead of a provider. Without ``live`` no credential of the caller's passes, and a
    channel that the sandbox does not know is left out.
    """
    chosen = ChosenAccounts()
    for channel in channels:
        chosen = _with(chosen, channel, given, sandbox, live=live)
    chosen = replace(
        chosen,
        environment={
            name: value.replace(PUBLIC, public).replace(STATE, str(state))
            for name, value in chosen.environment.items()
        },
    )
    if live and given.get(STRIPE_KEY):
        return chosen.with_notice(
            "LIVE: offers with `source: stripe` enter their codes at your Stripe account."
        )
    return chosen


def without_secrets(accounts: ChosenAccounts) -> dict[str, str]:
    """What of the channels' settings is no secret: what copy needs to be shown as it is written."""
    secret: set[str] = set()
    for channel in accounts.channels:
        adapter = _adapter(channel)
        # What is not ours to know may be anything.
        names = [] if adapter is None else plain_fields(adapter.settings)
        plain = {variable_of(adapter.settings, name) for name in names} if adapter else set()
        mine = f"FRONTFOOT_{channel.upper()}_"
        secret |= {one for one in accounts.environment if one.startswith(mine)} - plain
    return {name: value for name, value in accounts.environment.items() if name not in secret}


def _with(
    accounts: ChosenAccounts, channel: str, given: Mapping[str, str], sandbox: str, *, live: bool
) -> ChosenAccounts:
    """``accounts`` and one channel more."""
    adapter = _adapter(channel)
    own = _own(channel, given)
    if url := own.pop(f"FRONTFOOT_{channel.upper()}{STAND_IN}", ""):
        return _with_stand_in(accounts, channel, adapter, own, url)
    stands_in = adapter.sandbox if adapter else None
    if stands_in is None and not live:
        return accounts.with_notice(f"{channel} is left out: the sandbox cannot stand in for it.")
    accounts = replace(accounts, channels=(*accounts.channels, channel))
    needed = _required(adapter.settings) if adapter and stands_in is not None else []
    lacking = [name for name in needed if name not in own]
    if live and not lacking:
        accounts = replace(
            accounts,
            live=(*accounts.live, channel),
            environment={**accounts.environment, **own},
        ).with_notice(
            f"LIVE: {channel} speaks to {_where(channel, adapter, own)} with your credentials."
        )
        return _with_events(accounts, channel, adapter, own)
    if live and len(lacking) < len(needed):
        accounts = accounts.with_notice(
            f"{channel} speaks to the sandbox, because {', '.join(lacking)} is not set."
        )
    if stands_in is not None and not any(SANDBOX in value for value in stands_in.values()):
        accounts = replace(accounts, own=(*accounts.own, channel))
    kept = {name: value for name, value in own.items() if name.endswith(_KEPT_IN_SANDBOX)}
    environment = {**accounts.environment, **kept, **_stand_in(adapter, sandbox)}
    accounts = replace(accounts, environment=environment)
    return _with_events(accounts, channel, adapter, None)


def _with_stand_in(
    accounts: ChosenAccounts,
    channel: str,
    adapter: Adapter | None,
    own: Mapping[str, str],
    url: str,
) -> ChosenAccounts:
    """``accounts`` and a channel whose provider is played at ``url``, whatever else is set."""
    variable = f"FRONTFOOT_{channel.upper()}{STAND_IN}"
    if not _on_this_machine(url):
        return accounts.with_notice(
            f"{channel} is left out: {variable} is not an http address on this machine."
        )
    if adapter is None or adapter.sandbox is None:
        return accounts.with_notice(
            f"{channel} is left out: {variable} is set, but its adapter does not say with which "
            "values it speaks to a stand-in (`sandbox=`)."
        )
    kept = {name: value for name, value in own.items() if name.endswith(_KEPT_IN_SANDBOX)}
    environment = {**accounts.environment, **kept, **_stand_in(adapter, url.rstrip("/"))}
    accounts = replace(accounts, channels=(*accounts.channels, channel), environment=environment)
    accounts = accounts.with_notice(f"{channel} speaks to your stand-in at {url}.")
    if adapter.events is not None and adapter.events.ask_account is None:
        return accounts.with_notice(
            f"Events of {channel} are not taken in: its adapter cannot ask a stand-in for the key "
            "that verifies them (`ask_account=`)."
        )
    return _with_events(accounts, channel, adapter, None)


def _on_this_machine(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


def _with_events(
    accounts: ChosenAccounts, channel: str, adapter: Adapter | None, own: Mapping[str, str] | None
) -> ChosenAccounts:
    """Whether the channel's events are accepted; ``own`` is None where the sandbox has the key."""
    if adapter is None or adapter.events is None:
        return accounts
    needed = _required(adapter.events.settings) if own is not None else []
    lacking = [name for name in needed if name not in (own or {})]
    if lacking:
        return accounts.with_notice(
            f"Events of {channel} are not taken in, because {', '.join(lacking)} is not set: "
            "Frontfoot cannot learn what became of a mail, or whether an unanswered batch went out."
        )
    return replace(accounts, event_channels=(*accounts.event_channels, channel))


async def event_settings(
    accounts: ChosenAccounts, given: Mapping[str, str], sandbox: str
) -> dict[str, str]:
    """The environment of the receiver of webhooks: what verifies them, and no key that sends.

    The sandbox is asked for the keys of the channels that speak to it; it has to be running.
    """
    result: dict[str, str] = {}
    for channel in accounts.event_channels:
        adapter = registry.load(channel)
        source = adapter.events
        if source is None:
            continue
        if channel in accounts.live:
            variables = [
                variable_of(source.settings, name) for name in source.settings.model_fields
            ]
            result |= {name: given[name] for name in variables if given.get(name)}
        elif source.ask_account is not None:
            url = given.get(f"FRONTFOOT_{channel.upper()}{STAND_IN}", "").rstrip("/") or sandbox
            settings = adapter.settings.model_validate(_in_sandbox(adapter, url))
            values = await source.ask_account(settings)
            result |= {variable_of(source.settings, name): value for name, value in values.items()}
    for channel in accounts.channels:
        result |= await _mention_settings(accounts, channel, given, sandbox)
    return result


async def _mention_settings(
    accounts: ChosenAccounts, channel: str, given: Mapping[str, str], sandbox: str
) -> dict[str, str]:
    """The same for what people say on one channel."""
    adapter = _adapter(channel)
    source = adapter.mentions if adapter else None
    if adapter is None or source is None:
        return {}
    if channel in accounts.live:
        # Whoever has not set all of it has no webhook, and then nothing of it is needed there.
        variables = [variable_of(source.settings, name) for name in source.settings.model_fields]
        lacking = any(not given.get(name) for name in _required(source.settings))
        return {} if lacking else {name: given[name] for name in variables if given.get(name)}
    if channel not in accounts.sandboxed or given.get(f"FRONTFOOT_{channel.upper()}{STAND_IN}"):
        return {}
    values = source.sandbox or {}
    if source.ask_account is not None:
        values = await source.ask_account(
            adapter.settings.model_validate(_in_sandbox(adapter, sandbox))
        )
    return {variable_of(source.settings, name): value for name, value in values.items()}


def _adapter(channel: str) -> Adapter | None:
    """The adapter of a channel; None for one that the worker will report as unknown."""
    try:
        return registry.load(channel)
    except ChannelMisconfigured:
        return None


def _required(model: type[BaseSettings]) -> list[str]:
    fields = model.model_fields.items()
    return [variable_of(model, name) for name, field in fields if field.is_required()]


def _own(channel: str, given: Mapping[str, str]) -> dict[str, str]:
    prefix = f"FRONTFOOT_{channel.upper()}_"
    return {name: value for name, value in given.items() if name.startswith(prefix) and value}


def _where(channel: str, adapter: Adapter | None, own: Mapping[str, str]) -> str:
    base = adapter.settings.model_fields.get("base_url") if adapter else None
    usual = str(base.default) if base and not base.is_required() else "its real provider"
    return own.get(f"FRONTFOOT_{channel.upper()}_BASE_URL", usual)


def _in_sandbox(adapter: Adapter, sandbox: str) -> dict[str, str]:
    values = adapter.sandbox or {}
    return {field: value.replace(SANDBOX, sandbox) for field, value in values.items()}


def _stand_in(adapter: Adapter | None, sandbox: str) -> dict[str, str]:
    if adapter is None:
        return {}
    values = _in_sandbox(adapter, sandbox)
    return {variable_of(adapter.settings, field): value for field, value in values.items()}
