"""What does not forbid a plan, but may spoil it: long durations, wishes that are missed, people who cannot be replaced."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from runbook_engine.model.durations import longest
from runbook_engine.model.estate import Leave, Person
from runbook_engine.model.jobs import Job, Placed
from runbook_engine.model.plan import Package
from runbook_engine.model.verdict import Finding, Matter, WayOut
from runbook_engine.model.words import StepId
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_drops import changed_person
from runbook_engine.scheduling.feasibility_orders import scheduled
from runbook_engine.scheduling.feasibility_people import holders, step_words
from runbook_engine.scheduling.feasibility_rest import rest
from runbook_engine.scheduling.feasibility_trying import Outcome, fits
from runbook_engine.scheduling.projects_clock import of_project
from runbook_engine.scheduling.projects_people import wanted
from runbook_engine.scheduling.projects_times import timing

ABSENT = timedelta(days=3)  # how long the only person who can do something is away, to see what becomes of the plan
_MOST_ALONE = 3  # people for whom that is tried


def risks(case: Case, outcome: Outcome) -> Iterator[Finding]:
    """The risks of a case that fits."""
    yield from _untimed(case)
    yield from _wishes(case, outcome)
    yield from rest(case, outcome)
    slow = scheduled(case, longest)
    if slow.solution is None:
        yield _slow(case, slow)
    elif _hard(case):
        yield from _alone(case, outcome)


def _hard(case: Case) -> bool:
    """Whether anything has to be over by some time."""
    deadlines = [p.deadline for p in case.plan.phases] + [p.deadline for p in case.plan.packages.values()]
    whole = case.plan.deadline is not None and not case.plan.deadline_soft
    return whole or any(d is not None and not d.soft for d in deadlines)


def _untimed(case: Case) -> Iterator[Finding]:
    """Steps of people, and steps that take hosts out of service, of which nobody says how long they take."""
    steps: dict[StepId, Package] = {}
    for package in case.plan.packages.values():
        question = package.procedure.question
        work = package.takes_out or (package.by_person and not (question is not None and question.choices))
        if work and not timing(package, case.learnt).known:
            steps.setdefault(package.step, package)
    for package in steps.values():
        reason = f"Nobody says how long {step_words(package)} takes, so that the schedule counts no time for it."
        way = WayOut(words="write takes: into the step, such as takes: 10m..25m", cost=0.1)
        place = case.where.step(package)
        yield Finding(matter=Matter.DURATION, place=place, reason=reason, blocks=False, ways_out=(way,), about=(package.id,))


def _wishes(case: Case, outcome: Outcome) -> Iterator[Finding]:
    """Soft deadlines that are missed; of those of one kind the worst."""
    late: list[tuple[Job, Placed]] = []
    if outcome.solution is not None:
        pairs = zip(outcome.project.jobs, outcome.solution.placed, strict=True)
        late = [(job, placed) for job, placed in pairs if job.due is not None and placed.finish > job.due]
    if not late:
        return
    job, placed = max(late, key=lambda pair: pair[1].finish)
    ends, due = of_project(outcome.project, placed.finish), of_project(outcome.project, job.due or 0)
    reason = f"'{job.title}' ({job.id}) is over on {case.until(ends)}, later than wished ({case.until(due)})."
    way = WayOut(words=f"promise the end for {case.until(ends)}", cost=1.0, proved=True)
    place = case.where.plan("deadline") if case.plan.deadline_soft else case.where.phase(job.phase, "deadline")
    yield Finding(matter=Matter.DEADLINE, place=place, reason=reason, blocks=False, ways_out=(way,), about=(job.id,))


def _slow(case: Case, slow: Outcome) -> Finding:
    """It fits by the planned durations only."""
    job = slow.job
    reason = "The plan fits by the planned durations, but not if every step takes as long as its author says it may:"
    package = case.plan.packages.get(job.package)
    late = step_words(package, job.hosts) if package else job.id
    place = case.where.plan("deadline") if case.plan.deadline else case.where.phase(job.phase)
    way = WayOut(words="start earlier, or promise a later end", cost=2.0)
    about = (job.id,)
    reason = f"{reason} then {late} comes too late."
    return Finding(matter=Matter.DEADLINE, place=place, reason=reason, blocks=False, ways_out=(way,), about=about)


def _alone(case: Case, outcome: Outcome) -> Iterator[Finding]:
    """People who cannot be replaced, and without whom for some days the plan would not fit any more."""
    seen: set[str] = set()
    for package in case.plan.packages.values():
        for who in package.who:
            able = holders(case.estate, who) if not who.person else ()
            if len(able) != who.count or who.count > 1 or able[0].id in seen or len(seen) >= _MOST_ALONE:
                continue
            seen.add(able[0].id)
            first = _first_day(outcome, able[0])
            if first is not None and not fits(_absent(case, able[0], first)):
                yield _only_one(case, able[0], wanted(who), package)


def _first_day(outcome: Outcome, person: Person) -> datetime | None:
    """When a person is first needed."""
    project, solution = outcome.project, outcome.solution
    number = next((n for n, worker in enumerate(project.workers) if worker.id == person.id), None)
    if solution is None or number is None:
        return None
    starts = [placed.start for placed in solution.placed if number in placed.people]
    return of_project(project, min(starts)) if starts else None


def _absent(case: Case, person: Person, since: datetime) -> Case:
    ill = Leave(start=since, end=since + ABSENT)
    return changed_person(person.id, lambda p: replace(p, leave=(*p.leave, ill)))(case)


def _only_one(case: Case, person: Person, skill: str, package: Package) -> Finding:
    name = person.name or person.id
    reason = (
        f"Only {name} can do what needs {skill}, such as {step_words(package)}: {ABSENT.days} days of absence, and the plan"
    )
    way = WayOut(words=f"a deputy for {name} with {skill}", cost=2.0)
    return Finding(
        matter=Matter.PEOPLE,
        place=case.where.step(package, "who"),
        reason=f"{reason} does not fit any more.",
        blocks=False,
        ways_out=(way,),
        about=(person.id, package.id),
    )
