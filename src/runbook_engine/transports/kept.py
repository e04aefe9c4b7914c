"""Kept shells: one for each connection and user, for what may be done again. A step is one round trip and no new process."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Become, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, plain
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import Order, encoded, ending_script, order, program
from runbook_engine.transports.exchange import Exchange, Expired, Feed, ended
from runbook_engine.transports.kept_frames import Hello, hello, opening, request, row
from runbook_engine.transports.kept_steps import KeptAnswer, KeptStep
from runbook_engine.transports.session import NEWS, News, Session
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import LINGERED, HandOn, Place, run_aside
from runbook_engine.transports.sudo import Door, pass_door

NEW_SHELL = "exec /bin/sh"


class KeptShell:
    """One shell on a host. It performs one command at a time, each in a subshell."""

    def __init__(self, place: Place, session: Session, said: Hello, become: Become | None, settings: LinkSettings) -> None:
        self.pid = said.pid
        self.boot = said.boot
        self.closed = False
        self._row: deque[tuple[Shell, str]] = deque()  # sent, or about to be, and not yet heard of
        self._unsent = b""  # the row, before its first command is waited for
        self._come: Sequence[News] = ()  # of the row, what has come already
        self.knows_program = False  # that of the durable lane
        self._place = place
        self._session = session
        self._become = become
        self._settings = settings

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Send several commands at once, to be performed in this order; each runs only if the one before ended with 0.

        `perform` is then called for one after the other. Whoever calls it with another command lets the row run out first.
        """
        word = self._settings.marker()
        marked = [(command, f"{word}{number:04x}") for number, command in enumerate(commands)]
        self._unsent = row([(encoded(program(command, self._settings.secrets)), mark) for command, mark in marked])
        self._row = deque(marked)

    @property
    def in_row(self) -> int:
        """How many commands of a row are still to be heard of."""
        return len(self._row)

    def perform(self, command: Shell, sink: Sink) -> Answer:
        """Run it to its end. Raises TransportFault; after anything but a clean end the shell is closed."""
        settings = self._settings
        mark, asked = self._next(command)
        capture = Capture(sink, settings.secrets.masks)
        step = KeptStep(self._session, mark, come=self._come)
        exchange = Exchange(step, settings, command.timeout_s if command.timeout_s is not None else settings.command_s)
        try:
            exchange.run(Feed(asked), capture.add)
            exit_code, detail = ended(step)
        except Expired as error:
            end = exchange.end(self._stop)
            raise TransportFault(Cause.TIMED_OUT, f"The command {error}; {end}", started=True) from None
        finally:
            self._come = step.after if step.over and self._row else ()
            if not step.whole and not self._come:
                self.close()
        if exit_code != 0 and self._row:
            self._run_out()  # of the rest only the marks come
        capture.finish()
        return capture.answer(exit_code, LINGERED if exchange.lingered else detail)

    def _next(self, command: Shell) -> tuple[str, bytes]:
        """The mark of a command, and what is to be sent for it: nothing if it has been sent already."""
        if self._row and self._row[0][0] == command:
            asked, self._unsent = self._unsent, b""
            return self._row.popleft()[1], asked
        self._run_out()
        if self.closed:
            raise TransportFault(Cause.LOST, "The shell on the host is gone", started=False)
        mark = self._settings.marker()
        return mark, request(encoded(program(command, self._settings.secrets)), mark)

    def _run_out(self) -> None:
        """Let the rest of a row come to its end, unheard."""
        while self._row and not self.closed:
            _, mark = self._row.popleft()
            if not self._unsent:
                self._let_pass(mark)
        self._unsent = b""
        if self._come:
            self.close()

    def _let_pass(self, mark: str) -> None:
        step = KeptStep(self._session, mark, come=self._come)
        try:
            Exchange(step, self._settings, self._settings.channel_s).run(Feed(), lambda _stream, _data: None)
        except Expired:
            self.close()
        self._come = step.after

    def tell(self, words: bytes, asked: Callable[[str], bytes], hand_on: HandOn, limit_s: float | None) -> bytes:
        """Give the shell `words` and a request that is made for a random word; what it answers behind that word.

        What comes before the word goes to `hand_on`. Raises Expired when the limit has passed, TransportFault (LOST)
        when no answer came; the shell is closed then, and what it has begun may go on.
        """
        self._run_out()
        mark = self._settings.marker()
        step = KeptAnswer(self._session, mark, f"\n{mark} ")
        said = words + asked(mark) + b"{ echo %b >&2; }\n" % mark.encode()
        try:
            Exchange(step, self._settings, limit_s).run(Feed(said), hand_on)
        finally:
            if not step.whole:
                self.close()
        if not step.over:
            raise TransportFault(Cause.LOST, "The shell on the host ended before it had answered", started=True)
        return step.word

    @property
    def at_rest(self) -> bool:
        """Whether it waits for its next step, and nothing has come since the last one. It is closed otherwise."""
        if self._row and not self.closed:
            return True
        while not self.closed:
            news = self._session.take(0)
            if news is None:
                return True
            if news[0] != NEWS:  # a process that an earlier step has left behind, or the end
                self.close()
        return False

    def say(self, words: bytes) -> None:
        """Give it something to do whose answer nobody waits for: it prints nothing."""
        if not self.closed:
            self._session.send(words)

    def close(self) -> None:
        """Let it end. What it may still do goes on."""
        if not self.closed:
            self.closed = True
            self._row.clear()
            self._unsent, self._come = b"", ()
            self._session.close()

    def _stop(self, signal: str) -> None:
        """End the shell with everything in its process group: what its session can do, then a second command."""
        if self._session.stop(signal):
            return
        aside = Shell(script=plain(ending_script(str(self.pid), signal)), become=self._become)
        again = order(aside, self._settings.secrets, self._settings.marker())
        with suppress(TransportFault, Expired):  # the outcome says whether the command has ended
            run_aside(self._place, again, Feed(again.first_input), self._settings)


def open_shell(place: Place, become: Become | None, settings: LinkSettings) -> KeptShell | None:
    """A new shell, as another user if asked; None when the host gives none. Nothing of a step has begun.

    Raises TransportFault: when the host is not reached, and when sudo refuses.
    """
    mark = settings.marker()
    orders = _shell_order(become, settings, mark)
    try:
        session = place.begin(orders.line)
    except TransportFault as fault:
        if fault.cause in _NO_SHELL:
            return None
        raise
    try:
        said = _greeted(session, orders, mark, settings)
    except BaseException:
        session.close()
        raise
    if said is None:
        session.close()
        return None
    return KeptShell(place, session, said, become, settings)


_NO_SHELL = frozenset({Cause.CHANNEL, Cause.LOST})  # whoever asks in another way is told the reason


def _shell_order(become: Become | None, settings: LinkSettings, mark: str) -> Order:
    if become is None:
        return Order(line=NEW_SHELL.encode(), mark=mark)  # every login shell understands this
    return order(Shell(script=plain(NEW_SHELL), become=become, stdin=Text()), settings.secrets, mark)


def _greeted(session: Session, orders: Order, mark: str, settings: LinkSettings) -> Hello | None:
    """What the shell says of itself when it is there; what a login shell prints before that is left out."""
    step = KeptStep(session, mark)
    try:
        if orders.become:
            pass_door(session, Door(orders), settings)
        feed = Feed(orders.first_input + opening(mark))
        Exchange(step, settings, settings.channel_s).run(feed, lambda _stream, _data: None)
    except Expired:
        return None
    except TransportFault as fault:
        if fault.cause in _NO_SHELL:
            return None
        raise
    return hello(step.word) if step.whole else None
