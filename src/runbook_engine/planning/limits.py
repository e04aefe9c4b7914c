"""Whether what has to follow in time (`at_most`) can: by what the author says of lags, times and order, without hosts.

Each step has a start and an end; a rule is so many seconds that lie at least between two of these. `at_most` is such a rule the
other way round, with less than no time. Rules contradict each other where a way round takes time.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runbook_engine.model.durations import time_words
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.runbook import Lag, Phase, Runbook, Step
from runbook_engine.model.values import dataclass
from runbook_engine.planning.findings import Findings
from runbook_engine.planning.order import phase_needs

Point = tuple[str, bool]  # the start (False) or the end (True) of a step, or of a phase

_AFTER_START = (LinkKind.START_START, LinkKind.START_FINISH)
_OF_END = (LinkKind.FINISH_FINISH, LinkKind.START_FINISH)
_TOLD = ("", "manual", "decide", "pause")  # actions whose end can be put off


@dataclass(frozen=True, slots=True)
class _Rule:
    """`after` comes at least so many seconds after `before`. `path` leads to the `at_most` that it stands for."""

    before: Point
    after: Point
    seconds: float
    path: Path = ()


def check_limits(runbook: Runbook) -> list[Mistake]:
    """Each `at_most` that cannot be kept whatever happens, with the time that it would need."""
    found = Findings(runbook.places)
    rules = list(_rules(runbook))
    while (way := _contradiction(rules)) is not None:
        limits = [rule for rule in way if rule.path]
        _say(limits[0], way, found)
        rules.remove(limits[0])
    return found.mistakes


def _say(limit: _Rule, way: Sequence[_Rule], found: Findings) -> None:
    missing = sum(rule.seconds for rule in way)
    (step, ends), (before, ended) = limit.before, limit.after
    least = time_words(missing - limit.seconds)
    at = way.index(limit)
    steps = dict.fromkeys(rule.after[0] for rule in (*way[at:], *way[:at]) if "/" in rule.after[0])
    names = steps if len({name.partition("/")[0] for name in steps}) > 1 else [name.partition("/")[2] for name in steps]
    message = (
        f"{step} cannot {'end' if ends else 'begin'} within {time_words(-limit.seconds)} of the "
        f"{'end' if ended else 'start'} of {before}: {least} pass at least ({' → '.join(names)})"
    )
    found.add(limit.path, message, f"at_most: {least.replace(' ', '')}, or less time between them")


def _rules(runbook: Runbook) -> Iterator[_Rule]:
    """Nothing where there is no limit at all."""
    if not any(lag.at_most_s is not None for phase in runbook.phases for step in phase.steps for lag in step.lags.values()):
        return
    for name, needs in phase_needs(runbook).items():
        yield from (_Rule((need, True), (name, False), 0.0) for need in needs)
    for phase in runbook.phases:
        yield _Rule((phase.id, False), (phase.id, True), 0.0)
        for before, step in zip((None, *phase.steps), phase.steps, strict=False):
            yield from _of_step(phase, before, step)


def _of_step(phase: Phase, before: Step | None, step: Step) -> Iterator[_Rule]:
    name = f"{phase.id}/{step.id}"
    yield _Rule((phase.id, False), (name, False), 0.0)
    yield _Rule((name, True), (phase.id, True), 0.0)
    yield _Rule((name, False), (name, True), _least_s(step))
    needs = step.needs if step.needs is not None else (before.id,) if before else ()
    for number, need in enumerate(needs):
        other = need if "/" in need else f"{phase.id}/{need}"
        yield from _of_need(step, name, other, step.lags.get(need, Lag()), (*step.path, "needs", number))


def _of_need(step: Step, name: str, other: str, lag: Lag, path: Path) -> Iterator[_Rule]:
    before: Point = (other, lag.kind not in _AFTER_START)
    of_end = lag.kind in _OF_END
    held = of_end and (step.action in _TOLD) and not step.milestone
    yield _Rule(before, (name, held), 0.0 if _may_be_left_out(step) else lag.lag_s)
    if lag.at_most_s is not None:
        yield _Rule((name, of_end), before, -lag.at_most_s, (*path, "at_most"))


def _least_s(step: Step) -> float:
    """Seconds that a step takes at least; none if it is not done everywhere."""
    return step.takes.low_s if step.takes is not None and not _may_be_left_out(step) else 0.0


def _may_be_left_out(step: Step) -> bool:
    """Whether hosts may go past a step: then nothing is known of the way through it."""
    return bool(step.when or step.hosts is not None)


def _contradiction(rules: Sequence[_Rule]) -> list[_Rule] | None:
    """Rules that lead round to where they began, and take time on the way; None where there are none."""
    times: dict[Point, float] = {point: 0.0 for rule in rules for point in (rule.before, rule.after)}
    by: dict[Point, _Rule] = {}
    for _ in times:
        moved = None
        for rule in rules:
            if times[rule.before] + rule.seconds > times[rule.after] + 1e-6:
                times[rule.after] = times[rule.before] + rule.seconds
                by[rule.after], moved = rule, rule.after
        if moved is None:
            return None
        if way := _round(moved, by):
            return way
    return None


def _round(point: Point, by: Mapping[Point, _Rule]) -> list[_Rule]:
    """The rules by which a point follows itself, in their order; empty where it does not."""
    seen: dict[Point, _Rule] = {}
    while point in by and point not in seen:
        seen[point] = by[point]
        point = by[point].before
    if point not in seen:
        return []
    way = [seen[point]]
    while way[-1].before != point:
        way.append(seen[way[-1].before])
    way.reverse()
    return way if all(one.after == next_.before for one, next_ in pairwise(way)) else []
