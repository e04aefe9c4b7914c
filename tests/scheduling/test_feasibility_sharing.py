"""What the tries of one verdict share changes no answer: projects, the bound that is asked first, lists that are given up."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook_engine.cli import feasibility
from runbook_engine.cli.settings import settings as settings_of
from runbook_engine.model.durations import likely, longest
from runbook_engine.model.jobs import Project
from runbook_engine.model.runbook import Lag, Takes
from runbook_engine.model.words import HostName, PackageId, PersonId
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_least import hopeless
from runbook_engine.scheduling.feasibility_parts import only
from runbook_engine.scheduling.feasibility_people import with_enough
from runbook_engine.scheduling.feasibility_restraints import restraints
from runbook_engine.scheduling.feasibility_trying import project_for, tried
from runbook_engine.scheduling.listing import laid_out
from runbook_engine.scheduling.listing_case import case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.projects_known import Itself, Known, Like
from scheduling.planted import AT, FAULTS, MONDAY, Fault, booked, plant
from scheduling.projects_made import Placer, mixed_project


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own, and somebody in it."""
    here, names = os.getcwd(), {"RUNBOOK_AS": "ana.duarte"}
    with tempfile.TemporaryDirectory() as name:
        before = {key: os.environ.get(key) for key in (*names, "RUNBOOK_STATE")}
        os.environ.update(names, RUNBOOK_STATE=f"{name}/state")
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(here)
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)


def case_with(faults: list[Fault]) -> Case:
    """The case of a project with faults, as the command makes it; another plan has booked people, a tool and a host."""
    with folder() as root:
        plant(root, faults)
        place = settings_of(Path("runbooks/rack12.yml"))
        read = feasibility._read("runbooks/rack12.yml", place, {}, None)
        case = feasibility._case(read, place, datetime.fromisoformat(AT), probe=False)
    schedule = booked("ben.ott", MONDAY, 30 / 24)
    people = (PersonId("ben.ott"), PersonId("noa.wit"))
    booking = replace(schedule.bookings[0], people=people, hosts=(HostName("r12-u01"),), uses={"server-lift": 1})
    return replace(case, booked=(replace(schedule, bookings=(booking,)),))


TOGETHER = st.lists(st.sampled_from(FAULTS), max_size=3, unique_by=lambda fault: fault.name).filter(
    lambda faults: len({(file, old) for fault in faults for file, old, _ in fault.edits}) == sum(len(f.edits) for f in faults)
)


STARTS = (None, date(2026, 11, 30), date(2026, 12, 2))


def changed_package(case: Case, name: PackageId, number: int) -> Case:
    """With one thing of a package changed: what it waits for, how long it takes, people, tools, or who else does it."""
    package = case.plan.packages[name]
    takes = Takes(low_s=1800, high_s=7200, pausable=True)
    changes: tuple[dict[str, Any], ...] = (
        {"needs": ()},
        {"needs": tuple(replace(edge, lag=Lag(lag_s=600, at_most_s=7200)) for edge in package.needs)},
        {"takes": takes},
        {"who": package.who[1:]},
        {"uses": {"server-lift": 1}},
        {"other_people_than": (), "same_people_as": ()},
    )
    made = replace(package, **changes[number])
    return replace(case, plan=replace(case.plan, packages={**case.plan.packages, name: made}))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_project_that_shares_equals_one_made_afresh(data):
    """After whatever is dropped, mended, left out or lengthened, one after the other: the whole project, job by job."""
    case = case_with(data.draw(TOGETHER))
    project_for(case)
    for name in case.plan.packages:  # each of them once, so that none is left to chance
        changed = changed_package(case, name, 0)
        assert project_for(changed) == project_for(replace(changed, known=Known()))
    for _ in range(data.draw(st.integers(1, 8))):
        kind = data.draw(st.sampled_from(("drop", "mend", "enough", "part", "package", "phase", "terms")))
        all_of_it = restraints(case)
        if kind == "enough":
            case = with_enough(case)
        elif kind == "part":
            packages = data.draw(st.sets(st.sampled_from(sorted(case.plan.packages)), min_size=1))
            hosts = data.draw(st.sets(st.sampled_from(sorted(case.plan.targets)), min_size=1))
            part = only(case, packages, hosts)
            case = part if part.plan.packages else case
        elif kind == "package":
            case = changed_package(case, data.draw(st.sampled_from(sorted(case.plan.packages))), data.draw(st.integers(0, 5)))
        elif kind == "phase":
            phases = tuple(replace(p, needs=p.needs[1:]) for p in case.plan.phases)
            case = replace(case, plan=replace(case.plan, phases=phases, start=data.draw(st.sampled_from(STARTS))))
        elif kind == "terms":
            later = case.at + timedelta(hours=data.draw(st.integers(0, 9)))
            case = replace(case, parallel=data.draw(st.integers(0, 3)), at=later)
        elif all_of_it:
            one = data.draw(st.sampled_from(all_of_it))
            case = (one.mend if kind == "mend" and one.mend else one.drop)(case)
        for pick in (likely, longest):
            assert project_for(case, pick) == project_for(replace(case, known=Known()), pick)


