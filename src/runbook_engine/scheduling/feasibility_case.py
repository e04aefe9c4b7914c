"""What a verdict follows from: a plan, the inventory, the time, what others have booked; and where it all was written."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from runbook_engine.calendars import DaysOff
from runbook_engine.model.approvals import Standing
from runbook_engine.model.estate import Estate
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.places import Path, Places
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.runbook import Runbook
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.times import day_ended
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import Finding
from runbook_engine.model.words import PersonId, PhaseId, StepId
from runbook_engine.model.world import Pool
from runbook_engine.scheduling.projects_known import Known

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Where:
    """Where things were written, as file:line:column; a saved plan has no places, and then their names say it."""

    def __init__(self, estate: Estate, runbook: Runbook | None = None, near: str = "") -> None:
        """`near` is the beginning of names of files that need not be told: the folder in which somebody is."""
        self._estate, self._runbook, self._near = estate, runbook, near
        whole = [path for path in estate.places.values if len(path) == 3]
        self._entries = {path[1:3]: path for path in whole}
        self._freezes = [path for path in whole if path[1] == "freezes"]
        self._steps = _steps(runbook) if runbook else {}

    def step(self, package: Package, *keys: str | int) -> str:
        """The step of a package, or one of its keys."""
        path = self._steps.get(package.step)
        if self._runbook is None or path is None:
            return self.phase(package.phase) if package.step not in self._steps and self._runbook else package.step
        return _found(self._runbook.places, path, keys) or package.step

    def phase(self, phase: PhaseId, *keys: str | int) -> str:
        """A phase, or one of its keys."""
        path = next((p.path for p in self._runbook.phases if p.id == phase), None) if self._runbook else None
        return (_found(self._runbook.places, path, keys) if self._runbook and path else "") or phase

    def plan(self, key: str) -> str:
        """A key at the top of the runbook."""
        return (_found(self._runbook.places, (key,), ()) if self._runbook else "") or key

    def approval(self, number: int) -> str:
        """A rule about who must approve, by its position."""
        return (_found(self._runbook.places, ("approvals", number), ()) if self._runbook else "") or "approvals"

    def entry(self, section: str, name: str, *keys: str | int) -> str:
        """An entry of the inventory, such as ("racks", "r12"), or one of its keys."""
        path = self._entries.get((section, name))
        return (_found(self._estate.places, path, keys) if path else "").removeprefix(self._near) or name

    def freeze(self, number: int) -> str:
        """A freeze of the inventory, by its position among all."""
        if number >= len(self._freezes):
            return "freezes"
        return str(self._estate.places.of(self._freezes[number])).removeprefix(self._near)


def _found(places: Places, path: Path, keys: tuple[str | int, ...]) -> str:
    """The place of a key of a part; of the part itself where it has no such key. Empty: nobody knows."""
    full = (*path, *keys)
    for end in range(len(full), len(path) - 1, -1):
        if full[:end] in places.keys or full[:end] in places.values:
            return str(places.keys.get(full[:end]) or places.of(full[:end]))
    return ""


def _steps(runbook: Runbook) -> Mapping[StepId, Path]:
    return {
        StepId(f"{phase.id}/{step.id}"): step.path
        for phase in runbook.phases
        for step in (*phase.steps, *phase.healthy_when, *phase.roll_back)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a verdict follows from. `said` are findings of other rooms, such as hosts that did not answer."""

    plan: Plan
    estate: Estate
    at: datetime  # nothing starts before it
    days_off: DaysOff
    where: Where
    zone: ZoneInfo = ZoneInfo("UTC")  # in which moments are told
    parallel: int = 0
    pools: tuple[Pool, ...] = ()
    booked: tuple[Schedule, ...] = ()  # of other plans
    learnt: Mapping[StepId, Estimate] = field(default_factory=dict)  # of earlier runs, for steps without a stated time
    own: Schedule | None = None  # what was booked for this very plan
    standings: tuple[Standing, ...] = ()
    said: tuple[Finding, ...] = ()
    known: Known = field(default_factory=Known, compare=False)  # what projects of it, however changed, have in common

    def day(self, when: date | datetime) -> str:
        """'Tue 1 Dec 2026', in the zone of the plan."""
        local = when.astimezone(self.zone) if isinstance(when, datetime) and when.tzinfo else when
        return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"

    def moment(self, when: datetime) -> str:
        """'Tue 1 Dec 2026 22:00 CET', in the zone of the plan."""
        local = when.astimezone(self.zone)
        return f"{self.day(local)} {local:%H:%M} {local.tzname()}"

    def until(self, when: datetime) -> str:
        """The same for the end of something: midnight is the end of the day before, 'Tue 1 Dec 2026 24:00 CET'."""
        day = day_ended(when, self.zone)
        return self.moment(when) if day is None else f"{self.day(day)} 24:00 {when.astimezone(self.zone).tzname()}"

    def when(self, when: date | datetime) -> str:
        """A day, or a moment where an hour was written."""
        if not isinstance(when, datetime):
            return self.day(when)
        return self.moment(when) if when.tzinfo else f"{self.day(when)} {when:%H:%M}"

    def name(self, person: str) -> str:
        """The name of a person, for people."""
        known = self.estate.people.get(PersonId(person))
        return known.name or known.id if known else person


def listed(names: Sequence[str], most: int = 4) -> str:
    """'a', 'a and b', 'a, b, c and 7 more'."""
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else [*names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def counted(number: int, noun: str, plural: str = "") -> str:
    """'1 host', '3 hosts'."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def worked(seconds: float) -> str:
    """A length of work in hours, however long: '45 minutes', '40 hours'."""
    hours, minutes = divmod(max(1, -int(-seconds // 60)), 60)
    return " ".join(counted(number, unit) for number, unit in ((hours, "hour"), (minutes, "minute")) if number)


def length(seconds: float) -> str:
    """A length of time in whole words: '45 minutes', '4 hours 10 minutes', '2 days 3 hours'."""
    minutes = max(1, -int(-seconds // 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [counted(number, unit) for number, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if number]
    return " ".join(parts[:2])
