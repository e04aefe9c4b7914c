"""What could be promised in place of deadlines that are missed: when it would be over, were there none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook_engine.model.jobs import Job
from runbook_engine.model.runbook import Deadline
from runbook_engine.scheduling.feasibility_case import Case, listed
from runbook_engine.scheduling.feasibility_people import step_words
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint, restraints
from runbook_engine.scheduling.feasibility_trying import Outcome, tried
from runbook_engine.scheduling.projects_calendar import zone_of
from runbook_engine.scheduling.projects_clock import Clock, of_project


def timeless(case: Case) -> Outcome | None:
    """The schedule of a case whose hard deadlines are wishes, which still say what is urgent; None where it has none."""
    plan = case.plan
    phases = tuple(replace(phase, deadline=_wished(phase.deadline)) for phase in plan.phases)
    packages = {name: replace(package, deadline=_wished(package.deadline)) for name, package in plan.packages.items()}
    outcome = tried(replace(case, plan=replace(plan, deadline_soft=True, phases=phases, packages=packages)))
    return outcome if outcome.solution is not None else None


def _wished(deadline: Deadline | None) -> Deadline | None:
    return replace(deadline, soft=True) if deadline else None


def end_of(case: Case, outcome: Outcome, deadline: Restraint) -> datetime | None:
    """When that is over which has a deadline: the project, a phase or a step. None where nothing of it is scheduled."""
    if outcome.solution is None:
        return None
    pairs = zip(outcome.project.jobs, outcome.solution.placed, strict=True)
    finish = max((placed.finish for job, placed in pairs if _is_of(case, job, deadline)), default=None)
    return None if finish is None else of_project(outcome.project, finish)


def missed(case: Case, outcome: Outcome) -> list[Restraint]:
    """The hard deadlines that a schedule made without them does not keep."""
    project = outcome.project
    clock = Clock(origin=project.origin, slot_s=project.slot_s, horizon=0, zone=_zone(case)) if project.origin else None
    found = [(one, end_of(case, outcome, one)) for one in _deadlines(case)]
    return [one for one, end in found if clock and end and end > clock.ends(one.what.by)]


def promised(case: Case, outcome: Outcome, deadlines: Sequence[Restraint]) -> str:
    """'promise the end for Mon 14 Dec 2026 12:00 CET', with all that is promised too early."""
    ends = [(one, end_of(case, outcome, one)) for one in deadlines]
    told = [f"{'the end' if one.whole else whose(case, one)} for {case.until(end)}" for one, end in ends if end]
    return f"promise {listed(told)}"


def whose(case: Case, deadline: Restraint) -> str:
    """What has a deadline: 'the project', 'phase 'Mount' (mount)', or the step in words."""
    if deadline.whole:
        return "the project"
    phase = next((p for p in case.plan.phases if p.id == deadline.subject), None)
    package = next((p for p in case.plan.packages.values() if p.step == deadline.subject), None)
    return f"phase '{phase.title}' ({phase.id})" if phase else step_words(package) if package else deadline.subject


def _deadlines(case: Case) -> list[Restraint]:
    return [one for one in restraints(case) if one.group is Group.DEADLINE]


def _is_of(case: Case, job: Job, deadline: Restraint) -> bool:
    package = case.plan.packages.get(job.package)
    return deadline.whole or deadline.subject in (job.phase, package.step if package else "")


def _zone(case: Case) -> ZoneInfo:
    return zone_of(case.plan, case.estate)
