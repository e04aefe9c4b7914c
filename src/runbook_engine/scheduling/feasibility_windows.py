"""How long a window is open, and what has to fit into it at worst: the work, what follows in one go, and the way back (L3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import ceil

from runbook_engine.calendars import spans, window_entry
from runbook_engine.model.estate import Window
from runbook_engine.model.plan import Package, PlannedPhase
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import WayOut
from runbook_engine.model.words import PackageId, PhaseId
from runbook_engine.model.worst import in_one_go, one_s, rounds
from runbook_engine.scheduling.feasibility_case import Case, counted, worked
from runbook_engine.scheduling.feasibility_drops import Drop, changed_phase
from runbook_engine.scheduling.feasibility_people import step_words
from runbook_engine.scheduling.projects_fit import needed_s

_SMALLER = 1.0  # what it costs as a way out
_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a package needs of an opening, and how long the longest opening of its phase is; in seconds."""

    forth_s: float
    back_s: float
    longest_s: float

    @property
    def need_s(self) -> float:
        """In all."""
        return self.forth_s + self.back_s


def room(case: Case, package: Package) -> Room | None:
    """How much of an opening a package needs; None when its phase has no window."""
    return rooms_of(case, phase_of(case, package)).get(package.id)


def rooms_of(case: Case, phase: PlannedPhase) -> Mapping[PackageId, Room]:
    """How much of an opening each package of a phase needs; nothing when it has no window."""
    if phase.opens is None:
        return {}
    needed = needed_s(case.plan, case.parallel)
    openings = spans(phase.opens, case.at, case.at + _AHEAD, case.days_off)
    longest = max(((one.end - one.start).total_seconds() for one in openings), default=0.0)
    names = (name for stage in phase.stages for name in stage.packages)
    return {name: Room(forth_s=needed[name][0], back_s=needed[name][1], longest_s=longest) for name in names}


def widest(case: Case, window: str) -> Room | None:
    """What needs most of an opening of a window, if no opening is that long."""
    rooms = [found for phase in case.plan.phases if phase.window == window for found in rooms_of(case, phase).values()]
    return max((found for found in rooms if found.need_s > found.longest_s), key=lambda found: found.need_s, default=None)


def widened(window: str, by_s: float) -> Drop:
    """With a window of which each opening is so much longer."""

    def drop(case: Case) -> Case:
        for phase in case.plan.phases:
            if phase.window == window and phase.opens is not None:
                case = changed_phase(phase.id, opens=longer(phase.opens, by_s))(case)
        return case

    return drop


def worst(case: Case, phase: PlannedPhase) -> PackageId:
    """What of a phase needs most of an opening."""
    rooms = rooms_of(case, phase)
    return max(rooms, key=lambda name: rooms[name].need_s) if rooms else phase.stages[0].packages[0]


def window_words(case: Case, package: Package) -> str:
    """Why a package does not fit into the window of its phase."""
    found, phase = room(case, package), phase_of(case, package)
    if found is None or phase.opens is None:
        return f"{step_words(package)} has no time left."
    entry = window_entry(phase.opens)
    if found.longest_s >= found.need_s:
        return f"{step_words(package)} fits into no opening of {entry} in time."
    whole = " of all batches" if len(phase.stages) > 1 else ""
    back = f", {worked(found.back_s)} of them for the way back{whole}" if found.back_s else ""
    stage = next(s for s in phase.stages if package.id in s.packages)
    many = len(stage.hosts)
    what = f"A batch of {counted(many, 'host')} in phase '{phase.title}' ({phase.id})" if many > 1 else step_words(package)
    what = what if in_one_go(case.plan.packages, stage) else step_words(package)
    opened = f"is open for {worked(found.longest_s)} at most" if found.longest_s else "is never open"
    return f"{what} can take {worked(found.need_s)} in one go{back}, and {entry} {opened}."


def window_ways(case: Case, package: Package) -> tuple[WayOut, ...]:
    """Smaller batches, if that helps."""
    found, phase = room(case, package), phase_of(case, package)
    if found is None:
        return ()
    fewer = _fewer(case, phase, package, found)
    words = f"more openings: batches of {counted(fewer, 'host')} (rolling: {{batches: [{fewer}]}}) fit"
    return (WayOut(words=words, cost=_SMALLER, proved=True),) if fewer else ()


def _fewer(case: Case, phase: PlannedPhase, package: Package, found: Room) -> int:
    """The most hosts of a batch that fit; 0 when not even one does, or when it is not a matter of hosts."""
    index = next(n for n, stage in enumerate(phase.stages) if package.id in stage.packages)
    stage = phase.stages[index]
    if len(stage.hosts) < 2:
        return 0
    best, low, high = 0, 1, len(stage.hosts) - 1
    while low <= high:
        middle = (low + high) // 2
        if _need_of(case, phase, package, middle) <= found.longest_s:
            best, low = middle, middle + 1
        else:
            high = middle - 1
    return best


def _need_of(case: Case, phase: PlannedPhase, package: Package, hosts: int) -> float:
    """Seconds that the last of some batches of so many hosts needs: for itself, and for the way back of all of them."""
    stage = next(s for s in phase.stages if package.id in s.packages)
    kept = frozenset(stage.hosts[:hosts])
    packages = dict(case.plan.packages)
    for name in stage.packages:
        packages[name] = replace(packages[name], hosts=tuple(h for h in packages[name].hosts if h in kept))
    small = replace(phase, stages=(replace(stage, hosts=stage.hosts[:hosts]),), way_back=())
    forth, back = needed_s(replace(case.plan, phases=(small,), packages=packages), case.parallel)[package.id]
    whole = sum(rounds(way, len(way.hosts), case.parallel) * one_s(way) for way in phase.way_back)
    return forth + back * ceil(len(phase.hosts) / hosts) + whole


def phase_of(case: Case, package: Package) -> PlannedPhase:
    """The phase of a package."""
    return next(phase for phase in case.plan.phases if phase.id == package.phase)


def lengthened(phase: PhaseId) -> Drop:
    """With a window that is open as long as a phase needs at worst, if that is longer; else without a window."""

    def drop(case: Case) -> Case:
        found = next(p for p in case.plan.phases if p.id == phase)
        missing = max((r.need_s - r.longest_s for r in rooms_of(case, found).values()), default=0.0)
        if found.opens is None or missing <= 0:
            return changed_phase(phase, opens=None)(case)
        return changed_phase(phase, opens=longer(found.opens, missing))(case)

    return drop


def longer(window: Window, by_s: float) -> Window:
    """A window whose openings all end so much later; hours of a week become a whole day at most."""
    dates = tuple(Span(span.start, span.end + timedelta(seconds=by_s)) for span in window.dates)
    longer_ = replace(window, open=_all_later(window.open, by_s), dates=dates)
    if window.rota is None:
        return longer_
    turns = tuple(replace(turn, work=_all_later(turn.work, by_s)) for turn in window.rota.turns)
    return replace(longer_, rota=replace(window.rota, turns=turns))


def _all_later(week: Mapping[str, tuple[str, ...]], by_s: float) -> dict[str, tuple[str, ...]]:
    return {days: tuple(_later(text, by_s) for text in texts) for days, texts in week.items()}


def _later(hours: str, by_s: float) -> str:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    took = (end - begin) % 1440 or 1440
    end = begin + min(1440, took - int(-by_s // 60))
    return f"{hours[:5]}-{end // 60 % 24:02}:{end % 60:02}"
