"""A real IMAP server, Debian's Dovecot, on this machine: any name is a mailbox of its own."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from imap_tools.mailbox import MailBoxUnencrypted

from channels.smtp import SmtpSettings
from channels.smtp.channel import HearingSmtpChannel
from tests.channels.smtp.smtp_world import certificate_of

PASSWORD = "mailbox-secret"
_WITHIN = 120.0

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
first_valid_gid = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
mail_max_userip_connections = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where it is, with and without encryption, and the certificate to trust."""

    port: int
    tls_port: int
    ca_file: Path

    def channel(self, user: str, **instead: Any) -> HearingSmtpChannel:
        """A channel that reads the mailbox of ``user``; it sends nothing."""
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "mailbox_host": "localhost",
            "mailbox_security": "none",
            "mailbox_port": self.port,
            "mailbox_username": user,
            "mailbox_password": PASSWORD,
            "read_timeout": 60.0,
        }
        return HearingSmtpChannel(SmtpSettings.model_validate({**values, **instead}))

    @contextlib.contextmanager
    def open(self, user: str) -> Iterator[MailBoxUnencrypted]:
        """The mailbox as a mail program opens it."""
        with MailBoxUnencrypted("127.0.0.1", self.port, _WITHIN).login(user, PASSWORD) as box:
            yield box

    def put(self, user: str, *mails: EmailMessage | bytes) -> None:
        """Lay mails into the mailbox of ``user``."""
        with self.open(user) as box:
            for one in mails:
                box.append(one if isinstance(one, bytes) else one.as_bytes(), "INBOX", dt=None)


def _users() -> dict[str, str]:
    """Who its processes are: root's Dovecot has users of its own, and nobody else can change."""
    if os.getuid() == 0:
        return {"user": "dovecot", "group": "dovecot", "login_user": "dovenull"}
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    return {"user": user, "group": group, "login_user": user}


@contextlib.contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Run Dovecot; skips where it is not installed."""
    with tempfile.TemporaryDirectory(prefix="frontfoot-imap-") as made:
        # Its users must be able to go through.
        Path(made).chmod(0o755)
        with _running(Path(made)) as server:
            yield server


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[ImapServer]:
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    _, certificate = certificate_of("localhost", folder)
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        port, tls_port = (one.getsockname()[1] for one in ports)
    users = _users()
    owner = pwd.getpwnam(users["user"])
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
        if name in ("mail", "home"):
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    written = folder / "dovecot.conf"
    written.write_text(
        CONFIGURATION.format(
            folder=folder,
            certificate=certificate,
            key=certificate.with_suffix(".key"),
            **users,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            password=PASSWORD,
            port=port,
            tls_port=tls_port,
        )
    )
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen([program, "-F", "-c", str(written)], stdout=said, stderr=said)
    try:
        _wait_until_it_listens(process, port, folder)
        yield ImapServer(port, tls_port, certificate)
    finally:
        process.terminate()
        process.wait(_WITHIN)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.05)
    logs = (one for one in (folder / "said", folder / "log") if one.exists())
    told = [one.read_text("utf-8", "replace") for one in logs]
    raise AssertionError(f"Dovecot does not listen: {told}")
