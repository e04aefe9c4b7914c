"""roll-back: undo what was done, the last first; and what a person says about failures and hosts that are left out."""

from collections.abc import Sequence

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.deciding import decide, say_next
from runbook_engine.cli.identity import require
from runbook_engine.model import decisions as de
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import SETTLED_BADLY, HostName, PhaseId, RunStatus, Status, StepId, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.limits import late_ones

NAMED_AT_MOST = 20
ANSWERS = ("go-on", "roll-back", "stop")  # to a phase that asks


@click.command("roll-back")
@click.argument("run")
@click.option("--phase", metavar="PHASE", help="Only this phase and what was built on it; else all that has begun.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only this host (repeatable).")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the journal.")
@options.yes
@options.no_input
@options.journal
def roll_back_command(
    run: str, phase: str | None, hosts: tuple[str, ...], reason: str, yes: bool, no_input: bool, journal: str | None
) -> None:
    """Undo what was done, by the ways back that the plan holds: the last first, host by host.

    \b
    runbook roll-back rack12-install-1 --phase firmware --reason "wrong version"
    runbook roll-back rack12-install-1 --host r12-u07 --reason "broken board"

    \b
    It shows what is undone and what cannot be, and asks. Next: runbook resume RUN
    """
    with opening.opened(run, journal) as found:
        require("execute", found.place)
        _still_open(found.course)
        wish = de.RollBack(
            id=opening.new_id(),
            by=options.me(),
            phase=phase_meant(found.course.shape.plan, phase) if phase else None,
            hosts=tuple(host_meant(found.course.shape.plan, host) for host in hosts),
            reason=reason,
        )
        options.say(_preview(found.course, wish))
        options.confirm("Roll back?", yes=yes, no_input=no_input)
        decide(found, wish)
        options.show(f"{found.run}: the way back begins.")
        say_next(found)


def _still_open(course: Course) -> None:
    """Refuse to roll back a run that is over: nothing of it is carried out any more."""
    if course.run.status in (RunStatus.DONE, RunStatus.STOPPED):
        raise Refused(
            f"{course.run.id} is over ({course.run.status}): it cannot be rolled back any more",
            why="Ways back are open until a run ends. What it did is undone by a runbook of its own.",
            next_command=f"runbook log {course.run.id}",
        )


def _preview(course: Course, wish: de.RollBack) -> str:
    from runbook_engine.running.way_back import phases_meant, to_undo, without_way_back

    phases, hosts = phases_meant(course.shape, course.run, wish.phase), frozenset(wish.hosts)
    tasks = to_undo(course.shape, course.run, phases, hosts)
    kept = [t for t in without_way_back(course.shape, course.run, phases, hosts) if _changed(course, t)]
    lines = [f"Phases, the last first: {', '.join(phases) or 'none'}", f"Undone, in this order: {_named(tasks)}"]
    return "\n".join([*lines, *([f"Stays as it is, because it has no way back: {_named(kept)}"] if kept else [])])


def _changed(course: Course, task: TaskId) -> bool:
    return course.shape.parts(task)[0].changes_something


def _named(tasks: Sequence[TaskId]) -> str:
    more = f" … and {len(tasks) - NAMED_AT_MOST} more" if len(tasks) > NAMED_AT_MOST else ""
    return ", ".join(tasks[:NAMED_AT_MOST]) + more if tasks else "nothing"


def answer_phase(found: opening.Opened, phase: PhaseId, answer: str, reason: str) -> None:
    """Say how a phase goes on that asks, because more has failed than it allows."""
    if answer not in ANSWERS:
        raise Usage(f"A phase is answered with {', '.join(ANSWERS)}, not with {answer}")
    decide(found, phase_decision(phase, answer, reason))
    words = {"go-on": "goes on without those who failed", "roll-back": "is rolled back", "stop": "ends here, with the run"}
    options.show(f"{phase} {words[answer]}, said by {options.me()}")
    if answer != "stop":
        say_next(found)


