"""A project as tables of whole numbers: what the list scheduler reads, compiled or not.

The tables are lists of rows here, and arrays of the same shape once `crew_compiled` has turned them. A row that ends with
`..._AT` says where its entries begin in another table; those of the next row begin where they end.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from runbook_engine.model.jobs import Job, LinkKind, Project, Spans, Worker
from runbook_engine.scheduling.spans import common

BIG = 1 << 40  # after all that is ever scheduled: never
PRICES = 1000  # in which a rate for an hour is counted; the slots of an hour cancel out where prices are compared
KINDS = (LinkKind.FINISH_START, LinkKind.START_START, LinkKind.FINISH_FINISH, LinkKind.START_FINISH)

DUR, CAL, PAUSE, RELEASE, DEADLINE, DUE, SITE, FIXED, FACT, IN_AT, OUT_AT, USE_AT, SEAT_AT, SAME_AT, OTHER_AT = range(15)
JOB, KIND, LAG, MOST = range(4)
HOME, DAY_MOST, WEEK_MOST, REST, SHIFT_MOST, FREE_AT, FREE_END, LIMITED, PRICE, DEAR_AT, DEAR_END = range(11)


class Case(NamedTuple):
    """The tables of a project; nothing in them changes while it is scheduled."""

    jobs: Any  # by job: DUR … OTHER_AT; one row more at the end
    into: Any  # by link, grouped by the job that waits: JOB that it waits for, KIND, LAG, MOST
    onto: Any  # the same, grouped by the job that is waited for: JOB that waits, …
    uses: Any  # (resource, amount) by job
    seats: Any  # by seat, which is one person of one crew of a job: where its candidates begin; one row more
    candidates: Any
    lasts: Any  # by candidate: when the job has to be over if they do it; BIG: they always may
    same: Any  # jobs that are done by the same people, by job
    other: Any  # jobs that are done by other people, by job
    spans: Any  # (from, to) of calendars and of free times
    calendars: Any  # (where its spans begin, where they end)
    meets: Any  # the same of what calendars and free times have in common: by calendar, no calendar first, and person
    people: Any  # by person: HOME … DEAR_END
    days: Any
    weeks: Any
    travel: Any  # by site and site
    dear: Any  # (from, to, more than the usual price of a slot) by person
    used_up: Any  # by resource: 1 if what is taken does not come back


def case_of(project: Project) -> Case:
    """The tables of a project, as lists."""
    jobs, spans = project.jobs, _SpanTable()
    seats = [_seats(project, at) for at in range(len(jobs))]
    same, other = pairs(jobs, "same_people_as"), pairs(jobs, "other_people_than")
    seats = [_kept(jobs[at], seats, at, same[at]) for at in range(len(jobs))]
    ends = project.horizon or BIG
    into = [[(x.before, KINDS.index(x.kind), x.lag, BIG if x.most is None else x.most) for x in job.links] for job in jobs]
    onto: list[list[tuple[int, int, int, int]]] = [[] for _ in jobs]
    for at, links in enumerate(into):
        for before, kind, lag, most in links:
            onto[before].append((at, kind, lag, most))
    uses = _uses(project)
    tables: list[Any] = [into, onto, uses, seats, same, other]
    begins = _offsets(tables)
    rows = [[*_numbers(job, ends), *(column[k] for column in begins)] for k, job in enumerate(jobs)]
    rows.append([0] * IN_AT + [column[-1] for column in begins])
    dear = [_dear(worker) for worker in project.workers]
    people = [_person(worker, project, spans) for worker in project.workers]
    calendars = [spans.added(each) for each in project.calendars]
    seats = _hopeful(jobs, seats, people)
    meets = _meets(jobs, seats, calendars, people, spans)
    seats = _there(jobs, seats, meets, len(people), spans.rows)
    flat = [able for job in seats for able in job]
    return Case(
        jobs=rows,
        into=_flat(into),
        onto=_flat(onto),
        uses=_flat(uses),
        seats=_offsets([flat])[0],
        candidates=_flat(flat),
        lasts=[last for at, job in enumerate(jobs) for row in _lasts(job, seats[at]) for last in row],
        same=_flat(same),
        other=_flat(other),
        calendars=calendars,
        meets=meets,
        people=[[*row, *_at(dear, k)] for k, row in enumerate(people)],
        dear=_flat(dear),
        spans=spans.rows,
        days=list(project.days),
        weeks=list(project.weeks),
        travel=[[project.travel.get((a, b), 0) for b in range(len(project.sites))] for a in range(len(project.sites))],
        used_up=[int(each.used_up) for each in project.resources] + [0] * len(project.apart),
    )


def pairs(jobs: Sequence[Job], field: str) -> list[list[int]]:
    """By job, the jobs with which it is tied by a field, whichever of the two says so."""
    tied: list[set[int]] = [set() for _ in jobs]
    for at, job in enumerate(jobs):
        for other in getattr(job, field):
            tied[at].add(other)
            tied[other].add(at)
    return [sorted(each) for each in tied]


def is_fact(job: Job) -> bool:
    """Whether time and people of a job are given, so that there is nothing to decide."""
    return job.start is not None and (job.people is not None or not (job.crews or job.same_people_as))


class _SpanTable:
    """Spans of all calendars and people in one table."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int]] = []
        self._known: dict[Spans, tuple[int, int]] = {}

    def added(self, spans: Spans) -> tuple[int, int]:
        if spans not in self._known:
            self._known[spans] = (len(self.rows), len(self.rows) + len(spans))
            self.rows += spans
        return self._known[spans]


