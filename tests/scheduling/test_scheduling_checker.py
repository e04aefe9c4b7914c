"""The checker of schedules: a right one has no fault, and each rule that is broken is named."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import Apart, Crew, Job, Link, LinkKind, Placed, Project, Solution, Supply
from runbook_engine.scheduling.checker import faults
from scheduling.projects_made import NIGHT, OFFICE, Placer, job, mixed_project, plain_project, project, solved, worker

SEEDS = st.integers(min_value=0, max_value=5000)


def at(start: int, finish: int, *people: int, spells: tuple[tuple[int, int], ...] = ()) -> Placed:
    """A place in a schedule."""
    return Placed(start=start, finish=finish, people=people, spells=spells)


def only(made: Project, *placed: Placed) -> str:
    """The one fault of a schedule."""
    found = faults(made, solved(placed))
    assert len(found) == 1, found
    return found[0]


def right(made: Project, *placed: Placed) -> None:
    """There is no fault."""
    assert faults(made, solved(placed)) == ()


def mixed(seed: int) -> tuple[Project, Solution]:
    """A mixed project with a schedule that is right by counting slots."""
    made = mixed_project(seed)
    found = Placer(made).solution()
    assume(found is not None)
    assert found is not None
    return made, found


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_right_schedule_has_no_fault(seed: int) -> None:
    """Whatever the slots allow, the checker allows."""
    made, found = mixed(seed)

    assert faults(made, found) == ()


@given(SEEDS, st.data())
def test_work_before_what_it_waits_for_is_named(seed: int, data: st.DataObject) -> None:
    """A job with a link is put before the slot that the link allows, and both names are told."""
    made = plain_project(seed, 8)
    found = Placer(replace(made, horizon=500)).solution()
    linked = [n for n, j in enumerate(made.jobs) if j.links]
    assume(found and linked)
    assert found is not None
    chosen = data.draw(st.sampled_from(linked))
    bound = max(found.placed[link.before].finish + link.lag for link in made.jobs[chosen].links)
    moved = replace(found.placed[chosen], start=bound - 1, finish=bound - 1 + made.jobs[chosen].duration, spells=())
    placed = [*found.placed]
    placed[chosen] = moved

    assert any(made.jobs[chosen].id in f and "after" in f for f in faults(made, solved(placed)))


@given(SEEDS, st.data())
@settings(max_examples=40, deadline=None)
def test_other_slots_than_the_spells_are_named(seed: int, data: st.DataObject) -> None:
    """Work that is a slot shorter than it takes is told with the job's name."""
    made, found = mixed(seed)
    chosen = data.draw(st.sampled_from([n for n, j in enumerate(made.jobs) if j.duration > 1]))
    begin, *rest = found.placed[chosen].spells
    cut = ((begin[0] + 1, begin[1]), *rest) if begin[1] - begin[0] > 1 else tuple(rest)
    placed = [*found.placed]
    placed[chosen] = replace(placed[chosen], start=cut[0][0], spells=cut)

    assert any(f.startswith(f"{made.jobs[chosen].id} takes") for f in faults(made, solved(placed)))


@given(SEEDS, st.data())
@settings(max_examples=40, deadline=None)
def test_somebody_who_cannot_is_named(seed: int, data: st.DataObject) -> None:
    """A person outside the crew is told by name."""
    made, found = mixed(seed)
    crewed = [n for n, j in enumerate(made.jobs) if len(j.crews) == 1]
    assume(crewed)
    chosen = data.draw(st.sampled_from(crewed))
    wrong = next(p for p in range(4) if p not in made.jobs[chosen].crews[0].people)
    placed = [*found.placed]
    placed[chosen] = replace(placed[chosen], people=(wrong,))

    assert any(str(made.workers[wrong].id) in f and "who cannot" in f for f in faults(made, solved(placed)))


@given(SEEDS, st.data())
@settings(max_examples=40, deadline=None)
def test_two_things_at_once_are_named(seed: int, data: st.DataObject) -> None:
    """A second job at the time of the first, by the same person."""
    made, found = mixed(seed)
    busy = [n for n, p in enumerate(found.placed) if p.people and p.spells]
    assume(busy)
    chosen = data.draw(st.sampled_from(busy))
    again = replace(made.jobs[chosen], id="again", links=(), uses=())
    more = replace(made, jobs=(*made.jobs, again), apart=())

    assert any("at a time" in f and "again" in f for f in faults(more, solved((*found.placed, found.placed[chosen]))))


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (LinkKind.FINISH_START, (0, 4), (5, 7)),
        (LinkKind.START_START, (2, 6), (3, 5)),
        (LinkKind.FINISH_FINISH, (0, 4), (3, 5)),
        (LinkKind.START_FINISH, (4, 8), (3, 5)),
    ],
)
def test_each_kind_of_link_with_lag_and_most(kind: LinkKind, first: tuple[int, int], second: tuple[int, int]) -> None:
    """With a lag of one that is the most as well, the job stands in one slot and in no other."""
    made = Project(jobs=(job("a", 4), job("b", 2, Link(before=0, kind=kind, lag=1, most=1))))

    right(made, at(*first), at(*second))
    assert "at least 1 slots later" in only(made, at(*first), at(second[0] - 1, second[1] - 1))
    assert "at most 1 slots later" in only(made, at(*first), at(second[0] + 1, second[1] + 1))


