"""Judges the body of `POST /v3/mail/send` the way SendGrid documents it.

Limits and field names: SendGrid v3 API reference, "Mail Send" (v3, read January 2026); never run
against the live API.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import orjson

MAX_BODY = 30 * 1024 * 1024
MAX_RECIPIENTS = 1000
MAX_ARGS = 10_000
MAX_SUBSTITUTIONS = 10_000
SEND_AT_AHEAD = 72 * 3600
_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message."
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_FORBIDDEN_HEADERS = frozenset(
    "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from "
    "subject reply-to cc bcc".split()
)
_ADDRESSING = frozenset({"to", "cc", "bcc", "custom_args"})

_KINDS: dict[str, type] = {
    "personalizations": list,
    "content": list,
    "categories": list,
    "reply_to_list": list,
    "headers": dict,
    "asm": dict,
    "mail_settings": dict,
    "subject": str,
    "template_id": str,
}

_PERSON_KINDS: dict[str, type] = {
    "subject": str,
    "headers": dict,
    "dynamic_template_data": dict,
    "from": dict,
}

Row = tuple[int, str, str | None, str | None]


@dataclass(slots=True)
class Judged:
    """A request that was read: what is wrong with it, or the rows it becomes.

    `rows` holds (number, address, own custom args as JSON, other personal data as JSON), one per
    recipient in the request's order.
    """

    errors: list[dict[str, str | None]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    args: str | None = None
    content: bytes = b""
    send_at: float | None = None
    validate_only: bool = False
    asm_group: int | None = None
    bypass_suppressions: bool = False

    def complain(self, message: str, name: str | None) -> None:
        anchor = (name or "").split(".")[0]
        self.errors.append({"message": message, "field": name, "help": _HELP + anchor})


def judge(mail: object) -> Judged:
    """Check one decoded request body; every fault that can be named is named."""
    judged = Judged()
    if not isinstance(mail, dict):
        judged.errors.append({"message": "Bad Request", "field": None, "help": None})
        return judged
    for name, kind in _KINDS.items():
        if mail.get(name) is not None and not isinstance(mail[name], kind):
            judged.complain("Invalid type.", name)
    if judged.errors:
        return judged
    top_args = mail.get("custom_args")
    if top_args is not None and not _are_args(top_args):
        judged.complain("The custom_args must be an object of strings.", "custom_args")
    elif top_args:
        judged.args = orjson.dumps(top_args).decode()
    _judge_envelope(mail, judged)
    _judge_people(mail, judged)
    _judge_content(mail, judged)
    settings = mail.get("mail_settings") or {}
    judged.validate_only = _enabled(settings.get("sandbox_mode"))
    judged.bypass_suppressions = _enabled(settings.get("bypass_list_management"))
    if not judged.errors:
        kept = {k: v for k, v in mail.items() if k not in ("personalizations", "custom_args")}
        judged.content = orjson.dumps(kept)
    return judged


def is_address(text: object) -> bool:
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def _judge_people(mail: dict[str, Any], judged: Judged) -> None:
    people = mail.get("personalizations")
    if not people:
        judged.complain(
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
        )
        return
    if len(people) > MAX_RECIPIENTS:
        judged.complain(
            "The personalizations field may not have more than 1000 personalizations.",
            "personalizations",
        )
        return
    dynamic = str(mail.get("template_id") or "").startswith("d-")
    top_size = len(judged.args or "")
    seen: set[str] = set()
    rows = judged.rows
    for index, person in enumerate(people):
        at = f"personalizations.{index}"
        if not isinstance(person, dict) or not isinstance(person.get("to"), list):
            person = {}
        if not person.get("to"):
            judged.complain(
                "The to array is required for all personalization objects, and must have at "
                "least one email object with a valid email address.",
                f"{at}.to",
            )
            continue
        own_args = person.get("custom_args")
        args: str | None = None
        if own_args:
            if not _are_args(own_args):
                judged.complain(
                    "The custom_args must be an object of strings.", f"{at}.custom_args"
                )
            args = orjson.dumps(own_args, default=str).decode()
        if top_size + len(args or "") > MAX_ARGS:
            judged.complain(
                "The total size of custom_args may not exceed 10,000 bytes.", f"{at}.custom_args"
            )
        rest = {k: v for k, v in person.items() if k not in _ADDRESSING}
        _judge_person(rest, dynamic, at, judged)
        data = orjson.dumps(rest).decode() if rest else None
        for kind in ("to", "cc", "bcc"):
            people_of_kind = person.get(kind) or ()
            if not isinstance(people_of_kind, list | tuple):
                judged.complain("Invalid type.", f"{at}.{kind}")
                continue
            for number, who in enumerate(people_of_kind):
                address = who.get("email") if isinstance(who, dict) else None
                if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
                    judged.complain(
                        "Does not contain a valid address.", f"{at}.{kind}.{number}.email"
                    )
                    continue
                key = address.lower()
                if key in seen:
                    judged.complain(
                        "Each email address in the personalization block should be unique between "
                        "to, cc, and bcc. We found the first duplicate instance of "
                        f"[{address}] in the {at}.{kind} field.",
                        "personalizations",
                    )
                seen.add(key)
                rows.append((len(rows), address, args, data))
    if len(rows) > MAX_RECIPIENTS:
        judged.complain(
            "The total number of recipients may not exceed 1000 for one request.",
            "personalizations",
        )


def _judge_person(rest: dict[str, Any], dynamic: bool, at: str, judged: Judged) -> None:
    for key, kind in _PERSON_KINDS.items():
        if key in rest and not isinstance(rest[key], kind):
            judged.complain("Invalid type.", f"{at}.{key}")
    if "from" in rest and not (
        isinstance(rest["from"], dict) and is_address(rest["from"].get("email"))
    ):
        judged.complain("The from email does not contain a valid address.", f"{at}.from.email")
    substitutions = rest.get("substitutions")
    if not substitutions:
        return
    name = f"{at}.substitutions"
    if dynamic:
        judged.complain("Substitutions may not be used with dynamic templating.", name)
    elif not _are_args(substitutions):
        judged.complain("The substitutions must be an object of strings.", name)
    elif sum(len(v.encode()) for v in substitutions.values()) > MAX_SUBSTITUTIONS:
        judged.complain("The substitutions may not exceed 10,000 bytes.", name)


def _judge_envelope(mail: dict[str, Any], judged: Judged) -> None:
    sender = mail.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        judged.complain(
            "The from object must be provided for every email send. It is an object that requires "
            "the email parameter, but may also contain a name parameter.",
            "from.email",
        )
    elif not is_address(sender["email"]):
        judged.complain("The from email does not contain a valid address.", "from.email")
    reply_to = mail.get("reply_to")
    if reply_to is not None and not (
        isinstance(reply_to, dict) and is_address(reply_to.get("email"))
    ):
        judged.complain("The reply_to email does not contain a valid address.", "reply_to.email")
    listed = mail.get("reply_to_list")
    if listed is not None and (reply_to is not None or len(listed) > MAX_RECIPIENTS):
        judged.complain("Use either reply_to or at most 1000 of reply_to_list.", "reply_to_list")
    for name in mail.get("headers") or {}:
        if str(name).lower() in _FORBIDDEN_HEADERS:
            judged.complain(f"The header {name} may not be set.", f"headers.{name}")
    categories = mail.get("categories") or []
    if len(categories) > 10:
        judged.complain("You may not have more than 10 categories.", "categories")
    if len(set(map(str, categories))) != len(categories):
        judged.complain("The categories must be unique.", "categories")
    for number, category in enumerate(categories):
        if not isinstance(category, str) or len(category) > 255:
            judged.complain("A category is at most 255 characters.", f"categories.{number}")
    asm = mail.get("asm")
    if asm is not None:
        group = asm.get("group_id") if isinstance(asm, dict) else None
        if not isinstance(group, int):
            judged.complain("The asm object requires a group_id number.", "asm.group_id")
        elif not _is_list(asm.get("groups_to_display"), 25):
            judged.complain("At most 25 groups can be displayed.", "asm.groups_to_display")
        else:
            judged.asm_group = group
    pool = mail.get("ip_pool_name")
    if pool is not None and not 2 <= len(str(pool)) <= 64:
        judged.complain("The ip_pool_name is between 2 and 64 characters.", "ip_pool_name")
    send_at = mail.get("send_at")
    if send_at is not None:
        if not isinstance(send_at, int) or isinstance(send_at, bool):
            judged.complain("The send_at parameter must be a unix timestamp.", "send_at")
        elif send_at > time.time() + SEND_AT_AHEAD:
            judged.complain("Scheduling more than 72 hours in advance is forbidden.", "send_at")
        else:
            judged.send_at = float(send_at)


def _judge_content(mail: dict[str, Any], judged: Judged) -> None:
    template = mail.get("template_id")
    people = mail.get("personalizations")
    if not mail.get("subject") and not template:
        everyone = isinstance(people, list) and all(
            isinstance(p, dict) and p.get("subject") for p in people
        )
        if not everyone or not people:
            judged.complain(
                "The subject is required. You can get around this requirement if you use a "
                "template with a subject defined or if every personalization has a subject "
                "defined.",
                "subject",
            )
    content = mail.get("content")
    if not content:
        if not template:
            judged.complain(
                "Unless a valid template_id is provided, the content parameter is required. There "
                "must be at least one defined content block.",
                "content",
            )
        return
    kinds: list[object] = []
    for number, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("value"), str):
            judged.complain("The content value must be a string.", f"content.{number}.value")
        elif not block["value"]:
            judged.complain(
                "The content value must be a string at least one character in length.",
                f"content.{number}.value",
            )
        else:
            kinds.append(block.get("type"))
            if not isinstance(block.get("type"), str) or "/" not in block["type"]:
                judged.complain("The content type must be a MIME type.", f"content.{number}.type")
    if "text/plain" in kinds and kinds.index("text/plain") != 0:
        judged.complain(
            "If present, text/plain must be first, followed by text/html, followed by any other "
            "content.",
            "content",
        )


def _are_args(value: object) -> bool:
    return isinstance(value, dict) and all(type(v) is str for v in value.values())


def _is_list(value: object, longest: int) -> bool:
    return value is None or (isinstance(value, list) and len(value) <= longest)


def _enabled(setting: object) -> bool:
    return isinstance(setting, dict) and setting.get("enable") is True
