"""Smaller questions: parts of a case that are answered sooner. What does not fit into a part does not fit into the whole.

A part is what comes before a job that has no place, on some of the hosts. Whatever is left out could only have been in the way,
so that a conflict of a part is one of the whole.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from runbook_engine.model.jobs import Job
from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.words import HostName, PackageId, PhaseId
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.projects_pieces import reached

WORTH = 2  # times smaller than the case: only such a part is looked at


def parts(case: Case, job: Job) -> Iterator[Case]:
    """The case around a job, the smallest part first: on its host, at its site, everywhere. The case itself is none of them."""
    plan, targets = case.plan, case.plan.targets
    first = job.hosts[:1] or tuple(targets)[:1]
    near = frozenset(_at(plan, targets[first[0]].site if first and first[0] in targets else ""))
    phases = _before(plan, job.phase)
    inside = frozenset(name for name, package in plan.packages.items() if package.phase in phases)
    upto = frozenset(name for name in inside if plan.packages[name].phase != job.phase) | _needed(plan, job.package)
    asked = [(upto, frozenset(first)), (upto, near), (inside, near), (upto, frozenset(targets))]
    size, seen = _size(plan, plan.packages, targets), set[int]()
    for packages, hosts in asked:
        small = _size(plan, packages, hosts)
        if small and WORTH * small <= size and small not in seen:
            seen.add(small)
            yield only(case, packages, hosts)


def elsewhere(case: Case, part: Case) -> Iterator[Case]:
    """The same part of a case at other sites."""
    targets = case.plan.targets
    here = {targets[host].site for package in part.plan.packages.values() for host in package.hosts if host in targets}
    names = {_base(name) for name in part.plan.packages}
    for site in dict.fromkeys(target.site for target in targets.values() if target.site not in here):
        hosts = _at(case.plan, site)
        packages = {name for name, package in case.plan.packages.items() if _base(name) in names and _has(package, hosts)}
        if packages:
            yield only(case, packages, hosts)


def _base(package: PackageId) -> str:
    """A package, whichever batch it is of."""
    return package.partition("#")[0]


def only(case: Case, packages: Collection[PackageId], hosts: Collection[HostName]) -> Case:
    """The case with these packages alone, on these hosts alone; what is done once stays."""
    kept = {name: package for name, package in case.plan.packages.items() if name in packages and _has(package, hosts)}
    made = {name: _package(package, kept, hosts) for name, package in kept.items()}
    phases = {package.phase for package in kept.values()}
    left = tuple(_phase(phase, kept, hosts) for phase in case.plan.phases if phase.id in phases)
    left = tuple(replace(phase, needs=tuple(need for need in phase.needs if need in phases)) for phase in left)
    return replace(case, plan=replace(case.plan, phases=left, packages=made))


def _at(plan: Plan, site: str) -> frozenset[HostName]:
    return frozenset(host for host, target in plan.targets.items() if target.site == site)


def _before(plan: Plan, phase: PhaseId) -> set[PhaseId]:
    """A phase and all those that it waits for."""
    needs = {each.id: each.needs for each in plan.phases}
    begin = [phase] if phase in needs else list(needs)
    return reached(begin, needs.__getitem__).union(begin)


def _needed(plan: Plan, package: PackageId) -> set[PackageId]:
    """A package and all those that come before it by edges."""
    begin = [package] if package in plan.packages else []
    return reached(begin, lambda name: [edge.before for edge in plan.packages[name].needs]).union(begin)


def _size(plan: Plan, packages: Collection[PackageId], hosts: Collection[HostName]) -> int:
    """About how many jobs that are."""
    chosen = [plan.packages[name] for name in packages]
    return sum(max(1, sum(host in hosts for host in p.hosts)) for p in chosen if _has(p, hosts))


def _has(package: Package, hosts: Collection[HostName]) -> bool:
    return not package.hosts or any(host in hosts for host in package.hosts)


def _package(package: Package, kept: Collection[PackageId], hosts: Collection[HostName]) -> Package:
    at = [n for n, host in enumerate(package.hosts) if host in hosts]
    return replace(
        package,
        hosts=_chosen(package.hosts, hosts),
        columns=tuple(tuple(column[n] for n in at) for column in package.columns) if package.hosts else package.columns,
        needs=tuple(edge for edge in package.needs if edge.before in kept),
        same_people_as=tuple(name for name in package.same_people_as if name in kept),
        other_people_than=tuple(name for name in package.other_people_than if name in kept),
    )


def _phase(phase: PlannedPhase, kept: Collection[PackageId], hosts: Collection[HostName]) -> PlannedPhase:
    stages = tuple(
        replace(stage, hosts=_chosen(stage.hosts, hosts), packages=tuple(name for name in stage.packages if name in kept))
        for stage in phase.stages
    )
    return replace(phase, hosts=_chosen(phase.hosts, hosts), stages=stages)


def _chosen(names: Sequence[HostName], hosts: Collection[HostName]) -> tuple[HostName, ...]:
    return tuple(name for name in names if name in hosts)
