"""Deadlines that are not kept: what a lower bound proves of them, and how near a search came. Start with `proven`."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from runbook_engine.model.jobs import Job, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_path import earliest
from runbook_engine.scheduling.listing import Laid, laid_out
from runbook_engine.scheduling.listing_case import BIG, DEADLINE, DUR, FACT, OUT_AT, PAUSE, Case, case_of
from runbook_engine.scheduling.listing_order import sequence
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason, late, long_words

DEADLINES = 12  # different ones that are looked at
LISTS, LISTED = 20, 20_000  # other lists that are tried where the first has no place for a job, and jobs placed for that
BY_ORDER = frozenset({Reason.FULL, Reason.TIED, Reason.NOT_THESE})  # what another order could help


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """No schedule keeps a deadline: the job that is late in each, and by how many slots at least."""

    job: int
    least: int


class NotKept(NotPlaced):
    """No schedule that keeps all deadlines was found. `nearest`: the least late that was; None: it goes on beyond the horizon.

    `proof` says that there is none; else it was searched for `seconds` in `tried` schedules, if at all.
    """

    def __init__(
        self,
        project: Project,
        laid: Laid,
        nearest: Solution,
        *,
        proof: Proof | None = None,
        tried: int = 0,
        seconds: float = 0.0,
    ) -> None:
        missed = [j for j, end in enumerate(laid.books.finish) if end > laid.case.jobs[j][DEADLINE]]
        told = late(project, laid.case, laid.books, missed)
        super().__init__(project, told.job, told.reason, told.words, jobs=told.jobs)
        within = not project.horizon or nearest.finish <= project.horizon
        self.nearest = nearest if within else None
        self.proof, self.tried, self.seconds = proof, tried, seconds
        self.how = self._how(project)

    def _how(self, project: Project) -> str:
        """How sure that is, as a sentence."""
        if self.proof is not None:
            job = project.jobs[self.proof.job]
            by = long_words(project, self.proof.least)
            return f"Proved: in every schedule {job.title or job.id} is over at least {by} too late; nothing was searched for."
        if not self.tried:
            return "Nothing was searched for: a search may find a schedule that keeps it."
        seconds = f"{self.seconds:.0f}" if self.seconds >= 10 else f"{self.seconds:.1f}"
        return f"Searched for {seconds} s, in {self.tried} schedules: none keeps it, and this one comes nearest."


def proven(project: Project) -> Proof | None:
    """What the critical path or the hours of people prove of a deadline; None: nothing.

    For each deadline, all that has to be over by then is looked at as a project of its own: if that takes longer, it is late.
    """
    case = case_of(project)
    ends = [finish for _, finish in earliest(project, case)]
    found = [Proof(job=j, least=end - case.jobs[j][DEADLINE]) for j, end in enumerate(ends)]
    found += _by_hours(project, case, ends)
    worst = max(found, key=lambda proof: (proof.least, -proof.job), default=None)
    return worst if worst is not None and worst.least > 0 else None


def _by_hours(project: Project, case: Case, ends: Sequence[int]) -> Iterator[Proof]:
    due_by = _due_by(case)
    deadlines = sorted({row[DEADLINE] for row in case.jobs[:-1] if row[DEADLINE] < BIG})
    for deadline in deadlines[:: max(1, -(-len(deadlines) // DEADLINES))]:
        due = [j for j, end in enumerate(due_by) if end <= deadline]
        stated = [j for j in due if case.jobs[j][DEADLINE] == deadline]
        over = bound(_only(project, due))
        yield Proof(job=max(stated, key=lambda j: (ends[j], -j)), least=over - deadline)


def _due_by(case: Case) -> list[int]:
    """By job, when it has to be over for all deadlines to be kept; wishes aside.

    What only starts in front of others says nothing of the end of a job that may pause.
    """
    ends = [row[DEADLINE] for row in case.jobs[:-1]]
    order = [0] * len(ends)
    sequence(case, range(len(order)), order)
    for job in reversed(order):
        row = case.jobs[job]
        for other, kind, lag, _ in case.onto[row[OUT_AT] : case.jobs[job + 1][OUT_AT]]:
            if kind in (0, 2) or not (row[PAUSE] or row[FACT]):
                end = ends[other] - (case.jobs[other][DUR] if kind < 2 else 0) - lag
                ends[job] = min(ends[job], end + (row[DUR] if kind in (1, 3) else 0))
    return ends


def _only(project: Project, some: Sequence[int]) -> Project:
    """A project of some jobs of another, which asks no more of them than that did."""
    numbers = {job: number for number, job in enumerate(some)}

    def among(others: Sequence[int]) -> tuple[int, ...]:
        return tuple(numbers[other] for other in others if other in numbers)

    def alone(job: Job) -> Job:
        links = tuple(replace(link, before=numbers[link.before]) for link in job.links if link.before in numbers)
        same, others = among(job.same_people_as), among(job.other_people_than)
        return replace(job, links=links, same_people_as=same, other_people_than=others)

    return replace(project, jobs=tuple(alone(project.jobs[job]) for job in some), apart=())


def any_list(project: Project, order: Sequence[int] | None = None) -> Laid:
    """A list, deadlines kept if that was easy; where it has no place for a job, the first of some other orders that has.

    Raises NotPlaced where none has.
    """
    try:
        return laid_out(project, order, strict=False)
    except NotPlaced as trouble:
        if trouble.reason not in BY_ORDER:
            raise
        first = trouble
    for other in _orders(project):
        with suppress(NotPlaced):
            return laid_out(project, other, strict=False)
    raise first


def _orders(project: Project) -> Iterator[list[int]]:
    """Those of a verdict, and some by chance; always the same."""
    from runbook_engine.scheduling.feasibility_orders import orders

    yield from orders(case_of(project))
    chance = Random(1)  # noqa: S311 - nothing secret
    jobs = list(range(len(project.jobs)))
    for _ in range(min(LISTS, LISTED // max(1, len(jobs)))):
        chance.shuffle(jobs)
        yield list(jobs)
