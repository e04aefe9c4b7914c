"""HTTP requests: judged by what is expected, and what failed says whether the server may have got the request."""

import http.server
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from runbook_engine.model.commands import Http
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause
from runbook_engine.transports import Secrets


class Pages(http.server.BaseHTTPRequestHandler):
    """A small site."""

    def do_GET(self):
        """Answer by path."""
        status = {"/missing": 404, "/away": 302, "/near": 302}.get(self.path, 200)
        self.send_response(status)
        if self.path == "/away":
            self.send_header("Location", "http://127.0.0.1:1/")
        if self.path == "/near":
            self.send_header("Location", "/ok")
        body = b"x" * 100_000 if self.path == "/large" else f"{self.command} {self.headers['X-Token']} fine".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/slow":
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)
        self.wfile.write(body)

    def do_POST(self):
        """Give back what came."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""

    def finish(self):
        """Let the other side leave early."""
        try:
            super().finish()
        except OSError:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    """Says nothing about clients that leave."""

    daemon_threads = True

    def handle_error(self, _request, _address):
        """Nothing to say."""


@pytest.fixture
def site():
    """Its address."""
    with Server(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def ask(new_links, log):
    """Makes a request."""
    link = new_links(secrets=Secrets({"TOKEN": "t0ken-value"}), http_bytes=50_000)(None)

    def send(url, **other):
        return link.perform(Http(url=plain(url), **other), log)

    return send


def test_expected_and_unexpected_answers(ask, site, log):
    """Status and a part of the body decide; the body is in the log."""
    assert (ask(f"{site}/ok").exit_code, log.text(1)) == (0, b"GET None fine")
    answer = ask(f"{site}/missing")
    assert (answer.exit_code, answer.detail) == (1, "answered 404, expected 200")
    assert ask(f"{site}/missing", expect_status=(404,)).exit_code == 0
    assert ask(f"{site}/ok", expect_body="fine").exit_code == 0
    assert "'bad' is not in it" in ask(f"{site}/ok", expect_body="bad").detail
    posted = ask(f"{site}/form", method="POST", body=plain("a=b"), expect_status=(200, 201))
    assert (posted.exit_code, posted.stdout) == (0, b"a=b")


@pytest.mark.law(5)
def test_secrets_in_headers_do_not_come_back(ask, site, log):
    """The server gets the value; the log gets the name."""
    ask(f"{site}/ok", headers=(("X-Token", Text((SecretRef("env:TOKEN"),))),))
    assert log.text(1) == b"GET [secret env:TOKEN] fine"


def test_redirects_stay_on_the_host(ask, site):
    """A redirect to the same host is followed, one to another is the answer, and so is one that is expected."""
    assert ask(f"{site}/near").exit_code == 0
    assert ask(f"{site}/away").detail == "answered 302, expected 200"
    assert ask(f"{site}/near", expect_status=(302,)).exit_code == 0


def test_large_answers_are_bounded(ask, site):
    """No more than the limit is read."""
    assert ask(f"{site}/large").output_bytes == 50_000


@pytest.mark.law(8)
def test_no_answer(ask, site):
    """Refused and unknown names have not started anything; silence and a broken answer may have."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for url, cause, started in (
        (f"http://127.0.0.1:{port}/", Cause.REFUSED, False),
        ("http://no-such-host.invalid/", Cause.NAME, False),
        ("ftp://x/", Cause.CONFIGURATION, False),
        (f"{site}/slow", Cause.TIMED_OUT, True),
    ):
        began = time.monotonic()
        with pytest.raises(TransportFault) as caught:
            ask(url, timeout_s=0.6)
        assert (caught.value.cause, caught.value.started) == (cause, started)
        assert time.monotonic() - began < 2


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("talk", "cause"),
    [(b"", Cause.LOST), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Cause.LOST), (None, Cause.TIMED_OUT)],
)
def test_a_server_that_breaks_off(ask, talk, cause):
    """It may have done what it was asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            connection.recv(1000)
            if talk is None:
                time.sleep(1.5)
            else:
                connection.sendall(talk)
            connection.close()

        worker = threading.Thread(target=serve)
        worker.start()
        with pytest.raises(TransportFault) as caught:
            ask(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=0.7)
        worker.join()
    assert (caught.value.cause, caught.value.started) == (cause, True)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_certificates_are_checked_unless_told(ask, tmp_path):
    """A certificate of nobody is refused before the request is sent."""
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*make, "-keyout", tmp_path / "k", "-out", tmp_path / "c"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    with Server(("127.0.0.1", 0), Pages) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_address[1]}/ok"
        with pytest.raises(TransportFault) as caught:
            ask(url)
        assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)
        assert ask(url, check_certificate=False).exit_code == 0
        server.shutdown()
