"""Promises that cannot both be kept: people, tools and hosts that are booked twice at the same time."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.scheduling.feasibility_case import Case, counted
from runbook_engine.scheduling.projects_people import able


def double_bookings(case: Case, *, mends: bool) -> Iterator[Finding]:
    """What the booked schedule of this plan and those of others both want at a time. `mends`: a new schedule would do."""
    if case.own is None:
        return
    for other in case.booked:
        for person in _both(case.own, other, "people"):
            yield from _twice(case, other, person, "people", mends=mends)
        for host in _both(case.own, other, "hosts"):
            yield from _twice(case, other, host, "hosts", mends=mends)
        yield from _tools(case, other, mends=mends)


def asked_for(case: Case) -> set[tuple[str, str]]:
    """The people, tools and hosts that a plan may ask for, by their kind as in bookings: what else others have is no matter."""
    packages = case.plan.packages.values()
    asked = dict.fromkeys(who for package in packages for who in package.who)
    found: set[tuple[str, str]] = {("people", person.id) for who in asked for person in able(who, case.estate)}
    found |= {("uses", name) for package in packages for name in package.uses}
    return found | {("hosts", name) for name in case.plan.targets}


def _both(own: Schedule, other: Schedule, kind: str) -> Sequence[str]:
    mine = dict.fromkeys(name for b in own.bookings for name in getattr(b, kind))
    theirs = {name for b in other.bookings for name in getattr(b, kind)}
    return [name for name in mine if name in theirs]


def _twice(case: Case, other: Schedule, name: str, kind: str, *, mends: bool) -> Iterator[Finding]:
    own = case.own.bookings if case.own else ()
    pairs = [
        (a, b) for a in own if name in getattr(a, kind) for b in other.bookings if name in getattr(b, kind) and _meet(a, b)
    ]
    if pairs:
        mine, theirs = pairs[0]
        more = f", and {counted(len(pairs) - 1, 'more time')}" if len(pairs) > 1 else ""
        reason = f"{case.name(name)} is booked twice on {case.moment(max(mine.start, theirs.start))}: here for '{mine.title}',"
        reason += f" and by {other.runbook} ({other.title}) for '{theirs.title}'{more}."
        section = "people" if kind == "people" else "hosts"
        yield _finding(case, case.where.entry(section, name), reason, other, name, mine, mends=mends)


def _tools(case: Case, other: Schedule, *, mends: bool) -> Iterator[Finding]:
    """Tools of which both together want more than there are."""
    for mine in case.own.bookings if case.own else ():
        for theirs in other.bookings:
            for name in mine.uses.keys() & theirs.uses.keys() if _meet(mine, theirs) else ():
                resource, want = case.estate.resources.get(name), mine.uses[name] + theirs.uses[name]
                if resource and resource.capacity is not None and want > resource.capacity:
                    reason = f"{want} × {name} are booked on {case.moment(max(mine.start, theirs.start))}, and there are only"
                    reason += f" {resource.capacity}: here for '{mine.title}', and by {other.runbook} for '{theirs.title}'."
                    yield _finding(case, case.where.entry("resources", name), reason, other, name, mine, mends=mends)
                    return


def _finding(case: Case, place: str, reason: str, other: Schedule, name: str, mine: Booking, *, mends: bool) -> Finding:
    again = WayOut(words=f"schedule this plan again: runbook schedule {case.plan.file or 'PLAN'}", cost=0.5, proved=True)
    moved = WayOut(words=f"move what {other.runbook} has booked of {case.name(name)}", cost=1.0)
    ways = (again, moved) if mends else (moved,)
    return Finding(matter=Matter.BOOKED, place=place, reason=reason, ways_out=ways, about=(name, other.runbook, mine.id))


def _meet(one: Booking, two: Booking) -> bool:
    """Whether work of both goes on at the same time, pauses aside."""
    return any(a0 < b1 and b0 < a1 for a0, a1 in _spells(one) for b0, b1 in _spells(two))


def _spells(booking: Booking) -> list[tuple[datetime, datetime]]:
    return [(s.start, s.end) for s in booking.spells] or [(booking.start, booking.finish)]
