"""What a stranger who installs Frontfoot relies on: the locks and the example of .env."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from channels import registry
from channels.configured import ChannelSettings
from channels.stripe_codes import StripeSettings
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ("run.lock", "dev.lock")


def lock(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Return what a lock pins: project name, in its normal form, to version."""
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==(\S+)", lock(name), re.MULTILINE))


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~;, ]", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_version_or_its_hash(name: str) -> None:
    # So there is no index, no host and no path in it, and nothing installs without a hash.
    pin = re.compile(r"[a-z0-9.-]+(\[[a-z,]+\])?==[0-9][^ ]*( ; [^/\\]+)? \\")
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    lines = [line for line in lock(name).splitlines() if not line.startswith("#")]
    strange = [line for line in lines if not (pin.fullmatch(line) or hashed.fullmatch(line))]
    assert len(lines) > 100
    assert strange == []


def test_the_tests_run_on_the_versions_that_are_shipped() -> None:
    shipped, tested = pins("run.lock"), pins("dev.lock")
    assert shipped == {name: tested.get(name) for name in shipped}


def test_every_dependency_of_the_project_is_locked() -> None:
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *extras["embedded"], *extras["postgres"]]
    assert named(needed) <= pins("run.lock").keys()
    assert named(extras["dev"]) <= pins("dev.lock").keys()


@pytest.mark.parametrize("package", ["channels", "domain"])
def test_what_adapters_of_others_import_carries_its_types(package: str) -> None:
    """The classifier `Typing :: Typed` is no more than a word without this file."""
    assert (ROOT / package / "py.typed").is_file()
    assert "Typing :: Typed" in PROJECT["classifiers"]


OFFERED = set(
    re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
)
ADAPTERS = [registry.load(name) for name in registry.BUILT_IN]
MODELS = [
    Settings,
    StripeSettings,
    *(adapter.settings for adapter in ADAPTERS),
    *(adapter.events.settings for adapter in ADAPTERS if adapter.events),
]


def variables(model: type[BaseSettings], *, but: Container[str] = ()) -> set[str]:
    prefix = model.model_config.get("env_prefix", "")
    return {f"{prefix}{field}".upper() for field in model.model_fields if field not in but}


def test_every_variable_of_the_example_is_read_by_something() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    read = set(re.findall(r"\$\{([A-Z_]+)", compose)).union(*map(variables, MODELS))
    of_temporals_own = {"TEMPORAL_ADDRESS"}
    assert OFFERED - read - of_temporals_own == set()


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_in_the_example_and_in_the_manual(model: type[BaseSettings]) -> None:
    """Addresses of providers and the time-outs that all of them have are in the manual only."""
    manual = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    told = set()
    for row in re.findall(r"^\| (`FRONTFOOT_.*?`) \|", manual, re.MULTILINE):
        full, *more = re.findall(r"`(\w+|…_\w+)`", row)
        family = "_".join(full.split("_")[:2])
        told |= {full, *(name.replace("…", family) for name in more)}
    assert variables(model, but=ChannelSettings.model_fields) - told == set()
    elsewhere = {*ChannelSettings.model_fields, "base_url", "site_url"}
    assert variables(model, but=elsewhere) - OFFERED == set()


COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SHARING = ("worker", "webhooks")
"""The services that share the status page."""


def test_the_playbooks_of_the_house_reach_the_container_where_commands_run() -> None:
    worker = SERVICES["worker"]
    [mount] = [one for one in worker["volumes"] if isinstance(one, dict)]
    assert mount["target"] == worker["environment"]["FRONTFOOT_PLAYBOOKS_DIR"]
    assert (mount["type"], mount["read_only"]) == ("bind", True)
    variable, default = re.fullmatch(r"\$\{(\w+):-(.+)\}", mount["source"]).groups()  # type: ignore[union-attr]
    assert variable in OFFERED
    assert list((ROOT / default).glob("*/playbook.yaml"))


def test_the_status_page_that_the_worker_writes_is_the_one_that_is_shown() -> None:
    folders = {name: SERVICES[name]["environment"]["FRONTFOOT_WEBSITE_FOLDER"] for name in SHARING}
    mounts = {name: [m for m in SERVICES[name]["volumes"] if "page:" in m] for name in SHARING}
    [folder] = set(folders.values())
    assert mounts == {"worker": [f"page:{folder}"], "webhooks": [f"page:{folder}:ro"]}
    # A volume gets its owner from the folder that the image has there.
    assert folder in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_what_people_import_outlives_the_container_of_the_console() -> None:
    [mount] = [one for one in SERVICES["console"]["volumes"] if isinstance(one, str)]
    _, folder = mount.split(":")
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    # Processes start there, and the state folder is below it.
    assert f"WORKDIR {Path(folder).parent}" in dockerfile
    assert Path(folder).name == str(Settings.model_fields["state_dir"].default)
    assert folder in dockerfile


def test_everything_of_ours_reaches_the_same_ledger_and_the_same_temporal() -> None:
    ours = [SERVICES[name]["environment"] for name in ("migrate", "worker", "webhooks")]
    for variable in ("FRONTFOOT_DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"):
        assert len({environment[variable] for environment in ours}) == 1
    namespace = SERVICES["temporal-namespace"]["environment"]
    assert ours[0]["TEMPORAL_NAMESPACE"] == namespace["TEMPORAL_NAMESPACE"]
    assert ours[0]["TEMPORAL_ADDRESS"] == namespace["TEMPORAL_ADDRESS"]


def test_decisions_are_proven_wherever_incidents_are_opened_or_sent_from() -> None:
    asked = {
        SERVICES[name]["environment"]["FRONTFOOT_PROOF_REQUIRED"] for name in ("worker", "console")
    }
    assert asked == {"${FRONTFOOT_PROOF_REQUIRED:-passkey}"}


def test_what_the_internet_reaches_has_no_key_that_sends() -> None:
    assert "env_file" not in SERVICES["webhooks"]
    assert not [name for name in SERVICES["webhooks"]["environment"] if "API_KEY" in name]
