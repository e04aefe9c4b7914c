"""What a management controller is asked for: the state is read, the change is sent once, the state is read back.

A lost answer is settled by reading, never by sending again. Where the state cannot tell (a restart that the controller
does not date, an update without a version), a lost answer stays doubt.
"""

from collections.abc import Callable

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Redfish
from runbook_engine.model.controllers import Board
from runbook_engine.model.errors import Declined, TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import NOT_REACHED, Cause, Duty
from runbook_engine.workers.controllers import Controller
from runbook_engine.workers.shown import shown
from runbook_engine.workers.waiting import Deadline
from runbook_engine.workers.work import Work

FIRST_S, LONGEST_S = 0.25, 3.0  # between two looks; each time twice as long
PASSING = NOT_REACHED - {Cause.AUTHENTICATION}  # what a busy controller looks like; a wrong password locks accounts
AFTERWARDS = {"on": "on", "off": "off", "graceful-off": "off", "cycle": "on", "graceful-restart": "on"}
RESTARTS = frozenset({"cycle", "graceful-restart"})
NOT_KNOWN = "Whether the controller has done it is not known."

Seen = Callable[[], tuple[bool, str]]  # whether it is so, and what there is instead


@dataclass(slots=True, kw_only=True)
class Errand:
    """One thing that is asked for, while it is carried out."""

    work: Work
    command: Redfish
    controller: Controller
    deadline: Deadline
    lost: TransportFault | None = None  # the answer to the change was lost

    @property
    def left_s(self) -> float:
        """How much time is left; a second at least, so that the last look is a fair one."""
        return max(1.0, self.deadline.left_s)

    def board(self) -> Board:
        """The state of the host."""
        return self.controller.board(self.left_s)

    def send(self, change: Callable[[], str | None]) -> str | None:
        """Ask for a change, once. A lost answer is kept in `lost`; that nothing was sent, or no, is raised."""
        earlier, self.work.begun = self.work.begun, True
        try:
            return change()
        except Declined:
            self.work.begun = earlier
            raise
        except TransportFault as fault:
            self.work.begun = earlier or fault.started
            if not fault.started:
                raise
            self.lost = fault
            self.work.log.note(f"its answer was lost ({fault.message}); the state is read back")
            return None

    def until(self, seen: Seen) -> tuple[bool, str]:
        """Look until it is so, or the time is over: whether it is, and what there is instead.

        Raises TransportFault or Declined when the last look showed nothing, or for what time does not mend.
        """
        pause_s = FIRST_S
        while True:
            gone: TransportFault | Declined | None = None
            so, words = False, ""
            try:
                so, words = seen()
            except TransportFault as fault:
                if fault.cause not in PASSING:
                    raise self._unseen(fault) from fault
                gone = fault
            except Declined as no:  # a busy controller says so
                gone = no
            if so:
                return True, words
            if not self.deadline.rest(pause_s):
                if gone is not None:
                    raise self._unseen(gone) from gone
                return False, words
            pause_s = min(2 * pause_s, LONGEST_S)

    def unclear(self, message: str) -> TransportFault:
        """Doubt: nobody can say whether it was done."""
        cause = self.lost.cause if self.lost else Cause.LOST
        because = f"{message}: {self.lost.message}" if self.lost else message
        self.work.host_asked = True
        return TransportFault(cause, because, started=True, why=NOT_KNOWN)

    def _unseen(self, fault: TransportFault | Declined) -> Exception:
        if self.work.begun:
            cause = fault.cause if isinstance(fault, TransportFault) else Cause.LOST
            return TransportFault(cause, f"the state could not be read back: {fault.message}", started=True, why=NOT_KNOWN)
        if isinstance(fault, Declined):
            return fault
        return TransportFault(fault.cause, fault.message, started=False, why=fault.why, next_command=fault.next_command)


def errand(work: Work, command: Redfish) -> Errand:
    """The command with its time limit."""
    deadline = Deadline(work=work, at=work.now() + command.within_s)
    return Errand(work=work, command=command, controller=work.link.controller, deadline=deadline)


def ran(work: Work, command: Redfish) -> Answer:
    """Carry it out. Exit code 0: it is so; 1: it certainly is not, and `detail` says why. Raises TransportFault."""
    command = work.ready(command)
    work.log.command(shown(command))
    it = errand(work, command)
    try:
        return _WAYS[command.duty](it)
    except Declined as no:
        return Answer(exit_code=1, detail=no.message)


