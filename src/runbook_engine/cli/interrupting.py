"""Ctrl-C, a closed terminal, a polite kill: what they mean for a run, taken at a point where nothing is half done."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.model.decisions import Decision, PauseRun
from runbook_engine.model.words import RunId

if TYPE_CHECKING:
    from runbook_engine.recording import Store

STOPPING = "\nStopping: what runs is finished first. Once more to give up; what runs is then UNKNOWN."


class LocalInbox:
    """The decisions of the store, and what this process is told by signals.

    The first signal becomes a decision to pause: what runs finishes. The second ends the run's execution at the next
    look into the inbox, which is several times a second and never in the middle of a record.
    """

    def __init__(self, store: "Store", run: RunId) -> None:
        self._store, self._run = store, run
        self._inbox = store.inbox(run)
        self._told = False
        self.signals = 0
        self.asking = False  # a person is at a question: there Ctrl-C simply leaves it

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants this process to stop."""
        return self.signals > 0

    def waiting(self) -> Sequence[Decision]:
        """What waits. Raises KeyboardInterrupt after the second signal."""
        if self.signals > 1:
            raise KeyboardInterrupt
        if self.interrupted and not self._told:
            self._told = True
            pause = PauseRun(id=opening.new_id(), by=options.me(), reason="interrupted at the terminal")
            self._store.decide(self._run, pause)
        return self._inbox.waiting()

    def signalled(self, number: int, _: object) -> None:
        """What a signal does; a third one ends the process where it stands."""
        self.signals += 1
        if number == signal.SIGHUP:
            _let_go_of_the_terminal()
        elif self.asking or self.signals > 2:
            raise KeyboardInterrupt
        elif self.signals == 1:
            options.say(STOPPING)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT, SIGTERM and SIGHUP while the block runs."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self.signalled) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _let_go_of_the_terminal() -> None:
    """The terminal is gone: writing to it would fail, and the run must still be recorded to its end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
