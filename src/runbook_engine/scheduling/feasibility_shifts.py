"""Shifts in plain words, and whom to ask for another one: what a rota means for a step that needs somebody."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from runbook_engine.calendars import turns_between
from runbook_engine.calendars.rotas import FREE, turn_on
from runbook_engine.model.estate import Person, Rota
from runbook_engine.model.plan import Package
from runbook_engine.scheduling.feasibility_case import Case, listed
from runbook_engine.scheduling.feasibility_drops import Drop, changed_person
from runbook_engine.scheduling.feasibility_people import first_day, holders
from runbook_engine.scheduling.feasibility_supplies import last_day
from runbook_engine.scheduling.feasibility_trying import Outcome
from runbook_engine.scheduling.projects_clock import of_project

_TOLD = 3  # turns of a rota that are told
_AHEAD = timedelta(days=41)  # for a plan without a deadline
_ASKED = 3  # people who might change a shift


def hours_words(case: Case, calendar: str) -> str:
    """'the working hours office', or 'of Ben Ott'; of a rota 'the shifts of team-a (nights to Sun 6 Dec 2026, off to …)'."""
    rota = _rota(case, calendar)
    return f"the shifts of {calendar} ({_turns(case, rota)})" if rota else f"the working hours {_named(case, calendar)}"


def whose_hours(case: Case, calendar: str, package: Package) -> str:
    """'hours office', 'hours of Ann Day'; of a rota with those who can do it: 'Ben Ott in team-a: off to Sun 6 Dec 2026'."""
    rota = _rota(case, calendar)
    if rota is None:
        return f"hours {_named(case, calendar)}"
    names = [person.name or person.id for person in _in(case, calendar, package)]
    return f"{listed(names)} in {calendar}: {_turns(case, rota)}" if names else f"{calendar}: {_turns(case, rota)}"


def swaps(case: Case, calendar: str, package: Package) -> Iterator[tuple[Person, str, Drop]]:
    """Who of a rota can do a package, or else any other, each shift that they could take, and the case as if they had it."""
    rota = _rota(case, calendar)
    shifts = dict.fromkeys(turn.calendar for turn in rota.turns if turn.calendar) if rota else {}
    people = _in(case, calendar, package) or _in(case, calendar, *case.plan.packages.values())
    for person in people[:_ASKED] if shifts else ():
        for shift in shifts:
            yield person, shift, changed_person(person.id, partial(replace, calendar=shift))


def swapped_days(person: Person, shift: str, case: Case, outcome: Outcome) -> str:
    """' on Tue 1 Dec 2026': when somebody is needed in a shift that is not their own then."""
    project, solution, rota = outcome.project, outcome.solution, _rota(case, person.calendar)
    if solution is None or rota is None:
        return ""
    number = next((n for n, worker in enumerate(project.workers) if worker.id == person.id), None)
    zone = ZoneInfo(case.estate.calendars[person.calendar].time_zone)
    starts = sorted(of_project(project, placed.start).astimezone(zone) for placed in solution.placed if number in placed.people)
    days = list(dict.fromkeys(case.day(at.date()) for at in starts if turn_on(rota, at.date()).calendar != shift))
    return f" on {listed(days)}" if days else ""


def _named(case: Case, calendar: str) -> str:
    """The name of a calendar; of hours of somebody's own, which no file can name with its spaces, whose they are."""
    whose = next((p for p in case.estate.people.values() if p.calendar == calendar), None) if " " in calendar else None
    return f"of {case.name(whose.id)}" if whose else calendar


def _rota(case: Case, calendar: str) -> Rota | None:
    known = case.estate.calendars.get(calendar)
    return known.rota if known else None


def _in(case: Case, calendar: str, *packages: Package) -> Sequence[Person]:
    """Those who can do any of these packages and work by a calendar."""
    asked = dict.fromkeys(who for package in packages for who in package.who)
    could = {person.id: person for who in asked for person in holders(case.estate, who)}
    return [person for person in could.values() if person.calendar == calendar]


def _turns(case: Case, rota: Rota) -> str:
    """'nights to Sun 6 Dec 2026, off to Sun 13 Dec 2026': from the first day of the plan to its deadline, if it has one."""
    first = first_day(case)
    last = max(first, min(last_day(case) or first + _AHEAD, first + _AHEAD))
    told = [f"{turn.calendar or FREE} to {case.day(end)}" for turn, end in turns_between(rota, first, last)]
    return ", ".join([*told[:_TOLD], "…"] if len(told) > _TOLD else told)
