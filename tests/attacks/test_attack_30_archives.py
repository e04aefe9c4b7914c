"""Attack 30: nothing is unpacked, so that nothing can become large or land outside."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from attacks.source_code import called, imported
from runbook_engine.actions import all_actions
from runbook_engine.model.commands import Http
from runbook_engine.model.text import plain
from runbook_engine.transports import Links

PACKERS = {
    "zipfile",
    "tarfile",
    "gzip",
    "bz2",
    "lzma",
    "zlib",
    "shutil.unpack_archive",
    "zipimport",
    "compression",
    "zstandard",
    "brotli",
}
BOMB = gzip.compress(b"0" * (50 << 20))


@contextmanager
def bombs() -> Iterator[str]:
    """A web server on loopback whose answers say that they are packed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked = dict(self.headers)  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(BOMB)))
            self.end_headers()
            self.wfile.write(BOMB)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_attack_30_nothing_of_the_program_unpacks() -> None:
    """No module that reads archives or packed data is imported, and no function that unpacks is called."""
    assert [(module, name) for module, name in imported() if name.split(".")[0] in PACKERS or name in PACKERS] == []
    assert [module for module, name, _ in called() if name in ("unpack_archive", "extractall", "decompress")] == []


def test_attack_30_no_kind_of_step_takes_an_archive() -> None:
    """None is called so; what comes and goes are single files."""
    assert [name for name in all_actions() if "archive" in name or "pack" in name or "zip" in name] == []


def test_attack_30_an_answer_that_says_it_is_packed_stays_so(new_links: Callable[..., Links]) -> None:
    """Fifty megabytes in fifty thousand bytes: what is kept is what was sent, not what it would become."""
    heard: list[bytes] = []
    with bombs() as url:
        answer = new_links()(None).perform(Http(url=plain(url)), lambda _stream, data: heard.append(data))
    assert answer.exit_code == 0
    assert answer.output_bytes < len(BOMB) + 1000
    assert b"".join(heard)[:10].startswith(BOMB[:3])
