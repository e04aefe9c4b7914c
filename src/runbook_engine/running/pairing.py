"""Who may do a task, by who did, or is to do, others: the same people, or other people.

It holds both ways round, whichever is done first. Where both are done on hosts it holds host by host.
"""

from collections.abc import Callable, Iterator

from runbook_engine.model.plan import Package
from runbook_engine.model.words import SETTLED_WELL, HostName, PackageId, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.shape import task_of

Known = Callable[[str], str]  # who somebody is who is called so in a run


def unfit(course: Course, task: TaskId, person: str, known: Known = str) -> str:
    """Why somebody may not do a task; empty when they may. Raises KeyError for a task that the plan does not have."""
    package, host = course.shape.parts(task)
    who = known(person)
    for other in _apart(course, package):
        for one in _tasks(course, other, host):
            if who in (known(name) for name in _people(course, one)):
                return f"{task} and {one} are for different people, and {person} {_did(course, one)}"
    for other in _together(course, package):
        for one in _tasks(course, other, host):
            people = tuple(_people(course, one))
            if people and who not in map(known, people):
                return f"{task} and {one} are for the same people, and {', '.join(people)} {_did(course, one)}"
    return ""


def _apart(course: Course, package: Package) -> Iterator[PackageId]:
    yield from package.other_people_than
    yield from (p.id for p in course.shape.plan.packages.values() if package.id in p.other_people_than)


def _together(course: Course, package: Package) -> Iterator[PackageId]:
    yield from package.same_people_as
    yield from (p.id for p in course.shape.plan.packages.values() if package.id in p.same_people_as)


def _tasks(course: Course, other: PackageId, host: HostName | None) -> Iterator[TaskId]:
    if host is not None and host in course.shape.hosts[other]:
        yield task_of(other, host)
    else:
        yield from course.shape.tasks(other)


def _people(course: Course, task: TaskId) -> Iterator[str]:
    """Who did a task; else whose it is."""
    state = course.run.task(task)
    name = state.by if state.status in SETTLED_WELL else state.assigned
    if name:
        yield name


def _did(course: Course, task: TaskId) -> str:
    return "did the other" if course.run.task(task).status in SETTLED_WELL else "is to do the other"
