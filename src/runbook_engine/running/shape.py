"""The structure of a plan, indexed once, so that an event costs the same in a plan of ten tasks and of a million."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Protocol, cast

from runbook_engine.model.plan import Edge, Package, Plan, PlannedPhase, Stage
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import EdgeKind, FailureScope, HostName, OnFailure, PackageId, PhaseId, Repeat, TaskId


class Phases(Protocol):
    """What budgets are read from: a whole shape, or the limits of a plan alone."""

    @property
    def phases(self) -> Mapping[PhaseId, PlannedPhase]:
        """The phases of the plan."""
        ...

    @property
    def project_limit(self) -> int | None:
        """The strictest budget that is counted over all phases."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The budgets of a plan."""

    phases: Mapping[PhaseId, PlannedPhase]
    project_limit: int | None


def limits_of(plan: Plan) -> Limits:
    """What budgets are read from, without looking at packages."""
    return Limits(phases={phase.id: phase for phase in plan.phases}, project_limit=_project_limit(plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Look-ups over a plan. Nothing here changes while a run goes on."""

    plan: Plan
    packages: Mapping[PackageId, Package]
    phases: Mapping[PhaseId, PlannedPhase]
    needed_by: Mapping[PhaseId, tuple[PhaseId, ...]]
    stage_of: Mapping[PackageId, int]  # index of its stage in its phase
    hosts: Mapping[PackageId, Mapping[HostName, int]]  # with the position of each in the package
    hosts_in: Mapping[PhaseId, frozenset[HostName]]
    after_same_host: Mapping[PackageId, tuple[PackageId, ...]]
    after_all_hosts: Mapping[PackageId, tuple[PackageId, ...]]
    ways_back: Mapping[PackageId, Package]  # how each package that can be undone is undone
    begins: frozenset[PackageId]  # packages whose start others wait for
    ends: frozenset[PackageId]  # packages whose start or end the end of others waits for
    limited: frozenset[PackageId]  # packages that must not follow others later than so long after them
    project_limit: int | None  # the strictest budget that is counted over all phases
    _earlier: dict[PackageId, frozenset[PackageId]] = field(default_factory=dict)  # found when first asked for
    _later: dict[PhaseId, tuple[PhaseId, ...]] = field(default_factory=dict)

    def parts(self, task: TaskId) -> tuple[Package, HostName | None]:
        """The package and the host of a task. Raises KeyError for a task that the plan does not have."""
        name, at, host = cast("tuple[PackageId, str, HostName]", task.partition("@"))
        package = self.packages[name]
        if (host not in self.hosts[name]) if at else package.hosts:
            raise KeyError(task)
        return package, host or None

    def work(self, task: TaskId, *, back: bool) -> Package:
        """What is done for a task, or to undo it. Raises KeyError for a task that the plan does not have."""
        package, _ = self.parts(task)
        return self.ways_back[package.id] if back else package

    def tasks(self, package: PackageId) -> Iterator[TaskId]:
        """The tasks of a package, in the order of its hosts."""
        hosts = self.packages[package].hosts
        if not hosts:
            yield TaskId(package)
        for host in hosts:
            yield task_of(package, host)

    def earlier(self, package: PackageId) -> frozenset[PackageId]:
        """The packages of the same phase that stand before one, directly or through others."""
        if package not in self._earlier:
            own = self.packages[package]
            before = {edge.before for edge in waited_for(own) if self.packages[edge.before].phase == own.phase}
            stages = self.phases[own.phase].stages[: self.stage_of[package]]
            found = before.union(*(self.earlier(p) for p in before), *(stage.packages for stage in stages))
            self._earlier[package] = frozenset(found)
        return self._earlier[package]

    def later(self, phase: PhaseId) -> tuple[PhaseId, ...]:
        """The phases that need one, directly or through others, in the order of the plan."""
        if phase not in self._later:
            direct = self.needed_by.get(phase, ())
            found = set(direct).union(*(self.later(p) for p in direct))
            self._later[phase] = tuple(p for p in self.phases if p in found)
        return self._later[phase]

    def stage(self, phase: PhaseId, index: int) -> Stage:
        """A stage of a phase by its index."""
        return self.phases[phase].stages[index]


def task_of(package: PackageId, host: HostName | None) -> TaskId:
    """The id of a package's task on a host, or of its only task."""
    return TaskId(f"{package}@{host}") if host else TaskId(package)


def shape_of(plan: Plan) -> Shape:
    """Index a plan."""
    of_phases = {package.id: package for phase in plan.phases for package in phase.way_back}
    packages = {**plan.packages, **of_phases}
    return Shape(
        plan=plan,
        packages=packages,
        phases={phase.id: phase for phase in plan.phases},
        needed_by=_needed_by(plan),
        stage_of={p: i for phase in plan.phases for i, stage in enumerate(phase.stages) for p in stage.packages},
        hosts=_positions(packages.values()),
        hosts_in={phase.id: frozenset(phase.hosts) for phase in plan.phases},
        after_same_host=_successors(plan, EdgeKind.SAME_HOST),
        after_all_hosts=_successors(plan, EdgeKind.ALL_HOSTS),
        ways_back={p.id: back for p in plan.packages.values() if (back := _way_back(p))} | of_phases,
        begins=frozenset(edge.before for p in plan.packages.values() for edge in p.needs if edge.on_start),
        ends=frozenset(edge.before for p in plan.packages.values() for edge in p.needs if p.only_its_end(edge)),
        limited=frozenset(p.id for p in plan.packages.values() if any(e.lag and e.lag.at_most_s is not None for e in p.needs)),
        project_limit=_project_limit(plan),
    )


def waited_for(package: Package) -> tuple[Edge, ...]:
    """The needs of a package whose end it waits for to start; all others are looked at when its turn, or its end, has come."""
    return tuple(e for e in package.needs if not e.on_start and not package.only_its_end(e)) if package.needs else ()


def _project_limit(plan: Plan) -> int | None:
    limits = [
        phase.max_failures
        for phase in plan.phases
        if phase.failures_over is FailureScope.PROJECT and phase.on_failure is not OnFailure.CONTINUE
    ]
    return min((limit for limit in limits if limit is not None), default=None)


def _needed_by(plan: Plan) -> Mapping[PhaseId, tuple[PhaseId, ...]]:
    found: dict[PhaseId, list[PhaseId]] = defaultdict(list)
    for phase in plan.phases:
        for need in phase.needs:
            found[need].append(phase.id)
    return {need: tuple(phases) for need, phases in found.items()}


def _way_back(package: Package) -> Package | None:
    """A package as workers undo it: the same hosts and values, with the procedure of its way back."""
    back = package.way_back
    if back is None or back.procedure is None:
        return None
    repeat = back.repeat
    if repeat is Repeat.ONCE and back.procedure.verify:
        repeat = Repeat.VERIFY
    return replace(
        package,
        procedure=back.procedure,
        repeat=Repeat.MANUAL if back.procedure.question else repeat,
        retries=back.retries,
        timeout_s=back.timeout_s,
        reads=(*package.reads, *((package.id,) if package.save_as else ())),
        reboots=False,
        drops_link=False,
        confirm_s=None,
        save_as="",
        when=None,
        way_back=None,
    )


def _positions(packages: Iterable[Package]) -> Mapping[PackageId, Mapping[HostName, int]]:
    shared: dict[tuple[HostName, ...], Mapping[HostName, int]] = {}
    packages = tuple(packages)
    for package in packages:
        if package.hosts not in shared:
            shared[package.hosts] = {host: position for position, host in enumerate(package.hosts)}
    return {p.id: shared[p.hosts] for p in packages}


def _successors(plan: Plan, kind: EdgeKind) -> Mapping[PackageId, tuple[PackageId, ...]]:
    found: dict[PackageId, list[PackageId]] = defaultdict(list)
    for package in plan.packages.values():
        for edge in waited_for(package):
            if edge.kind is kind:
                found[edge.before].append(package.id)
    return {before: tuple(after) for before, after in found.items()}
