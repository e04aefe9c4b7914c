"""Hosts that several plans work on: a phase has its hosts to itself, so that one of two phases goes after the other.

Which of them goes first is decided before anything is placed (`joining`); here it becomes links.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from runbook_engine.model.durations import in_order
from runbook_engine.model.jobs import Job, Link, Project
from runbook_engine.model.plan import Plan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PackageId, PhaseId
from runbook_engine.scheduling.projects_fit import needed_s
from runbook_engine.scheduling.projects_joined import Joined
from runbook_engine.scheduling.projects_times import slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A phase of one of several plans: what it has to itself, and the jobs of the whole that are its own."""

    plan: int
    phase: PhaseId
    place: int  # among the phases of its plan, each after those that it needs
    title: str  # with the runbook
    wants: frozenset[HostName]  # nobody else may have them while it works on them
    has: frozenset[HostName]  # it works on them
    jobs: tuple[int, ...]
    holding: tuple[int, ...]  # with the first of them it takes its hosts
    margins: tuple[int, ...]  # slots after the end of each job in which it could still be under way, or be undone


Meeting = tuple[Turn, Turn]


def meetings(plans: Sequence[Plan], parallel: int, whole: Joined) -> tuple[Meeting, ...]:
    """Phases of different plans that cannot both have their hosts at a time. `parallel`: hosts at a time by each engine."""
    turns = [turn for number, plan in enumerate(plans) for turn in _turns(number, plan, parallel, whole)]
    return tuple((a, b) for a, b in combinations(turns, 2) if a.plan != b.plan and _meet(a, b))


def _meet(one: Turn, other: Turn) -> bool:
    return bool(one.wants & (other.has | other.wants) or other.wants & one.has)


def _margin(job: Job, needed: Mapping[PackageId, tuple[float, float]], plan: Plan, slot_s: int) -> int:
    """As much as is left of a window after it."""
    if job.calendar is None or plan.packages[job.package].milestone:
        return 0
    forth, back = needed[job.package]
    more = 0.0 if job.pausable else max(0.0, forth - job.duration * slot_s)
    return slots(more + back, slot_s)


def _turns(number: int, plan: Plan, parallel: int, whole: Joined) -> list[Turn]:
    first, found = whole.first[number], list[Turn]()
    needed = needed_s(plan, parallel)
    for place, phase in enumerate(in_order(plan)):
        jobs = {first + n: job for n, job in enumerate(whole.parts[number].jobs) if job.phase == phase.id}
        claims = phase.alone_with or any(plan.packages[job.package].claims_hosts for job in jobs.values())
        found.append(
            Turn(
                plan=number,
                phase=phase.id,
                place=place,
                title=f"{phase.id} of {plan.runbook}",
                wants=frozenset((*phase.hosts, *phase.alone_with)) if claims else frozenset(),
                has=frozenset(host for job in jobs.values() for host in job.hosts),
                jobs=tuple(jobs),
                holding=tuple(n for n, job in jobs.items() if job.hosts or job.uses or phase.alone_with),
                margins=tuple(_margin(job, needed, plan, whole.project.slot_s) for job in jobs.values()),
            )
        )
    return found


def in_turn(whole: Joined, found: Sequence[Meeting], rank: Mapping[tuple[int, PhaseId], tuple[int, ...]]) -> Project:
    """The project in which, of two phases that meet, that of the lower rank is over before the other takes its hosts.

    A rank that puts each phase after those that it needs leaves no circle.
    """
    jobs, gates = list(whole.project.jobs), dict[tuple[int, PhaseId], int]()
    for pair in found:
        first, second = sorted(pair, key=lambda turn: rank[turn.plan, turn.phase])
        key = (first.plan, first.phase)
        if key not in gates:
            gates[key] = len(jobs)
            links = tuple(Link(before=job, lag=margin) for job, margin in zip(first.jobs, first.margins, strict=True))
            jobs.append(Job(id=f"turn {len(gates)}", duration=0, links=links, title=f"all of {first.title}"))
        for number in second.holding:
            jobs[number] = replace(jobs[number], links=(*jobs[number].links, Link(before=gates[key])))
    return replace(whole.project, jobs=tuple(jobs))
