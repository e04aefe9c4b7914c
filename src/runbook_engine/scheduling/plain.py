"""Which projects are plain, and what the search works on: durations, links and needs as numbers, time in its largest unit."""

from functools import reduce
from math import gcd

from runbook_engine.model.jobs import Job, LinkKind, Placed, Project
from runbook_engine.model.values import dataclass

WORD = 62  # bits of a machine word that needs of several resources share


@dataclass(frozen=True, slots=True)
class Net:
    """A plain project: jobs in an order in which each comes after what it waits for. Time is in units of `unit` slots.

    All resources lie side by side in words of bits, each with one more bit than its capacity needs, its guard. As long as
    `(free - need) & guard == guard`, no resource is short of anything; one subtraction asks for all of them.
    """

    durations: tuple[int, ...]
    before: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]
    amounts: tuple[tuple[int, ...], ...]  # by job and resource; resources that are never short are left out
    capacities: tuple[int, ...]
    unit: int
    position: tuple[int, ...]  # of each job of the project, here

    @property
    def size(self) -> int:
        """How many jobs there are."""
        return len(self.durations)

    @property
    def end(self) -> int:
        """When all is over if one job is done after the other."""
        return sum(self.durations)

    def reversed(self) -> "Net":
        """The same project read from its end; its jobs keep their numbers."""
        return Net(self.durations, self.after, self.before, self.amounts, self.capacities, self.unit, self.position)

    def span(self, starts: "list[int]") -> int:
        """When the last job is over."""
        return max((start + duration for start, duration in zip(starts, self.durations, strict=True)), default=0)

    def placed(self, starts: "list[int]") -> tuple[Placed, ...]:
        """The jobs of the project, in its order and in its slots."""
        return tuple(
            Placed(start=starts[here] * self.unit, finish=(starts[here] + self.durations[here]) * self.unit)
            for here in self.position
        )


def is_plain(project: Project) -> bool:
    """Whether its jobs have only durations, resources, and others after which they start. What no job needs is no matter."""
    supplies = all(not (supply.used_up or supply.taken or supply.arrives) for supply in project.resources)
    ends = not project.horizon or sum(job.duration for job in project.jobs) <= project.horizon
    return not project.apart and supplies and ends and all(map(_is_plain, project.jobs))


def _is_plain(job: Job) -> bool:
    people = job.crews or job.people is not None or job.same_people_as or job.other_people_than
    time = job.calendar is not None or job.release or job.due is not None or job.deadline is not None or job.start is not None
    links = all(link.kind is LinkKind.FINISH_START and link.lag == 0 and link.most is None for link in job.links)
    return not people and not time and links


def net(project: Project) -> Net:
    """What the search works on. A circle of links and a need above what there is are errors (ValueError)."""
    order = _order(project)
    position = {job: here for here, job in enumerate(order)}
    jobs = [project.jobs[number] for number in order]
    unit = reduce(gcd, (job.duration for job in jobs), 0) or 1
    before = [tuple(sorted({position[link.before] for link in job.links})) for job in jobs]
    after: list[list[int]] = [[] for _ in jobs]
    for job, needs in enumerate(before):
        for need in needs:
            after[need].append(job)
    amounts, capacities = _needs(project, jobs)
    return Net(
        tuple(job.duration // unit for job in jobs),
        tuple(before),
        tuple(map(tuple, after)),
        amounts,
        capacities,
        unit,
        tuple(position[number] for number in range(len(order))),
    )


def _order(project: Project) -> list[int]:
    waiting = [len({link.before for link in job.links}) for job in project.jobs]
    after: list[list[int]] = [[] for _ in project.jobs]
    for number, job in enumerate(project.jobs):
        for before in {link.before for link in job.links}:
            after[before].append(number)
    order = [number for number, count in enumerate(waiting) if count == 0]
    for number in order:
        for later in after[number]:
            waiting[later] -= 1
            if waiting[later] == 0:
                order.append(later)  # a queue that is worked off while it grows
    if len(order) < len(project.jobs):
        circle = next(project.jobs[number].id for number, count in enumerate(waiting) if count)
        raise ValueError(f"the jobs wait for each other in a circle; {circle} is one of them or waits for them")
    return order


def _needs(project: Project, jobs: list[Job]) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    table = [[0] * len(project.resources) for _ in jobs]
    for row, job in zip(table, jobs, strict=True):
        for resource, amount in job.uses:
            row[resource] += amount
        for supply, amount in zip(project.resources, row, strict=True):
            if amount > supply.amount:
                raise ValueError(f"{job.id} needs {amount} of {supply.name}, and there are {supply.amount}")
    short = [k for k, supply in enumerate(project.resources) if sum(row[k] for row in table) > supply.amount]
    return tuple(tuple(row[k] for k in short) for row in table), tuple(project.resources[k].amount for k in short)


def words(the: Net) -> tuple[list[list[int]], list[int], list[int]]:
    """Needs of each job, what there is with all guards set, and the guards: by word of bits."""
    needs: list[list[int]] = []
    full: list[int] = []
    guards: list[int] = []
    used = WORD
    for resource, capacity in enumerate(the.capacities):
        width = capacity.bit_length() + 1
        if used + width > WORD:
            needs.append([0] * the.size)
            full.append(0)
            guards.append(0)
            used = 0
        guard = 1 << (width - 1)
        full[-1] |= (guard | capacity) << used
        guards[-1] |= guard << used
        needs[-1] = [word | row[resource] << used for word, row in zip(needs[-1], the.amounts, strict=True)]
        used += width
    return needs, full, guards
