"""Repeatable steps that a worker may carry out one after the other, without asking in between."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.plan import Package
from runbook_engine.model.words import SETTLED_WELL, HostName, PackageId
from runbook_engine.running.agenda import Agenda
from runbook_engine.running.course import Course
from runbook_engine.running.shape import task_of

AT_MOST = 16  # steps in a row; a pause waits for their end


def followers(course: Course, agenda: Agenda, package: Package, host: HostName) -> Iterator[Package]:
    """The packages that may follow on a host, in their order; each waits there for the one before and for nothing else."""
    before: set[PackageId] = set()
    while package.may_follow_at_once and len(before) < AT_MOST:
        before.add(package.id)
        found = _next(course, agenda, package, host, before)
        if found is None:
            return
        yield found
        package = found


def _next(course: Course, agenda: Agenda, package: Package, host: HostName, before: set[PackageId]) -> Package | None:
    for name in course.shape.after_same_host.get(package.id, ()):
        after = course.shape.packages[name]
        if after.may_follow_at_once and agenda.waits_for_one(name, host) and _known(course, after, host, before):
            return after
    return None


def _known(course: Course, package: Package, host: HostName, before: set[PackageId]) -> bool:
    """Whether all that the package reads of earlier steps is there already, or will be when its turn comes."""
    for name in package.reads:
        read = course.shape.packages[name]
        if name not in before and course.run.task(task_of(name, host if read.hosts else None)).status not in SETTLED_WELL:
            return False
    return True


def next_of(attempt: Attempt, saved: Mapping[str, str]) -> Attempt | None:
    """What a worker goes on with after an attempt that has saved this; all that follow and read it are told."""
    if not attempt.then:
        return None
    first, *rest = (_told(one, attempt.package, saved) for one in attempt.then)
    return replace(first, then=tuple(rest))


def _told(attempt: Attempt, read: Package, saved: Mapping[str, str]) -> Attempt:
    if read.id not in attempt.package.reads:
        return attempt
    return replace(attempt, saved={**attempt.saved, read.step: saved})
