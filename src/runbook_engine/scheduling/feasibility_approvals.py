"""Whether the approvals that are missing can be given before each phase starts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter

from runbook_engine.calendars import spans, working_time
from runbook_engine.model.approvals import Needed, Voice
from runbook_engine.model.jobs import Project, Solution
from runbook_engine.model.runbook import ApprovalRule
from runbook_engine.model.times import Span
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import PersonId, PhaseId
from runbook_engine.scheduling.feasibility_case import Case, counted, length, listed
from runbook_engine.scheduling.feasibility_drops import changed_phase
from runbook_engine.scheduling.feasibility_ends import missed, promised, timeless
from runbook_engine.scheduling.feasibility_restraints import leave_words
from runbook_engine.scheduling.feasibility_supplies import last_day
from runbook_engine.scheduling.feasibility_trying import fits
from runbook_engine.scheduling.projects_clock import of_project
from runbook_engine.scheduling.projects_people import extra_spans, leave_spans, zone_name

_NOW, _DEPUTY, _LATER, _PROMISE = 0.5, 1.0, 2.0, 3.0  # what ways out cost


def approvals(case: Case, rest: Case, bound: Case, project: Project, solution: Solution) -> Iterator[Finding]:
    """Approvals that nobody may give, or nobody who may is there to give, before their phase starts.

    `rest` is the case as if all that was found before were mended; the schedule is of that. `bound` is the same with the
    deadlines of the plan: what comes too late for one that is too early anyway is no less in the way when that is a later one.
    """
    starts = starts_of(project, solution)
    for standing in case.standings:
        start = starts.get(standing.phase)
        for need in standing.needed:
            if start is not None:
                yield from _of_need(case, rest, bound, need, standing.phase, start)


def starts_of(project: Project, solution: Solution) -> Mapping[PhaseId, datetime]:
    """When each phase starts."""
    found: dict[PhaseId, datetime] = {}
    for job, placed in zip(project.jobs, solution.placed, strict=True):
        if job.phase:
            start = of_project(project, placed.start)
            found[job.phase] = min(start, found.get(job.phase, start))
    return found


def _of_need(case: Case, rest: Case, bound: Case, need: Needed, phase: PhaseId, start: datetime) -> Iterator[Finding]:
    asked = need.requirement
    lasting = [v for v in need.given if not _expired(v, asked.expires_s, start)]
    missing = asked.count - len(lasting)
    if missing <= 0:
        return
    could = [*need.may, *(v.statement.by for v in need.given if v not in lasting)]
    if len(could) < missing:
        yield _nobody(case, need, phase, missing, could)
        return
    since = max(case.at, start - timedelta(seconds=asked.expires_s)) if asked.expires_s is not None else case.at
    there = [person for person in could if back_at(case, person, since) < max(start, since + timedelta(minutes=1))]
    if len(there) < missing:
        gone = [p for p in could if p not in there]
        yield _away(case, rest, bound, need, phase, start, since, gone, missing - len(there))


def _expired(voice: Voice, expires_s: float | None, start: datetime) -> bool:
    until = voice.statement.until
    if expires_s is not None:
        until = min(until, voice.statement.at + timedelta(seconds=expires_s))
    return until <= start


def _rule(case: Case, by: str, phase: PhaseId) -> int | None:
    rules: Sequence[ApprovalRule] = case.plan.approvals
    return next((n for n, rule in enumerate(rules) if rule.by == by and rule.before == phase), None)


def _place(case: Case, by: str, phase: PhaseId) -> str:
    number = _rule(case, by, phase)
    return case.where.phase(phase) if number is None else case.where.approval(number)


def _nobody(case: Case, need: Needed, phase: PhaseId, missing: int, could: Sequence[PersonId]) -> Finding:
    by = need.requirement.by
    only = f"only {listed([case.name(p) for p in could])} may" if could else "nobody may"
    owner = case.name(case.plan.owner)
    count = counted(missing, "approval")
    reason = f"Phase {phase} needs {count} by {by} ({need.requirement.why}), and {only} give {'it' if missing == 1 else 'them'}"
    reason += f": whoever answers for the plan ({owner}) or carries it out does not count."
    ways = (WayOut(words=_deputy(case, by, "else"), cost=_DEPUTY),)
    return Finding(matter=Matter.APPROVAL, place=_place(case, by, phase), reason=reason, ways_out=ways, about=(phase, by))


def _deputy(case: Case, by: str, which: str) -> str:
    """Who else could approve: somebody in the role; of a person or a head, which is one only, another one instead."""
    if by in case.estate.people:
        return f"ask somebody {which} in place of {case.name(PersonId(by))}"
    department = by.removeprefix("head-of-")
    if department != by and department in case.estate.departments:
        return f"let somebody {which} head {department}, or ask another role"
    return f"put somebody {which} into {by}"


def _away(
    case: Case,
    rest: Case,
    bound: Case,
    need: Needed,
    phase: PhaseId,
    start: datetime,
    since: datetime,
    away: Sequence[PersonId],
    missing: int,
) -> Finding:
    by, expires = need.requirement.by, need.requirement.expires_s
    told = [_away_words(case, person, since) for person in away]
    counts = f", and an approval counts for {length(expires)} only" if expires is not None else ""
    reason = f"Phase {phase} is to start on {case.moment(start)}, and {counted(missing, 'approval')} by {by}"
    reason += f" cannot be given before{counts}: {listed(told)}."
    back = sorted(back_at(case, person, since) for person in away)[missing - 1]
    later = _starting_later(case, rest, bound, phase, back)
    ways = [WayOut(words=_deputy(case, by, "who is there"), cost=_DEPUTY)]
    if expires is None and _yet_to_leave(case, away, since, missing):
        ways.insert(0, WayOut(words=f"ask {listed([case.name(p) for p in away], 2)} before they leave", cost=_NOW))
    if later:
        ways.append(later)
    about = (phase, by, *away)
    place = _place(case, by, phase)
    blocks = later is None or later.cost > _LATER
    return Finding(matter=Matter.APPROVAL, place=place, reason=reason, blocks=blocks, ways_out=tuple(ways), about=about)


def _starting_later(case: Case, rest: Case, bound: Case, phase: PhaseId, back: datetime) -> WayOut | None:
    """A phase that waits for whoever must approve it: the deadlines hold even so, or those that it makes late move."""
    waits, last = changed_phase(phase, earliest=back), last_day(case)
    words = f"start phase {phase} after {case.moment(back)}"
    if (last is None or back.astimezone(case.zone).date() <= last) and fits(waits(bound)):
        return WayOut(words=words, cost=_LATER, proved=True)
    outcome = timeless(waits(rest))
    late = missed(waits(bound), outcome) if outcome else []
    if outcome is None or not late:
        return None
    return WayOut(words=f"{words}, and {promised(bound, outcome, late)}", cost=_PROMISE, proved=True)


def _yet_to_leave(case: Case, away: Sequence[PersonId], since: datetime, missing: int) -> bool:
    """Whether enough of those who are away when they are needed have no leave yet at the moment from which on they are."""
    leaves = {p: case.estate.people[p].leave if p in case.estate.people else () for p in away}
    gone = [
        p
        for p in away
        if any(
            s.start <= since < s.end for x in leaves[p] for s in leave_spans(x, zone_name(case.estate.people[p], case.estate))
        )
    ]
    return len(away) - len(gone) >= missing


def _away_words(case: Case, person: PersonId, since: datetime) -> str:
    known = case.estate.people.get(person)
    back = back_at(case, person, since)
    for leave in known.leave if known else ():
        if known and any(s.start <= back and s.end > since for s in leave_spans(leave, zone_name(known, case.estate))):
            return f"{case.name(person)} is on leave {leave_words(case, leave)}"
    return f"{case.name(person)} works again on {case.moment(back)}"


def back_at(case: Case, person: PersonId, since: datetime) -> datetime:
    """When a person can first be asked from a moment on: at work and not on leave."""
    known = case.estate.people.get(person)
    if known is None:
        return since
    away = sorted((s for x in known.leave for s in leave_spans(x, zone_name(known, case.estate))), key=lambda s: s.start)
    hours, ahead = working_time(known.calendar, case.estate.calendars), since + timedelta(days=400)
    if hours is None:
        return _free(since, ahead, away) or ahead
    extra = (s for x in known.also for s in extra_spans(x, zone_name(known, case.estate)) if s.end > since)
    beside = sorted((Span(max(s.start, since), s.end) for s in extra), key=attrgetter("start"))
    there = merge(spans(hours, since, ahead, case.days_off), beside, key=attrgetter("start"))
    return next((at for s in there if (at := _free(s.start, s.end, away))), ahead)


def _free(at: datetime, end: datetime, away: Sequence[Span]) -> datetime | None:
    for span in away:
        if span.start <= at < span.end:
            at = span.end
    return at if at < end else None
