"""Calls the Graph API through ``facebook-sdk``, without its flaws.

The package (3.1.0, the last one, from 2018) is wrapped here and nowhere else. What it does, and
what is done about it:

=============================================  =====================================================
its flaw                                       here
=============================================  =====================================================
never looks at the HTTP status: a 500 whose    ``GraphSession`` reads every answer before the
JSON lacks ``error`` is returned as a success  package does
no time-out                                    one for connecting and one for reading, on each call
follows a redirect of a POST with a GET        redirects are never followed
knows versions up to v3.1 only                 ``.version`` is assigned after construction
base URL is a global of its module             ``GraphSession`` puts our address in its place
puts the token into the query of GET, DELETE   the query is struck from urllib3's debug log, and no
                                               error keeps its cause
no ``appsecret_proof``                         a parameter of the session
not safe to share between threads              one session and one ``GraphAPI`` for each call
reveals neither headers nor error subcodes     ``GraphAnswer`` keeps status, headers and body
=============================================  =====================================================
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from pydantic import SecretStr
from requests.adapters import BaseAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError

from channels.contract import ChannelError, Refused, Unreachable
from channels.http import Effect, silence

with warnings.catch_warnings():
    # The package spells a regular expression as "\d" in a plain string.
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    import facebook

PROVIDER = "Facebook"

_NO_CONNECTION = (NewConnectionError, ConnectTimeoutError, ProxyError)
_NO_REQUEST = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


class _NoQueries(logging.Filter):
    """Strikes the query of a path, where the package puts the token, from urllib3's debug lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) and "access_token=" in arg else arg
                for arg in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_NoQueries())


@dataclass(slots=True)
class GraphAnswer:
    """What came back over the wire: status, headers and, if it was a JSON object, the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, Any] | None:
        """Facebook's own words for what went wrong, if it has any."""
        error = self.body.get("error")
        return error if isinstance(error, dict) else None


Reading = Callable[[GraphAnswer, Effect], ChannelError | None]


@dataclass(frozen=True, slots=True)
class GraphAccount:
    """How to reach the Graph API as one Page. Timeouts in seconds."""

    base_url: str
    version: str
    token: SecretStr
    app_secret: SecretStr | None
    connect_timeout: float
    read_timeout: float


class GraphSession(requests.Session):
    """A session for one call, which reads the answer as a channel must before the package does.

    ``reading`` turns an answer into the error that it means, or None if it is a success.
    """

    def __init__(
        self,
        account: GraphAccount,
        effect: Effect,
        reading: Reading,
        transport: BaseAdapter | None = None,
    ) -> None:
        super().__init__()
        self.account = account
        self.effect = effect
        self._reading = reading
        self.answer: GraphAnswer | None = None
        if account.app_secret is not None:
            proof = hmac.digest(
                account.app_secret.get_secret_value().encode(),
                account.token.get_secret_value().encode(),
                hashlib.sha256,
            )
            self.params = {"appsecret_proof": proof.hex()}
        if transport is not None:
            self.mount("https://", transport)
            self.mount("http://", transport)

    def request(  # type: ignore[override]
        self, method: str, url: str, **rest: Any
    ) -> requests.Response:
        """Make the package's request at our address; raise what its answer means."""
        path = url.removeprefix(facebook.FACEBOOK_GRAPH_URL)
        rest |= {
            "allow_redirects": False,
            "timeout": (self.account.connect_timeout, self.account.read_timeout),
        }
        try:
            response = super().request(method, f"{self.account.base_url}/{path}", **rest)
        except requests.RequestException as error:
            # Its text contains the address, which contains the token.
            raise no_answer(error, self.effect) from None
        self.answer = read(response)
        if meant := self._reading(self.answer, self.effect):
            raise meant
        if not self.answer.body:
            raise silence(self.effect, PROVIDER, "the answer could not be read")
        return response


def read(response: requests.Response) -> GraphAnswer:
    """An answer whose body the package can take: it insists on a JSON content type."""
    answer = GraphAnswer(response.status_code, response.headers)
    if "json" in response.headers.get("content-type", "") or response.content[:1] == b"{":
        try:
            body = response.json()
        except requests.exceptions.JSONDecodeError:
            return answer
        if isinstance(body, dict):
            answer.body = body
            response.headers["content-type"] = "application/json"
    return answer


def no_answer(error: requests.RequestException, effect: Effect) -> ChannelError:
    """The meaning of an exception of ``requests``; ``error`` itself is named by its class only."""
    kind = type(error).__name__
    if isinstance(error, _NO_REQUEST):
        return Refused(
            f"{PROVIDER}: its configured address is not one that can be called.",
            "Correct FRONTFOOT_FACEBOOK_BASE_URL and restart the worker.",
        )
    if went_nowhere(error):
        return Unreachable(
            f"{PROVIDER}: no connection ({kind}); nothing went out.",
            "It is tried again; if it goes on, check the network and Meta's status page.",
        )
    return silence(effect, PROVIDER, f"the connection broke ({kind})")


def went_nowhere(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have left.

    ``requests`` calls a refused connection and one that broke after the request by one name; only
    urllib3's reason inside tells them apart. Of TLS errors, a bad certificate alone is sure to
    come before the request: the others also happen while the answer is read.
    """
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, _NO_CONNECTION):
        return True
    inner = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    return isinstance(inner, ssl.SSLCertVerificationError)


def call(
    make: Callable[[], GraphSession], use: Callable[[Any], Any]
) -> tuple[dict[str, Any], GraphAnswer]:
    """Run ``use`` with a ``GraphAPI`` made for this one call; blocking, so run it in a thread.

    Returns the JSON object and the answer it came in. Raises a ``ChannelError``.
    """
    with make() as session:
        graph = facebook.GraphAPI(session.account.token.get_secret_value(), session=session)
        graph.version = session.account.version
        try:
            body = use(graph)
        except facebook.GraphAPIError:
            # Only if the session's reading missed an error.
            raise silence(session.effect, PROVIDER, "the answer could not be read") from None
        if session.answer is None or not isinstance(body, dict):
            raise silence(session.effect, PROVIDER, "the answer could not be read")
        return body, session.answer
