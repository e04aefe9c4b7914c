"""Rules of capacity: how many hosts may be out of service at a time, as supplies of hosts to take or as jobs kept apart."""

from collections.abc import Sequence
from dataclasses import replace

from runbook_engine.model.jobs import Apart, Job, Supply
from runbook_engine.model.plan import Plan
from runbook_engine.model.world import Pool


def with_pools(
    jobs: Sequence[Job], plan: Plan, pools: Sequence[Pool], supplies: int
) -> tuple[list[Job], list[Supply], tuple[Apart, ...]]:
    """The jobs of a plan with what they take of these pools; supplies, which come after so many others; what is kept apart."""
    out = [job.package in plan.packages and plan.packages[job.package].takes_out for job in jobs]
    return pooled(jobs, out, pools, supplies)


def pooled(
    jobs: Sequence[Job], takes_out: Sequence[bool], pools: Sequence[Pool], supplies: int
) -> tuple[list[Job], list[Supply], tuple[Apart, ...]]:
    """The same for jobs of which it is said whether their hosts are out of service then."""
    made, found = list(jobs), list[Supply]()
    apart: list[Apart] = []
    for pool in pools:
        counts = (len(pool.hosts.intersection(job.hosts)) for job in jobs)
        out = {n: count for n, count in enumerate(counts) if count and takes_out[n]}
        if sum(out.values()) <= pool.out:
            continue
        if all(count == 1 for count in out.values()):
            apart.append(Apart(jobs=frozenset(out), most=pool.out, words=pool.name))
            continue
        for number, count in out.items():
            made[number] = replace(made[number], uses=(*made[number].uses, (supplies + len(found), count)))
        found.append(Supply(name=f"hosts out of {pool.name}", amount=pool.out))
    return made, found, tuple(apart)
