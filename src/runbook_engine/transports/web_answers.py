"""One round of HTTP: a request, one limit for all of it, and an answer of bounded size. Redirects stay on the host."""

import hashlib
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from runbook_engine.model.values import dataclass

READ = 1 << 16
ERRORS = (OSError, http.client.HTTPException, ValueError)  # what can be raised when no answer came


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered; `cut` says that its body was longer than what is kept."""

    status: int
    body: bytes
    cut: bool
    headers: Mapping[str, str] = field(default_factory=dict)


class Progress:
    """How far a request has come, and the way to end it."""

    def __init__(self) -> None:
        self.sent = False
        self.gave_up = False
        self._sock: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        """Take the socket that is ended when time is up; at once if it is up already."""
        self._sock = sock
        if self.gave_up:
            self.give_up()

    def give_up(self) -> None:
        """Time is up: every wait on the socket ends now."""
        self.gave_up = True
        if self._sock:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)


def fetch(
    request: urllib.request.Request,
    progress: Progress,
    context: ssl.SSLContext,
    *,
    limit_s: float,
    limit_bytes: int,
    expected: tuple[int, ...] = (),
    proxies: bool = True,
    fingerprint: str = "",
) -> Reply:
    """Send it and read the answer, whatever its status. A redirect whose status is `expected` is the answer.

    Raises one of ERRORS when no answer came; `progress` then says how far it was. `proxies`: whether those of the
    environment are used. `fingerprint` is the SHA-256 of the server's certificate, for a context that checks nothing else.
    """
    alarm = threading.Timer(limit_s, progress.give_up)
    alarm.daemon = True
    alarm.start()
    try:
        opener = _opener(_Safety(context, fingerprint), progress, expected, proxies=proxies)
        with opener.open(request, timeout=limit_s) as response:
            body, cut = _body(response, limit_bytes)
            reply = Reply(status=response.status, body=body, cut=cut, headers=dict(response.headers))
    finally:
        alarm.cancel()
    if progress.gave_up:
        raise TimeoutError
    return reply


def _body(response: Any, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    while size <= limit and (piece := response.read1(READ)):
        parts.append(piece)
        size += len(piece)
    if size <= limit and response.length:
        raise http.client.IncompleteRead(b"", response.length)
    whole = b"".join(parts)
    return whole[:limit], size > limit


@dataclass(frozen=True, slots=True)
class _Safety:
    """How the server proves who it is."""

    context: ssl.SSLContext
    fingerprint: str

    def check(self, sock: ssl.SSLSocket) -> None:
        """Raises SSLCertVerificationError unless the certificate is the one that is known."""
        shown = hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
        if self.fingerprint and shown != self.fingerprint:
            sock.close()
            raise ssl.SSLCertVerificationError(1, f"its certificate is another one: sha256:{shown}")


class _Watched(http.client.HTTPConnection):
    """A connection that says how far it has come."""

    watcher: Progress

    def connect(self) -> None:
        """Connect, and let the socket be ended from outside."""
        super().connect()
        self.watcher.watch(self.sock)

    def send(self, data: Any) -> None:
        """Send; from here on the server may have the request."""
        if self.sock is None:
            self.connect()
        self.watcher.sent = True
        super().send(data)


def _opener(safety: _Safety, progress: Progress, expected: tuple[int, ...], *, proxies: bool) -> urllib.request.OpenerDirector:
    class Plain(_Watched, http.client.HTTPConnection):
        watcher = progress

    class Safe(_Watched, http.client.HTTPSConnection):
        watcher = progress

        def connect(self) -> None:
            super().connect()
            safety.check(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SafeHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Safe, req, context=safety.context)

    direct = () if proxies else (urllib.request.ProxyHandler({}),)
    return urllib.request.build_opener(PlainHandler, SafeHandler, _SameHost(expected), _AnyStatus, *direct)


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only on the same host and port, and not when the redirect itself is what is expected."""

    def __init__(self, expected: tuple[int, ...]) -> None:
        self._expected = expected

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        """The next request, or None: then the redirect is the answer."""
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if code in self._expected or (here.scheme, here.netloc) != (there.scheme, there.netloc):
            return None
        if req.get_method() not in ("GET", "HEAD"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


class _AnyStatus(urllib.request.HTTPDefaultErrorHandler):
    """Every answer is an answer, whatever its status."""

    def http_error_default(self, _request: Any, answer: Any, *_: Any) -> Any:
        """The response as it is."""
        return answer


def reason_of(error: Exception) -> Exception:
    """What lies under the error of a request."""
    return error.reason if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception) else error
