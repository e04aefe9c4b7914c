"""When each phase may be worked on: its window without its freezes, and what that leaves for a package."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from runbook_engine.calendars import freeze_spans
from runbook_engine.calendars.freezing import may_matter, touches, zones_of
from runbook_engine.calendars.judging import AHEAD
from runbook_engine.calendars.local_time import earliest, latest, merged
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Estate, Window
from runbook_engine.model.jobs import Spans
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.schedule import Schedule, held
from runbook_engine.model.scope import scope
from runbook_engine.model.times import Span
from runbook_engine.model.words import HostName, PhaseId
from runbook_engine.scheduling.projects_clock import Clock
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.spans import joined, minus

_LEAST_AHEAD, _BEYOND = timedelta(days=120), timedelta(days=60)
_SPARE = 6  # how many times longer than all its work, one after the other, a project is thought to take at most


def zone_of(plan: Plan, estate: Estate) -> ZoneInfo:
    """The zone in which the dates of a plan are meant: that of the site with most of its hosts, of equals the first written."""
    hosts = Counter(target.site for target in plan.targets.values())
    chosen = max(estate.sites, key=lambda site: hosts[site], default="")
    return ZoneInfo(estate.sites[chosen].time_zone if chosen else "UTC")


def start_zones(plan: Plan, phase: PlannedPhase, estate: Estate) -> tuple[ZoneInfo, ...]:
    """In which the dates from which a phase may start are meant, all together: those of its own sites, if it has any."""
    if len({site.time_zone for site in estate.sites.values()}) < 2:
        return (zone_of(plan, estate),)
    sites = sorted(scope(plan, phase, estate).sites & estate.sites.keys())
    return tuple(ZoneInfo(name) for name in dict.fromkeys(estate.sites[s].time_zone for s in sites)) or (zone_of(plan, estate),)


def clock_of(plan: Plan, estate: Estate, at: datetime, slot_s: int, work_s: float) -> Clock:
    """From the start of the plan or `at`, whichever is later, as far as calendars are looked at."""
    zone, step = zone_of(plan, estate), timedelta(seconds=slot_s)
    begin = max(at.astimezone(UTC), _midnight(plan.start, zone)) if plan.start else at.astimezone(UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    origin = epoch - ((epoch - begin) // step) * step
    due = _due(plan, zone)
    ahead = max(_LEAST_AHEAD, due + _BEYOND - origin if due else _LEAST_AHEAD, timedelta(seconds=_SPARE * work_s))
    return Clock(origin=origin, slot_s=slot_s, horizon=int(min(ahead, AHEAD) // step), zone=zone)


def is_abstract(plan: Plan, estate: Estate) -> bool:
    """Whether nothing in a plan has a date, a window or a person, so that only lengths of time mean anything."""
    packages = plan.packages.values()
    dated = plan.start or plan.deadline or any(p.opens or p.earliest or p.deadline for p in plan.phases)
    used = [estate.resources[name] for package in packages for name in package.uses if name in estate.resources]
    return not (
        dated
        or any(p.earliest or p.deadline for p in packages)
        or (estate.people and any(p.who for p in packages))
        or any(r.calendar or r.arrives for r in used)
        or any(touches(f, scope(plan, phase, estate)) for f in estate.freezes for phase in plan.phases)
    )


class Openings:
    """When the phases of a plan may be worked on. Calendars are looked up once."""

    def __init__(
        self, plan: Plan, estate: Estate, clock: Clock, days_off: DaysOff, booked: Iterable[Schedule], known: Known
    ) -> None:
        self._clock = clock
        zones = {site.name: site.time_zone for site in estate.sites.values()}

        def opened(window: Window) -> Spans:
            return known.opened(window, clock, days_off)

        self._phases = {p.id: _of_phase(plan, p, estate, clock, zones, opened) for p in plan.phases}
        self._hosts = _taken_hosts(booked, clock)

    def of(self, phase: PhaseId, hosts: Iterable[HostName]) -> Spans | None:
        """When a phase may be worked on at some hosts; None: always."""
        taken = joined(*(self._hosts[h] for h in hosts if h in self._hosts)) if self._hosts else ()
        found = self._phases[phase]
        if not taken:
            return found
        return minus(((0, self._clock.horizon),) if found is None else found, taken)

    def closes(self, phase: PhaseId) -> bool:
        """Whether there is a time at which a phase may not be worked on."""
        return self._phases[phase] is not None


def _of_phase(
    plan: Plan, phase: PlannedPhase, estate: Estate, clock: Clock, zones: dict[str, str], opened: Callable[[Window], Spans]
) -> Spans | None:
    what = scope(plan, phase, estate)
    near = [f for f in estate.freezes if may_matter(f, clock.origin, clock.end) and touches(f, what)]
    if phase.opens is None and not near:
        return None
    window = phase.opens
    is_open = opened(window) if window else ((0, clock.horizon),)
    frozen = sorted((s for f in near for s in freeze_spans(f, zones_of(what, zones))), key=attrgetter("start"))
    return minus(is_open, clock.around(merged(frozen)))


def _taken_hosts(booked: Iterable[Schedule], clock: Clock) -> dict[HostName, Spans]:
    """When other plans have which hosts."""
    found: dict[HostName, list[Span]] = {}
    for phase in (h for schedule in booked for h in held(schedule)):
        if clock.origin < phase.span.end and phase.span.start < phase.span.end:
            for host in phase.hosts:
                found.setdefault(host, []).append(phase.span)
    return {host: clock.around(merged(sorted(taken, key=attrgetter("start")))) for host, taken in found.items()}


def _due(plan: Plan, zone: ZoneInfo) -> datetime | None:
    deadlines = (*(p.deadline for p in plan.phases), *(p.deadline for p in plan.packages.values()))
    dates = (*(d.by for d in deadlines if d is not None), plan.deadline)
    return max((_midnight(by, zone) for by in dates if by is not None), default=None)


def _midnight(value: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else latest(value, zone)
    return earliest(datetime.combine(value, datetime.min.time()), zone)
