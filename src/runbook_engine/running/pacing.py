"""What of time alone keeps a task from starting whose turn has come, or from ending: earliest starts, lags, and limits.

A need may hold the start or the end of what follows, by the start or the end of what comes before. Where somebody says that a
task is done, or a timer, its very end is put off. The end of a command cannot be: it starts only when it could end at once,
which is stricter. The same where a step may begin before another has ended (a lead): it starts after the end.

What has to follow within some time (`at_most`) and has not begun by then waits for a person to say that it is still done.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from runbook_engine.model.durations import time_words
from runbook_engine.model.plan import Edge, Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_WELL, EdgeKind, HostName, Status, TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.course import Course
from runbook_engine.running.limits import limit_of, limit_words
from runbook_engine.running.pairs import before_of
from runbook_engine.running.stages import is_passed


def too_early(course: Course, package: Package, host: HostName | None, world: World, now: datetime) -> Iterator[Blocker]:
    """Why it is too early for a task, or too late; where that ends by itself, with the time."""
    yield from too_late(course, package, host, now)
    begin = world.earliest.get(package.id)
    if begin is not None and now < begin:
        yield _until(begin, f"{package.step} may not start before")
    for edge in package.needs:
        if edge.lag is not None and not package.only_its_end(edge):
            yield from _by_lag(course, package, edge, host, now)


def too_late(course: Course, package: Package, host: HostName | None, now: datetime) -> Iterator[Blocker]:
    """Whether the time has passed by which a task that has not begun had to follow another; then a person decides."""
    limit = limit_of(course, package, host) if package.id in course.shape.limited else None
    if limit is not None and limit.held(now):
        command = f"runbook resume {course.run.id} --late {limit.task} --reason TEXT"
        yield Blocker(kind="late", reason=f"LATE: {limit_words(limit)}; it does not catch up by itself", next_command=command)


def not_yet_over(course: Course, task: TaskId, now: datetime) -> Iterator[Blocker]:
    """Why a task that a person, or a timer, ends may not end now. Undoing is never put off."""
    package, host = course.shape.parts(task)
    if course.run.task(task).back or not package.ends_as_told:
        return
    for edge in package.needs:
        if package.only_its_end(edge):
            yield from _by_lag(course, package, edge, host, now)


def asked_from(course: Course, now: datetime) -> datetime | None:
    """When the first task that waits for a person may end: now, or when that is known; None: there is none, or nobody knows."""
    if not any(phase.counts[Status.WAITING] for phase in course.run.phases.values()):
        return None
    times: list[datetime] = []
    for task, state in course.run.tasks.items():
        if state.status is Status.WAITING and state.until is None:
            why = next(not_yet_over(course, task, now), None)
            if why is None:
                return now
            times += [datetime.fromisoformat(why.until)] if why.until else []
    return min(times, default=None)


def _by_lag(course: Course, package: Package, edge: Edge, host: HostName | None, now: datetime) -> Iterator[Blocker]:
    """What is left to wait for: the event itself, where the agenda does not wait for it anyway, and the time after the last."""
    ends = package.only_its_end(edge)
    lag_s, done = max(0.0, edge.lag.lag_s) if edge.lag else 0.0, "begun" if edge.on_start else "ended"
    missing, last = _events(course, edge, host)
    if missing and (ends or edge.on_start) and not _let_off(course, edge, package):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        reason = f"it {f'ends {_after(lag_s)}' if ends else 'starts after'} {missing[0]}{more} has {done}"
        command = f"runbook why {course.run.id} {missing[0]}" if ends else ""
        yield Blocker(kind="needs", reason=reason, next_command=command)
    if last is not None and lag_s and now < last[0] + timedelta(seconds=lag_s):
        ago = f"{last[1]} {'began' if edge.on_start else 'ended'} not long enough ago"
        yield _until(last[0] + timedelta(seconds=lag_s), f"it ends {_after(lag_s)} {last[1]} has {done}" if ends else ago)


def _events(course: Course, edge: Edge, host: HostName | None) -> tuple[list[TaskId], tuple[datetime, TaskId] | None]:
    """The tasks of which what is followed has not taken place, and when it did last. What was skipped is neither."""
    missing: list[TaskId] = []
    last: tuple[datetime, TaskId] | None = None
    for task in before_of(course, edge, host):
        state = course.run.task(task)
        since = _since(state, edge)
        if since is None and state.status not in SETTLED_WELL:
            missing.append(task)
        elif since is not None and (last is None or since > last[0]):
            last = since, task
    return missing, last


def _after(lag_s: float) -> str:
    return f"{time_words(lag_s)} after" if lag_s else "after"


def _since(state: TaskState, edge: Edge) -> datetime | None:
    """When what is followed took place; None while it has not, or is to take place again."""
    if edge.on_start:
        return None if state.back or state.status is Status.NOT_STARTED else state.started
    return state.ended if state.status in SETTLED_WELL else None


def _let_off(course: Course, edge: Edge, package: Package) -> bool:
    """Whether hosts that are set aside hold nobody up, and nobody else is missing."""
    before = course.shape.packages[edge.before]
    return edge.kind is EdgeKind.ALL_HOSTS and is_passed(course.shape, course.run, before, package.id)


def _until(when: datetime, reason: str) -> Blocker:
    return Blocker(kind="time", reason=reason, until=when.isoformat())
