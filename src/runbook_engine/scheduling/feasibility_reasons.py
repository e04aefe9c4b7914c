"""What cannot all hold, in a sentence that can be read out: which of it is the matter, where it stands, and why."""

from collections.abc import Sequence
from datetime import datetime

from runbook_engine.calendars import window_entry
from runbook_engine.calendars.freezing import touches
from runbook_engine.model.estate import Freeze
from runbook_engine.model.runbook import Takes
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.scope import scope
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.scheduling.feasibility_case import Case, listed, worked
from runbook_engine.scheduling.feasibility_clash import Clash, main_phase
from runbook_engine.scheduling.feasibility_ends import end_of, whose
from runbook_engine.scheduling.feasibility_lengths import ahead_words, too_short
from runbook_engine.scheduling.feasibility_people import limit_words, step_words
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint, leave_words
from runbook_engine.scheduling.feasibility_shifts import whose_hours
from runbook_engine.scheduling.feasibility_windows import window_words
from runbook_engine.scheduling.projects_people import wanted

MATTERS = {
    Group.LEAVE: Matter.PEOPLE,
    Group.BOOKED: Matter.BOOKED,
    Group.FREEZE: Matter.FREEZE,
    Group.CERTIFICATE: Matter.CERTIFICATE,
    Group.LIMITS: Matter.PEOPLE,
    Group.RULES: Matter.SKILL,
    Group.SUPPLY: Matter.RESOURCE,
    Group.SUPPLY_HOURS: Matter.RESOURCE,
    Group.POOL: Matter.CAPACITY,
    Group.AT_MOST: Matter.DEADLINE,
    Group.EARLIEST: Matter.DEADLINE,
    Group.WAY_BACK: Matter.WINDOW,
    Group.WINDOW: Matter.WINDOW,
    Group.HOURS: Matter.PEOPLE,
    Group.DEADLINE: Matter.DEADLINE,
    Group.CREW: Matter.PEOPLE,
}


def finding(clash: Clash, ways: Sequence[WayOut]) -> Finding:
    """A clash as a finding."""
    main = clash.main
    matter = Matter.PARTS if _is_part(main[0]) else MATTERS[main[0].group]
    reason = f"{_WORDS[main[0].group](clash, main)}{_beside(clash, main)}"
    return Finding(
        matter=matter,
        place=main[0].place,
        reason=reason,
        ways_out=tuple(sorted(ways, key=lambda way: (not way.proved, way.cost))),
        about=(clash.job.id, *dict.fromkeys(one.subject for one in main if one.subject)),
    )


def _is_part(one: Restraint) -> bool:
    return one.group is Group.SUPPLY and one.what.stock is not None


def _step(clash: Clash) -> str:
    return step_words(clash.package, clash.hosts)


def _crew(clash: Clash) -> str:
    """Who is asked for: '2 × datacenter-hands of level 2'."""
    return listed([f"{who.count} × {wanted(who)}" if who.count > 1 else wanted(who) for who in clash.package.who])


def _beside(clash: Clash, main: Sequence[Restraint]) -> str:
    """What else would have to give way, shortly: without it the sentence could not be understood."""
    known = {Group.CREW, Group.WINDOW} if main[0].group is Group.HOURS else {Group.CREW}
    rest = [one.words for one in clash.restraints if one not in main and one.group not in known]
    return f" It cannot be done together with {listed(rest, 3)}." if rest and not _told(main) else ""


def _told(main: Sequence[Restraint]) -> bool:
    return main[0].group in (Group.DEADLINE, Group.WINDOW, Group.WAY_BACK)


def _leave(clash: Clash, main: Sequence[Restraint]) -> str:
    away = [f"{clash.case.name(one.subject)} is on leave {leave_words(clash.case, one.what)}" for one in main]
    return f"{_step(clash)} needs {_crew(clash)}, and too few of those who can do it are free in time: {listed(away)}."


def _booked(clash: Clash, main: Sequence[Restraint]) -> str:
    told = [f"{clash.case.name(one.subject)} {_by(clash.case, one.what, one.subject)}" for one in main]
    return f"{_step(clash)} needs what others have booked, and nothing else is free in time: {listed(told)}."


def _by(case: Case, schedule: Schedule, name: str) -> str:
    """'is booked by san-upgrade (Upgrade the SAN) from … to …'."""
    own = [b for b in schedule.bookings if holds(b, name)]
    since, to = min(b.start for b in own), max(b.finish for b in own)
    return f"is booked by {schedule.runbook} ({schedule.title}) between {case.moment(since)} and {case.moment(to)}"


def holds(booking: Booking, name: str) -> bool:
    """Whether a booking takes a person, a tool or a host of that name."""
    return name in booking.people or name in booking.uses or name in booking.hosts


def _freeze(clash: Clash, main: Sequence[Restraint]) -> str:
    entries = listed([one.words for one in main], 2)
    return f"{_frozen(clash, [one.what for one in main])} has no time left, because work may not start in {entries}."


def _frozen(clash: Clash, freezes: Sequence[Freeze]) -> str:
    """What is without time: the project, if a freeze touches all of it; else the phase of the job, or the first it touches."""
    case, phases = clash.case, sorted(clash.case.plan.phases, key=lambda phase: phase.id != clash.job.phase)
    touched = [p for p in phases if any(touches(freeze, scope(case.plan, p, case.estate)) for freeze in freezes)] or phases
    return "The project" if len(touched) == len(phases) > 1 else f"Phase '{touched[0].title}' ({touched[0].id})"


