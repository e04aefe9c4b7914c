"""Plain projects: what counts as one, the first schedule, bounds, and both searches by work and by the clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Crew, Effort, Job, Link, LinkKind, Project, Supply
from runbook_engine.scheduling.child_side import packed, unpacked
from runbook_engine.scheduling.plain import is_plain, net, words
from runbook_engine.scheduling.plain_bounds import bound
from runbook_engine.scheduling.plain_list import by, drawn_together
from runbook_engine.scheduling.solve import solve
from scheduling.plain_projects import best, broken, projects


@settings(max_examples=150, deadline=None)
@given(projects())
def test_the_first_schedule_is_feasible_and_not_below_the_bound(project):
    """Links hold, nothing is short, and no bound is above what was found."""
    solution = solve(project, FIRST_ONLY)

    assert broken(project, solution) == []
    assert solution.bound <= solution.finish


@settings(max_examples=60, deadline=None)
@given(projects(most=5))
def test_no_bound_is_above_the_best(project):
    """The best of all lists of tiny projects."""
    assert bound(net(project)) <= best(project)


@settings(max_examples=100, deadline=None)
@given(projects(most=12))
def test_drawing_together_never_makes_it_longer(project):
    """Whatever it starts from."""
    the = net(project)
    starts = by(the, list(range(the.size)))

    assert the.span(drawn_together(the, starts)) <= the.span(starts)


@settings(max_examples=100, deadline=None)
@given(projects(most=6), st.integers(2, 10_000))
def test_longer_units_change_nothing(project, unit):
    """Minutes or hours: the same schedule, in other numbers."""
    jobs = tuple(Job(id=j.id, duration=j.duration * unit, links=j.links, uses=j.uses) for j in project.jobs)
    long = Project(jobs=jobs, resources=project.resources)

    assert net(long).durations == net(project).durations
    assert solve(long, FIRST_ONLY).finish == unit * solve(project, FIRST_ONLY).finish


@given(projects())
def test_a_net_survives_being_sent(project):
    """As plain lists."""
    assert unpacked(packed(net(project))) == net(project)


@settings(max_examples=50, deadline=None)
@given(projects(most=6))
def test_words_of_bits_say_what_fits(project):
    """A job fits beside another exactly if all resources allow it."""
    the = net(project)
    needs, full, guards = words(the)
    for one in range(the.size):
        for other in range(the.size):
            pairs = zip(the.amounts[one], the.amounts[other], the.capacities, strict=True)
            together = [f - n[one] - n[other] for f, n in zip(full, needs, strict=True)]
            fit = all(word & guard == guard for word, guard in zip(together, guards, strict=True))
            assert fit == all(a + b <= c for a, b, c in pairs)


def test_many_resources_take_several_words():
    """Twenty of a hundred units each."""
    uses = tuple((k, 60) for k in range(20))
    project = Project(
        jobs=tuple(Job(id=str(n), duration=n + 1, uses=uses) for n in range(4)),
        resources=tuple(Supply(name=str(k), amount=100) for k in range(20)),
    )

    assert len(words(net(project))[1]) == 3
    assert solve(project, FIRST_ONLY).finish == 10


JOB = Job(id="a", duration=3, uses=((0, 1),))
LIFT = Supply(name="lift", amount=1)


@pytest.mark.parametrize(
    ("job", "supply"),
    [
        (Job(id="b", duration=1, crews=(Crew(people=(0,)),)), LIFT),
        (Job(id="b", duration=1, release=4), LIFT),
        (Job(id="b", duration=1, links=(Link(before=0, lag=2),)), LIFT),
        (Job(id="b", duration=1, links=(Link(before=0, kind=LinkKind.START_START),)), LIFT),
        (Job(id="b", duration=1, start=4), LIFT),
        (JOB, Supply(name="disk", amount=3, used_up=True)),
        (JOB, Supply(name="lift", amount=1, taken=((0, 5, 1),))),
    ],
)
def test_what_has_more_to_it_is_not_plain(job, supply):
    """People, dates, lags, parts."""
    assert is_plain(Project(jobs=(JOB,), resources=(LIFT,)))
    assert not is_plain(Project(jobs=(JOB, job), resources=(supply,)))


def test_what_cannot_be_scheduled_is_said():
    """A circle; more than there is."""
    circle = Project(jobs=(Job(id="x", duration=1, links=(Link(before=1),)), Job(id="y", duration=1, links=(Link(before=0),))))
    with pytest.raises(ValueError, match="circle"):
        solve(circle, FIRST_ONLY)
    with pytest.raises(ValueError, match="a needs 2 of lift, and there are 1"):
        solve(Project(jobs=(Job(id="a", duration=1, uses=((0, 2),)),), resources=(LIFT,)), Effort())


def test_nothing_at_all():
    """A project without jobs is over at once."""
    assert solve(Project(jobs=()), Effort(seconds=1)).finish == 0
