"""The worst case of tasks and stages (L3): the upper end of what the author states, else the time limit with its retries.

Hosts go side by side, as many as attempts are made at a time; what a crew does by hand is done host after host.
"""

from collections.abc import Mapping
from math import ceil

from runbook_engine.model.plan import Edge, Package, Stage
from runbook_engine.model.words import PackageId


def in_one_go(packages: Mapping[PackageId, Package], stage: Stage) -> bool:
    """Whether a stage must fit into one opening: the engine takes hosts out of service in it.

    What people do by hand alone may go on in the next opening, task by task.
    """
    return any(package.takes_out and not package.by_person for package in map(packages.__getitem__, stage.packages))


def one_s(package: Package) -> float:
    """Seconds that one task of a package can take."""
    if package.procedure.timer is not None:
        return package.procedure.timer.for_s
    if package.takes is not None:
        return package.takes.high_s
    return (package.timeout_s or 0.0) * (1 + package.retries.count)


def unbroken_s(package: Package) -> float:
    """Seconds of one task that must pass within one opening: none of what may rest and go on."""
    return 0.0 if package.takes is not None and package.takes.pausable else one_s(package)


def stage_s(packages: Mapping[PackageId, Package], stage: Stage, parallel: int) -> float:
    """Seconds that a stage can take, from its first task to its last. `parallel` 0: as many as there are."""
    begins: dict[PackageId, float] = {}
    ends: dict[PackageId, float] = {}
    for name in stage.packages:
        package = packages[name]
        times = {True: [0.0], False: [0.0]}  # whether it is its end that is put off
        for edge in package.needs:
            before = (begins if edge.on_start else ends).get(edge.before, 0.0)
            times[package.only_its_end(edge)].append(before + lag_of(edge))
        begins[name] = max(times[False])
        over = begins[name] + rounds(package, len(package.hosts), parallel) * one_s(package)
        ends[name] = max(over, *times[True])
    return max(ends.values(), default=0.0)


def lag_of(edge: Edge) -> float:
    """Seconds that pass at least between what an edge joins."""
    return max(0.0, edge.lag.lag_s) if edge.lag else 0.0


def rounds(package: Package, hosts: int, parallel: int) -> int:
    """How often the time of one task passes."""
    if package.takes is not None and package.takes.per_batch:
        return 1
    if package.by_person:
        return max(1, hosts)
    return ceil(max(1, hosts) / parallel) if parallel else 1