def phase_decision(phase: PhaseId, answer: str, reason: str) -> de.Decision:
    """The decision that an answer stands for."""
    made, by = opening.new_id(), options.me()
    if answer == "stop":
        return de.StopRun(id=made, by=by, reason=reason)
    if answer == "roll-back":
        return de.RollBack(id=made, by=by, phase=phase, reason=reason or "more failed than the phase allows")
    return de.GoOn(id=made, by=by, phase=phase, reason=reason)


def reopening(course: Course, retries: Sequence[TaskId], skipped: Sequence[HostName], *, failed: bool) -> list[TaskId]:
    """The tasks to try again: the named ones and, with `failed`, all that ended badly and stand in an open phase."""
    tasks = list(retries)
    for task, state in course.run.tasks.items() if failed else ():
        undone = course.run.phases[course.shape.parts(task)[0].phase].undone
        if state.status in SETTLED_BADLY and (not undone or state.status is Status.ROLL_BACK_FAILED):
            tasks.append(task)
    return [task for task in dict.fromkeys(tasks) if HostName(task.partition("@")[2]) not in skipped]


def phase_meant(plan: Plan, name: str) -> PhaseId:
    """A phase of the plan by its name. Raises Usage with what is near."""
    return PhaseId(_meant(name, [p.id for p in plan.phases], "phase"))


def late_decision(course: Course, names: Sequence[str], reason: str) -> de.StartLate:
    """That tasks, or all tasks of steps, are done although they are late. Raises Usage and Refused where nothing is."""
    tasks = [task for name in names for task in _late(course, name)]
    if not reason.strip():
        raise Usage(
            f"Why can {', '.join(names)} be done although it is late?",
            why="The reason is kept in the journal and stands in the evidence.",
            next_command=f"runbook resume {course.run.id} --late {names[0]} --reason TEXT",
        )
    return de.StartLate(id=opening.new_id(), by=options.me(), tasks=tuple(dict.fromkeys(tasks)), reason=reason)


def _late(course: Course, name: str) -> list[TaskId]:
    """The late tasks that a name means. Raises Refused where none is."""
    steps = [p for p in course.shape.plan.packages.values() if name in {p.id, p.step, p.step.partition("/")[2]}]
    tasks = [t for p in steps for t in course.shape.tasks(p.id)] or [opening.task_meant(course, name)]
    found = [limit.task for limit in late_ones(course, tasks, opening.now())]
    if not found:
        command = f"runbook why {course.run.id} {tasks[0]}"
        raise Refused(f"Nothing of {name} is held because it is late", next_command=command)
    return found


def host_meant(plan: Plan, name: str) -> HostName:
    """A host of the plan by its name. Raises Usage with what is near."""
    return HostName(_meant(name, list(plan.targets), "host"))


def _meant(name: str, known: Sequence[str], kind: str) -> str:
    from difflib import get_close_matches

    if name in known:
        return name
    near = get_close_matches(name, known, 1)
    why = f"Did you mean {near[0]}?" if near else f"It has {', '.join(known[:8])}{' …' if len(known) > 8 else ''}."
    raise Usage(f"The plan has no {kind} {name}", why=why)


def start_meant(plan: Plan, name: str) -> tuple[PhaseId, StepId | None]:
    """Where a run starts: PHASE or PHASE/STEP. Raises Usage with what is near."""
    phase, slash, _ = name.partition("/")
    found = phase_meant(plan, phase)
    if not slash:
        return found, None
    steps = list(dict.fromkeys(p.step for p in plan.packages.values() if p.phase == found))
    return found, StepId(_meant(name, steps, "step"))


def left_out_words(plan: Plan, name: str) -> str:
    """What a run that starts elsewhere leaves out, step by step."""
    from runbook_engine.running.shape import shape_of
    from runbook_engine.running.starting import standing_before

    tasks = standing_before(shape_of(plan), *start_meant(plan, name))
    steps = list(dict.fromkeys(task.partition("@")[0].partition("#")[0] for task in tasks))
    more = " …" if len(steps) > NAMED_AT_MOST else ""
    return f"Starting with {name}. NOT done, {len(tasks)} tasks: {', '.join(steps[:NAMED_AT_MOST])}{more}"
