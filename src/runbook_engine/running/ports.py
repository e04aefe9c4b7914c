"""The seams of the spine. Rooms below and above satisfy them by shape; `cli`, or a test, joins them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.decisions import Decision
from runbook_engine.model.events import Event
from runbook_engine.model.words import HostName


class Journal(Protocol):
    """The only truth. One process at a time writes for a run."""

    def read(self) -> Iterable[Event]:
        """Every event of the run, in order."""
        ...

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        """Take events for the next commit, and with them the decision of that id. Not durable yet."""
        ...

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        """Make durable all that was appended, and `starts` too if the world's version is still `if_still`.

        One transaction, synced before it returns. False: the world has changed, the starts were not written.
        Raises JournalFault when nothing could be written or another process has taken the run over.
        """
        ...


class Inbox(Protocol):
    """What people have decided and the engine has not yet taken."""

    def waiting(self) -> Sequence[Decision]:
        """In the order in which they were made; each until its id is consumed by a commit."""
        ...


class Workers(Protocol):
    """Who carries attempts out."""

    def room(self) -> int:
        """How many more attempts can begin at once, in places that are lent too."""
        ...

    def lent(self) -> int:
        """How many places are lent while others wait for their hosts to answer."""
        ...

    def boot(self, host: HostName | None) -> str | None:
        """Under which boot id a host keeps what becomes of an attempt; None: greet it first; '': it keeps nothing.

        No host is the control machine, which needs no greeting.
        """
        ...

    def start(self, attempts: Sequence[Attempt]) -> None:
        """Begin them. Never blocks, never raises: whatever goes wrong is an outcome.

        What follows an attempt may be begun as soon as it has ended well; its outcome then says that the worker went on.
        """
        ...

    def hold(self, *, on: bool) -> None:
        """While on, nothing begins that follows an attempt of itself (`Attempt.then`)."""
        ...

    def outcomes(self, wait_s: float) -> Sequence[Ended]:
        """What has come back; waits up to `wait_s` seconds for the first."""
        ...

    def idle(self) -> bool:
        """Whether nothing is being carried out and nothing has come back untaken."""
        ...
