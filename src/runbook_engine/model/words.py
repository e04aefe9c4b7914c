"""The closed vocabularies. Every word has one meaning, and it is the same in the journal, on screen and in the documents."""

from enum import StrEnum
from typing import NewType

HostName = NewType("HostName", str)
PhaseId = NewType("PhaseId", str)
StepId = NewType("StepId", str)  # unique within its phase
PackageId = NewType("PackageId", str)  # phase/step, or phase/step#2 in the second batch of a rolling phase
TaskId = NewType("TaskId", str)  # package@host, or the package alone when it is done once
RunId = NewType("RunId", str)
AttemptId = NewType("AttemptId", str)
PersonId = NewType("PersonId", str)
Digest = NewType("Digest", str)  # SHA-256 over canonical JSON, hexadecimal


class Kind(StrEnum):
    """What a project is about."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    MAINTENANCE = "maintenance"


class Per(StrEnum):
    """How often a step is done."""

    HOST = "host"
    BATCH = "batch"
    PHASE = "phase"


class Repeat(StrEnum):
    """What the author declares about doing a step twice; decides what doubt means."""

    ONCE = "once"  # at most once; in doubt a person decides
    VERIFY = "verify"  # a read-only command says whether it is done
    SAFE = "safe"  # may run again
    MANUAL = "manual"  # a person acts and says so


class Lane(StrEnum):
    """How a shell command reaches its host, by what a loss on the way would mean.

    CHANNEL: a channel of its own; every loss is doubt. QUICK: the kept shell of the connection, for what may be done
    again. DURABLE: detached on the host under the id of its attempt, so that its end can be asked for after a loss.
    """

    CHANNEL = "channel"
    QUICK = "quick"
    DURABLE = "durable"


CONTROLLER = "controller"  # in place of a boot id: it is the host's management controller that says what became of an attempt


class Duty(StrEnum):
    """What a management controller is asked for."""

    POWER = "power"  # switch the host on or off, or restart it
    BOOT = "boot"  # from what the host starts
    LED = "led"  # the light by which people find the host
    UPDATE = "update"  # install firmware
    READ = "get"  # say something
    UNTIL_POWER = "until power"  # wait until the host is on, or off
    UNTIL_FIRMWARE = "until firmware"  # wait until a version is installed


FILES = "files"  # in place of a boot id: the files that an attempt put somewhere tell whether they are there


class EdgeKind(StrEnum):
    """What an edge between two packages waits for."""

    SAME_HOST = "same_host"  # host by host
    ALL_HOSTS = "all_hosts"  # a barrier


class StageKind(StrEnum):
    """Where a stage of a phase stands: once before the batches, a batch, once after them."""

    BEFORE = "before"
    BATCH = "batch"
    AFTER = "after"


class HostOrder(StrEnum):
    """In which order the hosts of a rolling phase come to their batches."""

    AS_WRITTEN = "as_written"  # in the inventory
    REVERSE = "reverse"  # the other way round
    BY_NAME = "by_name"  # numbers in names count as numbers
    BY_RACK = "by_rack"  # rack after rack


class FailureScope(StrEnum):
    """What the failures are counted over before nothing new starts."""

    BATCH = "batch"
    PHASE = "phase"
    PROJECT = "project"


class OnFailure(StrEnum):
    """What happens when more has failed than a rolling phase allows."""

    STOP = "stop"  # nothing new starts
    ROLL_BACK = "roll_back"  # nothing new starts, and the phase goes its way back
    ASK = "ask"  # a person says how it goes on
    CONTINUE = "continue"  # the others go on


class Status(StrEnum):
    """Where a task stands. `not started` is never success, and `unknown` is never failure."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    WAITING = "waiting"  # opened: a person must act, or a time must come
    RETRYING = "retrying"  # failed, and will be tried again at a stated time
    OK = "ok"
    SKIPPED = "skipped"  # nothing to do: skip_if, verify or when said so
    FAILED = "failed"  # it ran, and the answer was no
    REFUSED = "refused"  # its guard, or the engine, did not let it start
    UNREACHABLE = "unreachable"  # the host could not be reached; nothing ran
    UNKNOWN = "unknown"  # it may or may not have happened
    CANCELLED = "cancelled"  # stopped by a person
    ROLLING_BACK = "rolling_back"  # to be undone: due, or waiting its turn
    ROLLED_BACK = "rolled_back"  # it was done, and was undone
    ROLL_BACK_FAILED = "roll_back_failed"  # undoing it ended badly


SETTLED_WELL = frozenset({Status.OK, Status.SKIPPED})
SETTLED_BADLY = frozenset({Status.FAILED, Status.REFUSED, Status.UNREACHABLE, Status.CANCELLED, Status.ROLL_BACK_FAILED})


class Fate(StrEnum):
    """What a host says of a command that it keeps under an id."""

    ENDED = "ended"  # by itself: there is an exit code
    TIMED_OUT = "timed out"  # its time was over, and the host ended it
    NOT_BEGUN = "not begun"  # and it never will be: the host has put a fence before it
    LOST = "lost"  # it began, and was ended by nobody knows what
    RESTARTED = "restarted"  # the host was, while it ran or before it could


class Purpose(StrEnum):
    """Why an attempt is made."""

    DO = "do"
    ROLL_BACK = "roll_back"  # undo what was done, or may have been
    VERIFY = "verify"  # read-only: settle doubt, or check what a person did
    SETTLE = "settle"  # ask the host what became of an attempt that nobody is left to hear of
    GREET = "greet"  # connect, and learn under which boot id the host's next attempts are recorded; not in the journal


class Cause(StrEnum):
    """Why a host could not be worked on; each cause has its own word."""

    NAME = "name not found"
    REFUSED = "connection refused"
    NO_ROUTE = "no route"
    TIMED_OUT = "timed out"
    NO_BANNER = "no SSH answer"
    AUTHENTICATION = "authentication failed"
    HOST_KEY_UNKNOWN = "host key unknown"
    HOST_KEY_CHANGED = "host key changed"
    CERTIFICATE = "certificate not trusted"
    CHANNEL = "channel refused"
    LOST = "connection lost"
    SUDO = "sudo refused"
    SECRET = "secret not available"  # noqa: S105 - a word, not a password
    LOCAL = "control machine"  # the fault is on our own side: a missing file, a full disk
    CONFIGURATION = "configuration"
    STOPPED = "engine stopped"  # nobody was left to hear of the attempt
    NOT_BEGUN = "not begun"  # the host has promised that the attempt never starts


# What a host that is down, gone or restarting may look like; all other causes do not mend by waiting.
NOT_REACHED = frozenset(
    {
        Cause.NAME,
        Cause.REFUSED,
        Cause.NO_ROUTE,
        Cause.TIMED_OUT,
        Cause.NO_BANNER,
        Cause.AUTHENTICATION,
        Cause.CHANNEL,
        Cause.LOST,
    }
)


class RunStatus(StrEnum):
    """Where a run stands as a whole."""

    OPEN = "open"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Verdict(StrEnum):
    """What a person or a probe says about an attempt in doubt."""

    DONE = "done"
    NOT_DONE = "not-done"
