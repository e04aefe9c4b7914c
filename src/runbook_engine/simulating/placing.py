"""Where a fault strikes: the tasks that it means, chosen by its author or by the seed. Pure."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from runbook_engine.model.commands import Reboot
from runbook_engine.model.errors import Usage
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.rehearsal import Fault, FaultKind
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PackageId, PhaseId, Repeat, StageKind
from runbook_engine.simulating.drawing import one_of

TIMES = 3.0  # as long, when a batch is slow
HOURS = 4.0  # later, when a person is late


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A fault with the tasks that it means. No packages: all; no hosts: all of the packages."""

    fault: Fault
    packages: frozenset[PackageId] = frozenset()
    hosts: frozenset[HostName] = frozenset()
    words: str
    choice: str = ""
    amount: float = 0.0  # how many times as long, how many hours

    def means(self, package: PackageId, host: HostName | None) -> bool:
        """Whether a task of this package and host is meant."""
        return (not self.packages or package in self.packages) and (not self.hosts or host in self.hosts)


def fault_of(text: str) -> Fault:
    """KIND[@WHERE][=VALUE] as a fault. Raises Usage."""
    head, _, value = text.partition("=")
    kind, _, at = head.partition("@")
    if kind not in list(FaultKind):
        near = get_close_matches(kind, list(FaultKind), 1)
        why = f"Did you mean {near[0]}?" if near else ""
        raise Usage(f"There is no fault {kind!r}; there are {', '.join(FaultKind)}", why=why)
    return Fault(kind=FaultKind(kind), at=at, value=value)


def machine(package: Package) -> bool:
    """Whether the engine does it, rather than a person or a clock."""
    return not package.by_person and package.procedure.timer is None


def restarts(package: Package) -> bool:
    """Whether its hosts go down and come back."""
    return bool(package.hosts) and (package.reboots or any(isinstance(c, Reboot) for c in package.procedure.apply))


def leaves_doubt(package: Package) -> bool:
    """Whether a link that is lost in its midst leaves something unknown."""
    return machine(package) and bool(package.hosts and package.procedure.apply) and package.repeat is not Repeat.SAFE


def _declines(package: Package) -> bool:
    question = package.procedure.question
    return bool(question and len(question.choices) > 1)


def _undone_by_machine(package: Package) -> bool:
    back = package.way_back and package.way_back.procedure
    return bool(back and back.question is None)


_MEETS: Mapping[FaultKind, Callable[[Package], bool]] = {
    FaultKind.NO_RETURN: restarts,
    FaultKind.SLOW: machine,
    FaultKind.LOST_LINK: leaves_doubt,
    FaultKind.FAILS_ONCE: machine,
    FaultKind.FAILS: machine,
    FaultKind.UNREACHABLE: lambda package: bool(package.hosts),
    FaultKind.LATE: lambda package: package.by_person,
    FaultKind.NO_GO: _declines,
    FaultKind.WAY_BACK_FAILS: _undone_by_machine,
    FaultKind.ENGINE_DIES: machine,
    FaultKind.GUARD_REFUSES: lambda package: machine(package) and bool(package.procedure.guard),
    FaultKind.ALREADY_DONE: lambda package: machine(package) and bool(package.procedure.skip_if or package.procedure.verify),
    FaultKind.NOT_DONE: lambda package: machine(package) and bool(package.procedure.verify),
}


def able(plan: Plan, kind: FaultKind, at: str = "") -> list[Package]:
    """The packages that a kind of fault could strike, in the order of the plan. Raises Usage for a place that is not there."""
    packages, host = _meant(plan, at)
    return [p for p in packages if _MEETS[kind](p) and (host is None or host in p.hosts)]


def _meant(plan: Plan, at: str) -> tuple[list[Package], HostName | None]:
    name, _, host = at.partition("@")
    if name in plan.targets and not host:
        name, host = "", name
    packages = [p for p in plan.packages.values() if not name or name in (p.phase, p.step, p.id)]
    if not packages or (host and host not in plan.targets):
        known = [*plan.targets, *(p.id for p in plan.phases), *(p.step for p in plan.packages.values())]
        near = get_close_matches(at, known, 1)
        raise Usage(f"The plan has no {at}", why=f"Did you mean {near[0]}?" if near else "Name a host, a phase or phase/step.")
    return packages, HostName(host) if host else None


def place(plan: Plan, fault: Fault, seed: int) -> Placed:
    """The fault where it strikes. Raises Usage when nothing there can meet it."""
    found = able(plan, fault.kind, fault.at)
    if not found:
        raise Usage(f"{fault}: nothing {f'at {fault.at}' if fault.at else 'of this plan'} can meet that")
    package = one_of(_likeliest(plan, fault.kind, found), seed, fault, "step")
    named = _meant(plan, fault.at)[1]
    host = named or (one_of(package.hosts, seed, fault, "host") if package.hosts else None)
    return _PLACES.get(fault.kind, _one_task)(plan, fault, package, host if named or fault.kind in _ONE_HOST else None, found)


_ONE_HOST = frozenset(FaultKind) - {
    FaultKind.SLOW,
    FaultKind.FAILS,
    FaultKind.LATE,
    FaultKind.NO_GO,
    FaultKind.WAY_BACK_FAILS,
}


