"""What a run has come to, as an exit code: 0 done, 6 unknown, 1 failed, 4 refused or stopped, 5 waiting."""

from runbook_engine.model.errors import Exit
from runbook_engine.model.words import SETTLED_WELL, RunStatus, Status
from runbook_engine.model.world import World
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus

NOT_ACHIEVED = (Status.ROLL_BACK_FAILED, Status.FAILED, Status.UNREACHABLE, Status.ROLLED_BACK)


def result(course: Course, world: World, focus: Focus | None = None) -> Exit:
    """The one exit code for a run as it stands. When several hold: unknown, failed, refused, waiting."""
    run = course.run
    counts = {status: sum(p.counts[status] for p in run.phases.values()) for status in Status}
    if counts[Status.UNKNOWN]:
        return Exit.UNKNOWN
    if any(counts[status] for status in NOT_ACHIEVED):
        return Exit.FAILED
    if counts[Status.REFUSED]:
        return Exit.REFUSED if _only_no_go(course) else Exit.FAILED
    if run.status is RunStatus.STOPPED:
        return Exit.REFUSED
    if run.status is RunStatus.DONE or (focus and _focus_done(course, focus)):
        return Exit.DONE
    if world.taken and any(
        host in world.taken for phase in course.shape.plan.phases for host in (*phase.hosts, *phase.alone_with)
    ):
        return Exit.REFUSED
    return Exit.WAITING


def _only_no_go(course: Course) -> bool:
    """Whether every refusal is a person's answer, and not a guard's."""
    return all(state.choice for state in course.run.tasks.values() if state.status is Status.REFUSED)


def _focus_done(course: Course, focus: Focus) -> bool:
    """Whether all that this call was limited to has ended well."""
    if not focus.phases and not focus.hosts:
        return False
    for package in course.shape.plan.packages.values():
        for task in course.shape.tasks(package.id):
            host = course.shape.parts(task)[1]
            if focus.allows(package.phase, host) and course.run.task(task).status not in SETTLED_WELL:
                return False
    return True
