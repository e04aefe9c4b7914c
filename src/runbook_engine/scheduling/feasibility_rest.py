"""The risk that somebody works on end, for longer than anybody should, because no calendar says when they are off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from runbook_engine.model.jobs import Placed, Project
from runbook_engine.model.plan import Package
from runbook_engine.model.times import Span
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import PersonId, StepId
from runbook_engine.scheduling.feasibility_case import Case, counted, listed, worked
from runbook_engine.scheduling.feasibility_drops import changed_person
from runbook_engine.scheduling.feasibility_people import step_words
from runbook_engine.scheduling.feasibility_trying import Outcome, fits, tried
from runbook_engine.scheduling.projects_clock import of_project
from runbook_engine.scheduling.projects_people import wanted
from runbook_engine.scheduling.projects_times import timing
from runbook_engine.scheduling.resting import BREAK, MOST, Stint, restless, work_of

_LIMITS, _PAUSE, _CALENDAR, _SECOND = 0.5, 0.8, 1.0, 5.0  # what ways out cost
_DAY_S, _REST_S = 8 * 3600.0, 11 * 3600.0  # the limits that are tried
_MOST_TOLD = 3  # people


def rest(case: Case, outcome: Outcome) -> Iterator[Finding]:
    """People without a calendar who work too long on end, those who do it longest first."""
    stints = _stints(case, outcome)
    known = {stint.person for stint in stints}
    for stint in stints[:_MOST_TOLD]:
        yield _finding(case, outcome, stint, known)


def _stints(case: Case, outcome: Outcome) -> list[Stint]:
    """Who works too long on end by a schedule, with what others have booked."""
    if outcome.solution is None or outcome.project.origin is None:
        return []
    own: dict[PersonId, list[Span]] = {}
    for placed in outcome.solution.placed:
        for number in placed.people:
            own.setdefault(outcome.project.workers[number].id, []).extend(_spans(outcome.project, placed))
    return restless(own, case.estate, work_of(case.booked))


def _spans(project: Project, placed: Placed) -> Iterator[Span]:
    for begin, end in placed.spells or ((placed.start, placed.finish),):
        yield Span(of_project(project, begin), of_project(project, end))


def _finding(case: Case, outcome: Outcome, stint: Stint, known: set[PersonId]) -> Finding:
    name = case.name(stint.person)
    words = stint_words(stint, name, case.moment(stint.start), case.until(stint.end))
    reason = f"{words}: no calendar says when {name} is off."
    if len(known) > _MOST_TOLD:
        reason += f" The same is true of {counted(len(known) - 1, 'other')}."
    limits = changed_person(stint.person, lambda p: replace(p, day_most_s=_DAY_S, rest_s=_REST_S))
    usual = next((name for name, calendar in case.estate.calendars.items() if calendar.rota is None), "office")
    ways = [WayOut(words=f"give {name} a calendar, such as calendar: {usual} in the inventory", cost=_CALENDAR)]
    if _rested(limits(case), known - {stint.person}):
        ways.append(WayOut(words=f"give {name} limits: {{day: 8h, rest: 11h}}", cost=_LIMITS, proved=True))
    packages = _packages(case, outcome, stint)
    ways += [
        WayOut(words=f"let {step_words(package)} rest over night: pausable: true in takes, and a calendar", cost=_PAUSE)
        for package in packages
        if (takes := timing(package, case.learnt).takes).planned_s > MOST.total_seconds() and not takes.pausable
    ]
    skills = dict.fromkeys(wanted(who) for package in packages for who in package.who if not who.person)
    ways += [WayOut(words=f"one more person with {listed([*skills], 2)}", cost=_SECOND)] if skills else []
    return Finding(
        matter=Matter.PEOPLE,
        place=case.where.entry("people", stint.person),
        reason=reason,
        blocks=False,
        ways_out=tuple(sorted(ways, key=lambda way: way.cost)),
        about=(stint.person,),
    )


def _rested(case: Case, known: set[PersonId]) -> bool:
    """Whether a case fits, and nobody works too long on end but those of whom that is known."""
    return fits(case) and known.issuperset(stint.person for stint in _stints(case, tried(case)))


def stint_words(stint: Stint, name: str, start: str, end: str) -> str:
    """'Kim Ito works 52 hours on end, from … to …'; with breaks: 'works 52 hours from … to …, with no break of 6 hours'."""
    works = f"{name} works {worked(stint.work.total_seconds())}"
    if stint.end - stint.start == stint.work:
        return f"{works} on end, from {start} to {end}"
    return f"{works} from {start} to {end}, with no break of {worked(BREAK.total_seconds())}"


def _packages(case: Case, outcome: Outcome, stint: Stint) -> list[Package]:
    """What somebody does in a stint, each step once."""
    solution, project = outcome.solution, outcome.project
    number = next(n for n, worker in enumerate(project.workers) if worker.id == stint.person)
    found: dict[StepId, Package] = {}
    for job, placed in zip(project.jobs, solution.placed if solution else (), strict=True):
        if number in placed.people and _within(of_project(project, placed.start), stint):
            package = case.plan.packages[job.package]
            found.setdefault(package.step, package)
    return [*found.values()]


def _within(at: datetime, stint: Stint) -> bool:
    return stint.start <= at < stint.end
