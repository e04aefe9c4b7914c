"""What keeps work from starting although its tasks could: one rule for the loop, and for `why`.

A phase may be held as a whole: a sign-off is missing, its window is closed, its start was missed. Then there is the time that
is left in an opening, hosts of which only so many may be out of service, and resources that other runs have.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil

from runbook_engine.model.plan import Package
from runbook_engine.model.run import Run
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId
from runbook_engine.model.world import Blocker, Hold, World
from runbook_engine.running.claims import any_of, claims_resources, crowded, is_out_for, not_alone, out_together, used_up
from runbook_engine.running.course import Course
from runbook_engine.running.fitting import needed_s
from runbook_engine.running.focus import Focus
from runbook_engine.running.shape import task_of

GRACE = timedelta(minutes=15)  # so late a start is not missed yet
OF_TIME = frozenset({"window", "freeze", "start", "fit"})  # kinds of what ends by itself


@dataclass(frozen=True, slots=True)
class Begun:
    """What starts in one tick, and is not recorded yet: hosts that go out of service, parts that are used up."""

    leaving: Mapping[PhaseId, Collection[HostName]] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[PhaseId, Mapping[str, int]] = field(default_factory=dict)  # what phases take of resources


def closed_gates(
    course: Course,
    package: Package,
    host: HostName | None,
    world: World,
    now: datetime,
    begun: Begun = Begun(),
    focus: Focus = Focus(),
) -> Iterator[Blocker]:
    """Everything that keeps a package from starting on a host. `begun`: what starts in this very tick."""
    yield from of_phase(course, package.phase, world, now)
    if package.phase in world.closes and (late := _does_not_fit(course, package, world, now)):
        yield late
    if claims_resources(package, host, world):
        yield from used_up(course, package, world, begun.uses)
    goes = package.takes_out and host not in begun.leaving.get(package.phase, ())
    if world.pools and host is not None and goes and not is_out_for(course.run, package.phase, host):
        yield from crowded(course.run, out_together(course, package, host, world, focus), world, any_of(begun.leaving))
    if package.uses and world.stock and takes_parts(course.run, package, host):
        yield from _none_left(course.run, package, world, begun.parts)


def of_phase(course: Course, phase: PhaseId, world: World, now: datetime) -> Iterator[Blocker]:
    """What holds a phase as a whole."""
    missed = course.run.phases[phase].missed or is_missed(course.run, phase, now)
    if missed:
        reason = f"phase {phase} was to start at {_moment(missed)} and nobody was there; it does not catch up by itself"
        yield Blocker(kind="missed", reason=reason, next_command=f"runbook resume {course.run.id} --start {phase}")
    for hold in world.holds.get(phase, ()):
        yield _blocker(hold)
    yield from not_alone(course, phase, world)


def is_missed(run: Run, phase: PhaseId, now: datetime) -> datetime | None:
    """When a phase was due, if that is so long ago that its start was missed."""
    state = run.phases[phase]
    return state.due if state.due is not None and state.begun < 0 and now - state.due > GRACE else None


def reopening(course: Course, world: World, late: Collection[PhaseId]) -> datetime | None:
    """When it is worth looking again at phases that are open and held, as far as that is known.

    `late`: too little is left of their opening, so that nothing can change before its end.
    """
    times = [world.closes[phase] for phase in late if phase in world.closes]
    for phase, holds in world.holds.items():
        state = course.run.phases[phase]
        if state.stage is not None and state.ended is None and all(hold.kind in OF_TIME for hold in holds):
            times += [hold.until for hold in holds if hold.until is not None]
    return min(times, default=None)


def _blocker(hold: Hold) -> Blocker:
    until = hold.until.isoformat(timespec="seconds") if hold.until else ""
    return Blocker(kind=hold.kind, reason=hold.reason, until=until, next_command=hold.next_command)


def _does_not_fit(course: Course, package: Package, world: World, now: datetime) -> Blocker | None:
    needed, closes = needed_s(course.shape, course.run, package, world.parallel), world.closes[package.phase]
    left = (closes - now).total_seconds()
    if needed <= left:
        return None
    what = f"what would start, and the way back of what is done, can take {_minutes(needed)}"
    reason = f"{what}; the opening of phase {package.phase} ends in {_minutes(left)}, at {_moment(closes)}"
    return Blocker(kind="fit", reason=reason, next_command=f"runbook why {course.run.id}")


def takes_parts(run: Run, package: Package, host: HostName | None) -> bool:
    """Whether a task takes its parts when it starts: the first time, and not to be undone."""
    state = run.task(task_of(package.id, host))
    return state.started is None and not state.back


def _none_left(run: Run, package: Package, world: World, begun: Mapping[str, int]) -> Iterator[Blocker]:
    for name, amount in package.uses.items():
        others = world.uses.get(name, {})
        left = world.stock.get(name, amount) - sum(others.values()) - run.parts.get(name, 0) - begun.get(name, 0)
        if name in world.stock and amount > left:
            taken = f"; {', '.join(others)} took {sum(others.values())}" if others else ""
            reason = f"{name}: {amount} needed, {max(0, left)} left of {world.stock[name]}{taken}"
            reason += "; what comes in is written as its stock in the inventory"
            yield Blocker(kind="resource", reason=reason, next_command=f"runbook resume {run.id}")


def _minutes(seconds: float) -> str:
    whole = ceil(max(0.0, seconds) / 60)
    return f"{whole // 60} h {whole % 60:02} min" if whole >= 60 else f"{whole} min"


def _moment(when: datetime) -> str:
    return when.isoformat(sep=" ", timespec="minutes")
