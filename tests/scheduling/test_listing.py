"""The list scheduler: each kind of rule by example, all of them together by chance, and why a job has no place."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import Apart, Crew, Job, Link, LinkKind, Placed, Project, Supply, Worker
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_change import kept
from runbook_engine.scheduling.listing import first, solution
from runbook_engine.scheduling.listing_case import case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason

DAY = 24
DAYS = tuple(range(0, 30 * DAY, DAY))
OFFICE = tuple((d + 9, d + 17) for d in DAYS)
LUNCH = tuple(span for d in DAYS for span in ((d + 8, d + 12), (d + 13, d + 17)))
NIGHTS = tuple((d + 22, d + 28) for d in DAYS[:-1])


def job(name: str, duration: int, *after: int, **more) -> Job:
    return Job(id=name, duration=duration, links=tuple(Link(before=b) for b in after), **more)


def project(*jobs: Job, **more) -> Project:
    return Project(jobs=jobs, slot_s=3600, **{"days": DAYS, "horizon": 30 * DAY, **more})


def placed(of: Project) -> tuple[Placed, ...]:
    found = first(of)
    assert faults(of, found) == ()
    return found.placed


def starts(of: Project) -> list[int]:
    return [each.start for each in placed(of)]


def needs(*people: int, count: int = 1) -> tuple[Crew, ...]:
    return (Crew(people=people, count=count, words="hands"),)


def test_links_of_all_kinds():
    links = [
        (Link(before=0, lag=2), 6),
        (Link(before=0, kind=LinkKind.START_START, lag=1), 1),
        (Link(before=0, kind=LinkKind.FINISH_FINISH, lag=3), 5),
        (Link(before=0, kind=LinkKind.START_FINISH, lag=9), 7),
        (Link(before=0, lag=-1), 3),
    ]
    for link, start in links:
        assert starts(project(job("a", 4), Job(id="b", duration=2, links=(link,)))) == [0, start]


def test_a_maximal_lag_moves_the_job_before():
    of = project(
        job("other", 9, crews=needs(0)),
        job("a", 1),
        Job(id="b", duration=1, links=(Link(before=1, most=2),), crews=needs(0)),
        workers=(Worker(id="ben"),),
    )
    found = first(of, order=[0, 1, 2])

    assert faults(of, found) == ()
    assert [each.start for each in found.placed] == [0, 6, 9]


def test_unbroken_work_fits_into_one_shift_and_pausable_work_pauses():
    of = project(job("a", 5, crews=needs(0)), job("b", 6, crews=needs(0)), workers=(Worker(id="ben", free=OFFICE),))

    assert sorted(starts(of)) == [9, 33]

    pausing = placed(project(job("a", 20, crews=needs(0), pausable=True), workers=(Worker(id="ben", free=OFFICE),)))
    assert pausing[0] == Placed(start=9, finish=61, people=(0,), spells=((9, 17), (33, 41), (57, 61)))


def test_work_that_pauses_keeps_to_what_its_people_may_work():
    """Ten hours a day are open; eight of them may be worked, forty a week, and after a shift there is rest."""
    hours = tuple((d + 8, d + 18) for d in DAYS)

    def spells(length, **limits):
        ben = Worker(id="ben", free=limits.pop("free", hours), **limits)
        of = project(job("a", length, crews=needs(0), pausable=True), workers=(ben,), weeks=(0, 5 * DAY, 12 * DAY))
        found = first(of)
        assert faults(of, found) == ()
        assert bound(of) <= found.finish
        return found.placed[0].spells or ((found.placed[0].start, found.placed[0].finish),)

    assert spells(20, day_most=8) == ((8, 16), (32, 40), (56, 60))
    assert spells(12, week_most=10) == ((8, 18), (5 * DAY + 8, 5 * DAY + 10))
    assert spells(30, rest=10, free=None) == ((0, 14), (24, 38), (48, 50))
    assert spells(12, day_most=8, elsewhere=((9, 10, None),)) == ((10, 17), (32, 37))
    assert spells(12, day_most=8, elsewhere=((9, 10, None), (33, 34, None))) == ((34, 41), (56, 61))
    assert spells(8, day_most=8) == ((8, 16),)
    assert spells(12, day_most=5, elsewhere=((8, 9, None), (15, 16, None))) == ((9, 12), (32, 37), (56, 60))


def test_work_that_pauses_over_night_has_a_way_to_it_each_day():
    """Two hours each morning; whoever is always at work goes there once."""

    def spells(free, **more):
        ben = Worker(id="ben", free=free, site=0, **more)
        way = {"sites": ("ams", "rtm"), "travel": {(0, 1): 2, (1, 0): 2}}
        of = project(job("a", 15, crews=needs(0), pausable=True, site=1), workers=(ben,), **way)
        found = first(of)
        assert faults(of, found) == ()
        return found.placed[0].spells or ((found.placed[0].start, found.placed[0].finish),)

    assert spells(OFFICE) == ((11, 17), (35, 41), (59, 62))
    assert spells(OFFICE, day_most=5) == ((11, 16), (35, 40), (59, 64))
    assert spells(OFFICE, elsewhere=((10, 11, None),)) == ((13, 17), (35, 41), (59, 64))
    assert spells(None) == ((2, 17),)


def test_windows_and_people_come_together():
    late = Worker(id="ben", free=tuple((d + 20, d + 24) for d in DAYS))

    assert starts(project(job("a", 2, calendar=0, crews=needs(0)), calendars=(NIGHTS,), workers=(late,))) == [22]


def test_two_people_are_two_different_people():
    two = placed(project(job("a", 3, crews=needs(0, 1, count=2)), workers=(Worker(id="ben", free=OFFICE), Worker(id="eva"))))

    assert two[0].start == 9
    assert sorted(two[0].people) == [0, 1]


def test_somebody_changes_the_seat_for_another():
    crews = (Crew(people=(0, 1)), Crew(people=(0, 2)), Crew(people=(0,)))
    of = project(job("a", 1, crews=crews), workers=tuple(Worker(id=name) for name in ("ben", "eva", "tom")))

    assert placed(of)[0].people == (1, 2, 0)


def test_same_people_and_others():
    of = project(
        job("a", 2, crews=needs(0, 1)),
        job("b", 2, 0, crews=needs(0, 1), same_people_as=(0,)),
        job("c", 2, crews=needs(0, 1), other_people_than=(1,)),
        workers=(Worker(id="ben"), Worker(id="eva")),
    )
    one, same, other = placed(of)

    assert one.people == same.people != other.people


def test_a_day_a_week_and_a_rest_have_limits():
    jobs = [job(str(k), 4, crews=needs(0)) for k in range(4)]

    assert starts(project(*jobs, workers=(Worker(id="ben", day_most=8),))) == [0, 4, 24, 28]
    assert starts(project(*jobs, weeks=(0, 168), workers=(Worker(id="ben", week_most=8),))) == [0, 4, 168, 172]
    assert starts(project(*jobs, workers=(Worker(id="ben", rest=14),))) == [0, 4, 22, 26]


def test_the_way_from_home_and_between_sites():
    of = project(
        job("a", 2, site=1, crews=needs(0)),
        job("b", 2, 0, site=0, crews=needs(0)),
        sites=("ams", "rtm"),
        travel={(0, 1): 2, (1, 0): 1},
        workers=(Worker(id="ben", site=0, free=OFFICE),),
    )

    assert starts(of) == [11, 14]


def test_a_break_does_not_undo_the_way_that_was_gone_before_it():
    """Whoever went there in the morning begins after lunch; what is done on the way, or takes its time, is looked at."""
    ways = {"sites": ("ams", "rtm"), "travel": {(0, 1): 4, (1, 0): 4}, "workers": (Worker(id="ben", site=0, free=LUNCH),)}
    assert starts(project(job("a", 2, site=1, crews=needs(0)), **ways)) == [13]
    assert starts(project(job("a", 1, crews=needs(0)), job("b", 2, 0, site=1, crews=needs(0)), **ways)) == [8, DAY + 13]


def test_work_for_other_projects_counts_in_limits_rest_and_ways():
    """Six hours there leave two of eight; it is slept after; and from another site it is a way."""
    one = job("a", 4, site=0, crews=needs(0))
    ways = {"sites": ("ams", "rtm"), "travel": {(0, 1): 2, (1, 0): 2}}

    def begins(free, *elsewhere, **limits):
        left = tuple(part for part in free if not any(part[0] < end and part[1] > begin for begin, end, _ in elsewhere))
        ben = Worker(id="ben", site=0, free=left, elsewhere=elsewhere, **limits)
        return starts(project(one, workers=(ben,), weeks=tuple(range(0, 30 * DAY, 7 * DAY)), **ways))[0]

    hours = tuple(span for d in DAYS for span in ((d + 6, d + 12), (d + 12, d + 22)))
    assert begins(hours, (6, 12, None)) == 12
    assert begins(hours, (6, 12, None), day_most=8) == DAY + 6
    assert begins(hours, (6, 12, None), week_most=9) == 7 * DAY + 6
    assert begins(hours, (6, 12, None), rest=15) == DAY + 6
    assert begins(hours, (6, 12, 1)) == 14


def test_tools_stay_taken_in_pauses_and_parts_are_used_up():
    tools = (Supply(name="lift", amount=1, taken=((0, 3, 1),)), Supply(name="disk", amount=2, used_up=True, arrives=((50, 2),)))
    of = project(
        job("a", 10, crews=needs(0), pausable=True, uses=((0, 1), (1, 2))),
        job("b", 1, uses=((0, 1),)),
        job("c", 1, uses=((1, 2),)),
        workers=(Worker(id="ben", free=OFFICE),),
        resources=tools,
    )
    found = first(of, order=[0, 1, 2])

    assert faults(of, found) == ()
    assert [(each.start, each.finish) for each in found.placed] == [(9, 35), (3, 4), (50, 51)]


def test_enough_hosts_stay_in_service():
    of = project(*(job(str(k), 2) for k in range(4)), apart=(Apart(jobs=frozenset(range(4)), most=2),))

    assert sorted(starts(of)) == [0, 0, 2, 2]


def test_facts_stand_and_the_rest_is_done_around_them():
    of = project(
        job("begun", 5, start=3, people=(0,), crews=needs(0)),
        job("b", 3, crews=needs(0)),
        job("c", 4, crews=needs(0), start=20),
        workers=(Worker(id="ben"),),
    )

    assert starts(of) == [3, 0, 20]


@pytest.mark.parametrize(
    ("of", "at", "reason"),
    [
        (project(job("a", 1, 1), job("b", 1, 0)), 1, Reason.CIRCLE),
        (project(job("a", 1, crews=needs(0, count=2)), workers=(Worker(id="ben"),)), 0, Reason.NOBODY),
        (project(job("a", 7, calendar=0), calendars=(NIGHTS,)), 0, Reason.NEVER_OPEN),
        (project(job("a", 9, crews=needs(0)), workers=(Worker(id="ben", free=OFFICE),)), 0, Reason.NEVER_FREE),
        (project(job("a", 1, uses=((0, 2),)), resources=(Supply(name="lift", amount=1),)), 0, Reason.NEVER_SO_MUCH),
        (project(*(job(k, 1, uses=((0, 2),)) for k in "ab"), resources=(Supply(name="disk", amount=3, used_up=True),)), 1,
         Reason.OUT_OF_STOCK),
        (project(job("a", 9), job("b", 9, 0, deadline=17)), 1, Reason.DEADLINE),
        (project(*(job(k, 9, crews=needs(0)) for k in "ab"), workers=(Worker(id="ben"),), horizon=17), 0, Reason.DEADLINE),
        (project(*(job(k, 8, crews=needs(0)) for k in "ab"), workers=(Worker(id="ben", free=((0, 9),)),)), 1, Reason.FULL),
        (project(job("a", 9), job("b", 9, 0, start=3)), 0, Reason.TIED),
        (project(job("a", 1, crews=needs(0)), job("b", 1, crews=needs(0), other_people_than=(0,)), workers=(Worker(id="ben"),)),
         1, Reason.NOT_THESE),
    ],
)  # fmt: skip
def test_why_a_job_has_no_place(of, at, reason):
    with pytest.raises(NotPlaced) as refused:
        first(of)

    assert (refused.value.job, refused.value.reason) == (at, reason)
    assert of.jobs[at].id in str(refused.value)
    assert "slot" not in str(refused.value)  # lengths of time are told in hours


def test_a_length_of_time_is_told_as_people_say_it():
    with pytest.raises(NotPlaced, match="a: it takes 1d 9h, and the window night, freezes taken off, is open for 6h at a time"):
        first(project(job("a", 33, calendar=0, window="night"), calendars=(NIGHTS,)))
    with pytest.raises(NotPlaced, match="the window night, freezes taken off, is not open any more"):
        first(project(job("a", 33, calendar=0, window="night"), calendars=((),)))


def test_what_can_stay_stays():
    of = project(*(job(str(k), 2, crews=needs(0, 1)) for k in range(20)), workers=(Worker(id="ben"), Worker(id="eva")))
    was = {each.id: where for each, where in zip(of.jobs, placed(of), strict=True)}
    away = replace(of, workers=(Worker(id="ben", free=((0, 4), (6, 900))), of.workers[1]))
    now = solution(away, kept(away, was), "", 1)
    changed = [k for k, each in zip(was, now.placed, strict=True) if each != was[k]]

    assert faults(away, now) == ()
    assert len(changed) == 1
    assert was[changed[0]].start == 4


@st.composite
def projects(draw, *, most: int = 9):
    """Small projects with everything that a project can hold."""
    number = st.integers
    count = draw(number(1, most))
    people = draw(number(1, 3))

    def one(k):
        before = draw(st.lists(number(0, k - 1), max_size=2, unique=True)) if k else []
        links = tuple(Link(before=b, kind=draw(st.sampled_from(LinkKind)), lag=draw(number(-1, 2))) for b in before)
        able = tuple(draw(st.lists(number(0, people - 1), min_size=1, max_size=3, unique=True)))
        crews = (Crew(people=able, count=draw(number(1, len(able)))),) if draw(st.booleans()) else ()
        pausable = draw(st.booleans())
        return Job(
            id=str(k),
            duration=draw(number(0, 6)) * (draw(number(1, 5)) if pausable else 1),
            links=links,
            crews=crews,
            calendar=draw(st.sampled_from((None, None, 0))),
            pausable=pausable,
            release=draw(number(0, 5)),
            uses=draw(st.sampled_from(((), ((0, 1),), ((0, 2), (1, 1))))),
            site=draw(st.sampled_from((None, 0, 1))),
            other_people_than=(before[0],) if before and crews and draw(number(0, 9)) == 0 else (),
        )

    worker = st.builds(
        Worker,
        id=st.just("w"),
        free=st.sampled_from((None, OFFICE, LUNCH, tuple((d + 18, d + 30) for d in DAYS[:-1]))),
        site=st.sampled_from((None, 0)),
        day_most=st.sampled_from((None, 7)),
        week_most=st.sampled_from((None, 20)),
        rest=st.sampled_from((0, 10)),
        elsewhere=st.sampled_from(((), ((9, 12, None),), ((-3, 2, 0), (10, 15, 1)), ((13, 15, 0), (33, 40, None)))),
    )
    return project(
        *(one(k) for k in range(count)),
        workers=tuple(replace(draw(worker), id=PersonId(f"w{n}")) for n in range(people)),
        calendars=(NIGHTS,),
        resources=(
            Supply(name="lift", amount=2, taken=((3, 6, 1),)),
            Supply(name="disk", amount=4, used_up=True, arrives=((40, 9),)),
        ),
        apart=(Apart(jobs=frozenset(range(0, count, 2)), most=2),),
        sites=("ams", "rtm"),
        travel={(0, 1): 2, (1, 0): 2},
        weeks=(0, 7 * DAY, 14 * DAY, 21 * DAY),
    )


@settings(max_examples=300, deadline=None)
@given(projects())
def test_every_schedule_passes_the_check_and_is_not_over_before_the_bound(of):
    try:
        found = first(of)
    except NotPlaced:
        return

    assert faults(of, found) == ()
    assert bound(of) <= found.finish


@settings(max_examples=150, deadline=None)
@given(projects(), st.randoms())
def test_any_change_of_the_hours_keeps_the_rules(of, random):
    try:
        was = first(of)
        now = replace(of, workers=tuple(replace(each, free=OFFICE) if random.random() < 0.4 else each for each in of.workers))
        found = solution(now, kept(now, {each.id: where for each, where in zip(of.jobs, was.placed, strict=True)}), "", 1)
    except NotPlaced:
        return

    assert [fault for fault in faults(now, found) if "deadline" not in fault] == []


def test_a_thing_does_its_work_while_those_who_use_it_are_there():
    """One lift for four times six hours, by day: eight hours of the first two days, and the last eight of the third."""
    jobs = [job(f"mount{n}", 6, uses=((0, 1),), crews=needs(0, 1), pausable=True) for n in range(4)]
    people = (Worker(id="ana", free=OFFICE), Worker(id="ben", free=OFFICE))
    of = project(*jobs, workers=people, resources=(Supply(name="lift", amount=1),))

    assert bound(of) == 2 * DAY + 17
    taken = replace(of, resources=(Supply(name="lift", amount=1, taken=((0, DAY, 1),)),))
    assert bound(taken) == 3 * DAY + 17
    alone = [job(f"copy{n}", 6, uses=((0, 1),)) for n in range(5)]
    assert bound(replace(of, jobs=tuple(alone))) == 30  # what needs nobody goes on at night
    assert bound(replace(of, jobs=(*jobs, *alone))) == 2 * DAY + 17


@settings(max_examples=60, deadline=None)
@given(projects(most=5))
def test_the_bound_holds_for_the_best_of_all_orders(of):
    best = 1 << 40
    for order in permutations(range(len(of.jobs))):
        try:
            best = min(best, first(of, order=order).finish)
        except NotPlaced:
            continue

    assert bound(of) <= best


def test_who_may_never_work_for_so_long_is_not_asked_at_all():
    """Somebody who works one slot a day, or rests all day, is not asked for six in a row, unless nobody else is there."""
    little, tired = Worker(id="little", day_most=1), Worker(id="tired", rest=DAY - 2)
    of = project(job("a", 6, crews=needs(0, 1, 2)), job("b", 6, crews=needs(0)), workers=(little, tired, Worker(id="fit")))
    case = case_of(of)

    assert case.candidates[case.seats[0] : case.seats[1]] == [2]
    assert case.candidates[case.seats[1] : case.seats[2]] == [0]
    with pytest.raises(NotPlaced):
        first(of)
    assert first(replace(of, jobs=of.jobs[:1])).placed[0].people == (2,)