def _certificate(clash: Clash, main: Sequence[Restraint]) -> str:
    told = listed([one.words.removeprefix("the end of ").replace(" on ", " ends on ") for one in main])
    return f"{_step(clash)} needs {_crew(clash)}, and on the day of the work that is not valid any more: {told}."


def _limits(clash: Clash, main: Sequence[Restraint]) -> str:
    people = clash.case.estate.people.values()
    told = [f"{p.name or p.id} works {limit_words(p)}" for one in main for p in people if p.id == one.subject]
    if any(one.subject == "travel" for one in main):
        told.append("the way between the sites takes its time, too")
    takes = clash.package.takes
    took = f"takes {worked(takes.planned_s)} for each host" if takes and clash.package.hosts else _whole(takes)
    return f"{_step(clash)} {took}, and does not fit into what people may work: {listed(told)}."


def _whole(takes: Takes | None) -> str:
    return f"takes {worked(takes.planned_s)}" if takes else "takes its time"


def _rules(clash: Clash, main: Sequence[Restraint]) -> str:
    told = []
    for one in main:
        same, other = one.what.same_people_as, one.what.other_people_than
        told += [f"{one.what.step} must be done by the people of {listed(same)}"] if same else []
        told += [f"{one.what.step} must not be done by the people of {listed(other)}"] if other else []
    return f"{_step(clash)} needs {_crew(clash)}, and there are not enough people who may do it: {listed(told)}."


def _supply(clash: Clash, main: Sequence[Restraint]) -> str:
    told = [_one_supply(clash.case, one) for one in main]
    return f"{_step(clash)} has to wait too long for {listed(told)}."


def _one_supply(case: Case, one: Restraint) -> str:
    resource = one.what
    if resource.capacity is not None:
        return f"{resource.name}, of which there {'is' if resource.capacity == 1 else 'are'} {resource.capacity}"
    coming = [f"{count} on {case.day(day)}" for day, count in resource.arrives]
    return f"{resource.name}: {resource.stock} in stock, {listed(coming)} on order" if coming else f"{resource.name}"


def _supply_hours(clash: Clash, main: Sequence[Restraint]) -> str:
    return f"{_step(clash)} needs {main[0].subject}, which can be used only in its hours {main[0].what.calendar}."


def _pool(clash: Clash, main: Sequence[Restraint]) -> str:
    pool = main[0].what
    why = f": {pool.why.removesuffix('.')}" if pool.why else ""
    return f"{_step(clash)} cannot be done in time: by the capacity rule {pool.name} only {pool.out} may be out together{why}."


def _at_most(_clash: Clash, main: Sequence[Restraint]) -> str:
    return f"{main[0].subject} must follow soon after what it needs, and people, windows and tools do not allow it."


def _window(clash: Clash, main: Sequence[Restraint]) -> str:
    phase = main_phase(clash)
    others = list(dict.fromkeys(one.subject for one in main if one.subject != phase.id))
    as_well = f" So it is with phase {listed(others)}." if others else ""
    return f"{window_words(clash.case, clash.package)}{as_well}"


def _hours(clash: Clash, main: Sequence[Restraint]) -> str:
    window = clash.of(Group.WINDOW)
    when = f" while {window_entry(window[0].what.opens)} is open" if window else ""
    hours = "; ".join(whose_hours(clash.case, one.subject, clash.package) for one in main)
    if short := too_short(clash.case, clash.package):
        return f"{_step(clash)} {short} ({hours})."
    return f"{_step(clash)} needs {_crew(clash)}, and nobody who can do it works long enough in one go{when} ({hours})."


def _deadline(clash: Clash, main: Sequence[Restraint]) -> str:
    case, by = clash.case, main[0].what.by
    whole, end = whose(case, main[0]), end_of(case, clash.timeless, main[0]) if clash.timeless else None
    told = case.when(by) if isinstance(by, datetime) else f"the end of {case.day(by)}"
    ends = f": the earliest end is {case.until(end)}" if end else ""
    rest = [one.words for one in clash.restraints if one not in main and one.group is not Group.CREW]
    beside = f" What makes it long: {listed(rest, 3)}." if rest else ""
    late = f"; {_step(clash)} comes too late" if _step(clash) != whole else ""
    return f"{whole[:1].upper()}{whole[1:]} cannot be over by {told}{ends}{late}.{beside}"


def _crews(clash: Clash, main: Sequence[Restraint]) -> str:
    words = listed([one.words for one in main])
    return f"{_step(clash)} needs {words}, and there are too few people to do it{ahead_words(clash.case)}."


def _earliest(clash: Clash, main: Sequence[Restraint]) -> str:
    return f"{_step(clash)} has no time left: {listed([one.words for one in main])}."


_WORDS = {
    Group.LEAVE: _leave,
    Group.BOOKED: _booked,
    Group.FREEZE: _freeze,
    Group.CERTIFICATE: _certificate,
    Group.LIMITS: _limits,
    Group.RULES: _rules,
    Group.SUPPLY: _supply,
    Group.SUPPLY_HOURS: _supply_hours,
    Group.POOL: _pool,
    Group.AT_MOST: _at_most,
    Group.EARLIEST: _earliest,
    Group.WAY_BACK: _window,
    Group.WINDOW: _window,
    Group.HOURS: _hours,
    Group.DEADLINE: _deadline,
    Group.CREW: _crews,
}
