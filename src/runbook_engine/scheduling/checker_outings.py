"""When somebody is out on one and the same day's work, and how long the way there is."""

from bisect import bisect_right

from runbook_engine.model.jobs import Project, Spans, Worker


def one_outing(project: Project, worker: Worker, one: int, other: int) -> bool:
    """Whether work that begins in these slots is done without going home in between."""
    days = project.days
    if bisect_right(days, one) == bisect_right(days, other):
        return True
    span = _span(worker.free or ((0, max(one, other) + 1),), one)
    return span is not None and span[0] <= other < span[1]


def dawn(project: Project, worker: Worker, slot: int) -> int:
    """When the day of work that begins then begins: at midnight, or with the shift that goes past it."""
    number = bisect_right(project.days, slot)
    span = (0, slot) if worker.free is None else _span(worker.free, slot)
    return min(project.days[number - 1] if number else 0, slot if span is None else span[0])


def way_between(project: Project, one: int | None, other: int | None) -> int:
    """How many slots the way from a site to another takes."""
    return 0 if one is None or other is None or one == other else project.travel.get((one, other), 0)


def _span(spans: Spans, slot: int) -> tuple[int, int] | None:
    number = bisect_right(spans, slot, key=lambda span: span[0]) - 1
    return spans[number] if number >= 0 and spans[number][1] > slot else None
