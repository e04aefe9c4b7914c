"""How long hosts are out of service in a stage, by what the author stated."""

from collections.abc import Iterable

from runbook_engine.model.durations import likely, longest, shortest, times_of, untimed
from runbook_engine.model.impact import Lasting
from runbook_engine.model.plan import Plan, Stage
from runbook_engine.model.words import PackageId
from runbook_engine.planning.outages import taking_out


def outage_time(plan: Plan, stage: Stage, parallel: int | None = None) -> Lasting:
    """How long hosts are out in a stage: from the first step that takes any out to the end of the stage with its checks."""
    inside = [plan.packages[p] for p in stage.packages]
    out = [package.id for package in taking_out(plan, stage)]
    low, planned, high = (_from_first(times_of(plan, stage, pick, parallel), out) for pick in (shortest, likely, longest))
    return Lasting(low_s=low, likely_s=planned, high_s=high, stated=not any(map(untimed, inside)))


def _from_first(times: dict[PackageId, tuple[float, float]], of: Iterable[PackageId]) -> float:
    begin = min((times[package][0] for package in of), default=None)
    return 0.0 if begin is None else max(end for _, end in times.values()) - begin
