"""Whether tools and spare parts suffice, whoever comes first: what steps take against what there is and what is on order."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from runbook_engine.model.estate import Resource
from runbook_engine.model.plan import Package
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.scheduling.feasibility_case import Case, counted, listed
from runbook_engine.scheduling.feasibility_people import step_words, with_enough
from runbook_engine.scheduling.feasibility_trying import fits

_EARLIER, _ORDER, _MORE = 1.0, 2.0, 3.0  # what ways out cost


def supplies(case: Case) -> Iterator[Finding]:
    """Tools that are too small for a step, and parts of which too few come in time."""
    used = _used(case)
    for name, packages in used.items():
        resource = case.estate.resources.get(name)
        if resource is None:
            continue
        if resource.capacity is not None:
            yield from _too_small(case, resource, packages)
        elif resource.stock is not None:
            yield from _short(case, resource, packages)


def without_short(case: Case) -> Case:
    """The same with as much as is needed of what `supplies` finds fault with."""
    bad = {finding.about[0] for finding in supplies(case)}
    if not bad:
        return case
    resources = {n: replace(r, stock=None, capacity=None) if n in bad else r for n, r in case.estate.resources.items()}
    return replace(case, estate=replace(case.estate, resources=resources))


def _used(case: Case) -> Mapping[str, list[Package]]:
    found: dict[str, list[Package]] = {}
    for package in case.plan.packages.values():
        for name, amount in package.uses.items():
            if amount > 0:
                found.setdefault(name, []).append(package)
    return found


def _too_small(case: Case, resource: Resource, packages: list[Package]) -> Iterator[Finding]:
    worst = max(packages, key=lambda package: package.uses[resource.name])
    need, there = worst.uses[resource.name], resource.capacity or 0
    if need <= there:
        return
    yield Finding(
        matter=Matter.RESOURCE,
        place=case.where.step(worst, "uses", resource.name),
        reason=f"{step_words(worst)} needs {need} × {resource.name} at a time, and only {there} can be had.",
        ways_out=(
            WayOut(words=f"borrow or hire {need - there} × {resource.name} for that step", cost=_ORDER),
            WayOut(words=f"change the step so that {there} × {resource.name} is enough", cost=_MORE),
        ),
        about=(resource.name, worst.id),
    )


def _short(case: Case, resource: Resource, packages: list[Package]) -> Iterator[Finding]:
    need = sum(p.uses[resource.name] * p.size for p in packages)
    others = sum(b.uses.get(resource.name, 0) for schedule in case.booked for b in schedule.bookings)
    there, last = (resource.stock or 0) - others, last_day(case)
    coming = sum(count for day, count in resource.arrives if last is None or day <= last)
    late = sorted((day, count) for day, count in resource.arrives if last is not None and day > last)
    if need <= there + coming:
        return
    missing = need - there - coming
    on_order = f", {coming} more come in time" if coming else ""
    taken = f" ({others} more are promised to other projects)" if others else ""
    after = f"; {sum(n for _, n in late)} come too late, from {case.day(late[0][0])} on" if late else ""
    what = f"{counted(need, 'piece')} of {resource.name} are needed for {listed([step_words(p) for p in _steps(packages)], 3)}"
    yield Finding(
        matter=Matter.PARTS,
        place=case.where.entry("resources", resource.name, "stock"),
        reason=f"{what}, but {max(0, there)} are in stock{taken}{on_order}: {missing} too few{after}.",
        ways_out=tuple(_part_ways(case, resource, missing, late, last)),
        about=(resource.name, *(p.id for p in packages)),
    )


def _part_ways(
    case: Case, resource: Resource, missing: int, late: list[tuple[date, int]], last: date | None
) -> Iterator[WayOut]:
    suits = _latest(case, resource, missing, last) if last else None
    by = f" by {case.day(suits or last)}" if last else ""
    proved = last is None or suits is not None
    if last is not None and sum(count for _, count in late) >= missing:
        yield WayOut(words=f"have {missing} × {resource.name} delivered{by}", cost=_EARLIER, proved=proved)
    else:
        yield WayOut(words=f"order {missing} × {resource.name}{by}", cost=_ORDER, proved=proved)
    yield WayOut(words=f"do fewer hosts in this project: {missing} × {resource.name} less", cost=_MORE)


def _latest(case: Case, resource: Resource, missing: int, last: date) -> date | None:
    """The latest day on which the missing parts may come, so that all is over in time; None: something else is in the way.

    Other parts are not asked for.
    """
    plenty = {n: replace(r, stock=None) if r.stock is not None else r for n, r in case.estate.resources.items()}
    in_time = tuple((day, count) for day, count in resource.arrives if day <= last)

    def suits(after: int) -> bool:
        arrives = (*in_time, (first + timedelta(days=after), missing))
        estate = replace(case.estate, resources={**plenty, resource.name: replace(resource, arrives=arrives)})
        return fits(with_enough(replace(case, estate=estate)))

    first = case.at.astimezone(case.zone).date()
    low, high = 0, max(0, (last - first).days)
    if not suits(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if suits(middle) else (low, middle - 1)
    return first + timedelta(days=low)


def _steps(packages: list[Package]) -> list[Package]:
    return list({p.step: p for p in packages}.values())


def last_day(case: Case) -> date | None:
    """The day by which everything must be over; None where there is no hard deadline."""
    by = case.plan.deadline
    if by is None or case.plan.deadline_soft:
        return None
    if not isinstance(by, datetime):
        return by
    return (by.astimezone(case.zone) if by.tzinfo else by).date()