def _likeliest(plan: Plan, kind: FaultKind, found: Sequence[Package]) -> Sequence[Package]:
    """Where a fault tells most: retries where it should mend, budgets where it should not."""
    if kind is FaultKind.FAILS_ONCE:
        return [p for p in found if p.retries.count] or found
    if kind is FaultKind.FAILS:
        limits = {p.id: p.max_failures for p in plan.phases}
        counted = [p for p in found if limits[p.phase] is not None and p.hosts and not p.health_check]
        return counted or [p for p in found if not p.health_check] or found
    if kind is FaultKind.SLOW:
        return [p for p in found if p.phase in _in_batches(plan)] or found
    if kind is FaultKind.ENGINE_DIES:
        return [p for p in found if p.repeat is not Repeat.SAFE] or found
    return found


def _in_batches(plan: Plan) -> set[PhaseId]:
    return {p.id for p in plan.phases if sum(s.kind is StageKind.BATCH for s in p.stages) > 1}


def _one_task(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    on = f" on {host}" if host else ""
    words = {
        FaultKind.NO_RETURN: f"{host} does not come back from {package.step}",
        FaultKind.LOST_LINK: f"the link{f' to {host}' if host else ''} is lost during {package.step}",
        FaultKind.FAILS_ONCE: f"{package.step} fails once{on}",
        FaultKind.ENGINE_DIES: f"the engine dies during {package.step}{on} and is started again",
        FaultKind.GUARD_REFUSES: f"the guard of {package.step} refuses{on}",
        FaultKind.ALREADY_DONE: f"{package.step} has nothing to do{on}",
        FaultKind.NOT_DONE: f"{package.step} runs{on}, and verify says not done",
    }[fault.kind]
    return Placed(fault=fault, packages=frozenset({package.id}), hosts=frozenset({host} if host else ()), words=words)


def _slow(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:
    """One batch, as far as it was meant; all that a host does, when one is named."""
    stage = next(s for p in plan.phases for s in p.stages if package.id in s.packages)
    times, step = _number(fault, TIMES), fault.at.partition("@")[0]
    batch = f"batch {stage.number} of {package.phase}" if package.phase in _in_batches(plan) else package.phase
    what = step if "/" in step else batch
    meant = frozenset(p.id for p in found)
    return Placed(
        fault=fault,
        packages=meant if host else meant.intersection(stage.packages),
        hosts=frozenset({host} if host else ()),
        words=f"{host or what} takes {times:g} times as long",
        amount=times,
    )


def _for_good(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    """A step in all its batches, on every host unless one is named."""
    everywhere = "" if not package.hosts else f" on {host or 'every host'}"
    return Placed(
        fault=fault,
        packages=frozenset(p.id for p in found if p.step == package.step),
        hosts=frozenset({host} if host else ()),
        words=f"{package.step} fails however often it is tried{everywhere}",
    )


def _not_undone(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    """The way back of a step on one host: the first that goes back, unless one is named."""
    first = "on the first host that goes back" if package.hosts else "the first time"
    return Placed(
        fault=fault,
        packages=frozenset(p.id for p in found if p.step == package.step),
        hosts=frozenset({host} if host else ()),
        words=f"the way back of {package.step} fails {f'on {host}' if host else first}",
    )


def _away(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    """A host is away from the start, or from the phase or step on that is named."""
    name = fault.at.partition("@")[0]
    since = "" if not name or name in plan.targets else name
    words = f"{host} cannot be reached from {since} on" if since else f"{host} cannot be reached from the start"
    packages = frozenset(p.id for p in found if host in p.hosts) if since else frozenset[PackageId]()
    return Placed(fault=fault, packages=packages, hosts=frozenset({host} if host else ()), words=words)


def _late(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    hours = _number(fault, HOURS)
    words = f"people come {hours:g} hours late to {package.step}"
    return Placed(fault=fault, packages=frozenset({package.id}), words=words, amount=hours)


def _otherwise(plan: Plan, fault: Fault, package: Package, host: HostName | None, found: Sequence[Package]) -> Placed:  # noqa: ARG001 - a table
    question = package.procedure.question
    choices = question.choices if question else ()
    usual = next((c.name for c in choices if not c.goes_on), choices[-1].name)
    choice = fault.value or usual
    if choice not in [c.name for c in choices]:
        raise Usage(f"{fault}: {package.step} knows {', '.join(c.name for c in choices)}")
    words = f"{package.step} is answered {choice}"
    return Placed(fault=fault, packages=frozenset({package.id}), words=words, choice=choice)


_PLACES = {
    FaultKind.SLOW: _slow,
    FaultKind.FAILS: _for_good,
    FaultKind.WAY_BACK_FAILS: _not_undone,
    FaultKind.UNREACHABLE: _away,
    FaultKind.LATE: _late,
    FaultKind.NO_GO: _otherwise,
}


def _number(fault: Fault, usual: float) -> float:
    try:
        number = float(fault.value or usual)
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 10_000.0:
        raise Usage(f"{fault}: the value must be a number above 0, at most 10000")
    return number