@settings(max_examples=10, deadline=None)
@given(TOGETHER, st.integers(0, 30))
def test_an_outcome_that_is_known_is_the_one_of_a_new_try(faults, number):
    """The same schedule or the same trouble, asked twice, and by a case that knows nothing."""
    case = case_with(faults)
    all_of_it = restraints(case)
    changed = all_of_it[number % len(all_of_it)].drop(case)

    told, again, new = tried(changed), tried(changed), tried(replace(changed, known=Known()))

    assert told.solution == again.solution == new.solution
    assert str(told.trouble) == str(again.trouble) == str(new.trouble)


def deadlines(made: Project, ends: list[int]) -> Project:
    """The same with a deadline for each job."""
    return replace(made, jobs=tuple(replace(j, deadline=end) for j, end in zip(made.jobs, ends, strict=True)))


@example(seed=462, count=8)  # a job with a pause in it, whose end is held by another
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(4, 14))
def test_what_has_a_schedule_is_not_hopeless(seed, count):
    """However tight: each deadline is the very end that a job has in a schedule which a plain count of slots has made."""
    made = mixed_project(seed, count)
    solution = Placer(made).solution()
    if solution is None:
        return
    tight = deadlines(made, [placed.finish for placed in solution.placed])

    assert not hopeless(tight, case_of(tight))


def test_more_work_than_hours_is_hopeless():
    """Forty hours of work that one person could do by themselves, in a week of five days at six hours."""
    from runbook_engine.model.jobs import Crew
    from scheduling.projects_made import OFFICE, job, project, worker

    def week(hours: int) -> Project:
        jobs = [job(f"j{n}", 2, crews=(Crew(people=(0,)),), deadline=24 * 7) for n in range(hours // 2)]
        return project(*jobs, workers=(worker("ana", OFFICE, day_most=6),))

    assert hopeless(week(32), case_of(week(32)))
    assert not hopeless(week(30), case_of(week(30)))


def within_reach(seed: int) -> Project | None:
    """A project with deadlines that another order of its jobs keeps, or nearly: one list more may be what helps."""
    chance = Random(seed)
    count = chance.randint(10, 60)
    made = mixed_project(seed, count)
    try:
        ends = laid_out(made, chance.sample(range(count), count), strict=False).books.finish
    except NotPlaced:
        return None
    return replace(
        made,
        jobs=tuple(
            replace(job, deadline=end + chance.choice((0, 5, 20))) if end and chance.random() < 0.5 else job
            for job, end in zip(made.jobs, ends, strict=True)
        ),
    )


def laid(made: Project, **how: Any) -> tuple[Any, Any] | None:
    """When all is and who does it; None where there is no schedule."""
    try:
        books = laid_out(made, **how).books
    except NotPlaced:
        return None
    return books.start, books.who


@pytest.mark.parametrize("patience", [None, 1, 2])
def test_haste_changes_no_answer(patience):
    """A list that is given up would have failed; one that is not is the same."""
    lists = []
    for made in filter(None, map(within_reach, range(200))):
        calm = laid(made, patience=patience)
        lists.append(calm)
        assert calm == laid(made, patience=patience, hasty=True)
        backwards = [*range(len(made.jobs))][::-1]
        assert laid(made, order=backwards) == laid(made, order=backwards, hasty=True)

    assert None in lists
    assert len(lists) > lists.count(None)


def test_what_is_known_is_made_once_and_nothing_is_kept_of_a_failure():
    """By a value, by the very object, or by a value with a hint."""
    known, made, one = Known(), [], {"a": 1}
    for key in ("x", ("x", Itself(one)), ("x", Like(one, 1)), "x", ("x", Itself(one)), ("x", Like({"a": 1}, 1))):
        known.once(key, lambda: made.append(1))
    for other in (("x", Itself({"a": 1})), ("x", Like({"a": 2}, 1))):
        known.once(other, lambda: made.append(2))

    assert made == [1, 1, 1, 2, 2]
    with pytest.raises(ZeroDivisionError):
        known.once("fails", lambda: 1 // 0)
    assert known.once("fails", lambda: 3) == 3
