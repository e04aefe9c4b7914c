"""Whether a plan can be done as it stands, and what would help if it cannot. Start reading here.

First what no time and no order could mend (racks, skills, parts, endless steps), each of which is then taken away so that it
hides nothing else. Then the plan is scheduled. While that does not work, a minimal set of things that cannot all hold is
told, with ways out that were tried, and what is the matter is dropped for the next round. Last comes what depends on when
phases start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from runbook_engine.model.verdict import Feasible, Finding, Matter, Verdict
from runbook_engine.scheduling.feasibility_approvals import approvals
from runbook_engine.scheduling.feasibility_bookings import double_bookings
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_clash import ABSENT, BEFORE_DEADLINE, Clash
from runbook_engine.scheduling.feasibility_conflict import Budget, conflict, mended, without
from runbook_engine.scheduling.feasibility_ends import timeless
from runbook_engine.scheduling.feasibility_lengths import lengths, with_lengths
from runbook_engine.scheduling.feasibility_money import money
from runbook_engine.scheduling.feasibility_orders import scheduled
from runbook_engine.scheduling.feasibility_parts import elsewhere, parts
from runbook_engine.scheduling.feasibility_people import people, step_words, with_enough
from runbook_engine.scheduling.feasibility_reasons import finding
from runbook_engine.scheduling.feasibility_restraints import Group, restraints
from runbook_engine.scheduling.feasibility_risks import risks
from runbook_engine.scheduling.feasibility_rooms import rooms
from runbook_engine.scheduling.feasibility_supplies import supplies, without_short
from runbook_engine.scheduling.feasibility_trying import Outcome, fits, tried
from runbook_engine.scheduling.feasibility_ways import ways_out
from runbook_engine.scheduling.projects_times import estimate_words

MOST_ROUNDS = 6  # conflicts that are told; a plan with more has to be thought over anyway
ORDER = tuple(Matter)
WAYS_WORK = 2500  # jobs that are placed to try the ways out of one finding


def verdict(case: Case) -> Verdict:
    """Whether the plan of a case can be done, and why not. Raises ValueError for calendars that cannot be made out."""
    ending = with_lengths(case)
    found = [*case.said, *lengths(case), *rooms(case), *people(ending), *supplies(case)]
    whole = without_short(with_enough(ending))
    rest, outcome, clashes = _rounds(whole)
    found += _told(whole, outcome, clashes)
    clean = not clashes and not any(one.blocks for one in found)
    bound = mended(whole, [one for clash in clashes for one in clash.main if one.group is not Group.DEADLINE])
    found += _timed(case, rest, bound, outcome, clean=clean)
    blocks = any(one.blocks for one in found)
    return Verdict(
        feasible=Feasible.NO if blocks else Feasible.AT_RISK if found else Feasible.YES,
        findings=tuple(sorted(_different(found), key=lambda one: (not one.blocks, ORDER.index(one.matter)))),
        conflict=tuple(one.words for one in clashes[0].restraints) if clashes else (),
        minimal=all(clash.minimal for clash in clashes[:1]),
        estimates=estimate_words(case.plan, case.learnt),
    )


def _rounds(whole: Case) -> tuple[Case, Outcome, list[Clash]]:
    """Schedule; while that does not work, note why, and go on as if it were mended. The last case and its outcome.

    Where a part of the case does not fit, its reason is looked for there; then other sites are asked, then the whole.
    """
    clashes: list[Clash] = []
    case, outcome = whole, scheduled(whole)
    waiting: tuple[Case, ...] = ()  # parts that are asked before the whole; the first does not fit
    while outcome.solution is None and len(clashes) < MOST_ROUNDS:
        clash, waiting = _clash(case, waiting, outcome, clashes[-1] if clashes else None)
        if not clash.restraints:
            break
        case, waiting = mended(case, clash.main), tuple(without(part, clash.main) for part in waiting)
        same = _together(clashes[-1], clash) if clashes else None
        clashes = [*clashes[:-1], same] if same else [*clashes, clash]
        waiting, outcome = _left(case, waiting)
    return _settled(whole, case, outcome, clashes)


def _settled(whole: Case, case: Case, outcome: Outcome, clashes: list[Clash]) -> tuple[Case, Outcome, list[Clash]]:
    """With what deadlines hide, and without what that makes superfluous; the case and its schedule follow."""
    hidden = [*_hidden(whole, clashes)] if any(clash.main[0].group is Group.DEADLINE for clash in clashes) else []
    needed = _needed(whole, clashes, hidden) if outcome.solution is not None else [*clashes, *hidden]
    needed = [_anew(whole, clash, needed) for clash in needed] if len(needed) > 1 else needed
    if needed == clashes:
        return case, outcome, clashes
    settled = mended(whole, [one for clash in needed for one in clash.main])
    again = scheduled(settled)
    return (case, outcome, [*clashes, *hidden]) if again.solution is None else (settled, again, needed)


def _anew(whole: Case, clash: Clash, clashes: Sequence[Clash]) -> Clash:
    """A lack of time looked at once more, as if all else were mended: what is left of it may have another reason."""
    if clash.main[0].group is not Group.DEADLINE:
        return clash
    alone = mended(whole, [one for other in clashes if other is not clash for one in other.main])
    outcome = scheduled(alone)
    found = clash if outcome.solution is not None else _clash(alone, (), outcome, None)[0]
    return found if found.restraints else clash


def _needed(whole: Case, clashes: Sequence[Clash], hidden: Sequence[Clash]) -> list[Clash]:
    """Without those clashes that are none once what came to light after them is mended."""
    left = [*clashes, *hidden]
    for clash in clashes if hidden else clashes[:-1]:
        rest = [one for one in left if one is not clash]
        if fits(mended(whole, [restraint for one in rest for restraint in one.main])):
            left = rest
    return left


def _left(case: Case, waiting: Sequence[Case]) -> tuple[tuple[Case, ...], Outcome]:
    """What still does not fit after something was mended: a part that waits to be asked, or else the whole."""
    for number, part in enumerate(waiting):
        outcome = tried(part)
        if outcome.solution is None:
            return tuple(waiting[number:]), outcome
    return (), scheduled(case)


def _told(whole: Case, outcome: Outcome, clashes: list[Clash]) -> Iterator[Finding]:
    """Each clash as a finding, as if the others were mended; and what has no place although nothing restrains it."""
    for clash in clashes:
        others = [one for other in clashes if other is not clash for one in other.main]
        alone = replace(
            clash,
            case=mended(whole, others),
            parts=tuple(without(part, others) for part in clash.parts),
            mends=outcome.solution is not None,
        )
        if alone.timeless is None and alone.of(Group.DEADLINE):
            alone = replace(alone, timeless=timeless(alone.case))
        yield finding(alone, ways_out(alone, Budget(max(3, min(8, WAYS_WORK // max(1, len(outcome.project.jobs)))))))
    if outcome.solution is None:
        yield _unexplained(whole, outcome)


def _together(one: Clash, two: Clash) -> Clash | None:
    """Two clashes as one: the same is the matter with the same step, a window with two phases, or the same makes it long."""
    first, second = one.main[0], two.main[0]
    if first.group is not second.group:
        return None
    alike = one.package.step == two.package.step
    alike |= first.group is Group.WINDOW and first.what.window == second.what.window
    alike |= first.group is Group.DEADLINE and _beside(one) == _beside(two)
    if not alike:
        return None
    return replace(one, more=(*one.more, *two.main), parts=(*one.parts, *two.parts))


def _beside(clash: Clash) -> set[str]:
    return {one.words for one in clash.restraints if one.group is not Group.DEADLINE}


def _clash(case: Case, waiting: tuple[Case, ...], outcome: Outcome, last: Clash | None) -> tuple[Clash, tuple[Case, ...]]:
    """What cannot all hold in a case, and the parts that wait to be asked. Whether as the `last` one is asked first.

    Only of what is absent: another rule, or another tool, that would help may hide that somebody is on leave.
    """
    if waiting and last and last.main[0].group in ABSENT:
        alike = conflict(waiting[0], fits, Budget(), last.main[0].group)
        if alike:
            return Clash(case=case, job=outcome.job, restraints=alike, parts=waiting[:1]), waiting
    movable = [one for one in restraints(case) if one.group in BEFORE_DEADLINE]
    asked = case if fits(without(case, movable)) else without(case, movable)
    part = next((each for each in parts(asked, outcome.root) if not fits(each)), asked)
    budget = Budget()
    kept = conflict(part, fits, budget)
    if not kept:
        kept = conflict(case, fits, budget := Budget())
    clash = Clash(
        case=case,
        job=outcome.job,
        root=outcome.root,
        restraints=kept,
        minimal=not budget.overdrawn,
        parts=() if part is asked else (part,),
    )
    if clash.of(Group.DEADLINE):
        clash = replace(clash, timeless=timeless(case))
    return clash, (part, *elsewhere(case, part)) if clash.parts and asked is case else ()


def _hidden(whole: Case, clashes: list[Clash]) -> Iterator[Clash]:
    """What a deadline that is too early hides: steps that had no time before it even if nothing else were to be done."""
    known = {(one.group, one.words) for clash in clashes for one in clash.main}
    for alone in _one_by_one(mended(whole, [r for clash in clashes for r in clash.main if r.group is not Group.DEADLINE])):
        outcome = tried(alone)
        if outcome.solution is not None:
            continue
        clash, _ = _clash(alone, (), outcome, None)
        names = {(one.group, one.words) for one in clash.main} if clash.restraints else set()
        if names and clash.main[0].group in ABSENT and not names <= known:
            known |= names
            yield clash


def _one_by_one(case: Case) -> Iterator[Case]:
    """The case with a single package on a single host, once for each kind of need in each phase."""
    seen: set[object] = set()
    for phase in case.plan.phases:
        for stage in phase.stages:
            for package in (case.plan.packages[p] for p in stage.packages):
                key = (phase.id, package.who, tuple(package.uses.items()))
                if key in seen or not (package.who or package.uses or phase.opens):
                    continue
                seen.add(key)
                single = replace(package, hosts=package.hosts[:1], needs=(), same_people_as=(), other_people_than=())
                only = replace(phase, needs=(), stages=(replace(stage, packages=(package.id,)),))
                yield replace(case, plan=replace(case.plan, phases=(only,), packages={package.id: single}))


def _unexplained(case: Case, outcome: Outcome) -> Finding:
    """What has no place although nothing that has a name restrains it."""
    job, package = outcome.job, case.plan.packages.get(outcome.job.package)
    words = outcome.trouble.words if outcome.trouble else ""
    step = step_words(package, job.hosts) if package else job.id
    place = case.where.step(package) if package else job.id
    return Finding(
        matter=Matter.DEADLINE, place=place, reason=f"{step} has no place in any schedule: {words}.", about=(job.id,)
    )


def _timed(case: Case, rest: Case, bound: Case, outcome: Outcome, *, clean: bool) -> Iterator[Finding]:
    """What follows from the schedule: approvals, money, bookings; and the risks of a plan in whose way nothing stands."""
    solution = outcome.solution
    yield from money(case, outcome.project, solution)
    yield from double_bookings(case, mends=solution is not None and clean)
    if solution is not None:
        yield from approvals(case, rest, bound, outcome.project, solution)
        if clean:
            yield from risks(case, outcome)


def _different(found: list[Finding]) -> list[Finding]:
    """Each finding once."""
    return list({(one.matter, one.place, one.reason): one for one in found}.values())
