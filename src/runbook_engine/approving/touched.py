"""What a phase changes, and who answers for it: hosts, the services on them, and all services that need those."""

from collections.abc import Iterator, Mapping

from runbook_engine.approving.people import authors, people_of
from runbook_engine.model.approval_conditions import RISKS, Facts
from runbook_engine.model.commands import Upload
from runbook_engine.model.estate import Estate
from runbook_engine.model.folding import fold_hosts
from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.words import HostName, StageKind

_SHOWN = 3  # ranges of hosts in a reason


def changing(plan: Plan, phase: PlannedPhase) -> tuple[Package, ...]:
    """The packages that change something: not what only reads, checks, decides, waits or is planned."""
    return tuple(p for stage in phase.stages for p in map(plan.packages.__getitem__, stage.packages) if _changes(p))


def _changes(package: Package) -> bool:
    question = package.procedure.question
    if package.health_check or not package.action or (question is not None and question.choices):
        return False
    return package.takes_out or package.changes_something or any(isinstance(c, Upload) for c in package.procedure.apply)


def touched(plan: Plan, phase: PlannedPhase) -> tuple[HostName, ...]:
    """The hosts on which a phase, or its way back, changes something, in the order of the phase. None when nothing changes."""
    packages = changing(plan, phase)
    if not packages:
        return ()
    hosts = {h for package in (*packages, *phase.way_back) for h in package.hosts}
    return tuple(h for h in dict.fromkeys((*phase.hosts, *sorted(hosts))) if h in hosts)


def facts(plan: Plan, phase: PlannedPhase) -> Facts:
    """What the conditions of approvals can ask about a phase."""
    stays = any(p.way_back is None or p.way_back.procedure is None for p in changing(plan, phase))
    final = bool(stays or phase.point_of_no_return or phase.no_return_step)
    return Facts(
        budget=plan.budget.amount if plan.budget else None,
        kind=plan.kind,
        hosts=len(phase.hosts),
        risk=RISKS[0] if final else RISKS[1],
        batches=sum(stage.kind is StageKind.BATCH for stage in phase.stages),
    )


def owners(hosts: tuple[HostName, ...], plan: Plan, estate: Estate) -> Iterator[tuple[str, str]]:
    """Whose approval it needs to change something on these hosts, and why; the same name may come more than once.

    Of a department it is its head, or anybody of it when it has none. What the plan says of hosts counts as well as what the
    inventory says now. Who owns the plan, or whose people do, is not asked.
    """
    for owner, reason in (*_of_hosts(hosts, plan, estate), *_of_services(hosts, plan, estate)):
        if not _own(owner, plan, estate):
            yield _asked(owner, estate), reason + _unknown(owner, estate)


def _of_hosts(hosts: tuple[HostName, ...], plan: Plan, estate: Estate) -> Iterator[tuple[str, str]]:
    found: dict[str, list[HostName]] = {}
    for name in hosts:
        host, target = estate.hosts.get(name), plan.targets.get(name)
        for owner in dict.fromkeys(part.owner for part in (target, host) if part is not None and part.owner):
            found.setdefault(owner, []).append(name)
    for owner, owned in found.items():
        yield owner, f"{_named(owned)} {'belongs' if len(owned) == 1 else 'belong'} to {owner}"


def _of_services(hosts: tuple[HostName, ...], plan: Plan, estate: Estate) -> Iterator[tuple[str, str]]:
    serving = _serving(hosts, plan, estate)
    for name, service in estate.services.items():
        if service.owner and name in serving:
            yield service.owner, f"{_serve(serving[name])} {name} of {service.owner}"
        elif service.owner:
            needed = [need for need in _needs(name, estate) if need in serving]
            if needed:
                yield service.owner, f"{name} of {service.owner} needs {needed[0]}, which {_serve(serving[needed[0]])}"


def _serve(hosts: list[HostName]) -> str:
    return f"{_named(hosts)} {'serves' if len(hosts) == 1 else 'serve'}"


def _serving(hosts: tuple[HostName, ...], plan: Plan, estate: Estate) -> Mapping[str, list[HostName]]:
    found: dict[str, list[HostName]] = {}
    for name in hosts:
        host, target = estate.hosts.get(name), plan.targets.get(name)
        for service in dict.fromkeys(s for part in (target, host) if part is not None for s in part.serves):
            found.setdefault(service, []).append(name)
    return found


def _needs(service: str, estate: Estate) -> tuple[str, ...]:
    """All that a service needs, directly or through others."""
    found: dict[str, None] = {}
    waiting = [service]
    while waiting:
        known = estate.services.get(waiting.pop(0))
        new = [name for name in known.depends_on if name not in found] if known else []
        found.update(dict.fromkeys(new))
        waiting += new
    return tuple(name for name in found if name != service)


def _named(hosts: list[HostName]) -> str:
    return fold_hosts(hosts, most=_SHOWN)


def _own(owner: str, plan: Plan, estate: Estate) -> bool:
    """Whether the plan is the owner's own."""
    if owner == plan.owner:
        return True
    return authors(plan, estate) <= people_of(owner, estate)


def _asked(owner: str, estate: Estate) -> str:
    department = estate.departments.get(owner) if owner not in estate.people else None
    return f"head-of-{owner}" if department and department.head else owner


def _unknown(owner: str, estate: Estate) -> str:
    if people_of(owner, estate):
        return ""
    return f" (nobody in the inventory is {owner}: write it under people:, roles: or departments:)"