def _numbers(job: Job, ends: int) -> list[int]:
    return [
        job.duration,
        -1 if job.calendar is None else job.calendar,
        int(job.pausable),
        max(0, job.release),
        ends if job.deadline is None else min(ends, job.deadline),
        BIG if job.due is None else job.due,
        -1 if job.site is None else job.site,
        -1 if job.start is None else job.start,
        int(is_fact(job)),
    ]


def _uses(project: Project) -> list[list[tuple[int, int]]]:
    """What each job takes: of resources, and one place of each `Apart`, which comes after the resources."""
    uses = [[(at, amount) for at, amount in job.uses if amount > 0] for job in project.jobs]
    for k, rule in enumerate(project.apart, len(project.resources)):
        for at in sorted(rule.jobs):
            uses[at].append((k, 1))
    return uses


def _seats(project: Project, at: int) -> list[tuple[int, ...]]:
    job = project.jobs[at]
    if job.people is not None:
        return [(person,) for person in job.people]
    if not job.crews and job.same_people_as:
        return _seats(project, job.same_people_as[0])
    return [tuple(dict.fromkeys(crew.people)) for crew in job.crews for _ in range(crew.count)]


def _lasts(job: Job, seats: list[tuple[int, ...]]) -> list[list[int]]:
    """By seat and candidate, when the job has to be over if they do it."""
    if job.people is not None or not any(crew.until for crew in job.crews):
        return [[BIG] * len(able) for able in seats]
    until = [dict(crew.until) for crew in job.crews for _ in range(crew.count)]
    return [[most.get(person, BIG) for person in able] for most, able in zip(until, seats, strict=True)]


def _kept(job: Job, seats: list[list[tuple[int, ...]]], at: int, same: list[int]) -> list[tuple[int, ...]]:
    """The candidates of a job who can do all the jobs that are done by the same people."""
    if not same or job.people is not None:
        return seats[at]
    able = set.intersection(*({p for each in seats[k] for p in each} for k in (at, *same)))
    return [tuple(p for p in each if p in able) for each in seats[at]]


