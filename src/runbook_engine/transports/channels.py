"""paramiko with its thread kept and its waiting removed: a channel whose news is one ordered queue.

Everything here that paramiko does not promise is checked by tests/transports/test_paramiko_private.py.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paramiko
from paramiko import common

from runbook_engine.transports.session import ERR, GONE, NEWS, OUT, News
from runbook_engine.transports.wire import Wire

# paramiko writes stack traces to stderr when a peer misbehaves; what matters of that is in our own errors
logging.getLogger("paramiko").addHandler(logging.NullHandler())

BROKEN = (EOFError, OSError, paramiko.SSHException)  # what paramiko raises when a message cannot leave


class StepChannel(paramiko.Channel):
    """stdout, stderr, the exit and the end as one queue, fed by the transport's thread. No threads, no polling.

    At most one window (2 MiB) of output waits here: taking it is what lets the host send more.
    """

    def __init__(self, chanid: int) -> None:
        super().__init__(chanid)
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self.opened = threading.Event()  # an answer has come: `active` says which
        self.wants_room = False  # somebody waits to send more
        self.refused = ""
        self.exit_code: int | None = None
        self.exit_signal = ""

    def take(self, wait_s: float) -> News | None:
        """The next piece of news; None when there is none within `wait_s` seconds."""
        try:
            news = self.news.get(timeout=wait_s)
        except queue.Empty:
            return None
        if news[1]:
            self._give_back(len(news[1]))
        return news

    def _give_back(self, size: int) -> None:
        room = self._check_add_window(size)  # type: ignore[attr-defined]
        if room > 0:
            with suppress(*BROKEN):  # the end of the connection comes as news
                self.tell(common.cMSG_CHANNEL_WINDOW_ADJUST, room)

    def ask(self, kind: str, *details: bytes, reply: bool = False) -> None:
        """Send a channel request and do not wait for its answer."""
        self.tell(common.cMSG_CHANNEL_REQUEST, kind.encode(), reply, *details)

    def tell(self, code: bytes, *parts: bytes | int) -> None:
        """Send a message of this channel. Raises EOFError, OSError or SSHException when it cannot leave."""
        message = paramiko.Message()
        message.add_byte(code)
        message.add_int(self.remote_chanid)
        add_all(message, parts)
        self.transport._send_user_message(message)  # type: ignore[union-attr]  # noqa: SLF001 - tested

    # what the transport's thread calls

    def _feed(self, m: paramiko.Message) -> None:
        self.news.put((OUT, m.get_binary()))

    def _feed_extended(self, m: paramiko.Message) -> None:
        if m.get_int() == 1:
            self.news.put((ERR, m.get_binary()))

    def _handle_request(self, m: paramiko.Message) -> None:
        kind = m.get_text()
        m.get_boolean()
        if kind == "exit-status":
            self.exit_code = m.get_int()
        elif kind == "exit-signal":
            self.exit_signal = m.get_text()
        if kind.startswith("exit-") and not self.eof_received:
            self.news.put((NEWS, b""))  # else the end follows at once: nobody need be woken for this
        m.rewind()
        m.get_int()  # the channel's number, which brought us here
        super()._handle_request(m)  # type: ignore[misc]

    def _handle_close(self, m: paramiko.Message) -> None:
        self.eof_sent = 1  # the answer to a close is a close; no need to say before it that nothing more comes
        super()._handle_close(m)  # type: ignore[misc]

    def _request_failed(self, m: paramiko.Message) -> None:
        self.refused = "the host did not start the command"
        super()._request_failed(m)  # type: ignore[misc]

    def _window_adjust(self, m: paramiko.Message) -> None:
        super()._window_adjust(m)  # type: ignore[misc]
        if self.wants_room:
            self.wants_room = False
            self.news.put((NEWS, b""))

    def _set_closed(self) -> None:
        super()._set_closed()  # type: ignore[misc]
        self.news.put((GONE, b""))


class StepPacketizer(paramiko.packet.Packetizer):
    """The limit of the handshake is a time that is looked at: paramiko has a thread wait for it.

    Most of what it asks for has been read from the host already, and is taken as it is.
    """

    _until: float | None = None

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)  # type: ignore[arg-type]
        self._wire = wire

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:  # noqa: FBT001, FBT002 - paramiko's own parameters
        """Exactly so many bytes. Raises EOFError at the end."""
        ahead = self._Packetizer__remainder  # type: ignore[attr-defined]  # what came with the host's first line
        return (b"" if ahead else self._wire.at_hand(n)) or super().read_all(n, check_rekey)

    def start_handshake(self, timeout: float) -> None:
        """From now on `timeout` seconds."""
        self._until = time.monotonic() + timeout

    def handshake_timed_out(self) -> bool:
        """Whether they have passed."""
        return self._until is not None and time.monotonic() >= self._until

    def complete_handshake(self) -> None:
        """No limit any more."""
        self._until = None


def _by_name(name: str) -> Callable[[Any, Any], Any]:
    return lambda channel, message: getattr(channel, name)(message)


class StepTransport(paramiko.Transport):
    """Channels of our kind; ciphers that need no separate MAC first (paramiko compares a MAC byte by byte)."""

    _preferred_ciphers = tuple(
        sorted(paramiko.Transport._preferred_ciphers, key=lambda c: "gcm" not in c)  # type: ignore[attr-defined]  # noqa: SLF001 - tested
    )
    # paramiko's table holds functions of its own Channel: those of a subclass would never be called
    _channel_handler_table = {  # noqa: RUF012 - replaces an attribute of the same kind
        code: _by_name(handler.__name__)
        for code, handler in paramiko.Transport._channel_handler_table.items()  # type: ignore[attr-defined]  # noqa: SLF001 - tested
    }

    farewell = ""  # the reason a host gave when it ended the connection

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.farewell = m.get_text()

    def _parse_debug(self, m: paramiko.Message) -> None:
        """What a server says for those who debug it: paramiko makes it harmless letter by letter, for a log nobody reads."""

    def _log(self, level: int, msg: Any, *args: Any) -> None:
        """To paramiko's logger, if anybody listens: each handshake has some forty lines for it."""
        if self.logger.isEnabledFor(level):
            super()._log(level, msg, *args)  # type: ignore[misc]

    def open_step(self) -> StepChannel:
        """Ask for a channel and do not wait: `opened` is set when the answer is there, or the connection is gone."""
        with self.lock:
            channel = StepChannel(self._next_channel())  # type: ignore[attr-defined]
            self._channels.put(channel.chanid, channel)  # type: ignore[attr-defined]
            self.channel_events[channel.chanid] = channel.opened
            self.channels_seen[channel.chanid] = True
            channel._set_transport(self)  # type: ignore[attr-defined]  # noqa: SLF001 - tested
            channel._set_window(self.default_window_size, self.default_max_packet_size)  # type: ignore[attr-defined]  # noqa: SLF001 - tested
        message = paramiko.Message()
        message.add_byte(common.cMSG_CHANNEL_OPEN)
        message.add_string("session")
        add_all(message, (channel.chanid, self.default_window_size, self.default_max_packet_size))
        self._send_user_message(message)  # type: ignore[attr-defined]
        if not self.is_active():
            channel.opened.set()
        return channel

    def ask_for_life(self) -> None:
        """Send a request that every server answers, with yes or no, and do not wait for the answer."""
        message = paramiko.Message()
        message.add_byte(common.cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self._send_user_message(message)  # type: ignore[attr-defined]


def add_all(message: paramiko.Message, parts: tuple[bytes | int, ...]) -> None:
    """Add parts by their types: truth values, numbers, strings."""
    for part in parts:
        if isinstance(part, bool):
            message.add_boolean(part)
        elif isinstance(part, int):
            message.add_int(part)
        else:
            message.add_string(part)
