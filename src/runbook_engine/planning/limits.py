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


@dataclass(frozen=True, slots=True)
class _Sure:
    """Steps that are done on a host wherever a limit counts; `path` leads to its `at_most`."""

    path: Path = ()
    steps: frozenset[str] = frozenset()

    def is_left_out(self, name: str, step: Step) -> bool:
        """Whether hosts may go past a step, for all that is sure."""
        return name not in self.steps and _may_be_left_out(step)


_NOTHING = _Sure()


def check_limits(runbook: Runbook) -> list[Mistake]:
    """Each `at_most` that cannot be kept whatever happens, with the time that it would need.

    What hosts may go past counts for nothing, unless they then go past what has to follow, too: of a step with `when` or with
    hosts of its own, those steps of its phase count that have the same, or less, as a condition.
    """
    found = Findings(runbook.places)
    refused: set[Path] = set()
    for sure in (_NOTHING, *_assumed(runbook)):
        rules = [rule for rule in _rules(runbook, sure) if not rule.path or rule.path not in refused]
        while (way := _contradiction(rules)) is not None:
            limits = [rule for rule in way if rule.path]
            if sure is _NOTHING or (limits[0].path == sure.path and len(limits) == 1):
                _say(limits[0], way, found)
                refused.add(limits[0].path)
            rules.remove(limits[0])
    return found.mistakes


def _assumed(runbook: Runbook) -> Iterator[_Sure]:
    """For each limit on a step that hosts may go past, or from one: what is done wherever both of them are."""
    steps = {f"{phase.id}/{step.id}": (phase, step) for phase in runbook.phases for step in phase.steps}
    for name, (phase, step) in steps.items():
        for number, need in enumerate(step.needs or ()):
            other = need if "/" in need else f"{phase.id}/{need}"
            ends = [name, *([other] if other in steps else [])]
            partial = [end for end in ends if _may_be_left_out(steps[end][1])]
            if step.lags.get(need, Lag()).at_most_s is not None and partial and _host_by_host(*(steps[e] for e in ends)):
                done = frozenset(n for n, (at, s) in steps.items() for e in partial if _goes_with(at, s, *steps[e]))
                yield _Sure(path=(*step.path, "needs", number, "at_most"), steps=done)


def _goes_with(phase: Phase, step: Step, its_phase: Phase, other: Step) -> bool:
    """Whether a step is done on every host on which another one of its phase is."""
    same = phase.id == its_phase.id and step.per == other.per and step.hosts == other.hosts
    return same and step.when in ("", other.when)


def _host_by_host(*ends: tuple[Phase, Step]) -> bool:
    """Whether a step follows another on the same host; steps of two phases follow each other as wholes, which is as good."""
    (phase, step), (its_phase, other) = ends[0], ends[-1]
    return phase.id != its_phase.id or (step.per == other.per and not step.barrier and not other.barrier)


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


def _rules(runbook: Runbook, sure: _Sure) -> Iterator[_Rule]:
    """Nothing where there is no limit at all."""
    if not any(lag.at_most_s is not None for phase in runbook.phases for step in phase.steps for lag in step.lags.values()):
        return
    for name, needs in phase_needs(runbook).items():
        yield from (_Rule((need, True), (name, False), 0.0) for need in needs)
    for phase in runbook.phases:
        yield _Rule((phase.id, False), (phase.id, True), 0.0)
        for before, step in zip((None, *phase.steps), phase.steps, strict=False):
            yield from _of_step(phase, before, step, sure)


def _of_step(phase: Phase, before: Step | None, step: Step, sure: _Sure) -> Iterator[_Rule]:
    name = f"{phase.id}/{step.id}"
    yield _Rule((phase.id, False), (name, False), 0.0)
    yield _Rule((name, True), (phase.id, True), 0.0)
    left_out = sure.is_left_out(name, step)
    least_s = step.takes.low_s if step.takes is not None and not left_out else 0.0
    yield _Rule((name, False), (name, True), least_s)
    needs = step.needs if step.needs is not None else (before.id,) if before else ()
    for number, need in enumerate(needs):
        other = need if "/" in need else f"{phase.id}/{need}"
        lag = step.lags.get(need, Lag())
        yield from _of_need(step, name, other, lag, (*step.path, "needs", number), left_out=left_out)


def _of_need(step: Step, name: str, other: str, lag: Lag, path: Path, *, left_out: bool) -> Iterator[_Rule]:
    before: Point = (other, lag.kind not in _AFTER_START)
    of_end = lag.kind in _OF_END
    held = of_end and (step.action in _TOLD) and not step.milestone
    yield _Rule(before, (name, held), 0.0 if left_out else lag.lag_s)
    if lag.at_most_s is not None:
        yield _Rule((name, of_end), before, -lag.at_most_s, (*path, "at_most"))


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
