"""The inventory as it is now, for whoever judges what may start: read again when one of its files changes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_engine.model.approvals import Standing, Voice
from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import Estate, Freeze, Resource
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.times import Closed, Opening
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PackageId
from runbook_engine.model.world import Pool

if TYPE_CHECKING:
    from runbook_engine.approving import Signers

ALLOWED, REVOKED = "allowed_signers", "revoked_keys"  # files beside the inventory; both may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Whether a phase may start by the calendars, and by whose word if it is closed."""

    opening: Opening | None = None
    closed: Closed | None = None
    glass: tuple[Voice, ...] = ()

    def shifted(self, by: timedelta) -> "Times":
        """The same, so much later: what was judged as if it were another time."""
        if not by or self.opening is None or self.opening.until is None:
            return self
        return replace(self, opening=replace(self.opening, until=self.opening.until + by))


class Live:
    """The inventory as it was read, the keys that count, and hosts of which only so many may be out of service."""

    def __init__(self, estate: Estate, folder: Path) -> None:
        self.estate = estate
        self._folder = folder if folder.is_dir() else folder.parent

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        """Hosts of which only so many may be out of service."""
        from runbook_engine.planning.capacity import pools

        return pools(self.estate) if self.estate.capacity else ()

    @cached_property
    def signers(self) -> "Signers":
        """The keys that count: looked at only when somebody has signed. Raises NotValid, OSError, Refused."""
        from runbook_engine.approving import signers

        return signers(self.estate, self._text(ALLOWED), self._text(REVOKED))

    def _text(self, name: str) -> str:
        """A file of keys beside the inventory; empty when there is none. One that cannot be read is no empty one."""
        file = self._folder / name
        if file.is_symlink():
            raise Refused(f"{file} is a link", why="Whose keys count is not looked up through links.")
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def stock(self, now: datetime) -> dict[str, int]:
        """How many of each part there were in all, before any run took some."""
        return {r.name: _parts(r, now) for r in self.estate.resources.values() if r.stock is not None}

    def earliest(self, plan: Plan) -> dict[PackageId, datetime]:
        """When the packages may begin that state an earliest start."""
        stating = [package for package in plan.packages.values() if package.earliest is not None]
        if not stating:
            return {}
        from runbook_engine.calendars import first_everywhere
        from runbook_engine.scheduling.projects_calendar import start_zones

        of_phase = {phase.id: start_zones(plan, phase, self.estate) for phase in plan.phases}
        return {p.id: first_everywhere(p.earliest, of_phase[p.phase]) for p in stating if p.earliest is not None}

    def _begins(self, plan: Plan, phase: PlannedPhase) -> Sequence[date | datetime]:
        """Before which days and moments a phase may not start; days are those of all its sites, if it has several."""
        stated = [when for when in (plan.start, phase.earliest) if when is not None]
        if not stated:
            return []
        from runbook_engine.calendars import first_moment
        from runbook_engine.scheduling.projects_calendar import start_zones

        zones = start_zones(plan, phase, self.estate)
        return stated if len(zones) > 1 else [first_moment(when, zones[0]) for when in stated]

    def times(self, plan: Plan, phase: PlannedPhase, standing: Standing, now: datetime) -> Times:
        """Whether the calendars let a phase start. Break-glass opens one entry after the other, each on its own word."""
        begins = self._begins(plan, phase)
        if phase.opens is None and not begins and not self.estate.freezes:
            return Times(opening=Opening())  # nothing restricts it
        from runbook_engine.approving import opened
        from runbook_engine.calendars import holding, judge
        from runbook_engine.loading.days_off import days_off
        from runbook_engine.model.scope import scope

        what, zones = scope(plan, phase, self.estate), {site.name: site.time_zone for site in self.estate.sites.values()}
        policy, glass = self.estate.policy, list[Voice]()
        freezes = self.estate.freezes
        for freeze in holding(now, freezes, what, zones):
            alone = judge(now, None, (freeze,), what, zones, days_off)
            voice = opened(standing, alone, policy, self.estate) if isinstance(alone, Closed) else None
            if voice is None:
                return Times(closed=_first(judge(now, phase.opens, freezes, what, zones, days_off, *begins)))
            glass.append(voice)
            freezes = _without(freezes, freeze)
        found = judge(now, phase.opens, freezes, what, zones, days_off, *begins)
        if isinstance(found, Opening):
            return Times(opening=found, glass=tuple(glass))
        voice = opened(standing, found, policy, self.estate)
        if voice is None:
            return Times(closed=found)
        until = _until(judge(now, None, freezes, what, zones, days_off), voice)
        return Times(opening=Opening(entry=found.entry, until=until), glass=(*glass, voice))


def _parts(resource: Resource, now: datetime) -> int:
    """How many parts there are by today, those that had been on order included."""
    return (resource.stock or 0) + sum(count for day, count in resource.arrives if day <= now.date())


def _until(unfrozen: Closed | Opening, voice: Voice) -> datetime:
    """As long as the statement counts, but no longer than to the next freeze, which it does not lift."""
    freeze = unfrozen.until if isinstance(unfrozen, Opening) else None
    return min(voice.statement.until, freeze) if freeze else voice.statement.until


def _first(found: Closed | Opening) -> Closed:
    if isinstance(found, Closed):
        return found
    raise ValueError("a freeze holds and does not close anything")


def _without(freezes: Sequence[Freeze], lifted: Freeze) -> tuple[Freeze, ...]:
    return tuple(freeze for freeze in freezes if freeze is not lifted)


class Estates:
    """Reads the inventory, and reads it again when a file of it has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: tuple[object, ...] = ()
        self._live: Live | None = None

    def live(self) -> Live:
        """The inventory as it is now; an empty one where there is none. Raises NotValid, OSError: nothing is known then."""
        from runbook_engine.loading import load_estate

        stamps = tuple(self._stamped())
        if self._live is None or stamps != self._stamps:
            self._live = None  # what was known before does not count any more
            self._live = Live(load_estate(self._folder) if self._folder.exists() else Estate(), self._folder)
            self._stamps = stamps
        return self._live

    def _stamped(self) -> Iterator[tuple[str, int, int]]:
        beside = self._folder.parent
        alone = (self._folder, beside / ALLOWED, beside / REVOKED, *sorted(beside.glob("**/*.ics")))
        for file in alone if self._folder.is_file() else sorted(self._folder.rglob("*")):
            if file.is_file():
                found = file.stat()
                yield str(file), found.st_mtime_ns, found.st_size


@cache
def estates_of(folder: Path) -> Estates:
    """The one reader of an inventory in this process."""
    return Estates(folder)
