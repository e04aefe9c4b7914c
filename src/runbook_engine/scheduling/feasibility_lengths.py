"""Steps that take longer than any schedule goes, or than all the hours of whoever does them: no order of the work helps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from runbook_engine.model.durations import likely
from runbook_engine.model.jobs import Crew, Project, Worker
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Takes
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import StepId
from runbook_engine.scheduling.feasibility_case import Case, length, listed, worked
from runbook_engine.scheduling.feasibility_people import step_words
from runbook_engine.scheduling.feasibility_trying import project_for
from runbook_engine.scheduling.projects_clock import of_project
from runbook_engine.scheduling.projects_times import timing, work_s

_CHECK, _SPLIT = 0.1, 2.0  # what ways out cost
_SHORT = Takes(low_s=60, high_s=60)  # what a step takes once it is mended, so that it hides nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endless:
    """A package that takes too long, in seconds, and the people whose hours are too few; nobody: the schedule is too short."""

    package: Package
    takes_s: float
    crew: Crew | None = None


def lengths(case: Case) -> Iterator[Finding]:
    """Steps that are longer than the time that is looked at, or, if they may pause, than the hours that people have in it."""
    project = project_for(case)
    for one in _endless(case, project):
        yield _finding(case, project, one)


def with_lengths(case: Case) -> Case:
    """The same with short times for the steps that `lengths` finds fault with."""
    steps = {one.package.step for one in _endless(case, project_for(case))}
    if not steps:
        return case
    packages = {n: replace(p, takes=_SHORT) if p.step in steps else p for n, p in case.plan.packages.items()}
    return replace(case, plan=replace(case.plan, packages=packages))


def _endless(case: Case, project: Project) -> Iterator[_Endless]:
    """Each step once, by one task of it. What waits for nobody and for no opening is no matter of time."""
    bound = {job.package: job.crews for job in project.jobs if job.crews or job.calendar is not None}
    most_s, seen = project.horizon * project.slot_s, set[StepId]()
    for package in (case.plan.packages[name] for name in bound if name in case.plan.packages):
        takes = timing(package, case.learnt).takes
        one_s = work_s(package, takes, 1, likely, case.parallel)
        short = _short(project, one_s, bound[package.id]) if takes.pausable and one_s <= most_s else None
        if package.step not in seen and (one_s > most_s or short):
            seen.add(package.step)
            yield _Endless(package=package, takes_s=one_s, crew=short)


def _short(project: Project, takes_s: float, crews: Sequence[Crew]) -> Crew | None:
    """A crew that has not so many who have so many hours."""
    for crew in crews:
        enough = [p for p in crew.people if hours_s(project, project.workers[p]) >= takes_s]
        if len(enough) < crew.count <= len(crew.people):
            return crew
    return None


def hours_s(project: Project, worker: Worker) -> float:
    """The seconds that somebody works in all the time that is looked at."""
    free = worker.free if worker.free is not None else ((0, project.horizon),)
    return float(sum(end - start for start, end in free) * project.slot_s)


def too_short(case: Case, package: Package) -> str:
    """'takes 12 hours in one go, and whoever can do it works 8 hours in one go at most'; empty if somebody works so long."""
    project, takes = project_for(case), timing(package, case.learnt).takes
    crews = next((job.crews for job in project.jobs if job.package == package.id), ())
    spells = [_spell_s(project, project.workers[p]) for crew in crews for p in crew.people]
    longest = max(spells, default=0.0)
    if takes.pausable or not longest or longest >= takes.planned_s:
        return ""
    works = f"whoever can do it works {worked(longest)} in one go at most"
    return f"takes {worked(takes.planned_s)} in one go, and {works}"


def _spell_s(project: Project, worker: Worker) -> float:
    free = worker.free if worker.free is not None else ((0, project.horizon),)
    return float(max((end - start for start, end in free), default=0) * project.slot_s)


def ahead_words(case: Case) -> str:
    """' by Tue 4 Jan 2028, as far as a schedule looks ahead': for what has no place although nothing must be over by a day."""
    project = project_for(case)
    until = case.day(of_project(project, project.horizon))
    return f" by {until}, as far as a schedule looks ahead" if project.origin else ""


def _finding(case: Case, project: Project, one: _Endless) -> Finding:
    ahead = length(project.horizon * project.slot_s)
    until = case.day(of_project(project, project.horizon))
    step = step_words(one.package)
    reason = f"{step} takes {length(one.takes_s)}, longer than a schedule looks ahead: {ahead}, to {until}."
    if one.crew is not None:
        told = [f"{case.name(w.id)} {worked(hours_s(project, w))}" for w in (project.workers[p] for p in one.crew.people)]
        reason = f"{step} takes {worked(one.takes_s)} of work, more than people work by {until}, as far as a schedule looks"
        reason += f" ahead: {listed(told)}."
    ways = [
        WayOut(words="write into takes: how long one task takes, such as takes: 10m..25m", cost=_CHECK),
        WayOut(words="split the step into steps that end sooner", cost=_SPLIT),
    ]
    place = case.where.step(one.package, "takes")
    return Finding(matter=Matter.DURATION, place=place, reason=reason, ways_out=tuple(ways), about=(one.package.id,))