def test_a_lead_lets_work_begin_before() -> None:
    """A negative lag."""
    made = Project(jobs=(job("a", 4), job("b", 2, Link(before=0, lag=-2))))

    right(made, at(0, 4), at(2, 4))
    assert "b comes at 1" in only(made, at(0, 4), at(1, 3))


def test_calendars_and_pauses() -> None:
    """What may not pause fits into one opening; what may pauses in all that is closed, and in nothing else."""
    whole, parts = job("a", 5, calendar=0), job("a", 5, calendar=0, pausable=True)
    made = project(whole, calendars=(OFFICE,))

    right(made, at(8, 13))
    assert "not all the while calendar 0 is open" in only(made, at(15, 20))
    assert "may not be paused" in only(made, at(15, 35, spells=((15, 17), (32, 35))))
    pausing = project(parts, calendars=(OFFICE,))
    right(pausing, at(15, 35, spells=((15, 17), (32, 35))))
    assert "make that" in only(pausing, at(15, 36, spells=((15, 17), (33, 36))))
    assert "make that" in only(pausing, at(15, 20))
    assert "make that" in only(pausing, at(17, 22))


def test_a_pause_follows_the_people_as_well() -> None:
    """Work rests while one of the crew is away."""
    crew = (Crew(people=(0,)), Crew(people=(1,)))
    made = project(job("a", 4, crews=crew, pausable=True), workers=(worker("ana", ((0, 2), (5, 30))), worker("ben", ((0, 8),))))

    right(made, at(0, 7, 0, 1, spells=((0, 2), (5, 7))))
    assert "make that" in only(made, at(0, 4, 0, 1))


def test_times_that_are_set() -> None:
    """Release, deadline, horizon, and what is pinned."""
    made = project(job("a", 3, release=4, deadline=9), horizon=12)

    right(made, at(4, 7))
    assert "may not before 4" in only(made, at(3, 6))
    assert "has to be by 9" in only(made, at(7, 10))
    assert "nothing is known after 12" in only(project(job("a", 3), horizon=12), at(10, 13))
    assert "may not before 0" in only(project(job("a", 3)), at(-1, 2))
    assert "is to start at 5" in only(project(job("a", 3, start=5)), at(6, 9))
    pinned = project(job("a", 3, crews=(Crew(people=(0,)),), people=(1,)), workers=(worker("ana"), worker("ben")))
    right(pinned, at(0, 3, 1))
    assert "is to be done by" in only(pinned, at(0, 3, 0))


def test_people() -> None:
    """How many, who twice, who is away, and who with whom."""
    two = project(
        job("a", 2, crews=(Crew(people=(0, 1, 2), count=2),)), workers=(worker("ana", OFFICE), worker("ben"), worker("eva"))
    )

    right(two, at(8, 10, 1, 2))
    assert "needs 2 people, and has 1" in only(two, at(8, 10, 1))
    assert "counts somebody twice" in "".join(faults(two, solved([at(8, 10, 1, 1)])))
    assert "ana is free" in only(two, at(5, 7, 0, 1))
    assert "who is nobody" in "".join(faults(two, solved([at(8, 10, 1, 7)])))
    crew = (Crew(people=(0, 1)),)
    same = project(job("a", 1, crews=crew), job("b", 1, crews=crew, same_people_as=(0,)), workers=two.workers[1:])
    right(same, at(0, 1, 0), at(1, 2, 0))
    assert "not done by the people of a" in only(same, at(0, 1, 0), at(1, 2, 1))
    other = project(job("a", 1, crews=crew), job("b", 1, crews=crew, other_people_than=(0,)), workers=two.workers[1:])
    right(other, at(0, 1, 0), at(1, 2, 1))
    assert "both done by ben" in only(other, at(0, 1, 0), at(1, 2, 0))


def test_limits_and_rest() -> None:
    """Slots of a day, of a week, and a shift that gets too long because there is too little rest in it."""
    jobs = [job(f"j{n}", 4, crews=(Crew(people=(0,)),)) for n in range(3)]

    def of(**more: int) -> Project:
        return project(*jobs, workers=(worker("ana", None, **more),))

    right(of(day_most=8), at(0, 4, 0), at(20, 24, 0), at(24, 28, 0))
    assert "12 slots on a day that begins at 0" in only(of(day_most=8), at(0, 4, 0), at(10, 14, 0), at(20, 24, 0))
    right(of(day_most=6), at(0, 4, 0), at(22, 26, 0), at(26, 30, 0))
    right(of(week_most=8), at(0, 4, 0), at(164, 168, 0), at(168, 172, 0))
    assert "12 slots in a week" in only(of(week_most=8), at(0, 4, 0), at(50, 54, 0), at(90, 94, 0))
    right(of(rest=11), at(0, 4, 0), at(9, 13, 0), at(24, 28, 0))
    assert "without 11 slots of rest" in only(of(rest=11), at(0, 4, 0), at(9, 13, 0), at(23, 27, 0))


