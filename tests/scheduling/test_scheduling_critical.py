"""Critical path and chain: the same path as a graph library's; slack is exactly what may be late; what decides the end."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import networkx as nx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import Crew, Job, Link, LinkKind, Placed, Project, Supply, Worker
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.critical import backwards, followers, forwards, paths
from runbook_engine.scheduling.critical_chain import Held, standings
from runbook_engine.scheduling.critical_hours import FOREVER, Clocks, Hours, first, last
from scheduling.projects_made import NIGHT, OFFICE, Placer, job, mixed_project, plain_project, project, solved, worker

SEEDS = st.integers(min_value=0, max_value=5000)


def at(start: int, finish: int, *people: int) -> Placed:
    """A place in a schedule."""
    return Placed(start=start, finish=finish, people=people)


def longest(made: Project) -> int:
    """The length of the longest path, by networkx: an edge is as long as the job before it and the lag."""
    graph = nx.DiGraph()
    for number, each in enumerate(made.jobs):
        graph.add_edge(number, "end", weight=each.duration)
        for link in each.links:
            graph.add_edge(link.before, number, weight=made.jobs[link.before].duration + link.lag)
    return int(nx.dag_longest_path_length(graph, weight="weight"))


@given(SEEDS, st.integers(min_value=1, max_value=40))
def test_the_path_is_as_long_as_networkx_says(seed: int, count: int) -> None:
    """On plain projects; the path has no slack, and each of its jobs waits for the one before."""
    made = plain_project(seed, count)
    found = paths(made)

    assert found.finish == longest(made)
    assert all(found.slack[n] == 0 for n in found.path)
    assert found.early[found.path[-1]][1] == found.finish
    for one, other in zip(found.path, found.path[1:], strict=False):
        assert any(link.before == one for link in made.jobs[other].links)
    assert found.early[found.path[0]][0] == 0


def delayed(made: Project, times: Sequence[tuple[int, int]], late: int, by: int, people: Sequence[Sequence[int]]) -> int:
    """When everything is over if one job is over so much later, and all else only moves when it is pushed."""
    clocks = Clocks(made)
    hours = [clocks.of(j, p) for j, p in zip(made.jobs, people, strict=True)]
    begins = [start for start, _ in times]
    begins[late] = first(hours[late], made.jobs[late], 0, times[late][1] + by)[0]
    _, order = followers(made)
    return max(end for _, end in forwards(made, hours, order, begins))


@given(SEEDS, st.integers(min_value=2, max_value=25), st.data())
def test_slack_of_plain_projects_is_exact(seed: int, count: int, data: st.DataObject) -> None:
    """A job that is late by its slack never moves the end; one slot more does. By its free slack it moves nobody."""
    made = plain_project(seed, count)
    found = paths(made)
    late = data.draw(st.integers(min_value=0, max_value=count - 1))
    nobody: list[tuple[int, ...]] = [()] * count

    assert delayed(made, found.early, late, found.slack[late], nobody) == found.finish
    assert delayed(made, found.early, late, found.slack[late] + 1, nobody) > found.finish
    assert found.free_slack[late] <= found.slack[late]


@given(SEEDS, st.data())
@settings(max_examples=40, deadline=None)
def test_slack_in_a_schedule_is_exact_with_calendars(seed: int, data: st.DataObject) -> None:
    """The same in a schedule with calendars, pauses, people's hours, leads and all kinds of links."""
    made = mixed_project(seed)
    found = Placer(made).solution()
    assume(found is not None)
    assert found is not None
    late = data.draw(st.integers(min_value=0, max_value=len(made.jobs) - 1))
    times, people = [(p.start, p.finish) for p in found.placed], [p.people for p in found.placed]
    stands = standings(made, found)

    assert delayed(made, times, late, stands[late].slack, people) == found.finish
    assert delayed(made, times, late, stands[late].slack + 1, people) > found.finish


@given(SEEDS, st.data())
def test_free_slack_moves_nobody(seed: int, data: st.DataObject) -> None:
    """A job that is late by its free slack leaves all others where they are."""
    made = plain_project(seed, 20)
    found = paths(made)
    late = data.draw(st.integers(min_value=0, max_value=19))
    begins = [start for start, _ in found.early]
    begins[late] += found.free_slack[late]
    _, order = followers(made)
    moved = forwards(made, [None] * 20, order, begins)

    assert [t for n, t in enumerate(moved) if n != late] == [t for n, t in enumerate(found.early) if n != late]


@given(SEEDS, st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=8), st.booleans())
def test_the_first_and_the_last_time_are_the_same_way_back(seed: int, slot: int, length: int, pausable: bool) -> None:
    """The last time before the end of the first is that time itself; nothing fits in before or after."""
    spans = OFFICE if seed % 2 else NIGHT
    each = job("a", length, pausable=pausable)
    time_ = first(Hours(spans), each, slot, 0)

    assert time_[0] >= slot
    assert last(Hours(spans), each, time_[0], FOREVER) == time_
    assert last(Hours(spans), each, FOREVER, time_[1])[1] == time_[1]
    assert first(Hours(spans), each, 0, time_[1])[1] == time_[1]
    opened = {s for a, b in spans for s in range(a, b)}
    worked = [s for s in range(*time_) if s in opened]
    assert len(worked) == length
    assert not {*range(slot, time_[0])} & {s for s in opened if pausable or opened.issuperset(range(s, s + length))}