def _hopeful(jobs: Sequence[Job], seats: list[list[tuple[int, ...]]], people: Any) -> list[list[tuple[int, ...]]]:
    """The candidates of unbroken jobs without those whose limits never let them work for so long, if enough are left.

    What is longer than one may work on a day could still go over midnight; not what is longer than two of them, or a shift.
    """

    def hopeful(person: int, length: int) -> bool:
        row = people[person]
        return bool(length <= min(2 * row[DAY_MOST], 2 * row[WEEK_MOST]) and (not row[REST] or length <= row[SHIFT_MOST]))

    found = list(seats)
    for at, job in enumerate(jobs):
        if job.duration and not job.pausable and job.people is None:
            able = [tuple(p for p in each if hopeful(p, job.duration)) for each in seats[at]]
            if all(len(each) >= len(seats[at]) for each in able):
                found[at] = able
    return found


def _meets(
    jobs: Sequence[Job], seats: list[list[tuple[int, ...]]], calendars: Any, people: Any, spans: _SpanTable
) -> list[tuple[int, int]]:
    """Where the spans are in which both a calendar is open and a person is free, for each pair that an unbroken job asks for.

    For others the free times of the person stand there: the calendar is asked for in any case.
    """
    free = [(row[FREE_AT], row[FREE_END]) for row in people]
    found, known = free * (1 + len(calendars)), dict[tuple[Any, ...], tuple[int, int]]()
    unbroken = [at for at, job in enumerate(jobs) if job.calendar is not None and job.duration and not job.pausable]
    for calendar, able in dict.fromkeys((jobs[at].calendar or 0, able) for at in unbroken for able in seats[at]):
        for person in able:
            key = (calendars[calendar], free[person])
            if key not in known:
                known[key] = spans.added(tuple(common(*(spans.rows[at:end] for at, end in key))))
            found[(calendar + 1) * len(people) + person] = known[key]
    return found


def _there(
    jobs: Sequence[Job], seats: list[list[tuple[int, ...]]], meets: Any, people: int, spans: Any
) -> list[list[tuple[int, ...]]]:
    """The candidates without those who are never free for long enough while the calendar of the job is open, if any are left.

    Only for unbroken jobs of one person: others are not worth it.
    """
    known: dict[tuple[Any, ...], bool] = {}

    def there(job: Job, calendar: int, person: int) -> bool:
        at, end = meets[(calendar + 1) * people + person]
        key = (at, end, job.duration)
        if key not in known:
            known[key] = any(spans[k][1] - spans[k][0] >= job.duration for k in range(at, end))
        return known[key]

    found = list(seats)
    for at, job in enumerate(jobs):
        if job.calendar is not None and job.duration and not job.pausable and len(seats[at]) == 1 and job.people is None:
            able = tuple(p for p in seats[at][0] if there(job, job.calendar, p))
            found[at] = [able or seats[at][0]]
    return found


def _person(worker: Worker, project: Project, spans: _SpanTable) -> list[int]:
    day_most = worker.day_most if worker.day_most is not None and project.days else BIG
    week_most = worker.week_most if worker.week_most is not None and project.weeks else BIG
    home = -1 if worker.site is None or not any(project.travel.values()) else worker.site
    at, end = spans.added(((0, BIG),) if worker.free is None else worker.free)
    limited = int(day_most < BIG or week_most < BIG or worker.rest > 0 or home >= 0)
    shift = 86400 // project.slot_s - worker.rest
    return [home, day_most, week_most, worker.rest, shift, at, end, limited, round(worker.rate * PRICES)]


def _dear(worker: Worker) -> list[tuple[int, int, int]]:
    """What slots of a person cost more, or less, than usual."""
    price = worker.rate * PRICES
    return [(begin, end, round(price * (factor - 1))) for begin, end, factor in worker.dear if end > begin]


def _at(table: Sequence[Sequence[Any]], k: int) -> tuple[int, int]:
    begin = sum(len(row) for row in table[:k])
    return begin, begin + len(table[k])


def _offsets(tables: Sequence[Sequence[Sequence[Any]]]) -> list[list[int]]:
    """By table and row, where its entries begin when they are put one after another."""
    found = []
    for table in tables:
        at = [0]
        for row in table:
            at.append(at[-1] + len(row))
        found.append(at)
    return found


def _flat(table: Iterable[Iterable[Any]]) -> list[Any]:
    return [entry for row in table for entry in row]
