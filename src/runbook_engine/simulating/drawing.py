"""What is left to chance, drawn from the seed alone; and the times that a plan does not state."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from math import sqrt
from typing import TypeVar

from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.runbook import Takes

Item = TypeVar("Item")

MACHINE = Takes(low_s=5.0, likely_s=10.0, high_s=20.0)
PERSON = Takes(low_s=300.0, likely_s=600.0, high_s=1800.0)
REACTING = Takes(low_s=60.0, likely_s=180.0, high_s=600.0)
QUESTION = Takes(low_s=0.5, likely_s=1.0, high_s=3.0)
CONNECT_S = 30.0  # until a host that does not answer is given up
ENGINE_AWAY_S = 300.0
ASKED_FOR_S = 300.0  # how long a host is asked when a link is lost, if the step has no time limit
GONE_FOR_S = 900.0  # how long a host is waited for that restarts, if nothing is said


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The present moment of the night."""
        return self.now

    def forward(self, to: datetime) -> None:
        """Let time pass up to a moment; never back."""
        self.now = max(self.now, to)

    def pass_s(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += timedelta(seconds=seconds)


def share_of(seed: int, *words: object) -> float:
    """A number from 0 to 1 that depends on the seed and these words alone, never on what was drawn before."""
    text = "/".join([str(seed), *map(str, words)])
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest()) / (1 << 56)


def one_of(items: Sequence[Item], seed: int, *words: object) -> Item:
    """One of several, by the same lot."""
    return items[int(share_of(seed, *words) * len(items))]


def drawn_s(takes: Takes, seed: int, *words: object) -> float:
    """Seconds between the lower and the upper end, mostly near the likely ones (a triangle); to the millisecond."""
    low, high, likely = takes.low_s, takes.high_s, takes.planned_s
    if high <= low:
        return low
    lot, top = share_of(seed, *words), (likely - low) / (high - low)
    if lot <= top:
        return round(low + sqrt(lot * (high - low) * (likely - low)), 3)
    return round(high - sqrt((1 - lot) * (high - low) * (high - likely)), 3)


def share(takes: Takes, size: int) -> Takes:
    """What one host needs of a time that is meant for the whole batch."""
    if not takes.per_batch:
        return takes
    likely_s = None if takes.likely_s is None else takes.likely_s / size
    return replace(takes, low_s=takes.low_s / size, high_s=takes.high_s / size, likely_s=likely_s, per_batch=False)


def with_times(plan: Plan) -> Plan:
    """The same plan, in which every step says how long it takes."""
    packages = {name: _timed(package) for name, package in plan.packages.items()}
    phases = tuple(replace(p, way_back=tuple(map(_timed, p.way_back))) for p in plan.phases)
    return replace(plan, packages=packages, phases=phases)


def _timed(package: Package) -> Package:
    if package.takes is not None or package.procedure.timer is not None:
        return package
    return replace(package, takes=PERSON if package.by_person else MACHINE)


def assumptions(plan: Plan) -> tuple[str, ...]:
    """What is assumed where the plan says nothing, in words."""
    bare = [p for p in plan.packages.values() if p.takes is None and p.procedure.timer is None]
    found = [
        *_times_of({p.step for p in bare if not p.by_person}, "of the engine", MACHINE),
        *_times_of({p.step for p in bare if p.by_person}, "for people", PERSON),
        f"a person who is needed at the keyboard types after {REACTING.low_s / 60:g} to {REACTING.high_s / 60:g} minutes",
    ]
    if any(p.save_as for p in plan.packages.values()):
        found.append("what steps save is empty text: conditions on it are decided so")
    return tuple(found)


def _times_of(steps: Collection[str], what: str, takes: Takes) -> list[str]:
    if not steps:
        return []
    number = f"{len(steps)} step{'s' if len(steps) > 1 else ''}"
    return [f"{number} {what} without `takes`: {takes.low_s:g} to {takes.high_s:g} seconds each"]
