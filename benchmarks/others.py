"""Two ordinary ways to do it: the ``sendgrid`` package as documented, and one request for each.

Both are sequences of requests as their documentation shows them, measured on fewer recipients and
scaled: what one more request costs does not depend on how many went before.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from sendgrid import SendGridAPIClient
from sendgrid.helpers import mail as helpers

from benchmarks.limit import build_as_the_adapter
from benchmarks.mail import Mail, Recipient
from channels.sendgrid.body import BATCH_ARG, BROADCAST_ARG, DELIVERY_ARG
from domain.message import Copy

HELPERS, ONE_BY_ONE = "sendgrid helpers", "one by one"


def send_with_helpers(url: str, copy: Copy, batches: Iterator[Mail]) -> int:
    """The ``sendgrid`` package: ``Mail`` with a ``Personalization`` each, one request at a time."""
    client = SendGridAPIClient("SG.benchmark", host=url)
    posted = 0
    for key, people in batches:
        answer = client.send(_mail(copy, key, people))
        if answer.status_code != 202:
            raise ConnectionError(f"the sink answered {answer.status_code}")
        posted += 1
    return posted


async def send_one_by_one(url: str, copy: Copy, batches: Iterator[Mail]) -> int:
    """One request for each recipient over one kept-alive httpx client, one at a time."""
    headers = {"Authorization": "Bearer SG.benchmark", "Content-Type": "application/json"}
    posted = 0
    async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        for key, people in batches:
            for one in people:
                body = build_as_the_adapter(copy, key, [one])
                (await http.post(f"{url}/v3/mail/send", content=body)).raise_for_status()
                posted += 1
    return posted


def _mail(copy: Copy, key: str, people: list[Recipient]) -> helpers.Mail:
    assert copy.voice is not None
    mail = helpers.Mail()
    mail.from_email = helpers.From(copy.voice.address, copy.voice.name)
    mail.subject = helpers.Subject(copy.subject)
    mail.add_content(helpers.Content("text/plain", copy.text))
    if copy.html:
        mail.add_content(helpers.Content("text/html", copy.html))
    if copy.voice.reply_to:
        mail.reply_to = helpers.ReplyTo(copy.voice.reply_to)
    mail.add_custom_arg(helpers.CustomArg(BATCH_ARG, key))
    mail.add_custom_arg(helpers.CustomArg(BROADCAST_ARG, key.partition(".")[0]))
    for one in people:
        personal = helpers.Personalization()
        personal.add_to(helpers.To(one.address))
        personal.add_custom_arg(helpers.CustomArg(DELIVERY_ARG, one.delivery))
        personal.add_substitution(helpers.Substitution("[[code]]", one.code))
        mail.add_personalization(personal)
    return mail
