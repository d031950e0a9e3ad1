"""Each adapter of ours says of its channel what the rest of the program relies on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from channels import registry
from channels.contract_suite.adapter_contract import AdapterContract, Package

SECRET = "a-secret-word"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "email": {"api_key": SECRET, "from_address": "joel@acme.example"},
    "facebook": {"page_id": "100000000000001", "page_token": SECRET, "app_secret": SECRET},
    "mastodon": {"base_url": "https://social.example", "token": SECRET},
    "smtp": {"host": "mail.example", "username": "sender", "password": SECRET},
    "website": {"url": "https://status.example", "bucket": "status-page", "bucket_secret": SECRET},
    "twitter": dict.fromkeys(("consumer_key", "consumer_secret", "token", "token_secret"), SECRET),
}


class TestOurAdapters(AdapterContract):
    @pytest.fixture(params=sorted(registry.BUILT_IN))
    def package(self, request: pytest.FixtureRequest) -> Package:
        name = str(request.param)
        return Package(name, registry.load(name), SETTINGS[name], secrets=(SECRET,))
