"""A proxy in front of a server that, when told so, cuts or holds its connections after so many more bytes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 16_384


@dataclass
class Cutting:
    """What happens to the bytes of one direction of all connections."""

    port: int = 0
    downwards: bool = False  # from the server to the client; else from the client to the server
    left: int | None = None  # bytes that still pass; None: all
    hold: bool = False  # what comes then waits for `let_go`; else the connection is cut
    passed: int = 0
    _gone_on: threading.Event = field(default_factory=threading.Event)

    def after(self, size: int, *, hold: bool = False, downwards: bool = False) -> None:
        """Cut, or hold, after so many more bytes in that direction; once."""
        self._gone_on.clear()
        self.passed, self.hold, self.downwards, self.left = 0, hold, downwards, size

    def let_go(self) -> None:
        """What is held passes, and everything that follows."""
        self.left = None
        self._gone_on.set()

    def passes(self, size: int, *, downwards: bool) -> bool:
        """Whether a piece passes; waits while it is held."""
        if downwards is not self.downwards:
            return True
        self.passed += size
        if self.left is None:
            return True
        self.left -= size
        if self.left > 0:
            return True
        if self.hold:
            return self._gone_on.wait(60)
        self.left = None
        return False


@contextmanager
def cutting(target_port: int) -> Iterator[Cutting]:
    """The proxy, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        cuts, threads = Cutting(port=server.getsockname()[1]), list[threading.Thread]()
        serving = threading.Thread(target=_serve, args=(server, target_port, cuts, threads))
        serving.start()
        yield cuts
        cuts.let_go()
        server.shutdown(socket.SHUT_RDWR)
    for thread in (serving, *threads):
        thread.join()


def _serve(server: socket.socket, target_port: int, cuts: Cutting, threads: list[threading.Thread]) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threads.append(threading.Thread(target=_between, args=(client, target_port, cuts)))
            threads[-1].start()


def _between(client: socket.socket, target_port: int, cuts: Cutting) -> None:
    """One connection, in both directions, to the end of both."""
    with client, socket.create_connection(("127.0.0.1", target_port)) as host:
        back = threading.Thread(target=_pass, args=(host, client, cuts), kwargs={"downwards": True})
        back.start()
        _pass(client, host, cuts, downwards=False)
        back.join()


def _pass(source: socket.socket, sink: socket.socket, cuts: Cutting, *, downwards: bool) -> None:
    with suppress(OSError):
        while (data := source.recv(PIECE)) and cuts.passes(len(data), downwards=downwards):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
