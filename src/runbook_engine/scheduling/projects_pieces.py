"""Packages → pieces of work, each of which becomes a job: a package, one of its hosts, or some of them.

What people do is told host by host, so that each task has its person. Where there are too many hosts for that, several that
follow each other go together. What the engine does is one piece, however many hosts it is done on, unless it stands between
the work of people on the same hosts: then it is told as their work is, for nobody waits there for other hosts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from math import ceil
from typing import TypeVar

from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.text import Fill
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import EdgeKind, HostName, PackageId
from runbook_engine.scheduling.projects_known import Itself, Known
from runbook_engine.scheduling.projects_terms import Terms
from runbook_engine.scheduling.projects_times import Timing, timing, work_s

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A package, or that on some of its hosts."""

    id: str
    title: str
    package: Package
    hosts: tuple[HostName, ...]
    timing: Timing
    work_s: float
    pausable: bool  # it may rest and go on: as its author says, or between the hosts that a crew does one after the other
    site: str = ""  # where people have to be


def pieces_of(plan: Plan, estate: Estate, terms: Terms, known: Known) -> list[Piece]:
    """The pieces of a plan, in its order."""
    times = {package.id: timing(package, terms.learnt) for package in plan.packages.values()}
    split = {p.id for p in plan.packages.values() if _host_by_host(p, times[p.id], estate)}
    split |= _between(plan, split, times)
    at_a_time = _together([p.size for p in plan.packages.values() if p.id in split], len(plan.packages), terms.most_jobs)
    places = _places(plan)
    made: list[Piece] = []
    targets = Itself(plan.targets)
    for package in plan.packages.values():
        many, place = at_a_time if package.id in split else 0, places[package.id]
        key = ("pieces", Itself(package), times[package.id], many, place, targets, terms.pick, terms.parallel)
        made += known.once(key, partial(_pieces, package, times[package.id], many, plan, place, terms))
    return made


def has_crew(package: Package, estate: Estate) -> bool:
    """Whether named people are looked for."""
    return bool(package.who) and bool(estate.people)


def title_of(package: Package, hosts: Sequence[HostName]) -> str:
    """The title of a piece; three dots stand for what differs by host, and for what only a run can know."""
    return "".join(
        part if isinstance(part, str) else _filled(part, package, hosts) if isinstance(part, Fill) else "…"
        for part in package.title.parts
    )


def _filled(fill: Fill, package: Package, hosts: Sequence[HostName]) -> str:
    column = package.columns[fill.index]
    if len(hosts) == 1:
        return column[package.hosts.index(hosts[0])]
    return column[0] if len(set(column)) == 1 else "…"


def _host_by_host(package: Package, time: Timing, estate: Estate) -> bool:
    return package.by_person and has_crew(package, estate) and package.size > 1 and not time.takes.per_batch


def _between(plan: Plan, split: Collection[PackageId], times: Mapping[PackageId, Timing]) -> set[PackageId]:
    """What the engine does on hosts after people have worked on them, and before people work on them again."""
    before: dict[PackageId, list[PackageId]] = {}
    after: dict[PackageId, list[PackageId]] = {}
    for package in plan.packages.values():
        for edge in package.needs:
            if edge.kind is EdgeKind.SAME_HOST:
                before.setdefault(package.id, []).append(edge.before)
                after.setdefault(edge.before, []).append(package.id)
    between = (reached(split, lambda n: after.get(n, ())) & reached(split, lambda n: before.get(n, ()))) - set(split)
    return {name for name in between if plan.packages[name].size > 1 and not times[name].takes.per_batch}


def reached(begin: Iterable[Name], ways: Callable[[Name], Iterable[Name]]) -> set[Name]:
    """All that one comes to by these ways, directly or through others; where it begins only if a way leads back there."""
    found, left = set[Name](), list(begin)
    while left:
        new = set(ways(left.pop())) - found
        found |= new
        left += new
    return found


def _together(sizes: Sequence[int], packages: int, most: int) -> int:
    """How many hosts go together so that there are about `most` pieces at most, and no fewer than one for each package."""
    room = max(1, most - packages)
    at_a_time = max(1, ceil(sum(sizes) / (room + len(sizes))))
    while at_a_time < max(sizes, default=1) and sum(ceil(size / at_a_time) for size in sizes) > room + len(sizes):
        at_a_time += 1
    return at_a_time


def _places(plan: Plan) -> dict[str, tuple[HostName, ...]]:
    """The hosts that each package is about: its own, or those of its stage."""
    found: dict[str, tuple[HostName, ...]] = {}
    for phase in plan.phases:
        for stage in phase.stages:
            found.update({name: plan.packages[name].hosts or stage.hosts or phase.hosts for name in stage.packages})
    return found


def _pieces(
    package: Package, time: Timing, at_a_time: int, plan: Plan, places: tuple[HostName, ...], terms: Terms
) -> tuple[Piece, ...]:
    def site_of(host: HostName) -> str:
        return plan.targets[host].site if host in plan.targets else ""

    groups = [package.hosts] if not at_a_time else list(_groups(package.hosts, at_a_time, site_of))
    return tuple(
        Piece(
            id=_name(package, hosts, whole=len(groups) == 1),
            title=title_of(package, hosts),
            package=package,
            hosts=hosts,
            timing=time,
            work_s=work_s(package, time.takes, len(hosts), terms.pick, terms.parallel),
            pausable=time.takes.pausable or (package.by_person and len(hosts) > 1),
            site=min(map(site_of, hosts or places), default="") if package.on_site else "",
        )
        for hosts in groups
    )


def _groups(hosts: Sequence[HostName], at_a_time: int, site_of: Callable[[HostName], str]) -> Iterable[tuple[HostName, ...]]:
    """So many hosts of one site each, in the order of their first host."""
    by_site: dict[str, list[HostName]] = {}
    for host in hosts:
        by_site.setdefault(site_of(host), []).append(host)
    for at_site in by_site.values():
        for begin in range(0, len(at_site), at_a_time):
            yield tuple(at_site[begin : begin + at_a_time])


def _name(package: Package, hosts: Sequence[HostName], *, whole: bool) -> str:
    if whole or not hosts:
        return package.id
    return f"{package.id}@{hosts[0]}" + (f"..{hosts[-1]}" if len(hosts) > 1 else "")
