"""Messages over a socket pair: one JSON object each, with file descriptors beside it where they are needed."""

import json
import socket
from collections.abc import Sequence
from typing import Any

LARGEST = 200_000  # bytes of a message: more than the kernel takes as one argument of a command
MOST_FDS = 4

Message = dict[str, Any]


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep the borders of messages."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(sock: socket.socket, message: Message, fds: Sequence[int] = ()) -> None:
    """Send one message. Raises ValueError if it is too large, OSError if the other end is gone."""
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogateescape")
    if len(data) > LARGEST:
        raise ValueError(f"a message of {len(data)} bytes is larger than {LARGEST}")
    socket.send_fds(sock, [data], list(fds))


def receive(sock: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message, or None when the other end is gone. Descriptors are closed on exec."""
    data, fds, _, _ = socket.recv_fds(sock, LARGEST, MOST_FDS, socket.MSG_CMSG_CLOEXEC)
    if not data:
        return None, fds
    return json.loads(data.decode("utf-8", "surrogateescape")), fds
