"""People of whom one is as good as another: the same hours, asked for by the same crews, and nothing that names one of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from runbook_engine.model.jobs import Project, Spans


def grouped(project: Project, free: Sequence[Spans], apart: Collection[int]) -> list[list[int]]:
    """Everybody, in groups. `free`: by person, when they can do something; `apart`: who is a group of their own in any case."""
    crews: dict[int, list[tuple[int, int]]] = defaultdict(list)
    named = set(apart)
    tied = {other for job in project.jobs for other in (*job.same_people_as, *job.other_people_than)}
    for number, job in enumerate(project.jobs):
        for at, crew in enumerate(job.crews):
            for person in set(crew.people):
                crews[person].append((number, at))
            named.update(person for person, _ in crew.until)
            if number in tied or job.same_people_as or job.other_people_than:
                named.update(crew.people)
        named.update(job.people or ())
    by: dict[tuple[int, Spans, Spans | None, tuple[tuple[int, int], ...]], list[int]] = defaultdict(list)
    for person, worker in enumerate(project.workers):
        alone = person + 1 if person in named else 0
        by[alone, free[person], worker.free, tuple(crews[person])].append(person)
    return list(by.values())
