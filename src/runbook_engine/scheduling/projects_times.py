"""How long the work of a package takes, where that is known from, and how much time a slot is."""

from collections.abc import Collection, Mapping
from math import ceil, gcd

from runbook_engine.model.durations import Pick
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.runbook import Takes
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import StepId

SLOTS = (1, 5, 15, 60, 300, 900)  # seconds; each zone's clock differs from the others by a multiple of the last
_TO_THE_SECOND = 300  # what is shorter is not rounded to minutes
_MOST_SLOTS = 200_000  # of work; a project with more has larger slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one task of a package takes. `words` say where that comes from, unless the author stated it."""

    takes: Takes
    words: str = ""
    known: bool = True


def timing(package: Package, learnt: Mapping[StepId, Estimate]) -> Timing:
    """By what the author states, else by earlier runs, else by the time limit, else nothing at all."""
    if package.milestone:
        return Timing(takes=Takes(low_s=0, high_s=0))
    timer = package.procedure.timer
    if timer is not None:
        return Timing(takes=Takes(low_s=timer.for_s, high_s=timer.for_s, per_batch=True))
    if package.takes is not None:
        return Timing(takes=package.takes)
    if package.step in learnt:
        found = learnt[package.step]
        return Timing(takes=found.takes, words=found.words)
    if package.timeout_s is not None:
        limit = Takes(low_s=0, likely_s=package.timeout_s, high_s=package.timeout_s * (1 + package.retries.count))
        return Timing(takes=limit, words=f"no time is stated; the limit of {_minutes(package.timeout_s)} counts")
    words = "" if package.health_check else "no time is stated; none counts"
    return Timing(takes=Takes(low_s=0, high_s=0), words=words, known=package.health_check)


def work_s(package: Package, takes: Takes, hosts: int, pick: Pick, parallel: int) -> float:
    """Seconds for so many of the hosts of a package: by hand one after the other, else `parallel` at a time (0: all)."""
    if takes.per_batch:
        return pick(takes)
    rounds = max(1, hosts) if package.by_person else ceil(max(1, hosts) / parallel) if parallel else 1
    return rounds * pick(takes)


def estimate_words(plan: Plan, learnt: Mapping[StepId, Estimate]) -> dict[str, str]:
    """Where the duration of each package comes from, for those whose author does not state it."""
    return {package.id: found.words for package in plan.packages.values() if (found := timing(package, learnt)).words}


def slot_of(works_s: Collection[float], *, exact: bool) -> int:
    """Seconds of a slot, so that these lengths of work are whole slots.

    Where time has a calendar, what takes five minutes or more counts in whole minutes, and long projects get longer slots.
    """
    whole = [ceil(s - 1e-9) for s in works_s if s > 0]
    if exact:
        return gcd(*whole) or 60
    rounded = [s if s < _TO_THE_SECOND else ceil(s / 60) * 60 for s in whole]
    common = gcd(*rounded)
    fitting = max((s for s in SLOTS if common % s == 0), default=1) if common else 60
    return next((s for s in SLOTS if s >= fitting and sum(rounded) / s <= _MOST_SLOTS), SLOTS[-1])


def slots(seconds: float, slot_s: int) -> int:
    """So many seconds in slots, rounded up; negative ones towards zero."""
    return ceil(seconds / slot_s - 1e-9)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
