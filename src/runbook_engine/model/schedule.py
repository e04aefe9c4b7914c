"""Who does what when: a schedule as it is stored, shown and promised. Moments are aware; `scheduling` made the numbers."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, HostName, PackageId, PersonId, PhaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One piece of work with its time and its people. It is a package of the plan, or that on some of its hosts."""

    id: str  # the task's or the package's
    package: PackageId
    phase: PhaseId
    title: str
    start: datetime
    finish: datetime
    hosts: tuple[HostName, ...] = ()
    people: tuple[PersonId, ...] = ()
    spells: tuple[Span, ...] = ()  # times of work between pauses; empty: from start to finish
    uses: Mapping[str, int] = field(default_factory=dict)
    site: str = ""
    window: str = ""
    needs: tuple[str, ...] = ()  # the bookings that it waits for
    slack_s: float = 0.0  # how much later it may be over before the end moves, people and resources aside
    free_slack_s: float = 0.0  # how much later it may be over before any other moves
    chain: bool = False  # on the critical chain: what it waits for, be it work, people or resources, decides the end
    drag_s: float = 0.0  # how much earlier the end would be if it took no time
    why: str = ""  # what it waits for last: "after mount@r12-u01", "Ben Ott is free", "window night opens"
    milestone: bool = False
    estimate: str = ""  # where its duration comes from, if the author did not state it


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When everything of a plan is done and by whom, and how good that is."""

    plan: Digest
    runbook: str
    title: str
    made: datetime
    bookings: tuple[Booking, ...]
    start: datetime
    finish: datetime
    bound: datetime  # no schedule is over earlier
    optimal: bool = False
    aim: str = "finish"
    how: str = ""
    seed: int = 1
    slot_s: int = 60
    abstract: bool = False  # without a start or calendars: the moments count from 1970 and only minutes mean anything
    deadline: datetime | None = None
    deadline_soft: bool = False  # it is a wish
    cost: str = ""  # of people's hours, with the currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How a booking differs between two schedules. None: it is not in that one."""

    id: str
    title: str
    before: Booking | None
    after: Booking | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A schedule that was promised: its people and resources are taken. `number` grows with each one of the database."""

    number: int
    schedule: Schedule
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The hosts that a phase has for itself, from the first work on one of them until the phase ends."""

    phase: PhaseId
    hosts: frozenset[HostName]
    span: Span


def held(schedule: Schedule) -> tuple[Held, ...]:
    """What a run that keeps to a schedule has for itself, phase by phase: a phase takes its hosts all at once."""
    of_phase: dict[PhaseId, list[Booking]] = {}
    for booking in schedule.bookings:
        of_phase.setdefault(booking.phase, []).append(booking)
    found = []
    for phase, bookings in of_phase.items():
        if claiming := [b.start for b in bookings if b.hosts or b.uses]:
            hosts = frozenset(host for b in bookings for host in b.hosts)
            found.append(Held(phase=phase, hosts=hosts, span=Span(min(claiming), max(b.finish for b in bookings))))
    return tuple(found)
