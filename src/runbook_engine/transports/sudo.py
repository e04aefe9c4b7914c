"""The door that sudo keeps: answer its question once, tell a closed door from a command that failed."""

import re

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.command_lines import Order, prompt, started
from runbook_engine.transports.session import GONE, Session
from runbook_engine.transports.settings import LinkSettings

MOST_TALK = 64 << 10  # bytes that sudo may say before it opens


class Door:
    """What sudo says on stderr before the program starts."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._heard = b""
        self._answered = 0
        self.pid = ""  # of the program, once it has started
        self.rest = b""  # what followed the start

    def listen(self, data: bytes, session: Session) -> None:
        """Take a piece of stderr, and answer a question in it. Raises TransportFault (SUDO)."""
        self._hear(data)
        if not self.pid and self._asks:
            self._answer(session)

    def _hear(self, data: bytes) -> None:
        self._heard = (self._heard + data)[-MOST_TALK:]
        opened = re.search(re.escape(started(self._order.mark)).encode() + rb"(\d+):", self._heard)
        if opened:
            self.pid = opened[1].decode()
            self.rest = self._heard[opened.end() :]

    @property
    def _asks(self) -> bool:
        """Whether sudo waits for a password now."""
        return self._heard.count(prompt(self._order.mark).encode()) > self._answered

    def _answer(self, session: Session) -> None:
        """Give the password, once. Raises TransportFault (SUDO) when sudo asks again."""
        if self._answered or not self._order.password:
            raise self._fault("the password was not accepted", "")
        self._answered += 1
        line = self._order.password + b"\n"
        while line and (taken := session.send(line)):
            line = line[taken:]

    def refusal(self, session: Session) -> TransportFault:
        """Why the program did not start, when sudo has ended."""
        said = self._said()
        if session.exit_code is None and session.exit_signal == "":
            return TransportFault(Cause.LOST, "The connection ended while sudo was asked; nothing ran", started=False)
        if session.exit_code == 127:
            return self._fault("sudo is not installed there", said)
        if "password is required" in said or "terminal is required" in said:
            return self._fault("sudo asks for a password, and none is configured", said)
        if self._answered and ("incorrect password" in said or "try again" in said):
            return self._fault("the password was not accepted", said)
        return self._fault(said.splitlines()[-1] if said else f"sudo ended with {session.exit_code}", said)

    def late(self, limit_s: float) -> TransportFault:
        """Sudo neither asks nor opens."""
        return self._fault(f"sudo gave no answer within {limit_s:g} s", self._said())

    def _said(self) -> str:
        words = self._heard.replace(prompt(self._order.mark).encode(), b"").decode("utf-8", "replace")
        return "\n".join(line.strip() for line in words.splitlines() if line.strip())

    def _fault(self, what: str, said: str) -> TransportFault:
        user = self._order.become.user if self._order.become else ""
        return TransportFault(Cause.SUDO, f"sudo to {user} was refused: {what}", started=False, why=said)


def pass_door(session: Session, door: Door, settings: LinkSettings) -> None:
    """Wait until sudo has started the program. Raises TransportFault; nothing has run then."""
    end = settings.clock() + settings.auth_s
    while not door.pid:
        now = settings.clock()
        if now >= end:
            raise door.late(settings.auth_s)
        news = session.take(max(0.001, min(end - now, session.quiet_for(now))))
        if news is None:
            session.check(settings.clock())
        elif news[0] == GONE:
            raise door.refusal(session)
        elif news[1]:
            door.listen(news[1], session)
