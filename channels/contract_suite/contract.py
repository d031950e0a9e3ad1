"""What every channel must do: inherit ``ChannelContract`` and supply a ``provider``.

A test class for a channel is this::

    class TestPostbox(ChannelContract):
        @pytest.fixture
        def provider(self) -> StandIn:
            return PostboxStandIn()

A ``StandIn`` (``stand_in.py``) plays the provider: it can be told how to misbehave, and knows what
it accepted. ``mock_provider.py`` has one that needs no server. The promises are in one file for
each subject.
"""

from __future__ import annotations

from channels.contract_suite.abilities import AbilitiesContract
from channels.contract_suite.answering import AnsweringContract
from channels.contract_suite.checking import CheckingContract
from channels.contract_suite.failing import FailingContract
from channels.contract_suite.hearing import HearingContract
from channels.contract_suite.looking import LookingContract
from channels.contract_suite.mail import MailContract
from channels.contract_suite.publishing import PublishingContract
from channels.contract_suite.rendering import RenderingContract


class ChannelContract(
    RenderingContract,
    PublishingContract,
    FailingContract,
    LookingContract,
    CheckingContract,
    MailContract,
    AbilitiesContract,
    HearingContract,
    AnsweringContract,
):
    """The promises of a channel, as tests."""