def test_travel() -> None:
    """From home to the first site of a day, from one site to the next; work anywhere takes from the time to travel."""
    crew = (Crew(people=(0,)),)
    jobs = (job("a", 2, crews=crew, site=0), job("b", 2, crews=crew, site=1), job("c", 1, crews=crew))
    made = project(*jobs, workers=(worker("ana", OFFICE, site=0),), sites=("ams1", "rtm1"), travel={(0, 1): 2, (1, 0): 2})

    right(made, at(8, 10, 0), at(13, 15, 0), at(11, 12, 0))
    assert "from a to b: the way takes 2" in only(made, at(8, 10, 0), at(12, 14, 0), at(11, 12, 0))
    right(made, at(8, 10, 0), at(34, 36, 0), at(36, 37, 0))
    assert "the way from home takes 2" in only(made, at(8, 10, 0), at(33, 35, 0), at(36, 37, 0))
    assert "the way from home takes 2" in only(made, at(8, 10, 0), at(34, 36, 0), at(33, 34, 0))


def test_things() -> None:
    """Tools are given back, also after the pauses; parts are not, and some come later."""
    jobs = [job(f"j{n}", 3, uses=((0, 1),)) for n in range(3)]
    tools = project(*jobs, resources=(Supply(name="lift", amount=2, taken=((10, 12, 1),)),))
    right(tools, at(0, 3), at(0, 3), at(3, 6))
    assert "3 of lift are used at 2, and there are 2" in only(tools, at(0, 3), at(0, 3), at(2, 5))
    away = "2 of lift are used at 11, when its hours and what others have booked leave 1"
    assert away in only(tools, at(9, 12), at(11, 14), at(0, 3))
    parts = project(*jobs, resources=(Supply(name="disk", amount=2, used_up=True, arrives=((8, 1),)),))
    right(parts, at(0, 3), at(3, 6), at(8, 11))
    assert "1 more of disk" in only(parts, at(0, 3), at(3, 6), at(7, 10))
    apart = project(*(replace(j, uses=()) for j in jobs), apart=(Apart(jobs=frozenset({0, 2}), most=1, words="web"),))
    right(apart, at(0, 3), at(0, 3), at(3, 6))
    assert "2 of web are under way at 2" in only(apart, at(0, 3), at(0, 3), at(2, 5))


def test_what_is_pinned_breaks_no_rule_by_itself() -> None:
    """Facts may overlap; what is planned beside them may not."""
    crew = (Crew(people=(0,)),)
    facts = [job(f"f{n}", 4, crews=crew, start=2 * n, people=(0,), calendar=0) for n in range(2)]
    made = project(*facts, job("a", 2, crews=crew), workers=(worker("ana", NIGHT),), calendars=(NIGHT,))

    right(made, at(0, 4, 0), at(2, 6, 0), at(20, 22, 0))
    assert "at a time" in "".join(
        faults(replace(made, workers=(worker("ana"),)), solved([at(0, 4, 0), at(2, 6, 0), at(5, 7, 0)]))
    )


def test_what_a_schedule_says_of_itself() -> None:
    """Its finish, its bound, and that it is complete."""
    made = Project(jobs=(job("a", 3),))

    assert faults(made, Solution(placed=(), finish=0, bound=0)) == ("the schedule places 0 jobs of 1",)
    assert "is over at 3" in faults(made, Solution(placed=(at(0, 3),), finish=4, bound=0))[0]
    assert "before 4" in faults(made, Solution(placed=(at(0, 3),), finish=3, bound=4))[0]
    assert "takes 3" in only(made, at(0, 4))
    assert "before it starts" in only(made, at(4, 3))


def test_ten_thousand_jobs_are_checked_within_a_second() -> None:
    """With people, calendars, a tool and pauses."""
    crew, office = (Crew(people=tuple(range(200))),), tuple((24 * d + 8, 24 * d + 17) for d in range(30))
    jobs, placed = list[Job](), list[Placed]()
    for number in range(10_000):
        person, turn = number % 200, number // 200
        start = 24 * (turn // 2) + (8 if turn % 2 == 0 else 12)
        before = (number - 200,) if turn else ()
        jobs.append(job(f"j{number}", 4, *before, crews=crew, uses=((0, 1),), pausable=turn % 3 == 0))
        placed.append(at(start, start + 4, person))
    people = [worker(f"p{n}", office, day_most=8, rest=11, site=0) for n in range(200)]
    made = project(
        *jobs, workers=tuple(people), resources=(Supply(name="badge", amount=200),), sites=("a",), travel={(0, 0): 0}
    )
    found = faults(made, solved(placed))

    assert found == ()
