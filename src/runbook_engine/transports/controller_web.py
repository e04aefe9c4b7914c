"""Requests of sushy, each sent once: with limits, a checked certificate, and our own faults. Imported when first needed.

sushy would send a request again when the link is lost, whatever it is. A restart must not be asked for twice, so sushy is
handed a session that carries out each request itself, and never raises what sushy takes for a reason to try again.
"""

import ssl
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from sushy import auth, exceptions
from sushy.connector import Connector

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import BmcSettings
from runbook_engine.model.words import Cause
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.transports.web import unanswered
from runbook_engine.transports.web_answers import ERRORS, Progress, Reply, fetch, reason_of

NO_SESSIONS = frozenset({404, 405, 501})  # what controllers without sessions answer to a login
DOUBTFUL = frozenset({500, 502, 504})  # answers to a change that leave open whether it was made
PINNED = "sha256:"


class Wire(BaseAdapter):
    """Carries out one request at a time. `until` is when everything must be over, on the clock of the links."""

    def __init__(self, name: str, bmc: BmcSettings, settings: LinkSettings) -> None:
        super().__init__()
        self._name = name
        self._bmc = bmc
        self._settings = settings
        self._context: ssl.SSLContext | None = None
        self.until = 0.0
        self.changed = False  # since it was last set to False, a change was accepted, or nobody knows whether it was made

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer, whatever its status. Raises TransportFault; `started`: what changes something may have been sent."""
        left_s = self.until - self._settings.clock()
        limit_s = max(0.01, min(self._settings.controller_s, left_s))
        progress = Progress()
        sent = self._sent(request)
        changing = sent.method not in ("GET", "HEAD") and "/Sessions" not in sent.full_url
        try:
            reply = self._fetched(sent, progress, limit_s)
        except ERRORS as error:
            self.changed = self.changed or (changing and progress.sent)
            raise self._fault(error, sent, progress, limit_s) from None
        self.changed = self.changed or (changing and (reply.status < 400 or reply.status in DOUBTFUL))
        return _response(request, reply)

    def close(self) -> None:
        """Nothing is kept open between requests: many controllers do not bear it."""

    def _fetched(self, sent: urllib.request.Request, progress: Progress, limit_s: float) -> Reply:
        pin = self._bmc.verify.removeprefix(PINNED) if self._bmc.verify.startswith(PINNED) else ""
        limit_bytes = self._settings.http_bytes
        return fetch(sent, progress, self._trusted(), limit_s=limit_s, limit_bytes=limit_bytes, proxies=False, fingerprint=pin)

    def _sent(self, request: requests.PreparedRequest) -> urllib.request.Request:
        """The request to where the controller was found, by whatever name it calls itself."""
        parts = urlsplit(str(request.url))
        url = self._bmc.address + parts.path + (f"?{parts.query}" if parts.query else "")
        body: Any = request.body.encode() if isinstance(request.body, str) else request.body
        headers = {str(name): _text(value) for name, value in request.headers.items() if name != "Content-Length"}
        return urllib.request.Request(url, data=body, headers=headers, method=request.method)  # noqa: S310 - checked when read

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = _context(self._name, self._bmc.verify)
        return self._context

    def _fault(self, error: Exception, sent: urllib.request.Request, progress: Progress, limit_s: float) -> TransportFault:
        reason = reason_of(error)
        if isinstance(reason, ssl.SSLCertVerificationError) and not progress.sent:
            return _not_trusted(self._name, sent.host, reason, pinned=self._bmc.verify.startswith(PINNED))
        fault = unanswered(error, sent, progress, limit_s, self._settings)
        message = f"the management controller of {self._name}: {fault.message}"
        return TransportFault(fault.cause, message, started=self.changed, why=fault.why)


class OneTry(requests.Session):
    """A session that follows nobody elsewhere and reads no settings of the person who runs it."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("https://", wire)
        self.mount("http://", wire)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """As usual, but for redirects: what stays on the controller was followed already."""
        return super().request(method, url, *args, **{**kwargs, "allow_redirects": False})


class Once(Connector):  # type: ignore[misc]
    """sushy's connector over that session; nothing of it waits or tries again."""

    def __init__(self, wire: Wire, address: str) -> None:
        super().__init__(address)
        self._session = OneTry(wire)
        self._session.headers["Connection"] = "close"


class Login(auth.SessionAuth):  # type: ignore[misc]
    """A session where the controller has them, else the password with each request. Never both: accounts get locked."""

    def _do_authenticate(self) -> None:
        links = self._root_resource.json.get("Links") or {}
        if not links.get("Sessions") and not self._root_resource.json.get("SessionService"):
            self._connector.set_http_basic_auth(self._username, self._password)
            return
        try:
            super()._do_authenticate()
        except exceptions.HTTPError as error:
            if error.status_code not in NO_SESSIONS and not isinstance(error, exceptions.MissingXAuthToken):
                raise
            self._connector.set_http_basic_auth(self._username, self._password)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    response = requests.Response()
    response.status_code = reply.status
    response.headers.update(reply.headers)
    response.url = str(request.url)
    response.request = request
    response.encoding = "utf-8"
    response._content = reply.body  # noqa: SLF001 - the one way to hand in what was read already
    return response


def _context(name: str, verify: str) -> ssl.SSLContext:
    if verify.startswith(PINNED):  # the fingerprint is compared after the handshake, before anything is sent
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=str(Path(verify).expanduser()) if verify else None)
    except OSError as error:
        message = f"{verify}, which is to tell the management controller of {name}, is not a file of certificates"
        why = error.strerror or type(error).__name__
        raise TransportFault(Cause.CONFIGURATION, message, started=False, why=why) from None


def _not_trusted(name: str, host: str, reason: ssl.SSLCertVerificationError, *, pinned: bool) -> TransportFault:
    where = host if ":" in host.rpartition("]")[2] else f"{host}:443"
    said = reason.args[1] if pinned else reason.verify_message
    return TransportFault(
        Cause.CERTIFICATE,
        f"The certificate of the management controller of {name} ({host}) is not trusted: {said}",
        started=False,
        why="Nothing was sent. If it is the right one, name its authority or its fingerprint as `verify` of its bmc.",
        next_command=f"openssl s_client -connect {where} </dev/null | openssl x509 -noout -fingerprint -sha256",
    )
