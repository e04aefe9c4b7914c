"""A way to a server that can be cut: after so many bytes in one direction, at a moment, or so that it only falls silent."""

import selectors
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

PIECE = 1 << 16
BY_RESET = struct.pack("ii", 1, 0)  # linger for no time: the other side gets a reset instead of an end


@dataclass
class Cut:
    """When the present connection, or the next one, ends. Bytes are counted from now on, to the server or from it."""

    to_server: int | None = None
    from_server: int | None = None
    reset: bool = False

    def room(self, size: int, *, up: bool) -> int:
        """How many of so many bytes still get through."""
        left = self.to_server if up else self.from_server
        if left is None:
            return size
        through = min(left, size)
        if up:
            self.to_server = left - through
        else:
            self.from_server = left - through
        return through

    @property
    def over(self) -> bool:
        """Whether it is time."""
        return 0 in (self.to_server, self.from_server)


@dataclass
class Proxy:
    """Listens on loopback, and passes everything on to a server until it is told otherwise. Close it at the end."""

    server: tuple[str, int]
    cut: Cut = field(default_factory=Cut)
    silent: bool = False  # nothing passes in either direction, as where packets are dropped; what was sent comes afterwards
    cuts: int = 0

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def end(self, *, reset: bool = False) -> None:
        """Cut what is connected now."""
        for pair in list(self._pairs):
            self._end(pair, reset=reset)

    def close(self) -> None:
        """No connection any more, and no new one."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.end()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            pair = (client, socket.create_connection(self.server))
            for sock in pair:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append(pair)
            threading.Thread(target=self._pass_on, args=(pair,), daemon=True).start()

    def _pass_on(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, server = pair
        with selectors.DefaultSelector() as watched, suppress(OSError, ValueError):
            watched.register(client, selectors.EVENT_READ, server)
            watched.register(server, selectors.EVENT_READ, client)
            while pair in self._pairs:
                ready = watched.select(0.5)
                if self.silent:
                    time.sleep(0.02)
                    continue
                for key, _ in ready:
                    if not self._piece(key.fileobj, key.data, up=key.fileobj is client):  # type: ignore[arg-type]
                        self._end(pair, reset=self.cut.reset)
                        return
        self._end(pair)

    def _piece(self, source: socket.socket, sink: socket.socket, *, up: bool) -> bool:
        """Pass on what has come; False when the connection is over."""
        data, cut = source.recv(PIECE), self.cut
        sink.sendall(data[: cut.room(len(data), up=up)])
        if cut.over:
            self.cut, self.cuts = Cut(reset=cut.reset), self.cuts + 1
            return False
        return bool(data)

    def _end(self, pair: tuple[socket.socket, socket.socket], *, reset: bool = False) -> None:
        if pair in self._pairs:
            self._pairs.remove(pair)
        for sock in pair:
            with suppress(OSError):
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BY_RESET)
                sock.shutdown(socket.SHUT_RDWR) if not reset else None
            sock.close()
