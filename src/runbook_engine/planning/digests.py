"""What binds approvals and a run to a plan: SHA-256 over canonical JSON, with a leaf for each phase.

A leaf covers its phase, the packages of the phase, how their hosts are reached, who must approve it, and what whoever approves
a phase agrees to for the whole plan: its kind, its owner, its start, its impact and its budget. The digest covers the leaves
and all that belongs to no phase. So a change in one step changes the leaf of its phase and the digest, and no other leaf.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from runbook_engine.model.commands import Procedure
from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.text import Fill, Text
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import Digest, HostName, PackageId, PhaseId, TaskId
from runbook_engine.planning.ordering import in_sequence
from runbook_engine.planning.walk import changed

_ALWAYS = object()  # equal to no value: the field is always there
_IN_LEAVES = frozenset({"phases", "packages", "targets"})
_OUTSIDE = frozenset({"digest", "file"})
_LATER = {"deadline_soft": False, "priority": 0}  # fields that plans did not always have, and what they mean if left out
_AGREED = ("kind", "owner", "start", "impact", "budget")


def sealed(plan: Plan) -> Plan:
    """The same plan in its order, with its leaves and its digest."""
    plan = in_order(plan)
    found = leaves(plan)
    whole = replace(plan, phases=tuple(replace(p, leaf=found[p.id]) for p in plan.phases))
    return replace(whole, digest=digest_of(whole))


def in_order(plan: Plan) -> Plan:
    """The same plan with its packages in an order that respects every need, and its targets as the phases name them.

    JSON keeps no order of names, so a plan that was read gets its order back from its phases. Raises KeyError for a phase
    or package that is named and not there, Circle when they wait for each other.
    """
    phases = {phase.id: phase for phase in plan.phases}
    edges = [(phases[need].id, phase.id) for phase in plan.phases for need in phase.needs]
    for package in plan.packages.values():
        others = {plan.packages[edge.before].phase for edge in package.needs} - {package.phase}
        edges += [(phases[other].id, phases[package.phase].id) for other in others]
    walk = [phases[i] for i in in_sequence([*phases], edges)]
    packages = {p: plan.packages[p] for phase in walk for stage in phase.stages for p in stage.packages}
    named = (h for phase in plan.phases for h in (*phase.hosts, *(h for back in phase.way_back for h in back.hosts)))
    targets = {h: plan.targets[h] for h in named if h in plan.targets}
    return replace(plan, packages={**packages, **plan.packages}, targets={**targets, **plan.targets})


def leaves(plan: Plan) -> dict[PhaseId, Digest]:
    """The leaf of each phase, computed from what the plan holds."""
    targets = {name: to_data(target) for name, target in plan.targets.items()}
    return {phase.id: _leaf(plan, phase, targets) for phase in plan.phases}


def digest_of(plan: Plan) -> Digest:
    """The digest of a plan whose leaves are those that it states."""
    named = (f.name for f in fields(plan) if f.name not in _IN_LEAVES and f.name not in _OUTSIDE)
    rest = {n: to_data(value) for n in named if (value := getattr(plan, n)) != _LATER.get(n, _ALWAYS)}
    own = {p.id for p in _of_phases(plan)}
    stray = [to_data(p) for i, p in plan.packages.items() if i not in own]
    order = [[phase.id, phase.leaf] for phase in plan.phases]
    return _hash([rest, order, stray])


def _leaf(plan: Plan, phase: PlannedPhase, targets: Mapping[HostName, Any]) -> Digest:
    packages = [plan.packages[p] for stage in phase.stages for p in stage.packages]
    hosts = {h for package in (*packages, *phase.way_back) for h in (*package.hosts, *package.left_out)}
    stated = to_data(replace(phase, leaf=Digest("")))
    rules = [to_data(rule) for rule in plan.approvals if rule.before == phase.id]
    agreed = [to_data(getattr(plan, name)) for name in _AGREED]
    return _hash([agreed, stated, [to_data(p) for p in packages], [targets[h] for h in sorted(hosts)], rules])


def _of_phases(plan: Plan) -> Iterable[Package]:
    return (plan.packages[p] for phase in plan.phases for stage in phase.stages for p in stage.packages)


def _hash(data: object) -> Digest:
    return Digest(hashlib.sha256(canonical(data)).hexdigest())


def fingerprint(plan: Plan, task: TaskId) -> str:
    """What decides whether a task that is done counts as done in another plan.

    Its action and version, its procedure with this host's values, how the host is reached, and its condition. Not its
    title, its people or its place in the order. Raises KeyError for a task that the plan does not have.
    """
    return _Fingerprints(plan).of(task)


def carried(old: Plan, new: Plan, done: Iterable[TaskId]) -> tuple[tuple[TaskId, ...], tuple[TaskId, ...]]:
    """Of the tasks that are done: those that the new plan has unchanged, and those that it has otherwise or not at all."""
    before, after = _Fingerprints(old), _Fingerprints(new)
    same: list[TaskId] = []
    different: list[TaskId] = []
    for task in done:
        kept = after.has(task) and before.of(task) == after.of(task)
        (same if kept else different).append(task)
    return tuple(same), tuple(different)


class _Fingerprints:
    """Fingerprints of one plan; what the hosts of a package share is computed once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shared: dict[PackageId, tuple[str, tuple[int, ...], dict[HostName, int]]] = {}

    def has(self, task: TaskId) -> bool:
        name, _, host = task.partition("@")
        package = self._plan.packages.get(PackageId(name))
        return package is not None and (HostName(host) in self._of(package)[2] if host else not package.hosts)

    def of(self, task: TaskId) -> str:
        if not self.has(task):
            raise KeyError(task)
        name, _, host = task.partition("@")
        package = self._plan.packages[PackageId(name)]
        shared, columns, positions = self._of(package)
        if not host:
            return shared
        values = [package.columns[c][positions[HostName(host)]] for c in columns]
        return _hash([shared, values, to_data(self._plan.targets[HostName(host)])])

    def _of(self, package: Package) -> tuple[str, tuple[int, ...], dict[HostName, int]]:
        if package.id not in self._shared:
            procedure, columns = _renumbered(package.procedure)
            data = [package.step, package.action, package.action_version, to_data(procedure), to_data(package.when)]
            positions = {host: n for n, host in enumerate(package.hosts)}
            self._shared[package.id] = (_hash(data), columns, positions)
        return self._shared[package.id]


def _renumbered(procedure: Procedure) -> tuple[Procedure, tuple[int, ...]]:
    """The procedure with its columns numbered as they come, and their numbers in the package."""
    numbers: dict[int, int] = {}

    def renumber(text: Text, _: object) -> Text:
        if not any(isinstance(p, Fill) for p in text.parts):
            return text
        parts = (Fill(numbers.setdefault(p.index, len(numbers))) if isinstance(p, Fill) else p for p in text.parts)
        return Text(tuple(parts), shell=text.shell)

    return changed(procedure, renumber), tuple(numbers)
