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
from runbook_engine.model.world import Blocker, Hold, Pool, World
from runbook_engine.running.course import Course
from runbook_engine.running.fitting import needed_s
from runbook_engine.running.shape import task_of

GRACE = timedelta(minutes=15)  # so late a start is not missed yet
OF_TIME = frozenset({"window", "freeze", "start", "fit"})  # kinds of what ends by itself


@dataclass(frozen=True, slots=True)
class Begun:
    """What starts in one tick, and is not recorded yet: hosts that go out of service, parts that are used up."""

    leaving: Collection[HostName] = ()
    parts: Mapping[str, int] = field(default_factory=dict)


def closed_gates(
    course: Course, package: Package, host: HostName | None, world: World, now: datetime, begun: Begun = Begun()
) -> Iterator[Blocker]:
    """Everything that keeps a package from starting on a host. `begun`: what starts in this very tick."""
    yield from of_phase(course, package.phase, world, now)
    if package.phase in world.closes and (late := _does_not_fit(course, package, world, now)):
        yield late
    if host is not None and package.takes_out and host not in course.run.out:
        yield from crowded(course.run, host, world, begun.leaving)
    if package.uses and world.capacity:
        yield from _used_up(course.run, package, world)
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


def crowded(run: Run, host: HostName, world: World, leaving: Collection[HostName]) -> Iterator[Blocker]:
    """The rules that would be broken if the host, too, went out of service now."""
    for pool in world.pools:
        if host in pool.hosts and (others := _out(pool, host, run, world, leaving)) and len(others) >= pool.out:
            named = ", ".join(f"{other} ({world.out.get(other, run.id)})" for other in others[:3])
            why = f" ({pool.why})" if pool.why else ""
            reason = f"{pool.name}: at most {pool.out} of its {len(pool.hosts)} hosts may be out of service{why}; out: {named}"
            runs = [world.out[other] for other in others if other in world.out]
            yield Blocker(kind="capacity", reason=reason, next_command=f"runbook status {runs[0]}" if runs else "")


def _out(pool: Pool, host: HostName, run: Run, world: World, leaving: Collection[HostName]) -> list[HostName]:
    return sorted(h for h in pool.hosts if h != host and (h in run.out or h in world.out or h in leaving))


def _used_up(run: Run, package: Package, world: World) -> Iterator[Blocker]:
    for name, amount in package.uses.items():
        others = world.uses.get(name, {})
        own = sum(uses.get(name, 0) for phase, uses in run.uses.items() if phase != package.phase)
        if name not in world.capacity or own + sum(others.values()) + amount <= world.capacity[name]:
            continue
        holders = ", ".join(others) or "another phase of this run"
        reason = f"{name}: {amount} needed, {world.capacity[name]} there are; {holders} has them"
        yield Blocker(kind="resource", reason=reason, next_command=f"runbook status {next(iter(others))}" if others else "")


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


def uses_of(course: Course, phase: PhaseId, world: World) -> dict[str, int]:
    """What a phase takes of the resources that runs share: for each, the most that one of its steps needs."""
    found: dict[str, int] = {}
    for stage in course.shape.phases[phase].stages:
        for name in stage.packages:
            for resource, amount in course.shape.packages[name].uses.items():
                if resource in world.capacity:
                    found[resource] = max(found.get(resource, 0), amount)
    return found


def _minutes(seconds: float) -> str:
    whole = ceil(max(0.0, seconds) / 60)
    return f"{whole // 60} h {whole % 60:02} min" if whole >= 60 else f"{whole} min"


def _moment(when: datetime) -> str:
    return when.isoformat(sep=" ", timespec="minutes")
