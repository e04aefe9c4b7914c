"""A small server that speaks HTTPS and the answers of Vault: key-value engines of version 1 and 2."""

import http.server
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hvs.t0ken-of-this-test-9c1d"


@dataclass
class Vault:
    """What the server holds and how it behaves. `new`, `old` and `team/kv` are its mounts; `old` has version 1."""

    folder: Path
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)  # mount/path → fields
    address: str = ""
    namespace: str | None = None  # what a request must say
    status: int = 0  # the answer to everything, when it is not 0
    location: str = ""
    asked: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)  # set: answers are given

    @property
    def authority(self) -> str:
        """The file of the authority that signed its certificate."""
        return str(self.folder / "ca.pem")

    def environment(self, **other: str) -> dict[str, str]:
        """The variables of somebody who may read it."""
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": TOKEN, "VAULT_CACERT": self.authority} | other

    def answer(self, path: str, token: str | None, namespace: str | None) -> tuple[int, Any]:
        """Status and content for a path below /v1/."""
        if self.status:
            return self.status, {"errors": [f"nothing for {token}"]}
        if token != TOKEN or namespace != self.namespace:
            return 403, {"errors": ["permission denied", token]}
        if path.startswith("sys/internal/ui/mounts/"):
            return self._mount(path.removeprefix("sys/internal/ui/mounts/"))
        mount = next((m for m in ("new/data/", "team/kv/data/", "old/") if path.startswith(m)), "")
        fields = self.secrets.get(mount.replace("data/", "") + path.removeprefix(mount)) if mount else None
        if fields is None:
            return 404, {"errors": []}
        return 200, {"data": fields if mount == "old/" else {"data": fields, "metadata": {"version": 3}}}

    def _mount(self, path: str) -> tuple[int, Any]:
        mount = next((m for m in ("new/", "team/kv/", "old/") if path.startswith(m)), "")
        if not mount:
            return 403, {"errors": ["preflight capability check returned 403"]}
        return 200, {"data": {"path": mount, "type": "kv", "options": {"version": "2"} if mount != "old/" else None}}


def make_authority(folder: Path) -> None:
    """An authority (ca.pem) and a certificate of 127.0.0.1 signed by it (server.pem, server.key)."""
    folder.mkdir(parents=True, exist_ok=True)
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    orders = (
        ["-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca.key", "-out", "ca.pem"],
        ["-subj", "/CN=vault", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.pem", *extensions],
    )
    for order in orders:
        subprocess.run([*new, *order], cwd=folder, check=True, capture_output=True)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, _request: Any, _address: Any) -> None:
        """Clients that refuse the certificate leave early."""


def _handler(vault: Vault) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer by path."""
            path = unquote(urlsplit(self.path).path).removeprefix("/v1/")
            vault.asked.append(path)
            vault.hold.wait(20)
            status, content = vault.answer(path, self.headers["X-Vault-Token"], self.headers["X-Vault-Namespace"])
            body = json.dumps(content).encode()
            self.send_response(status)
            if vault.location:
                self.send_header("Location", vault.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(folder: Path, *, safe: bool = True) -> Iterator[Vault]:
    """A running server with a certificate of its own authority; without `safe` it speaks http."""
    make_authority(folder)
    vault = Vault(folder)
    vault.hold.set()
    with _Server(("127.0.0.1", 0), _handler(vault)) as server:
        if safe:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem", folder / "server.key")
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        vault.address = f"{'https' if safe else 'http'}://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield vault
        vault.hold.set()
        server.shutdown()
