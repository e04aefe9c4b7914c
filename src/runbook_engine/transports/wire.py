"""The way to a host: name look-up and TCP with limits, and a socket that notices when nothing moves."""

import errno
import ipaddress
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause

READ = 1 << 16
Address = tuple[int, Any]  # family, socket address


class Wire:
    """What paramiko reads from and writes to: a socket, or a tunnel through a gateway.

    Reads are buffered (paramiko asks for 16 bytes, then for the rest). A write that cannot go on for `stall_s` seconds
    ends the connection: paramiko itself would try for ever. `heard` is when the other side last said anything.
    """

    def __init__(self, inner: Any, stall_s: float, clock: Callable[[], float]) -> None:
        self._inner = inner
        self._stall_s = stall_s
        self._clock = clock
        self._buffer = b""
        self._place = 0
        self._closed = False  # paramiko reads this name
        self._sending = threading.Lock()
        self._kept: list[bytes] | None = None  # what is sent together, later
        self.heard = clock()

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; nothing at the end. Raises TimeoutError."""
        if self._place == len(self._buffer):
            self._buffer = self._inner.recv(READ)
            self._place = 0
            self.heard = self._clock()
        data = self._buffer[self._place : self._place + size]
        self._place += len(data)
        return data

    def at_hand(self, size: int) -> bytes:
        """So many bytes, if they have been read already; nothing otherwise."""
        end = self._place + size
        if end > len(self._buffer):
            return b""
        data = self._buffer[self._place : end]
        self._place = end
        return data

    def send(self, data: bytes) -> int:
        """How many bytes went. Raises OSError when the other side has taken nothing for too long."""
        with self._sending:
            if self._kept is not None:
                self._kept.append(data)
                return len(data)
            return self._send(data)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is sent meanwhile goes as one piece at the end: one call, and one wake-up of the host, for all of it."""
        with self._sending:
            self._kept = []
        try:
            yield
        finally:
            with self._sending:
                data, self._kept = b"".join(self._kept), None
                while data:
                    data = data[self._send(data) :]

    def _send(self, data: bytes) -> int:
        give_up = self._clock() + self._stall_s
        while True:
            try:
                return int(self._inner.send(data))
            except (TimeoutError, BlockingIOError):
                if self._closed or self._clock() >= give_up:
                    raise OSError(errno.ETIMEDOUT, "the host takes no more data") from None

    def rest(self, glance_s: float) -> None:
        """From now on a read waits as long as it takes, and wakes nobody meanwhile; a write keeps its limit.

        Only a read from a tunnel, which cannot tell the two apart, still looks around every `glance_s` seconds.
        """
        if not isinstance(self._inner, socket.socket):
            self._inner.settimeout(glance_s)
            return
        whole, part = divmod(self._stall_s, 1)
        self._inner.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(whole), int(part * 1e6)))
        self._inner.settimeout(None)

    def settimeout(self, seconds: float | None) -> None:
        """How long one read may wait before it looks around."""
        self._inner.settimeout(seconds)

    def close(self) -> None:
        """Close both directions; a thread that reads is woken at once."""
        self._closed = True
        with suppress(OSError, EOFError):  # it, or the gateway before it, may not be connected any more
            self._inner.shutdown(socket.SHUT_RDWR)
        with suppress(OSError, EOFError):
            self._inner.close()

    def getpeername(self) -> Any:
        """The other side's address."""
        return self._inner.getpeername()


def dial(host: str, port: int, limit_s: float, clock: Callable[[], float]) -> socket.socket:
    """A TCP connection without delay of small packets. Raises TransportFault with its own cause; nothing started.

    All addresses of the name are tried in their order; each gets an equal part of the time that is left.
    """
    end = clock() + limit_s
    addresses = look_up(host, port, limit_s)
    last: OSError = OSError(errno.EHOSTUNREACH, "no address")
    for number, (family, address) in enumerate(addresses):
        share = max(0.05, (end - clock()) / (len(addresses) - number))
        try:
            return _connect(family, address, share)
        except OSError as error:
            last = error
    raise connect_fault(host, port, last, limit_s)


def _connect(family: int, address: Any, limit_s: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(limit_s)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except OSError:
        sock.close()
        raise
    return sock


def look_up(host: str, port: int, limit_s: float) -> list[Address]:
    """The addresses of a name. The system's look-up knows no limit, so it is waited for on a thread of its own."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        return _look_up_name(host, port, limit_s)
    return [(family, (host, port))]


def _look_up_name(host: str, port: int, limit_s: float) -> list[Address]:
    answer: queue.SimpleQueue[list[Address] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        result = answer.get(timeout=limit_s)
    except queue.Empty:
        result = OSError(f"no answer within {limit_s:g} s")
    if isinstance(result, Exception):
        raise TransportFault(Cause.NAME, f"The name {host} was not found: {result}", started=False)
    return result


def connect_fault(host: str, port: int, error: OSError, limit_s: float) -> TransportFault:
    """Why no connection came about, in the words of the engine."""
    where = f"{host} port {port}"
    if isinstance(error, ConnectionRefusedError):
        return TransportFault(
            Cause.REFUSED, f"{where} refuses connections", started=False, why="The host answers, but nothing listens there."
        )
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return TransportFault(Cause.TIMED_OUT, f"{where} did not answer within {limit_s:g} s", started=False)
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN):
        return TransportFault(Cause.NO_ROUTE, f"There is no way to {where}: {error.strerror}", started=False)
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL):
        return TransportFault(Cause.LOCAL, f"No connection to {where} can be opened here: {error.strerror}", started=False)
    return TransportFault(Cause.NO_ROUTE, f"{where} cannot be reached: {error.strerror or error}", started=False)
