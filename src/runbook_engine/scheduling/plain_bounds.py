"""How early a plain project can be over at best, quickly reckoned: from its longest path and the work for each resource."""

from runbook_engine.scheduling.plain import Net


def heads(the: Net) -> list[int]:
    """How early each job can start if resources were never short."""
    earliest = [0] * the.size
    for job, before in enumerate(the.before):
        earliest[job] = max((earliest[other] + the.durations[other] for other in before), default=0)
    return earliest


def tails(the: Net) -> list[int]:
    """How long it takes from the end of each job to the end of all, at least."""
    rest = [0] * the.size
    for job in reversed(range(the.size)):
        rest[job] = max((rest[other] + the.durations[other] for other in the.after[job]), default=0)
    return rest


def bound(the: Net) -> int:
    """No schedule is over before this."""
    early, rest = heads(the), tails(the)
    path = max((sum(parts) for parts in zip(early, the.durations, rest, strict=True)), default=0)
    return max([path, *(_work(the, resource, early, rest) for resource in range(len(the.capacities)))])


def _work(the: Net, resource: int, early: list[int], rest: list[int]) -> int:
    """The most over all sets of jobs that cannot start before some time and have some time after them."""
    jobs = [job for job in range(the.size) if the.amounts[job][resource] and the.durations[job]]
    work = {job: the.amounts[job][resource] * the.durations[job] for job in jobs}
    jobs.sort(key=lambda job: -rest[job])
    best = 0
    for head in sorted({early[job] for job in jobs})[:400]:
        total = 0
        for job in jobs:
            if early[job] >= head:
                total += work[job]
                best = max(best, head - (-total // the.capacities[resource]) + rest[job])
    return best
