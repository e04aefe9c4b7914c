"""A run that is under way: what has happened is a fact, and what is left is scheduled again with few changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runbook_engine.model.jobs import Crew, Job, Link, Project, Worker
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.words import Digest, PackageId, PersonId, PhaseId, RunId, Status, TaskId
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.facts import as_it_stands, stand_of
from runbook_engine.scheduling.forecasts import go_on

T0 = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def job(name: str, duration: int, *after: int, people: tuple[int, ...] = (), **more) -> Job:
    crews = (Crew(people=people),) if people else ()
    links = tuple(Link(before=number) for number in after)
    return Job(id=f"p/{name}", package=PackageId(f"p/{name}"), duration=duration, links=links, crews=crews, **more)


def project(*jobs: Job, workers: tuple[str, ...] = ("ann", "ben")) -> Project:
    staff = tuple(Worker(id=PersonId(name)) for name in workers)
    return Project(jobs=jobs, workers=staff, slot_s=60, origin=T0, horizon=10_000)


def run(**tasks: TaskState) -> Run:
    made = Run(id=RunId("r-1"), digest=Digest("d"), created=T0)
    made.tasks.update({TaskId(f"p/{name.replace('_', '@')}"): state for name, state in tasks.items()})
    return made


def ok(start: float, end: float, by: str = "") -> TaskState:
    return TaskState(status=Status.OK, started=at(start), ended=at(end), by=by)


def promise(*rows: tuple[str, float, float, str]) -> Schedule:
    bookings = tuple(
        Booking(
            id=f"p/{name}", package=PackageId(f"p/{name}"), phase=PhaseId("p"), title=name, start=at(s), finish=at(f),
            people=(PersonId(who),) if who else (),
        )
        for name, s, f, who in rows
    )  # fmt: skip
    end = max(b.finish for b in bookings)
    return Schedule(plan=Digest("d"), runbook="r", title="R", made=T0, bookings=bookings, start=T0, finish=end, bound=T0)


def times(found) -> list[tuple[int, int]]:
    return [(placed.start, placed.finish) for placed in found[1].placed]


def test_what_is_over_has_its_real_time_and_people():
    """It took twice as long, and somebody else did it than was planned: that is how it stands."""
    plan = project(job("a", 10, people=(0, 1)), job("b", 5, 0, people=(0, 1)))
    found = as_it_stands(plan, run(a=ok(3, 25, by="ben")), at(30))

    assert (found.jobs[0].start, found.jobs[0].duration, found.jobs[0].people) == (3, 22, (1,))
    assert times(go_on(found)) == [(3, 25), (30, 35)]
    over = {job.id: stand_of(job, run(a=ok(3, 25))).over is not None for job in plan.jobs}
    assert over == {"p/a": True, "p/b": False}


def test_what_is_under_way_ends_at_its_pace():
    """A quarter is done after twenty minutes of planned forty: sixty minutes are left, not twenty."""
    going = TaskState(status=Status.WAITING, started=T0, percent=25, told=at(20), by="ann")
    found = as_it_stands(project(job("a", 40, people=(0,))), run(a=going), at(20))

    assert times(go_on(found)) == [(0, 80)]


@pytest.mark.parametrize(("now", "end"), [(20, 80), (50, 80), (79, 80), (80, 81), (9000, 9001)])
def test_a_forecast_does_not_grow_with_the_age_of_what_was_told(now: int, end: int):
    """A quarter was told after twenty minutes, and nothing since: over at the pace up to then, or any moment now."""
    going = TaskState(status=Status.WAITING, started=T0, percent=25, told=at(20), by="ann")

    assert forecast(project(job("a", 40, people=(0,))), run(a=going), now) == [(0, end)]


def test_the_pace_of_a_person_counts_from_when_it_was_promised():
    """Opened on the evening before, by an engine; half was told a quarter of an hour after the promised start."""
    opened = run(a=TaskState(status=Status.WAITING, started=T0, percent=50, told=at(915), by="ann"))
    plan = project(job("a", 30, people=(0,)))
    starts = {"p/a": at(900)}

    assert times(go_on(as_it_stands(plan, opened, at(920), starts))) == [(0, 930)]
    assert times(go_on(as_it_stands(plan, opened, at(920), {"p/a": at(916)}))) == [(0, 1830)]  # begun before it was promised
    by_itself = project(job("a", 30))
    assert times(go_on(as_it_stands(by_itself, opened, at(920), starts))) == [(0, 1830)]  # nobody waits for a person


def test_the_pace_counts_from_when_whoever_does_it_began():
    """Their word goes before the promised start and before the opening; of what is only begun all is left."""
    plan, starts = project(job("a", 30, people=(0,))), {"p/a": at(900)}

    def end(percent: int, began: float | None, promised: dict[str, datetime] | None = None) -> list[tuple[int, int]]:
        word = None if began is None else at(began)
        state = TaskState(status=Status.WAITING, started=T0, percent=percent, told=at(915), began=word, by="ann")
        return times(go_on(as_it_stands(plan, run(a=state), at(915), promised)))

    assert end(50, 905) == [(905, 930)]  # in time: fifteen planned minutes are left
    assert end(50, 905, starts) == [(905, 930)]
    assert end(50, 865) == end(50, 865, starts) == [(865, 965)]  # fifty minutes for one half
    assert end(0, 915, starts) == [(915, 945)]
    assert end(0, 910) == [(910, 945)]
    assert end(0, None) == [(915, 945)]  # nobody has begun


OFFICE = tuple((day + 60, day + 540) for day in range(0, 7200, 1440))  # from nine to five, as T0 is eight


def at_work(*jobs: Job, **more) -> Project:
    """A project of somebody who works from nine to five."""
    return replace(project(*jobs, workers=("ann",)), workers=(Worker(id=PersonId("ann"), free=OFFICE),), **more)


def under_way(began: float, percent: int = 0, told: float = 0) -> Run:
    said = at(told) if percent else None
    return run(a=TaskState(status=Status.WAITING, started=at(began), percent=percent, told=said, until=at(9999), by="ann"))


def forecast(plan: Project, begun: Run, now: float) -> list[tuple[int, int]]:
    going, found = go_on(as_it_stands(plan, begun, at(now)))
    assert faults(going, found) == ()
    return [(placed.start, placed.finish) for placed in found.placed]


def test_a_night_is_no_work():
    """Two hours begun at half past four. In one go they end at half past six; the next morning the night does not count."""
    plan = at_work(job("a", 120, people=(0,)))

    assert forecast(plan, under_way(510), 525) == [(510, 630)]
    assert forecast(plan, under_way(510), 1500) == [(510, 1590)]  # nine o'clock: ninety minutes are left
    assert forecast(plan, under_way(510, 50, told=1500), 1500) == [(510, 1560)]  # half is done: an hour is left
    assert forecast(plan, under_way(510, 25, told=540), 1500) == [(510, 1590)]  # told in the evening: the night does not count
    assert forecast(plan, under_way(510, 25, told=540), 1530) == [(510, 1590)]  # half an hour of what was left is worked off
    assert forecast(plan, under_way(510), 700) == [(510, 1590)]  # late in the evening the same is known


def test_a_milestone_that_was_reached_took_no_time():
    """It is told as the moment at the end of its slot."""
    plan = project(job("a", 10, people=(0,)), job("m", 0, 0), job("b", 5, 1, people=(0,)))

    found = forecast(plan, run(a=ok(0, 10.2, "ann"), m=ok(10.4, 10.4)), 15)
    assert found == [(0, 11), (11, 11), (15, 20)]


def test_what_may_pause_rests_at_night():
    """It ends the next morning from the start, and the work of its person is told in spells."""
    going, found = go_on(as_it_stands(at_work(job("a", 120, people=(0,), pausable=True)), under_way(510), at(525)))

    assert (found.placed[0].start, found.placed[0].finish) == (510, 1590)
    assert found.placed[0].spells == ((510, 540), (1500, 1590))
    assert faults(going, found) == ()


def test_who_works_after_hours_is_believed():
    """What was begun, or ended, outside of the hours was done without a break."""
    plan = at_work(job("a", 120, people=(0,)))

    assert forecast(plan, under_way(600), 800) == [(600, 802)]
    assert forecast(plan, run(a=ok(510, 660, by="ann")), 1500) == [(510, 660)]
    assert forecast(plan, run(a=ok(510, 1560, by="ann")), 1600) == [(510, 1560)]


@example(60, 101, 102, 99, 102, False)
@example(60, 30, 4500, 25, 10, False)
@given(
    st.integers(60, 539),
    st.integers(1, 600),
    st.integers(0, 1500),
    st.just(0) | st.integers(40, 99),
    st.integers(0, 1500),
    st.booleans(),
)
def test_a_forecast_is_never_past_and_counts_no_night(began, length, later, percent, told, pausable):
    """Whatever was begun in the hours is over after now. What was left when it was told is worked off since, in the hours."""
    now, said = began + later, began + (min(told, later) if percent else 0)
    begun = under_way(began, percent, told=said)
    ((start, finish),) = forecast(at_work(job("a", length, people=(0,), pausable=pausable)), begun, now)

    assert start == began
    assert finish > now
    if pausable or later > length:
        done, spent = percent / 100, in_hours(began, said)
        left = spent * (1 - done) / done if done and spent > length * done else length * (1 - done)
        expected = max(1, left - in_hours(said, now), length * 0.02)
        assert abs(in_hours(now, finish) - expected) <= 1


def in_hours(begin: int, end: int) -> int:
    return sum(max(0, min(b, end) - max(a, begin)) for a, b in OFFICE)


def test_what_nobody_has_begun_starts_now_at_the_earliest():
    """A task that was opened waits for its person; waiting is not work."""
    opened = TaskState(status=Status.WAITING, started=T0)
    found = as_it_stands(project(job("a", 10, people=(0, 1))), run(a=opened), at(50))

    assert stand_of(found.jobs[0], run(a=opened)).began is None
    assert times(go_on(found)) == [(50, 60)]


def test_whoever_took_a_task_does_it():
    """An assignment binds the schedule of what is left."""
    taken = TaskState(assigned="ben")
    found = as_it_stands(project(job("a", 10, people=(0, 1))), run(a=taken), at(5))

    assert go_on(found)[1].placed[0].people == (1,)


def test_whoever_took_a_task_does_it_though_another_was_promised():
    """Ben has taken what was booked for Ann: her name is no reason to give it to her, whatever else must move."""
    plan = project(job("a", 10, people=(0,)), job("b", 10, 0, people=(0, 1)))
    told = promise(("a", 0, 10, "ann"), ("b", 10, 20, "ann"))
    going, found = go_on(as_it_stands(plan, run(a=ok(0, 40, by="ann"), b=TaskState(assigned="ben")), at(40)), told)

    assert found.placed[1].people == (1,)
    assert faults(going, found) == ()


def test_a_late_step_moves_only_what_waits_for_it():
    """Others keep their time and their people, though they could be earlier now."""
    plan = project(job("a", 10, people=(0,)), job("b", 10, 0, people=(0, 1)), job("c", 10, people=(0, 1)))
    told = promise(("a", 0, 10, "ann"), ("b", 10, 20, "ben"), ("c", 100, 110, "ben"))
    found = go_on(as_it_stands(plan, run(a=ok(0, 40, by="ann")), at(40)), told)

    assert times(found) == [(0, 40), (40, 50), (100, 110)]
    assert [placed.people for placed in found[1].placed] == [(0,), (1,), (1,)]


def test_whoever_is_away_is_replaced():
    """Ben is on leave from now on: his work goes to Ann."""
    plan = project(job("a", 10, people=(0, 1)), job("b", 10, 0, people=(0, 1)))
    away = (plan.workers[0], Worker(id=PersonId("ben"), free=((0, 10),)))
    plan = Project(jobs=plan.jobs, workers=away, slot_s=60, origin=T0, horizon=10_000)
    found = go_on(as_it_stands(plan, run(a=ok(0, 10, "ben")), at(15)), promise(("a", 0, 10, "ben"), ("b", 10, 20, "ben")))

    assert found[1].placed[1].people == (0,)


def test_a_forecast_tells_what_will_be_whatever_the_deadline():
    """What had to be over at ten is over at thirty."""
    found = go_on(as_it_stands(project(job("a", 30, people=(0,), deadline=10)), run(), at(0)))

    assert times(found) == [(0, 30)]


def test_what_can_no_longer_follow_in_time_follows_late():
    """It had to begin within ten minutes, and an hour has passed; before that the limit counts."""
    first, second = job("a", 10, people=(0,)), job("b", 10, people=(1,))
    plan = project(first, replace(second, links=(Link(before=0, most=10),)))
    assert times(go_on(as_it_stands(plan, run(a=ok(0, 10, "ann")), at(15))))[1] == (15, 25)
    going, found = go_on(as_it_stands(plan, run(a=ok(0, 10, "ann")), at(70)))

    assert found.placed[1].start == 70
    assert going.jobs[1].links == (Link(before=0),)
    assert faults(going, found) == ()


def test_a_step_on_many_hosts_is_over_when_its_last_host_is():
    """Half of its hosts are done: the other half takes as long as the first did."""
    step = job("a", 20, hosts=("h1", "h2"))
    going = run(a_h1=ok(0, 30), a_h2=TaskState(status=Status.RUNNING, started=at(30)))
    done = run(a_h1=ok(0, 30), a_h2=ok(30, 50))

    assert times(go_on(as_it_stands(project(step), going, at(30)))) == [(0, 60)]
    assert times(go_on(as_it_stands(project(step), done, at(55)))) == [(0, 50)]


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    real=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    done=st.integers(0, 6),
    later=st.integers(0, 50),
)
def test_the_past_never_moves_and_nothing_new_is_in_it(lengths, real, done, later):
    """Of a row of steps whose first few are over, those stand as they were, and the others follow after now."""
    jobs = [job(f"s{n}", length, *([n - 1] if n else [])) for n, length in enumerate(lengths)]
    done = min(done, len(jobs), len(real))
    clock, states = 0, {}
    for n in range(done):
        states[f"s{n}"] = ok(clock, clock + real[n])
        clock += real[n]
    found = times(go_on(as_it_stands(project(*jobs), run(**states), at(clock + later))))

    assert found[:done] == [(sum(real[:n]), sum(real[: n + 1])) for n in range(done)]
    assert all(start >= clock + later for start, _ in found[done:])
    assert max((end for _, end in found), default=0) == (clock + later + sum(lengths[done:]) if done < len(jobs) else clock)
