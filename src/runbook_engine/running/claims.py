"""What a phase takes for itself, so that no two runs ever wait for each other: always everything at once, in one order.

All hosts of a phase before anything is done on one of them, or with a resource; then all resources of the phase, before a
step that needs one or that takes a host out of service; then, for a batch, all that it takes out of service. What cannot be
had as a whole is not taken in part: whoever has something waits for nothing that comes before it in this order.
"""

from collections.abc import Collection, Iterator, Mapping

from runbook_engine.model.plan import Package
from runbook_engine.model.run import Run
from runbook_engine.model.words import HostName, PhaseId, RunId
from runbook_engine.model.world import Blocker, Pool, World
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus


def elsewhere(course: Course, phase: PhaseId, world: World, focus: Focus) -> Iterator[Blocker]:
    """The runs that have hosts of the phase, of those that this call is not limited to leave out."""
    if not world.taken or course.run.phases[phase].ended is not None:
        return  # hosts that come back to a phase that has ended do so one by one
    having: dict[RunId, list[HostName]] = {}
    for host in sorted(course.shape.hosts_in[phase] & world.taken.keys()):
        if focus.allows(phase, host):
            having.setdefault(world.taken[host], []).append(host)
    for run, hosts in having.items():
        yield _worked_on(
            hosts, run, world, also=f"; phase {phase} begins when all its hosts are free (--limit leaves some out)"
        )


def other_run(host: HostName, world: World) -> Blocker:
    """The run that has a host. It must be one that another run has."""
    return _worked_on([host], world.taken[host], world)


def _worked_on(hosts: list[HostName], run: RunId, world: World, also: str = "") -> Blocker:
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    who = f"{', '.join(hosts[:3])}{more} {'is' if len(hosts) == 1 else 'are'} worked on by run {run}"
    return Blocker(kind="host", reason=f"{who}{_ends(run, world)}{also}", next_command=f"runbook status {run}")


def _ends(run: RunId, world: World) -> str:
    return f", by its plan until {world.ends[run]:%Y-%m-%d %H:%M} UTC" if run in world.ends else ""


def not_alone(course: Course, phase: PhaseId, world: World) -> Iterator[Blocker]:
    """The runs that work where the phase wants to be alone. While it works there, none does: the hosts are its own."""
    planned = course.shape.phases[phase]
    there: dict[RunId, HostName] = {}
    for host in planned.alone_with if world.taken else ():
        if host in world.taken:
            there.setdefault(world.taken[host], host)
    for run, host in there.items():
        where = f"phase {phase} must be alone at {', '.join(planned.alone_at)}"
        reason = f"{where}; run {run} works on {host} there{_ends(run, world)}"
        yield Blocker(kind="site", reason=reason, next_command=f"runbook status {run}")


def is_out_for(run: Run, phase: PhaseId, host: HostName) -> bool:
    """Whether a phase has taken a host out of service. Another one of the run that works on it does so for itself."""
    return not {phase, None}.isdisjoint(run.out.get(host, ()))


def any_of(leaving: Mapping[PhaseId, Collection[HostName]]) -> frozenset[HostName]:
    """The hosts that go out of service for one phase or another."""
    return frozenset(host for hosts in leaving.values() for host in hosts)


def out_together(course: Course, package: Package, host: HostName, world: World, focus: Focus) -> frozenset[HostName]:
    """The hosts that go out of service when one does: those of its batch, unless the rules never let them go together.

    A host of an earlier batch, whose turn has come again, goes alone.
    """
    run, shape, stage = course.run, course.shape, course.shape.stage_of.get(package.id)
    phase = run.phases[package.phase]
    if stage is None or stage != phase.stage:
        return frozenset({host})
    leaving = (shape.packages[p] for p in shape.stage(package.phase, stage).packages if shape.packages[p].takes_out)
    batch = {h for p in leaving for h in p.hosts if h not in phase.aside and focus.allows(p.phase, h)}
    batch = {h for h in batch if not is_out_for(run, package.phase, h)} | {host}
    fits = all(len(batch & pool.hosts) <= pool.out for pool in world.pools)
    return frozenset(batch) if fits else frozenset({host})


def crowded(run: Run, going: Collection[HostName], world: World, leaving: Collection[HostName]) -> Iterator[Blocker]:
    """The rules that would be broken if these hosts, too, went out of service now. `leaving`: what does so anyway."""
    for pool in world.pools:
        wanted = pool.hosts.intersection(going)
        newly = wanted.difference(run.out, leaving)
        others = _out(pool, going, run, world, leaving) if newly else []
        if others and len(others) + len(wanted) > pool.out:
            named = ", ".join(f"{other} ({world.out.get(other, run.id)})" for other in others[:3])
            why = f" ({pool.why})" if pool.why else ""
            batch = f", and {len(wanted)} would go together" if len(wanted) > 1 else ""
            rule = f"at most {pool.out} of its {len(pool.hosts)} hosts may be out of service{why}{batch}"
            runs = [world.out[other] for other in others if other in world.out]
            command = f"runbook status {runs[0]}" if runs else ""
            yield Blocker(kind="capacity", reason=f"{pool.name}: {rule}; out: {named}", next_command=command)


def _out(pool: Pool, going: Collection[HostName], run: Run, world: World, leaving: Collection[HostName]) -> list[HostName]:
    return sorted(h for h in pool.hosts if h not in going and (h in run.out or h in world.out or h in leaving))


def claims_resources(package: Package, host: HostName | None, world: World) -> bool:
    """Whether the resources of the phase are taken before this package, if they are not yet."""
    return bool(world.capacity and (package.uses or (world.pools and host is not None and package.takes_out)))


def used_up(course: Course, package: Package, world: World, begun: Mapping[PhaseId, Mapping[str, int]]) -> Iterator[Blocker]:
    """The resources of the phase of which there are not enough: other runs, or other phases, have them.

    `begun`: what phases of this run take in this very tick.
    """
    have = {**course.run.uses, **begun}
    wanted: Mapping[str, int] = package.uses if package.phase in have else uses_of(course, package.phase, world)
    for name, amount in wanted.items():
        others = world.uses.get(name, {})
        own = sum(uses.get(name, 0) for phase, uses in have.items() if phase != package.phase)
        if name not in world.capacity or own + sum(others.values()) + amount <= world.capacity[name]:
            continue
        holders = ", ".join(others) or "another phase of this run"
        reason = f"{name}: {amount} needed, {world.capacity[name]} there are; {holders} has them"
        yield Blocker(kind="resource", reason=reason, next_command=f"runbook status {next(iter(others))}" if others else "")


def uses_of(course: Course, phase: PhaseId, world: World) -> dict[str, int]:
    """What a phase takes of the resources that runs share: for each, the most that one of its steps needs."""
    found: dict[str, int] = {}
    for stage in course.shape.phases[phase].stages:
        for name in stage.packages:
            for resource, amount in course.shape.packages[name].uses.items():
                if resource in world.capacity:
                    found[resource] = max(found.get(resource, 0), amount)
    return found
