"""When work that pauses is worked on: as its calendar and people make it, no more of it than their limits let them do."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from types import MappingProxyType

from runbook_engine.model.jobs import Project, Spans, Worker
from runbook_engine.scheduling.checker_outings import dawn, one_outing, way_between

Limit = Callable[[Spans, int], tuple[float, float]]  # what was worked, and a slot: not before, and until when


def worked(times: Sequence[Spans], start: int, duration: int, limits: Sequence[Limit] = ()) -> Spans:
    """The slots from `start` on in which the work is done; none if it cannot start there, or is never over."""
    found: Spans = ()
    slot = start
    while duration > 0:
        spans = [_reaching(spans, slot) for spans in times]
        if None in spans:
            return ()
        begin: float = max((span[0] for span in spans if span), default=slot)
        if begin <= slot:
            allowed = [limit(found, slot) for limit in limits]
            begin = max((since for since, _ in allowed), default=slot)
        if begin > slot and (not found or begin == inf):
            return ()
        if begin <= slot:
            ends = [slot + duration, *(span[1] for span in spans if span), *(until for _, until in allowed)]
            found = as_one((*found, (slot, int(min(ends)))))
            duration, begin = duration - (found[-1][1] - slot), found[-1][1]
        slot = int(begin)
    return found


def limits_of(
    project: Project, people: Iterable[int], site: int | None = None, others: Mapping[int, Spans] = MappingProxyType({})
) -> list[Limit]:
    """What limits these people's work on one job at a site. `others`: by person, when they work on others."""
    found: list[Limit] = []
    for person in people:
        worker, busy = project.workers[person], others.get(person, ())
        for begins, most in ((project.days, worker.day_most), (project.weeks, worker.week_most)):
            if begins and most is not None:
                found.append(_portion(begins, most, busy))
        if worker.rest:
            found.append(_shift(worker, 86400 // project.slot_s - worker.rest))
        if way := way_between(project, worker.site, site):
            found.append(_way(project, worker, way, busy))
    return found


def _portion(begins: Sequence[int], most: int, busy: Spans) -> Limit:
    def allowed(found: Spans, slot: int) -> tuple[float, float]:
        number = max(0, bisect_right(begins, slot) - 1)
        ends = begins[number + 1] if number + 1 < len(begins) else inf
        left = most - sum(max(0, min(b, ends) - max(a, begins[number])) for a, b in (*found, *busy))
        return (slot, min(ends, slot + left)) if left > 0 else (ends, ends)

    return allowed


def _shift(worker: Worker, most: int) -> Limit:
    def allowed(found: Spans, slot: int) -> tuple[float, float]:
        first = slot
        for a, b in reversed(found):
            if first - b >= worker.rest:
                break
            first = a
        if slot - first < most:
            return slot, first + most
        return (found[-1][1] + worker.rest if found else inf), inf

    return allowed


def _way(project: Project, worker: Worker, way: int, busy: Spans) -> Limit:
    """Once they have come there, people are there for the day. The way to where the work begins is looked at elsewhere."""

    def allowed(found: Spans, slot: int) -> tuple[float, float]:
        if not found or one_outing(project, worker, found[-1][0], slot):
            return slot, inf
        since, began = max(dawn(project, worker, slot), found[-1][1]), inf
        spans: list[tuple[int, float]] = [(0, inf)] if worker.free is None else list(worker.free)
        for first, end in spans:
            begin = max(first, since)
            for a, b in sorted((a, b) for a, b in busy if a < end and b > begin):
                began = min(began, begin + way) if a - begin >= way else began
                begin = max(begin, b)
            began = min(began, begin + way) if end - begin >= way else began
        return max(slot, began), inf

    return allowed


def as_one(spells: Spans) -> Spans:
    """Spells that touch as one."""
    made: list[tuple[int, int]] = []
    for a, b in spells:
        made[-1:] = [(made[-1][0], b)] if made and made[-1][1] == a else [*made[-1:], (a, b)]
    return tuple(made)


def _reaching(spans: Spans, slot: int) -> tuple[int, int] | None:
    """The span in which a slot lies, else the next one."""
    number = bisect_right(spans, slot, key=lambda span: span[1])
    return spans[number] if number < len(spans) else None