@given(SEEDS, st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=30), st.booleans(), st.booleans())
def test_so_are_those_of_people_with_limits(seed: int, slot: int, length: int, rests: bool, always: bool) -> None:
    """Five of the eight hours of a day may be worked, twelve of a week, and there is rest after a shift."""
    ana = Worker(
        id=PersonId("ana"),
        free=None if always else OFFICE if seed % 2 else NIGHT,
        day_most=5 + seed % 5,
        week_most=12 if seed % 3 else None,
        rest=10 if rests else 0,
    )
    made = Project(jobs=(), workers=(ana,), days=tuple(range(0, 2000, 24)), weeks=tuple(range(0, 2000, 168)), slot_s=3600)
    each = job("a", length, pausable=True)
    hours = Clocks(made).of(each, (0,))
    time_ = first(hours, each, slot, 0)

    assert slot <= time_[0] < time_[1] < FOREVER
    assert last(hours, each, time_[0], FOREVER) == time_
    latest = last(hours, each, FOREVER, time_[1])
    assert time_[0] <= latest[0]
    assert latest[1] <= time_[1]
    assert first(hours, each, latest[0], 0) == latest
    assert first(hours, each, latest[0] + 1, 0)[1] > time_[1]
    assert first(hours, each, 0, time_[1])[1] >= time_[1]


def test_a_chain_follows_people_and_things() -> None:
    """Work that waits for nobody's work still waits: for the one technician, and for the lift."""
    crew = (Crew(people=(0,)),)
    jobs = (job("a", 4, crews=crew), job("b", 2, crews=crew, uses=((0, 1),)), job("c", 3, uses=((0, 1),)), job("d", 1))
    made = Project(jobs=jobs, workers=(worker("ana"),), resources=(Supply(name="lift", amount=1),))
    found = standings(made, solved([at(0, 4, 0), at(4, 6, 0), at(6, 9), at(0, 1)]))

    assert [s.chain for s in found] == [True, True, True, False]
    assert [s.held for s in found] == [Held.NOTHING, Held.PERSON, Held.THING, Held.NOTHING]
    assert [s.before for s in found] == [None, 0, 1, None]
    assert [s.drag for s in found] == [4, 2, 3, 0]
    assert [s.slack for s in found] == [5, 3, 0, 8]


def test_work_waits_for_parts_that_are_on_order() -> None:
    """The third disk comes at slot 8; the lift that is free by then is not the reason."""
    jobs = [job(f"j{n}", 2, uses=((0, 1), (1, 1))) for n in range(3)]
    things = Supply(name="lift", amount=1), Supply(name="disk", amount=2, used_up=True, arrives=((8, 1),))
    found = standings(Project(jobs=tuple(jobs), resources=things), solved([at(0, 2), at(2, 4), at(8, 10)]))

    assert [s.held for s in found] == [Held.NOTHING, Held.THING, Held.PARTS]
    assert (found[2].name, found[2].before) == (1, None)


def test_drag_is_what_the_next_way_leaves() -> None:
    """A job beside which another way has two slots of slack drags the end by two, however long it is."""
    made = Project(jobs=(job("a", 1), job("long", 6, 0), job("short", 4, 0), job("end", 1, 1, 2)))
    found = standings(made, solved([at(0, 1), at(1, 7), at(1, 5), at(7, 8)]))

    assert [s.drag for s in found] == [1, 2, 0, 1]
    assert [s.slack for s in found] == [0, 0, 2, 0]


@given(SEEDS, st.integers(min_value=2, max_value=25))
def test_drag_is_what_is_saved_without_the_job(seed: int, count: int) -> None:
    """On plain projects: the end without a job's duration is earlier by exactly its drag."""
    made = plain_project(seed, count)
    found = paths(made)
    stands = standings(made, solved(at(*t) for t in found.early))
    for number, stand in enumerate(stands):
        if stand.chain:
            shorter = [*made.jobs]
            shorter[number] = replace(shorter[number], duration=0)
            assert found.finish - paths(replace(made, jobs=tuple(shorter))).finish == stand.drag


def test_what_waits_for_its_window_is_told() -> None:
    """The night opens hours after the work before is over: both are named."""
    made = project(job("a", 4), job("b", 3, 0, calendar=0), calendars=(NIGHT,))
    found = standings(made, solved([at(0, 4), at(20, 23)]))

    assert (found[1].held, found[1].before, found[1].opens) == (Held.WORK, 0, True)
    assert found[0].slack == 16
    assert [s.chain for s in found] == [True, True]


def test_a_most_keeps_work_near_what_it_follows() -> None:
    """What must come within two hours has no more slack than that."""
    made = Project(jobs=(job("a", 2), job("check", 1, Link(before=0, most=2)), job("other", 20)))
    found = standings(made, solved([at(0, 2), at(2, 3), at(0, 20)]))

    assert found[1].slack == 2


def large(count: int) -> Project:
    """A layered project of so many jobs with two links each."""
    chance = Random(5)
    kinds = [LinkKind.FINISH_START] * 9 + [LinkKind.START_START]
    jobs: list[Job] = []
    for number in range(count):
        before = {chance.randrange(max(0, number - 400), number) for _ in range(2)} if number else ()
        links = (Link(before=b, kind=chance.choice(kinds)) for b in before)
        jobs.append(job(f"j{number}", chance.randint(1, 9), *links))
    return Project(jobs=tuple(jobs))


def test_fifty_thousand_jobs() -> None:
    """Path, slack and free slack; how long that takes is measured in bench/scheduling/path.py."""
    made = large(50_000)
    found = paths(made)

    assert found.path
    assert backwards(made, [None] * 50_000, *reversed(followers(made)), found.finish, found.early) == list(found.late)
