"""Stand-in hosts: what becomes of each attempt, and how long it takes. They remember what was done, as real hosts do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.commands import Reboot
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.rehearsal import FaultKind
from runbook_engine.model.words import AttemptId, Cause, HostName, Purpose, Repeat, Status, StepId, TaskId
from runbook_engine.simulating.drawing import ASKED_FOR_S, CONNECT_S, GONE_FOR_S, MACHINE, QUESTION, drawn_s, share_of
from runbook_engine.simulating.placing import Placed

Played = tuple[float, Outcome]  # seconds, and how it ends

_AWAY = Outcome(status=Status.UNREACHABLE, cause=Cause.TIMED_OUT, message="the host does not answer")
_STILL_DOUBT = Outcome(status=Status.UNKNOWN, cause=Cause.TIMED_OUT, message="the host did not say")
_DONE = Outcome(status=Status.OK, exit_code=0)
_NOT_BEGUN = Outcome(status=Status.NOT_STARTED, cause=Cause.NOT_BEGUN, message="it had not begun, and never will")
_GUARD = Outcome(status=Status.REFUSED, exit_code=1, message="guard says no")
_NOTHING_TO_DO = Outcome(status=Status.SKIPPED, exit_code=0, message="there is nothing to do")
_BROKEN = Outcome(status=Status.FAILED, exit_code=1, message="it failed, as was to be rehearsed")
_UNPROVED = Outcome(status=Status.FAILED, exit_code=1, message="it ran, but verify says not done")


class Hosts:
    """All stand-in hosts of a night, over all lives of the engine."""

    def __init__(self, plan: Plan, seed: int, faults: Sequence[Placed]) -> None:
        self._plan, self._seed, self._faults = plan, seed, faults
        self._kinds = {f.fault.kind for f in faults}
        self.done: set[TaskId] = set()
        self.met: set[Placed] = set()  # the faults that had occasion to strike
        self.mended: set[TaskId] = set()  # a person has seen to it, and has it tried again
        self.gone: set[HostName] = set()  # they do not answer any more
        self._stuck: dict[StepId, TaskId] = {}  # whose way back fails
        self._struck: set[tuple[FaultKind, TaskId]] = set()
        self._kept: dict[AttemptId, tuple[datetime | None, Outcome]] = {}  # what hosts say when asked, once it has ended

    def boot(self, host: HostName | None) -> str:
        """Under which boot id a host keeps what becomes of an attempt; empty: it keeps nothing."""
        return "this-start" if host is None or self._plan.targets[host].ssh.keep else ""

    def play(self, attempt: Attempt, now: datetime) -> Played:
        """How an attempt ends, and after how many seconds."""
        host = attempt.target.name if attempt.target else None
        if host is not None and self._meant(FaultKind.UNREACHABLE, attempt, host):
            self.gone.add(host)
        if host in self.gone:
            asking = attempt.purpose in (Purpose.VERIFY, Purpose.SETTLE)
            return CONNECT_S, _STILL_DOUBT if asking else _AWAY
        match attempt.purpose:
            case Purpose.SETTLE:
                return self._told(attempt, now)
            case Purpose.VERIFY:
                asked = drawn_s(QUESTION, self._seed, attempt.task, "verify", attempt.number)
                return asked, _DONE if attempt.task in self.done else replace(_UNPROVED, message="not done")
            case _:
                return self._carried(attempt, host, now)

    def _told(self, attempt: Attempt, now: datetime) -> Played:
        """What a host says of an attempt that nobody heard the end of; one that still runs is heard to its end."""
        end, outcome = self._kept.get(attempt.id, (None, _NOT_BEGUN))
        return max(1.0, (end - now).total_seconds() if end else 1.0), replace(outcome, host_asked=True)

    def _carried(self, attempt: Attempt, host: HostName | None, now: datetime) -> Played:
        back = attempt.purpose is Purpose.ROLL_BACK
        seconds, outcome = self._before(attempt, host) or self._ended(attempt, host, back=back)
        if outcome.status in (Status.OK, Status.SKIPPED) and not back:
            self.done.add(attempt.task)
        outcome = replace(outcome, duration_s=seconds)
        self._kept.setdefault(attempt.id, (now + timedelta(seconds=seconds), outcome))
        return seconds, outcome

    def _before(self, attempt: Attempt, host: HostName | None) -> Played | None:
        """Guard, skip_if and verify are asked before anything is done."""
        if attempt.purpose is Purpose.ROLL_BACK:
            return None
        if self._strikes(FaultKind.GUARD_REFUSES, attempt, host):
            return drawn_s(QUESTION, self._seed, attempt.task, "guard", attempt.number), _GUARD
        known = attempt.package.procedure.verify and attempt.task in self.done
        if known or self._strikes(FaultKind.ALREADY_DONE, attempt, host):
            return drawn_s(QUESTION, self._seed, attempt.task, "before", attempt.number), _NOTHING_TO_DO
        return None

    def _ended(self, attempt: Attempt, host: HostName | None, *, back: bool) -> Played:
        seconds = self._seconds(attempt, host)
        limit_s = attempt.package.timeout_s
        if back:
            return seconds, _BROKEN if self._stays(attempt, host) else _DONE
        if self._strikes(FaultKind.NO_RETURN, attempt, host) and host:
            self.gone.add(host)
            return _within_s(attempt.package), replace(_STILL_DOUBT, message="the host is not back after the restart")
        if self._strikes(FaultKind.LOST_LINK, attempt, host):
            return self._lost(attempt, seconds)
        if self._meant(FaultKind.FAILS, attempt, host) or self._strikes(FaultKind.FAILS_ONCE, attempt, host):
            return min(seconds, limit_s or seconds), _BROKEN
        if limit_s is not None and seconds > limit_s:
            return limit_s, _out_of_time(attempt.package)
        if self._strikes(FaultKind.NOT_DONE, attempt, host):
            return seconds, _UNPROVED
        saved = {"stdout": "", "stderr": "", "exit_code": "0"} if attempt.package.save_as else {}
        return seconds, replace(_DONE, saved=saved)

    def _stays(self, attempt: Attempt, host: HostName | None) -> bool:
        """Whether the way back of a task fails: that of the first one that is meant, until a person has seen to it."""
        if not self._meant(FaultKind.WAY_BACK_FAILS, attempt, host):
            return False
        first = self._stuck.setdefault(attempt.package.step, attempt.task)
        return first == attempt.task and first not in self.mended

    def _lost(self, attempt: Attempt, seconds: float) -> Played:
        """The link is away for longer than the host is asked. What it did meanwhile is a matter of chance, and is kept."""
        if share_of(self._seed, attempt.task, "reached") < _REACHED:
            self.done.add(attempt.task)
            self._kept[attempt.id] = (None, replace(_DONE, duration_s=seconds))
        else:
            self._kept[attempt.id] = (None, _NOT_BEGUN)
        limit_s = attempt.package.timeout_s or ASKED_FOR_S
        return seconds / 2 + limit_s, replace(_STILL_DOUBT, cause=Cause.LOST, message="the link was lost, the host did not say")

    def _seconds(self, attempt: Attempt, host: HostName | None) -> float:
        takes = attempt.package.takes or MACHINE
        batch = takes.per_batch and attempt.purpose is Purpose.DO
        seconds = drawn_s(takes, self._seed, attempt.package.id if batch else attempt.task, attempt.number)
        for fault in self._faults:
            if fault.fault.kind is FaultKind.SLOW and fault.means(attempt.package.id, host):
                seconds *= fault.amount
                self.met.add(fault)
        return round(seconds, 3)

    def _meant(self, kind: FaultKind, attempt: Attempt, host: HostName | None) -> bool:
        if kind not in self._kinds:
            return False
        found = [f for f in self._faults if f.fault.kind is kind and f.means(attempt.package.id, host)]
        self.met.update(found)
        return bool(found)

    def _strikes(self, kind: FaultKind, attempt: Attempt, host: HostName | None) -> bool:
        """Whether a fault that strikes once does so now."""
        if (kind, attempt.task) in self._struck or not self._meant(kind, attempt, host):
            return False
        self._struck.add((kind, attempt.task))
        return True


_REACHED = 0.5  # how often a command had reached its host before the link was lost


def _within_s(package: Package) -> float:
    limits = [c.within_s for c in package.procedure.apply if isinstance(c, Reboot)]
    return limits[0] if limits else package.timeout_s or GONE_FOR_S


def _out_of_time(package: Package) -> Outcome:
    status = Status.FAILED if package.repeat is Repeat.SAFE else Status.UNKNOWN
    message = "the host has ended it, because its time was over"
    return Outcome(status=status, cause=Cause.TIMED_OUT, message=message, host_asked=True)
