"""How packages follow those that they need, where that is more than 'after its end', and whose people they share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from runbook_engine.model.durations import time_words
from runbook_engine.model.plan import Edge, Package
from runbook_engine.model.runbook import Lag
from runbook_engine.model.words import PackageId, StepId
from runbook_engine.planning.layout import Part


def with_lags(edges: tuple[Edge, ...], part: Part, packages: Mapping[PackageId, Package]) -> tuple[Edge, ...]:
    """The same edges, each with the lag that the step states for the step that comes before."""
    lags = part.chosen.step.lags
    if not lags:
        return edges
    by_step = {_whole(part, name): lag for name, lag in lags.items()}
    return tuple(replace(edge, lag=by_step.get(packages[edge.before].step)) for edge in edges)


def meant(
    names: Iterable[str], part: Part, steps: Mapping[StepId, Sequence[Part]], stages: Mapping[PackageId, int]
) -> tuple[PackageId, ...]:
    """The packages of the steps that a step names: those of its own batch where there are any, else all."""
    return tuple(dict.fromkeys(i for name in names for i in _packages(name, part, steps, stages)))


def lag_words(lag: Lag) -> str:
    """A lag as people say it: 'start-start, 30m after it, at most 2h'."""
    when = f"{time_words(abs(lag.lag_s))} {'after' if lag.lag_s >= 0 else 'before'} it"
    most = f", at most {time_words(lag.at_most_s)}" if lag.at_most_s is not None else ""
    return f"{lag.kind}, {when}{most}"


def _packages(
    name: str, part: Part, steps: Mapping[StepId, Sequence[Part]], stages: Mapping[PackageId, int]
) -> Iterator[PackageId]:
    parts = steps.get(_whole(part, name), ())
    beside = [p for p in parts if p.phase.id == part.phase.id and p.stage == part.stage]
    yield from (p.id for p in beside or parts if p.id in stages)


def _whole(part: Part, name: str) -> StepId:
    """phase/step."""
    return StepId(name if "/" in name else f"{part.phase.id}/{name}")
