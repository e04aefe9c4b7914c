"""What no schedule can beat: the critical path by calendars, and work against the hours of those who can do it.

For any set of jobs, the hours of all who can do one of them, from the first moment at which one of the set can start, have to
be enough for their work; what has to follow the last of them comes after that. The sets are those that share what makes work
scarce: the same people, a calendar, a site, a thing.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from fractions import Fraction

from runbook_engine.model.jobs import Project, Supply
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.crew_hours import Crowds
from runbook_engine.scheduling.crew_path import earliest
from runbook_engine.scheduling.listing_case import DUR, FACT, KIND, OUT_AT, PAUSE, SEAT_AT, Case, case_of
from runbook_engine.scheduling.listing_order import sequence

STEPS = 12  # how many sets are made of one by leaving out its first, or those with the least after them
LARGE = 12_000  # jobs from which on each set is looked at as a whole only


@dataclass(frozen=True, slots=True)
class Part:
    """One job in a set: when it can start, the least that comes after it, and its work."""

    head: int
    tail: int
    work: int
    job: int


def bound(project: Project) -> int:
    """No schedule is over before this slot."""
    case = case_of(project)
    times = earliest(project, case)
    best = max((finish for _, finish in times), default=0)
    after = tails(case)
    best = max([best, *(finish + after[job] for job, (_, finish) in enumerate(times))])
    crowds = Crowds(project, case)
    for jobs in _sets(project, case, crowds):
        parts = [Part(times[j][0], after[j], case.jobs[j][DUR] * _seats(case, j), j) for j in jobs]
        best = max(best, _by_people(crowds, parts, len(project.jobs)))
    for thing in range(len(project.resources)):
        best = max(best, _by_thing(project, case, crowds, thing, times, after))
    return best


def tails(case: Case) -> list[int]:
    """By job, the least number of slots from its finish to the end of all."""
    jobs = len(case.jobs) - 1
    order, after = [0] * jobs, [0] * jobs
    sequence(case, range(jobs), order)
    for job in reversed(order):
        for k in range(case.jobs[job][OUT_AT], case.jobs[job + 1][OUT_AT]):
            other, kind, lag, _ = case.onto[k]
            way = after[other] + lag + (case.jobs[other][DUR] if case.onto[k][KIND] < 2 else 0)
            if kind in (1, 3):
                way = 0 if case.jobs[job][PAUSE] or case.jobs[job][FACT] else way - case.jobs[job][DUR]
            after[job] = max(after[job], way)
    return after


def _seats(case: Case, job: int) -> int:
    return int(case.jobs[job + 1][SEAT_AT] - case.jobs[job][SEAT_AT])


def _sets(project: Project, case: Case, crowds: Crowds) -> Iterator[list[int]]:
    """Sets of jobs for people, each once."""
    by: dict[Hashable, list[int]] = defaultdict(list)
    for at, job in enumerate(project.jobs):
        if not _seats(case, at) or not job.duration or case.jobs[at][FACT]:
            continue
        able = crowds.able(at)
        spans = None if job.calendar is None else project.calendars[job.calendar]
        skills = tuple(crew.words for crew in job.crews)
        for key in (("able", able), ("hours", spans), ("both", able, spans), ("site", job.site), ("skill", skills), ("all",)):
            by[key].append(at)
    seen = set()
    for jobs in by.values():
        if tuple(jobs) not in seen:
            seen.add(tuple(jobs))
            yield jobs


def _by_people(crowds: Crowds, parts: list[Part], jobs: int) -> int:
    """The best of what follows from a set and from those made of it."""
    best = 0
    for head, tail, some in _cuts(parts, jobs):
        if work := sum(part.work for part in some):
            best = max(best, crowds.filled([part.job for part in some], head, work) + tail)
    return best


def _cuts(parts: list[Part], jobs: int) -> Iterator[tuple[int, int, list[Part]]]:
    """Those of a set that cannot start before some moment and have so much after them, for some of each."""
    heads = _few(sorted({part.head for part in parts}), jobs)
    least = _few(sorted({part.tail for part in parts}), jobs)
    for head in heads:
        for tail in least:
            yield head, tail, [part for part in parts if part.head >= head and part.tail >= tail]


def _few(numbers: Sequence[int], jobs: int) -> Sequence[int]:
    if jobs > LARGE:
        return numbers[:1]
    return [numbers[k * len(numbers) // STEPS] for k in range(STEPS)] if len(numbers) > STEPS else numbers


def _by_thing(project: Project, case: Case, crowds: Crowds, thing: int, times: list[tuple[int, int]], after: list[int]) -> int:
    """What follows from the work that needs a thing, and how much of it there is."""
    supply = project.resources[thing]
    amounts = {j: amount for j, job in enumerate(project.jobs) for each, amount in job.uses if each == thing}
    users = [
        Part(times[j][0], after[j], amount * case.jobs[j][DUR], j) for j, amount in amounts.items() if not case.jobs[j][FACT]
    ]
    if supply.used_up and users:
        return _by_parts(project, case, thing, after)
    if supply.amount <= 0 or not users:
        return 0
    best = 0
    for head, tail, some in _cuts(users, len(project.jobs)):
        if work := sum(part.work for part in some):
            if all(_seats(case, part.job) for part in some):
                spans = crowds.spans([part.job for part in some], head)
                each = max(Fraction(amounts[part.job], _seats(case, part.job)) for part in some)
            else:  # some need nobody, and use as much as there is
                spans, each = [*crowds.within([part.job for part in some])], Fraction(supply.amount)
            best = max(best, _worked_off(spans, supply, each, head, work) + tail)
    return best


def _worked_off(spans: Iterable[tuple[int, int]], supply: Supply, each: Fraction, head: int, work: int) -> int:
    """When a thing can have done its work, if each of the people who are there keeps so much of it busy; 0 if never."""
    change: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for number, some in enumerate((spans, [(b, e) for b, e, amount in supply.taken for _ in range(amount)])):
        for begin, end in some:
            change[max(begin, head)][number] += end > head
            change[end][number] -= end > head
    slot, people, taken = head, 0, 0
    for at in sorted(change):
        pace = min(supply.amount - taken, int(people * each))
        if pace > 0 and pace * (at - slot) >= work:
            return slot - (-work // pace)
        work -= max(0, pace) * (at - slot)
        slot, people, taken = at, people + change[at][0], taken + change[at][1]
    return 0


def _by_parts(project: Project, case: Case, thing: int, after: list[int]) -> int:
    """While fewer parts are there than are used in all, some of the work has not begun: it follows the next that come."""
    supply = project.resources[thing]
    wanted = [(j, amount) for j, job in enumerate(project.jobs) for each, amount in job.uses if each == thing]
    least = min((case.jobs[j][DUR] + after[j] for j, _ in wanted if not case.jobs[j][FACT]), default=0)
    there = supply.amount - sum(amount for _, _, amount in supply.taken)
    best, demand = 0, sum(amount for _, amount in wanted)
    for slot, amount in sorted(supply.arrives):
        if demand > there:
            best = slot + least
        there += amount
    return best