def so(it: Errand) -> tuple[bool, str]:
    """Whether the host is as power, boot or light was asked for, and how it is."""
    board, command = it.board(), it.command
    if command.duty in (Duty.POWER, Duty.UNTIL_POWER):
        return board.power == AFTERWARDS[
            command.value
        ], f"it is {board.power or 'in a state that the controller does not tell'}"
    if command.duty is Duty.LED:
        return board.led == command.value, f"its light is {board.led or 'not told by the controller'}"
    lasting = command.value == "none" or board.once is command.once
    how = "" if board.boot == "none" else " the next time" if board.once else " every time"
    return board.boot == command.value and lasting, f"it starts from {_device(board.boot)}{how}"


def _device(name: str) -> str:
    return "where it always does" if name == "none" else name


def _set(it: Errand) -> Answer:
    """Power, boot device and light: what is so already is not asked for."""
    command = it.command
    if command.duty is Duty.POWER and command.value in RESTARTS:
        return _restarted(it)
    already, words = so(it)
    if already:
        return _unchanged(it, words)
    it.send(lambda: _ask(it))
    return _read_back(it, lambda: so(it))


def _ask(it: Errand) -> None:
    command, controller, limit_s = it.command, it.controller, it.left_s
    if command.duty is Duty.POWER:
        controller.reset(command.value, limit_s)
    elif command.duty is Duty.BOOT:
        controller.start_from(command.value, once=command.once, limit_s=limit_s)
    else:
        controller.light(command.value, limit_s)


def _unchanged(it: Errand, words: str) -> Answer:
    it.work.log.note(f"{words} already; nothing was changed")
    return Answer(exit_code=0, detail=f"{words} already")


def _read_back(it: Errand, seen: Seen) -> Answer:
    done, words = it.until(seen)
    it.work.host_asked = True
    it.work.log.note(f"read back: {words}")
    if done:
        return Answer(exit_code=0, detail=words)
    asked = "whether it was heard is not known" if it.lost else "it was asked"
    return Answer(exit_code=1, detail=f"{asked}, but after {it.command.within_s:g} s {words}")


def _restarted(it: Errand) -> Answer:
    """A restart leaves no state behind; only a controller that tells when the host was restarted can prove a lost one."""
    before = it.board()
    if before.power == "off":
        return Answer(exit_code=1, detail="it is off, so that there is nothing to restart; power: on switches it on")
    it.send(lambda: it.controller.reset(it.command.value, it.left_s))
    if it.lost and not before.reset:
        raise it.unclear("nobody can say whether it was restarted")

    def seen() -> tuple[bool, str]:
        board = it.board()
        old = bool(before.reset) and board.reset == before.reset
        words = f"it is {board.power}" + (f", not restarted since {board.reset}" if old else "")
        return board.power == "on" and not old, words

    return _read_back(it, seen)


def _read(it: Errand) -> Answer:
    return it.controller.told(it.command.value, it.work.log.output, it.left_s)


def _waited(it: Errand) -> Answer:
    done, words = it.until(lambda: installed(it) if it.command.duty is Duty.UNTIL_FIRMWARE else so(it))
    it.work.log.note(words)
    return Answer(exit_code=0) if done else Answer(exit_code=1, detail=f"after {it.command.within_s:g} s {words}")


def installed(it: Errand) -> tuple[bool, str]:
    """Whether the version that is wanted is there, and which is."""
    part, wanted = component(it), it.command.version
    found = it.controller.version(part, it.left_s)
    return bool(wanted and found == wanted.source), f"{part} is {found or 'not in the firmware inventory'}"


def component(it: Errand) -> str:
    """What is updated."""
    return it.command.component.source if it.command.component else "bios"


def _updated(it: Errand) -> Answer:
    from runbook_engine.workers.updating import updated

    return updated(it)


_WAYS: dict[Duty, Callable[[Errand], Answer]] = {
    Duty.POWER: _set,
    Duty.BOOT: _set,
    Duty.LED: _set,
    Duty.UPDATE: _updated,
    Duty.READ: _read,
    Duty.UNTIL_POWER: _waited,
    Duty.UNTIL_FIRMWARE: _waited,
}
