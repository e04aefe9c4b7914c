"""Perform a shell command: over any session, by itself or as another user, with everything that can go wrong."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import Order, ending_script, order, render, stop_order
from runbook_engine.transports.exchange import Exchange, Expired, Feed, ended
from runbook_engine.transports.session import ERR, PIECE, Session
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.sudo import Door, pass_door

LINGERED = "a background process still holds the output open"


class Place(Protocol):
    """Where commands run."""

    def begin(self, line: bytes) -> Session:
        """Hand a line to a shell there. Raises TransportFault."""
        ...


HandOn = Callable[[int, bytes], None]


def perform_shell(place: Place, command: Shell, sink: Sink, settings: LinkSettings) -> Answer:
    """Run it to its end. Raises TransportFault; `started` is False only if it certainly did not begin."""
    orders = order(command, settings.secrets, settings.marker())
    content = pieces(render(command.stdin, settings.secrets).encode("utf-8", "surrogateescape")) if command.stdin else None
    capture = Capture(sink, settings.secrets.masks)
    limit_s = command.timeout_s if command.timeout_s is not None else settings.command_s
    exit_code, detail = converse(place, orders, Feed(orders.first_input, content), capture.add, settings, limit_s)
    capture.finish()
    return capture.answer(exit_code, detail)


def pieces(content: bytes) -> Iterator[bytes]:
    """Content in the sizes that are sent at once."""
    return (content[start : start + PIECE] for start in range(0, len(content), PIECE))


def converse(
    place: Place,
    orders: Order,
    feed: Feed,
    hand_on: HandOn,
    settings: LinkSettings,
    limit_s: float | None,
    stall_s: float | None = None,
) -> tuple[int, str]:
    """Begin what was ordered, go through sudo's door if there is one, and stay to the end: exit code and a remark."""
    session = place.begin(orders.line)
    door = Door(orders) if orders.become else None
    exchange = Exchange(session, settings, limit_s, stall_s)
    try:
        if door:
            pass_door(session, door, settings)
            if door.rest:
                hand_on(ERR, door.rest)
        exchange.run(feed, hand_on)
    except Expired as error:
        end = exchange.end(_stopper(place, orders, session, door.pid if door else "", settings))
        raise TransportFault(Cause.TIMED_OUT, f"The command {error}; {end}", started=True) from None
    else:
        exit_code, detail = ended(session)
        return exit_code, LINGERED if exchange.lingered else detail
    finally:
        session.close()


def _stopper(place: Place, orders: Order, session: Session, pid: str, settings: LinkSettings) -> Callable[[str], None]:
    """What ends a command's processes: what its session can do, then a second command, the same way through sudo."""

    def stop(signal: str) -> None:
        if pid:
            again, feed = orders, Feed(f"{ending_script(pid, signal)}\n{orders.mark}\n".encode())
        elif session.stop(signal):
            return
        else:
            again, feed = stop_order(orders.mark, signal), Feed()
        with suppress(TransportFault, Expired):  # the outcome says whether the command has ended
            run_aside(place, again, feed, settings)

    return stop


def run_aside(place: Place, orders: Order, feed: Feed, settings: LinkSettings) -> None:
    """Have one more command done, whose output nobody needs. Raises TransportFault, Expired."""
    session = place.begin(orders.line)
    try:
        if orders.become:
            pass_door(session, Door(orders), settings)
        Exchange(session, settings, settings.ending_s).run(feed, lambda _stream, _data: None)
    finally:
        session.close()
