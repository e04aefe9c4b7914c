"""A schedule of several plans of equal priority: one search over all their jobs. Start with `solve_joined`.

It begins with the best of some lists: all jobs by their latest start, and the plans one after the other in several orders. So
what is found ends no later than if the plans were listed one after the other, whichever came first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from runbook_engine.model.jobs import Aim, Effort, Placed, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PhaseId
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_late import NotKept
from runbook_engine.scheduling.listing import Laid, by_latest, is_late, laid_out, solution
from runbook_engine.scheduling.listing_case import case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.projects_joined import Joined
from runbook_engine.scheduling.projects_turns import Meeting, Turn, in_turn, meetings
from runbook_engine.scheduling.solve import solve

Ranks = dict[tuple[int, PhaseId], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A list of several plans: the project with the order of phases that share hosts, and the schedule of the list."""

    whole: Joined
    laid: Laid
    listed: Solution

    @property
    def best(self) -> bool:
        """Whether each plan is over as early as it could be alone, and in time."""
        late, after, *_ = worth(self.whole, self.listed)
        shares = zip(self.whole.parts, self.whole.shares(self.listed), strict=True)
        return not (late or after) and all(max((p.finish for p in share), default=0) <= bound(part) for part, share in shares)


def solve_joined(
    plans: Sequence[Plan],
    whole: Joined,
    effort: Effort,
    aim: Aim,
    baseline: Mapping[str, Placed] | None = None,
    parallel: int = 0,
) -> tuple[Joined, Solution, NotKept | None]:
    """A schedule of several plans as one, and the project that it is of: phases that share hosts have their order there.

    Where deadlines are not kept the least late is given, and with it what was found out about that.

    With the aim FINISH it counts what is late, then when the last plan is over, then the sum of the ends of all. `parallel`:
    on how many hosts each engine works at a time; `baseline` names jobs as the whole does. Raises NotPlaced when there is none.
    """
    begun = begin(meetings(plans, parallel, whole), whole, baseline or {})
    if aim is Aim.FINISH and begun.best:
        return begun.whole, begun.listed, None
    trouble: NotKept | None = None
    try:
        found = solve(begun.whole.project, effort, aim, baseline, order=_order(begun))
    except NotKept as error:
        if error.nearest is None:
            raise
        found, trouble = error.nearest, error
    if aim is Aim.FINISH:
        found = min(found, replace(begun.listed, bound=found.bound, tried=found.tried), key=lambda s: worth(begun.whole, s))
    return begun.whole, found, trouble


def _order(begun: Begun) -> Sequence[int]:
    """That of the list; but one in which what is late was put first is a poor start for a search."""
    return by_latest(begun.laid.case) if is_late(begun.laid) else begun.laid.order


def worth(whole: Joined, found: Solution) -> tuple[int, int, int, int]:
    """How good a schedule of several plans is: late after deadlines, late after wishes, the last end, the sum of ends."""
    ends = [max((placed.finish for placed in share), default=0) for share in whole.shares(found)]
    jobs = list(zip(whole.project.jobs, found.placed, strict=True))
    late = sum(max(0, placed.finish - job.deadline) for job, placed in jobs if job.deadline is not None)
    after = sum(max(0, placed.finish - job.due) for job, placed in jobs if job.due is not None)
    return late, after, max(ends, default=0), sum(ends)


def begin(met: Sequence[Meeting], whole: Joined, baseline: Mapping[str, Placed]) -> Begun:
    """The best list of several plans, of which these phases meet. Raises NotPlaced when none has a place for everything."""
    found, trouble = list[Begun](), list[NotPlaced]()
    for ranks, order in chain(_mixed(whole, met, baseline), _one_by_one(whole, met)):
        project = in_turn(whole, met, ranks) if met else whole.project
        wanted = order and [*order, *range(len(order), len(project.jobs))]
        try:
            laid = laid_out(project, wanted, strict=False)
        except NotPlaced as error:
            trouble.append(error)
            continue
        listed = solution(project, laid, how="list scheduling", tried=1)
        found.append(Begun(whole=replace(whole, project=project), laid=laid, listed=listed))
        if baseline:
            break
    if not found:
        raise trouble[0]
    return min(found, key=lambda each: worth(each.whole, each.listed))


def _mixed(whole: Joined, met: Sequence[Meeting], baseline: Mapping[str, Placed]) -> Iterator[tuple[Ranks, list[int] | None]]:
    """All jobs by their latest start; of phases that meet, the one goes first that would begin first, or that did before."""
    if not met:
        yield {}, None
        return
    try:
        starts = laid_out(whole.project, strict=False).books.start
    except NotPlaced:
        return
    begins = [int(b.start if (b := baseline.get(job.id)) else at) for job, at in zip(whole.project.jobs, starts, strict=False)]
    yield {(t.plan, t.phase): (*_when(t, begins), t.plan, t.place) for t in _turns(met)}, None


def _when(turn: Turn, begins: Sequence[int]) -> tuple[int, ...]:
    return (min((begins[number] for number in turn.holding or turn.jobs), default=0),)


def _turns(met: Sequence[Meeting]) -> Iterator[Turn]:
    return chain.from_iterable(met)


def _one_by_one(whole: Joined, met: Sequence[Meeting]) -> Iterator[tuple[Ranks, list[int] | None]]:
    """The plans one after the other: as they were named, the shortest first, the longest first, each of them first."""
    parts = range(len(whole.parts))
    urgent = by_latest(case_of(whole.project))
    length = [sum(job.duration for job in part.jobs) for part in whole.parts]
    orders = [list(parts), sorted(parts, key=lambda k: (length[k], k)), sorted(parts, key=lambda k: (-length[k], k))]
    orders += [[k, *(other for other in parts if other != k)] for k in parts]
    for order in dict.fromkeys(map(tuple, orders)):
        place = {part: n for n, part in enumerate(order)}
        of = {whole.first[k] + n: k for k in parts for n in range(len(whole.parts[k].jobs))}
        behind = sorted(urgent, key=lambda job: place.get(of.get(job, -1), len(parts)))  # stable: within a plan as before
        yield (
            {(t.plan, t.phase): (place[t.plan], t.place) for t in _turns(met)},
            behind,
        )
