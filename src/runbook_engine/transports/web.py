"""One HTTP request from the control machine, with one limit for all of it and no redirects to other hosts."""

import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Http
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import render
from runbook_engine.transports.session import OUT
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.wire import connect_fault

READ = 1 << 16


def perform_http(command: Http, sink: Sink, settings: LinkSettings) -> Answer:
    """Send it and judge the answer: exit code 0 as expected, 1 otherwise.

    Raises TransportFault when no answer came: `started` is True as soon as the request may have reached the server.
    """
    limit_s = command.timeout_s if command.timeout_s is not None else settings.http_s
    progress = _Progress()
    request = _request(command, settings)
    capture = Capture(sink, settings.secrets.masks)
    alarm = threading.Timer(limit_s, progress.give_up)
    alarm.daemon = True
    alarm.start()
    try:
        with _opener(command, progress).open(request, timeout=limit_s) as response:
            status, body, cut = response.status, *_body(response, settings.http_bytes)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _fault(error, request, progress, limit_s, settings) from None
    finally:
        alarm.cancel()
    if progress.gave_up:
        raise _fault(TimeoutError(), request, progress, limit_s, settings)
    capture.add(OUT, body)
    capture.finish()
    return _judge(command, status, body, capture, cut=cut)


def _request(command: Http, settings: LinkSettings) -> urllib.request.Request:
    url = render(command.url, settings.secrets)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f"{settings.secrets.masks.hide_text(url)} is not an http or https address"
        raise TransportFault(Cause.CONFIGURATION, message, started=False)
    body = render(command.body, settings.secrets).encode("utf-8", "surrogateescape") if command.body else None
    headers = {name: render(value, settings.secrets) for name, value in command.headers}
    if any(c in text for name, value in headers.items() for text in (name, value) for c in "\r\n"):
        raise TransportFault(Cause.CONFIGURATION, "A header cannot hold a line break", started=False)
    return urllib.request.Request(url, data=body, headers=headers, method=command.method)  # noqa: S310 - the scheme was checked


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


def _judge(command: Http, status: int, body: bytes, capture: Capture, *, cut: bool) -> Answer:
    expected = ", ".join(str(s) for s in command.expect_status)
    if status not in command.expect_status:
        return capture.answer(1, f"answered {status}, expected {expected}")
    if command.expect_body and command.expect_body.encode() not in body:
        where = " in its beginning (the answer is too large)" if cut else ""
        return capture.answer(1, f"answered {status}, but {command.expect_body!r} is not in it{where}")
    return capture.answer(0, f"answered {status}")


class _Progress:
    """How far a request has come, and the way to end it."""

    def __init__(self) -> None:
        self.sent = False
        self.gave_up = False
        self._sock: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        self._sock = sock
        if self.gave_up:
            self.give_up()

    def give_up(self) -> None:
        """Time is up: every wait on the socket ends now."""
        self.gave_up = True
        if self._sock:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)


class _Watched(http.client.HTTPConnection):
    """A connection that says how far it has come."""

    watcher: _Progress

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


def _opener(command: Http, progress: _Progress) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    if not command.check_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

    class Plain(_Watched, http.client.HTTPConnection):
        watcher = progress

    class Safe(_Watched, http.client.HTTPSConnection):
        watcher = progress

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SafeHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Safe, req, context=context)

    return urllib.request.build_opener(PlainHandler, SafeHandler, _SameHost(command.expect_status), _AnyStatus)


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


def _fault(
    error: Exception, request: urllib.request.Request, progress: _Progress, limit_s: float, settings: LinkSettings
) -> TransportFault:
    host = urlsplit(request.full_url).netloc.rpartition("@")[2]
    reason = error.reason if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception) else error
    if progress.gave_up or isinstance(reason, TimeoutError):
        message = f"{host} gave no answer within {limit_s:g} s"
        return TransportFault(Cause.TIMED_OUT, message, started=progress.sent)
    if progress.sent:
        message = f"{host} ended the connection before it had answered: {reason}"
        return TransportFault(Cause.LOST, message, started=True)
    if isinstance(reason, ssl.SSLError):
        return TransportFault(Cause.CONFIGURATION, f"No safe connection to {host}: {reason}", started=False)
    if isinstance(reason, socket.gaierror):
        return TransportFault(Cause.NAME, f"The name {host} was not found: {reason.strerror}", started=False)
    if isinstance(reason, OSError):
        return connect_fault(*_host_and_port(request), reason, limit_s)
    text = settings.secrets.masks.hide_text(str(reason))
    return TransportFault(Cause.CONFIGURATION, f"The request to {host} cannot be made: {text}", started=False)


def _host_and_port(request: urllib.request.Request) -> tuple[str, int]:
    parts = urlsplit(request.full_url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
