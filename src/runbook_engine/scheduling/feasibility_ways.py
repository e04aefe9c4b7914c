"""Ways out of a clash: changes that would make it fit, each proved by scheduling again with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice

from runbook_engine.model.durations import time_words
from runbook_engine.model.estate import Person
from runbook_engine.model.runbook import Who
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import WayOut
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.feasibility_case import Case, listed
from runbook_engine.scheduling.feasibility_conflict import Budget
from runbook_engine.scheduling.feasibility_drops import Drop, changed_resource, changed_step
from runbook_engine.scheduling.feasibility_reasons import Clash
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint, leave_words
from runbook_engine.scheduling.feasibility_shifts import swapped_days, swaps
from runbook_engine.scheduling.feasibility_trying import Outcome, fits, tried
from runbook_engine.scheduling.feasibility_windows import window_ways
from runbook_engine.scheduling.projects_clock import of_project
from runbook_engine.scheduling.projects_people import able, wanted

MOST_WAYS = 5
_MOST_SWAPS = 6  # shifts that are tried
_MORE = PersonId("one-more")


@dataclass(frozen=True, slots=True)
class _Change:
    """Something that might help. `words` may ask for the day on which somebody is needed, '{day}', which `when` tells."""

    words: str
    cost: float
    change: Drop
    sure: bool = False  # that it helps is known already
    when: Callable[[Case, Outcome], str] | None = None  # None: when the one more is needed
    parts: tuple[str, ...] = ()  # the words of changes that it is made of: where one of them helps, all together are too much


def ways_out(clash: Clash, budget: Budget) -> tuple[WayOut, ...]:
    """What would help, the cheapest first; each was tried, as long as schedules may be made."""
    found: list[WayOut] = []
    for one in sorted(_changes(clash), key=lambda change: change.cost):
        if len(found) >= MOST_WAYS:
            break
        if any(way.words in one.parts for way in found):
            continue
        if not one.sure and (budget.spent or not all(fits(one.change(part)) for part in reversed(clash.parts))):
            continue
        if not one.sure and not budget.spend(clash.case):
            continue
        if (words := one.words if one.sure else _tried(clash, one)) is not None:
            found.append(WayOut(words=words, cost=one.cost, proved=True))
    if any(one.group in (Group.WINDOW, Group.WAY_BACK) for one in clash.main):
        found += window_ways(clash.case, clash.package)
    return tuple(found)


def _tried(clash: Clash, one: _Change) -> str | None:
    """The words of a change, if the case fits with it."""
    changed = one.change(clash.case)
    if not fits(changed):
        return None
    when = one.when or _day
    return one.words.replace("{day}", when(clash.case, tried(changed))) if "{day}" in one.words else one.words


def _changes(clash: Clash) -> Iterator[_Change]:
    main = clash.main
    moves = [change for one in main for change in _moved(clash, one)]
    whole = clash.mends and len(moves) == len(main) and {m.change for m in moves} == {one.mend or one.drop for one in main}
    yield from (replace(change, sure=whole and len(moves) == 1) for change in moves)
    if len(moves) > 1:
        words = listed([change.words for change in moves], 3)
        cost, change = sum(change.cost for change in moves), _all([change.change for change in moves])
        yield _Change(words, cost, change, whole, parts=tuple(change.words for change in moves))
    who = [who for who in clash.package.who if who.skill or who.role]
    if who and main[0].group is not Group.WINDOW:
        yield from (change for each in who for change in _lower(clash, each))
        yield _Change(f"one more person with {wanted(who[0])}{{day}}", 5.0, _one_more(who[0]))
    for one in clash.of(Group.DEADLINE):
        yield from _later(clash, one)
    yield from islice((change for one in clash.of(Group.HOURS) for change in _swapped(clash, one)), _MOST_SWAPS)
    if clash.of(Group.HOURS):
        yield from _resting(clash)
        hours = [one.drop for one in clash.of(Group.HOURS)]
        words = f"work beyond the usual hours ({listed([one.subject for one in clash.of(Group.HOURS)])})"
        yield _Change(words, 4.0, _all(hours))


def _resting(clash: Clash) -> Iterator[_Change]:
    """Work that rests while people are off."""
    takes = clash.package.takes
    if takes is not None and clash.package.by_person and not takes.pausable:
        low, high = time_words(takes.low_s), time_words(takes.high_s)
        written = f"{{low: {low}, high: {high}, pausable: true}}"
        change = changed_step(clash.package.step, takes=replace(takes, pausable=True))
        yield _Change(f"let it rest while they are off: takes: {written}", 1.0, change)


def _swapped(clash: Clash, one: Restraint) -> Iterator[_Change]:
    """Somebody of a rota in another shift, which is beside their own (`also`)."""
    for person, shift, change in swaps(clash.case, one.subject, clash.package):
        words = f"let {person.name or person.id} work in the shift {shift}{{day}} (also: in the inventory)"
        yield _Change(words, 1.5, change, when=partial(swapped_days, person, shift))


def _all(drops: Sequence[Drop]) -> Drop:
    def drop(case: Case) -> Case:
        for each in drops:
            case = each(case)
        return case

    return drop


def _moved(clash: Clash, one: Restraint) -> Iterator[_Change]:
    """What could give way of the matter itself."""
    name = clash.case.name(one.subject)
    match one.group:
        case Group.LEAVE:
            yield _Change(f"move {name}'s leave {leave_words(clash.case, one.what)}", 1.0, one.drop)
        case Group.BOOKED:
            yield _Change(f"move what {one.what.runbook} has booked of {name}", 1.0, one.drop)
        case Group.FREEZE:
            by = f" by {listed([clash.case.name(x) for x in one.what.lift])}" if one.what.lift else ""
            yield _Change(f"have the freeze ({one.subject}) lifted for this project{by}", 2.0, one.drop)
        case Group.CERTIFICATE:
            yield _Change(f"renew the certificate {one.what} of {name}", 1.0, one.drop)
        case Group.LIMITS:
            words = (
                "people who stay at the other site" if one.subject == "travel" else f"an exception from the limits of {name}"
            )
            yield _Change(words, 3.0, one.drop)
        case Group.SUPPLY if one.what.capacity is not None:
            more = changed_resource(one.subject, capacity=one.what.capacity + 1)
            yield _Change(f"one more {one.subject}", 2.0, more)
        case Group.SUPPLY:
            yield _Change(f"have {one.subject} delivered sooner", 1.5, one.drop)
        case Group.AT_MOST | Group.RULES | Group.SUPPLY_HOURS | Group.POOL | Group.EARLIEST:
            yield _Change(f"do without {one.words}", 3.0, one.drop)
        case _:
            pass


def _later(clash: Clash, one: Restraint) -> Iterator[_Change]:
    if clash.ends is None:
        return
    ends: datetime = clash.ends
    yield _Change(f"promise the end for {clash.case.until(ends)}", 2.5, one.drop, clash.later)


def _lower(clash: Clash, who: Who) -> Iterator[_Change]:
    """Somebody with the skill at a lower level, or whose level is not asked for."""
    people = clash.case.estate.people.values()
    for person in [p for p in people if who.skill and 0 < p.skills.get(who.skill, 0) < who.level][:2]:
        level = person.skills[who.skill]
        asked = tuple(replace(w, level=level) if w == who else w for w in clash.package.who)
        words = f"let {person.name or person.id} do it: has the skill, at level {level}"
        yield _Change(words, 0.5 + who.level - level, changed_step(clash.package.step, who=asked))


def _one_more(who: Who) -> Drop:
    """One more person like those who can do it, who is always there in their hours."""

    def change(case: Case) -> Case:
        like = next(iter(able(who, case.estate)), Person(id=_MORE))
        level = max(who.level, like.skills.get(who.skill, 0))
        skills = {who.skill: level} if who.skill else {}
        papers = {who.certificate: None} if who.certificate else {}
        more = replace(like, id=_MORE, skills=skills, certificates=papers, leave=(), rate=None)
        estate = replace(case.estate, people={**case.estate.people, _MORE: more})
        if who.role and who.role in estate.roles:
            estate = replace(estate, roles={**estate.roles, who.role: (*estate.roles[who.role], _MORE)})
        return replace(case, estate=estate)

    return change


def _day(case: Case, outcome: Outcome) -> str:
    """On which days the one more is needed."""
    project, solution = outcome.project, outcome.solution
    number = next((n for n, worker in enumerate(project.workers) if worker.id == _MORE), None)
    if solution is None or number is None:
        return ""
    starts = sorted(placed.start for placed in solution.placed if number in placed.people)
    days = list(dict.fromkeys(case.day(of_project(project, start)) for start in starts))
    return f" on {days[0]}" if len(days) == 1 else f" from {days[0]} to {days[-1]}" if days else ""
