"""One HTTP request from the control machine, with one limit for all of it and no redirects to other hosts."""

import socket
import ssl
import urllib.request
from urllib.parse import urlsplit

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Http
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import render
from runbook_engine.transports.session import OUT
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.web_answers import ERRORS, Progress, fetch, reason_of
from runbook_engine.transports.wire import connect_fault


def perform_http(command: Http, sink: Sink, settings: LinkSettings) -> Answer:
    """Send it and judge the answer: exit code 0 as expected, 1 otherwise.

    Raises TransportFault when no answer came: `started` is True as soon as the request may have reached the server.
    """
    limit_s = command.timeout_s if command.timeout_s is not None else settings.http_s
    progress = Progress()
    request = _request(command, settings)
    capture = Capture(sink, settings.secrets.masks)
    try:
        reply = fetch(
            request,
            progress,
            _context(command),
            limit_s=limit_s,
            limit_bytes=settings.http_bytes,
            expected=command.expect_status,
        )
    except ERRORS as error:
        raise unanswered(error, request, progress, limit_s, settings) from None
    capture.add(OUT, reply.body)
    capture.finish()
    return _judge(command, reply.status, reply.body, capture, cut=reply.cut)


def _context(command: Http) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not command.check_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


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


def _judge(command: Http, status: int, body: bytes, capture: Capture, *, cut: bool) -> Answer:
    expected = ", ".join(str(s) for s in command.expect_status)
    if status not in command.expect_status:
        return capture.answer(1, f"answered {status}, expected {expected}")
    if command.expect_body and command.expect_body.encode() not in body:
        where = " in its beginning (the answer is too large)" if cut else ""
        return capture.answer(1, f"answered {status}, but {command.expect_body!r} is not in it{where}")
    return capture.answer(0, f"answered {status}")


def unanswered(
    error: Exception, request: urllib.request.Request, progress: Progress, limit_s: float, settings: LinkSettings
) -> TransportFault:
    """Why there is no answer to a request, in the words of the engine; `progress` says whether it may have been sent."""
    host = urlsplit(request.full_url).netloc.rpartition("@")[2]
    reason = reason_of(error)
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
