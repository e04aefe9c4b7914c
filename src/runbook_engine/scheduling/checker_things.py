"""What a schedule takes of things that are not there: tools, parts, hosts that must stay in service."""

from collections import defaultdict
from collections.abc import Iterator

from runbook_engine.model.jobs import Apart, Job, Project, Solution, Supply


def is_fact(job: Job) -> bool:
    """Whether a job is pinned in time and, if it needs any, in people: it is done so whatever the rules say."""
    return job.start is not None and (job.people is not None or not job.crews)


def thing_faults(project: Project, solution: Solution) -> Iterator[str]:
    """Everything about resources and hosts in service that is wrong."""
    for number, supply in enumerate(project.resources):
        check = _parts if supply.used_up else _tools
        yield from check(supply, _users(project, solution, number))
    for rule in project.apart:
        yield from _apart(rule, project, solution)


def _users(project: Project, solution: Solution, number: int) -> list[tuple[int, int, int, bool]]:
    """From when to when each job has how many of it, and whether it is pinned."""
    return [
        (placed.start, placed.finish, amount, is_fact(job))
        for job, placed in zip(project.jobs, solution.placed, strict=True)
        for resource, amount in job.uses
        if resource == number
    ]


def _tools(supply: Supply, users: list[tuple[int, int, int, bool]]) -> Iterator[str]:
    changes: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    spans = [*((*user, 0) for user in users), *((*taken, True, taken[2]) for taken in supply.taken)]
    for begin, end, amount, fact, gone in spans:
        if begin < end:
            for slot, sign in ((begin, 1), (end, -1)):
                for k, more in enumerate((amount, 0 if fact else amount, gone)):
                    changes[slot][k] += sign * more
    held = free = away = 0
    for slot in sorted(changes):
        held, free, away = held + changes[slot][0], free + changes[slot][1], away + changes[slot][2]
        if held > supply.amount and free > 0:
            left = f"when its hours and what others have booked leave {max(0, supply.amount - away)}"
            there = left if held - away <= supply.amount else f"and there are {supply.amount}"
            yield f"{held - away if there is left else held} of {supply.name} are used at {slot}, {there}"
            return


def _parts(supply: Supply, users: list[tuple[int, int, int, bool]]) -> Iterator[str]:
    """Parts are gone from the start of a job on; what arrives is there from its slot on."""
    turns = [(slot, 0, amount, True) for slot, amount in supply.arrives]
    turns += [(begin, 1, -amount, True) for begin, _, amount in supply.taken]
    turns += [(begin, 1, -amount, fact) for begin, _, amount, fact in users]
    left = pinned = supply.amount
    for slot, _, more, fact in sorted(turns, key=lambda turn: (turn[0], turn[1], not turn[3])):
        left += more
        pinned += more if fact else 0
        if left < 0 and more < 0 and (pinned >= 0 or not fact):
            yield f"{-left} more of {supply.name} are used up by {slot} than there are"
            return


def _apart(rule: Apart, project: Project, solution: Solution) -> Iterator[str]:
    turns: list[tuple[int, int, bool]] = []
    for number in rule.jobs:
        placed = solution.placed[number]
        if placed.start < placed.finish:
            fact = is_fact(project.jobs[number])
            turns += [(placed.start, 1, fact), (placed.finish, -1, fact)]
    going = free = 0
    for slot, more, fact in sorted(turns):
        going, free = going + more, free + (0 if fact else more)
        if going > rule.most and free > 0:
            yield f"{going} of {rule.words or 'jobs to keep apart'} are under way at {slot}, and at most {rule.most} may be"
            return
