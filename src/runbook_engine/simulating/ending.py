"""How a rehearsed night ended, in the words of a run, and whether that is what the plan says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from runbook_engine.model.durations import likely, longest, phase_time, shortest
from runbook_engine.model.plan import Plan
from runbook_engine.model.rehearsal import PhaseTime, Scenario
from runbook_engine.model.run import Run
from runbook_engine.model.words import RunStatus, Status
from runbook_engine.running.course import Course
from runbook_engine.running.way_back import without_way_back
from runbook_engine.simulating.drawing import Clock
from runbook_engine.simulating.hosts import Hosts
from runbook_engine.simulating.pages import Pages
from runbook_engine.simulating.people import People
from runbook_engine.simulating.placing import Placed
from runbook_engine.simulating.watching import Watcher

WORST_FIRST = (
    Status.ROLL_BACK_FAILED,
    Status.UNKNOWN,
    Status.FAILED,
    Status.UNREACHABLE,
    Status.REFUSED,
    Status.ROLLING_BACK,
    Status.WAITING,
    Status.NOT_STARTED,
)


class Night(Protocol):
    """What is left of a night."""

    course: Course
    clock: Clock
    hosts: Hosts
    people: People
    pages: Pages
    watcher: Watcher
    faults: Sequence[Placed]
    parallel: int


def scenario_of(name: str, plan: Plan, night: Night, *, out_of_commands: bool) -> Scenario:
    """The night, told."""
    run = night.course.run
    ended, why, as_planned = _ending(run, out_of_commands=out_of_commands)
    counts = Counter[Status]()
    for phase in run.phases.values():
        counts.update({status: number for status, number in phase.counts.items() if number})
    return Scenario(
        name=name,
        faults=tuple(f.fault for f in night.faults),
        words=tuple(f.words for f in night.faults),
        missed=tuple(f.words for f in night.faults if f not in night.hosts.met),
        ended=ended,
        why=why,
        as_planned=as_planned,
        began=night.pages.durable[0].at,
        over=night.clock(),
        phases=tuple(_times(plan, run, night.parallel)),
        hosts_out=night.watcher.most_out,
        counts=dict(sorted(counts.items())),
        asked=tuple(night.people.asked),
        typed=tuple(night.people.typed),
        left=tuple(_left(night.course)),
        recorded=len(night.pages.durable),
        events=tuple(night.pages.durable),
    )


def _ending(run: Run, *, out_of_commands: bool) -> tuple[str, str, bool]:
    """A word of Status or RunStatus, the reason, and whether it is one that the plan leads to."""
    bad = next((s for s in WORST_FIRST if any(p.counts[s] for p in run.phases.values())), None)
    if run.status is RunStatus.DONE and bad is None:
        return RunStatus.DONE.value, "", True
    if run.status is RunStatus.DONE and bad is not None:
        return bad.value, "every phase ended, but not for everybody: its failures stop nothing (on_failure: continue)", True
    if run.status is RunStatus.STOPPED and any(phase.undone or phase.undone_hosts for phase in run.phases.values()):
        return Status.ROLLED_BACK.value, "it was rolled back, then stopped", True
    if run.status is RunStatus.STOPPED:
        return RunStatus.STOPPED.value, "what failed cannot be mended tonight, and there is nothing to roll back", True
    no = next(
        (f"{task} was answered {s.choice}" for task, s in run.tasks.items() if s.choice and s.status is Status.REFUSED), ""
    )
    if no and bad in (Status.REFUSED, Status.WAITING, Status.NOT_STARTED):
        return Status.REFUSED.value, f"{no}: the run stays there", True
    why = "no command leads on" if not out_of_commands else "still not over after all commands that were tried"
    return (bad or Status.NOT_STARTED).value, why, False


def _times(plan: Plan, run: Run, parallel: int) -> Iterator[PhaseTime]:
    for phase in plan.phases:
        state = run.phases[phase.id]
        took = (state.ended - state.started).total_seconds() if state.ended and state.started else None
        yield PhaseTime(
            phase=phase.id,
            low_s=phase_time(plan, phase, shortest, parallel),
            planned_s=phase_time(plan, phase, likely, parallel),
            high_s=phase_time(plan, phase, longest, parallel),
            simulated_s=took,
        )


def _left(course: Course) -> Iterator[str]:
    """Steps that were done in a phase that did not end, and that nobody says cannot be undone."""
    if course.run.status is not RunStatus.STOPPED:
        return
    given_up = [p for p, state in course.run.phases.items() if state.ended is None]
    tasks = without_way_back(course.shape, course.run, given_up, frozenset())
    packages = [course.shape.parts(task)[0] for task in tasks]
    changed = [p for p in packages if p.changes_something and not p.health_check and not (p.way_back and p.way_back.none)]
    yield from dict.fromkeys(p.step for p in changed if not (p.procedure.question and p.procedure.question.choices))
