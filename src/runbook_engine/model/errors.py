"""The family of errors.

RunbookError             what a person can act on: message, why, next command, exit code
├── Usage           (2)  the command line does not make sense
├── NotValid        (3)  files with mistakes, all of them at once
├── Refused         (4)  understood, but not allowed now
├── Declined        (1)  a management controller understood, and does not do it
├── Waiting         (5)  nothing can go on until a person acts or a time comes
├── JournalFault    (4)  the journal cannot be read, written or trusted
└── TransportFault  (1)  a host or the link to it; carries the cause
ImpossibleEvent          our own bug: an event that cannot follow what is recorded
"""

from collections.abc import Iterable
from enum import IntEnum

from runbook_engine.model.places import Mistake
from runbook_engine.model.words import Cause


class Exit(IntEnum):
    """What the process tells the shell; one meaning each. When several hold: 130, 6, 1, 4, 5."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_VALID = 3
    REFUSED = 4
    WAITING = 5
    UNKNOWN = 6
    DIFFERENT = 7
    INTERRUPTED = 130


class RunbookError(Exception):
    """Something that a person can act on: what happened, why, and the command that helps."""

    exit_code: Exit = Exit.FAILED

    def __init__(self, message: str, *, why: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.next_command = next_command


class Usage(RunbookError):
    """The command line does not make sense."""

    exit_code = Exit.USAGE


class NotValid(RunbookError):
    """Files that cannot be used as they are; carries every mistake found."""

    exit_code = Exit.NOT_VALID

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes), key=lambda m: (m.place, m.message)))
        super().__init__(f"{len(self.mistakes)} mistakes" if len(self.mistakes) != 1 else "1 mistake")


class Refused(RunbookError):
    """Understood, but not allowed now."""

    exit_code = Exit.REFUSED


class Declined(RunbookError):
    """A management controller answered, and does not do what was asked: a known failure, in its own words.

    `status` is that of the HTTP answer; 0 when it was found out before anything was asked for.
    """

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Waiting(RunbookError):
    """Nothing can go on until a person acts or a time comes."""

    exit_code = Exit.WAITING


class JournalFault(RunbookError):
    """The journal cannot be read, written or trusted; nothing more is started."""

    exit_code = Exit.REFUSED


class TransportFault(RunbookError):
    """A host, or the link to it, did not do what was asked.

    `started` tells whether the command may have begun: False is a promise that nothing ran.
    """

    def __init__(self, cause: Cause, message: str, *, started: bool, why: str = "", next_command: str = "") -> None:
        super().__init__(message, why=why, next_command=next_command)
        self.cause = cause
        self.started = started


class ImpossibleEvent(Exception):
    """An event that cannot follow what is recorded: a bug in the engine or a journal that was changed."""
