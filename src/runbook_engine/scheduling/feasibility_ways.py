"""Ways out of a clash: changes that would make it fit, each proved by scheduling again with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from runbook_engine.model.durations import time_words
from runbook_engine.model.estate import Person
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Who
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import WayOut
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.feasibility_case import Case, listed, worked
from runbook_engine.scheduling.feasibility_clash import OPENINGS, Clash, main_phase
from runbook_engine.scheduling.feasibility_conflict import Budget
from runbook_engine.scheduling.feasibility_drops import Drop, changed_phase, changed_resource, changed_step
from runbook_engine.scheduling.feasibility_ends import missed, promised
from runbook_engine.scheduling.feasibility_people import able_there
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint, leave_words
from runbook_engine.scheduling.feasibility_shifts import swapped_days, swaps
from runbook_engine.scheduling.feasibility_trying import Outcome, fits, tried
from runbook_engine.scheduling.feasibility_windows import widened, widest, window_ways
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
    if any(one.group in OPENINGS for one in clash.main):
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
    if who and main[0].group not in OPENINGS:
        yield from (change for each in who for change in _lower(clash, each))
        yield _Change(f"one more person with {wanted(who[0])}{{day}}", 5.0, _one_more(clash.package, who[0]))
    yield from _later(clash)
    yield from _other_hours(clash)


def _other_hours(clash: Clash) -> Iterator[_Change]:
    """Shifts that are swapped, hours of people, of tools and of windows that are longer or other ones."""
    main = clash.main
    hours = [*clash.of(Group.HOURS), *(one for one in clash.more if one.group is Group.HOURS)]
    yield from islice((change for one in hours for change in _swapped(clash, one)), _MOST_SWAPS)
    names = listed([one.subject for one in hours])
    if hours:
        yield from _resting(clash)
        yield _Change(f"work beyond the usual hours ({names})", 4.0, _all([one.drop for one in hours]))
    if main[0].group is Group.SUPPLY:
        yield from (change for one in clash.of(Group.SUPPLY_HOURS) for change in _moved(clash, one))
    if main[0].group is Group.HOURS and clash.of(Group.WINDOW):
        windows = clash.of(Group.WINDOW)
        which = listed(list(dict.fromkeys(one.what.window for one in windows)))
        alike = [phase.id for phase in clash.case.plan.phases if phase.window in {one.what.window for one in windows}]
        opened = _all([changed_phase(phase, opens=None) for phase in alike])
        yield _Change(f"open window {which} while they work ({names})", 4.5, opened)
    if main[0].group in OPENINGS:
        yield from _longer(clash)


def _longer(clash: Clash) -> Iterator[_Change]:
    """An opening that is long enough for all phases of the window."""
    window = main_phase(clash).window
    found = widest(clash.case, window)
    alike = [phase.id for phase in clash.case.plan.phases if phase.window == window]
    one = f"an opening of {worked(found.need_s)} in window {window}" if found else ""
    if found:
        yield _Change(one, 3.0, widened(window, found.need_s - found.longest_s))
    words = f"more openings of window {window}{f', one of them of {worked(found.need_s)}' if found else ''}"
    yield _Change(words, 3.1, _all([changed_phase(phase, opens=None) for phase in alike]), parts=(one,))


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
        case _:
            yield from _eased(one)


def _eased(one: Restraint) -> Iterator[_Change]:
    """What of a plan could be given up."""
    match one.group:
        case Group.SUPPLY_HOURS:
            yield _Change(f"let {one.subject} be used outside its hours ({one.what.calendar})", 3.0, one.drop)
        case Group.RULES:
            rule = "same_people_as" if one.what.same_people_as else "other_people_than"
            yield _Change(f"do {one.subject} without {rule}", 3.0, one.drop)
        case Group.AT_MOST:
            yield _Change(f"let {one.subject} follow later than its at_most", 3.0, one.drop)
        case Group.POOL:
            yield _Change(f"an exception from {one.words}", 3.0, one.drop)
        case Group.EARLIEST:
            yield _Change(f"begin earlier ({one.words})", 3.0, one.drop)
        case _:
            pass


def _later(clash: Clash) -> Iterator[_Change]:
    """All that is promised too early promised for later: the schedule without deadlines shows that it fits."""
    late = missed(clash.case, clash.timeless) if clash.timeless and clash.of(Group.DEADLINE) else []
    if clash.timeless and late:
        yield _Change(promised(clash.case, clash.timeless, late), 2.5, _all([one.drop for one in late]), sure=True)
    for one in clash.of(Group.EARLIEST) if clash.main[0].group is Group.DEADLINE else ():
        yield _Change(f"{'wait less' if one.what == 'lag' else 'begin earlier'} ({one.words})", 3.5, one.drop)


def _lower(clash: Clash, who: Who) -> Iterator[_Change]:
    """Somebody with the skill at a lower level, or whose level is not asked for."""
    people = clash.case.estate.people.values()
    for person in [p for p in people if who.skill and 0 < p.skills.get(who.skill, 0) < who.level][:2]:
        level = person.skills[who.skill]
        asked = tuple(replace(w, level=level) if w == who else w for w in clash.package.who)
        words = f"let {person.name or person.id} do it: has the skill, at level {level}"
        yield _Change(words, 0.5 + who.level - level, changed_step(clash.package.step, who=asked))


def _one_more(package: Package, who: Who) -> Drop:
    """One more person like those who can do it where it is done, who is always there in their hours."""

    def change(case: Case) -> Case:
        like = next(iter([*able_there(case, package, who), *able(who, case.estate)]), Person(id=_MORE))
        level = max(who.level, like.skills.get(who.skill, 0))
        skills = {who.skill: level} if who.skill else {}
        papers = {who.certificate: None} if who.certificate else {}
        more = replace(like, id=_MORE, skills=skills, certificates=papers, leave=(), rate=None, sites=())
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
