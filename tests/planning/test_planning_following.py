"""Lags, milestones, dates and whose people: what the plan says of them, and what it says of a change."""

from dataclasses import replace
from datetime import date

from planning.planning_builders import book, estate, phase, planned, run
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.plan import Edge
from runbook_engine.model.runbook import Deadline, Lag, Step, Takes, Who
from runbook_engine.model.text import plain
from runbook_engine.model.words import EdgeKind, Repeat
from runbook_engine.planning import compare, digest_of, read_plan, write_plan

HOSTS = estate("a", "b", "c", "d", groups={"web": ["a", "b", "c", "d"]})
HOUR = Lag(lag_s=3600.0)


def by_hand(name: str, **more: object) -> Step:
    """A step that is only planned."""
    return Step(id=name, title=plain(name), who=(Who(person="ana"),), **more)


def test_a_lag_goes_to_the_edge_of_the_step_that_it_names():
    """In batches each package follows that of its own batch; other edges have none."""
    steps = (run("one"), run("two", needs=("one",), lags={"one": HOUR}), run("three"))
    made = planned(book(phase("p", *steps, batches=[2, "rest"])), HOSTS)
    assert made.packages["p/two"].needs == (Edge(before="p/one", kind=EdgeKind.SAME_HOST, lag=HOUR),)
    assert made.packages["p/two#2"].needs == (Edge(before="p/one#2", kind=EdgeKind.SAME_HOST, lag=HOUR),)
    assert [edge.lag for edge in made.packages["p/three"].needs] == [None]
    later = phase("q", run("end", needs=("p/one",), lags={"p/one": HOUR}), needs=())
    across = planned(book(phase("p", *steps, needs=()), later), HOSTS)
    assert across.packages["q/end"].needs == (Edge(before="p/one", kind=EdgeKind.SAME_HOST, lag=HOUR),)


def test_people_of_steps_become_people_of_packages():
    """Of the same batch where there is one, else of all."""
    steps = (by_hand("one"), by_hand("two", other_people_than=("one",)))
    made = planned(book(phase("p", *steps, batches=[2, "rest"]), phase("q", by_hand("end", same_people_as=("p/one",)))), HOSTS)
    assert made.packages["p/two#2"].other_people_than == ("p/one#2",)
    assert made.packages["q/end"].same_people_as == ("p/one", "p/one#2")


def test_a_milestone_is_a_timer_that_is_over_at_once():
    """Once, although its phase has hosts; nobody does it, and it may be reached again."""
    made = planned(book(phase("p", run("one"), Step(id="ready", title=plain("Ready"), milestone=True), run("two"))), HOSTS)
    package = made.packages["p/ready"]
    assert (package.milestone, package.hosts, package.repeat) == (True, (), Repeat.SAFE)
    assert package.procedure.timer.for_s == 0
    assert not package.by_person
    assert [edge.kind for edge in made.packages["p/two"].needs] == [EdgeKind.ALL_HOSTS]


def test_people_must_be_where_they_work_by_hand():
    """On hosts they must unless the author says otherwise, and without hosts, or for a command, they need not."""
    steps = (by_hand("hands"), by_hand("eyes", on_site=False), run("command"), run("beside", on_site=True))
    made = planned(book(phase("p", *steps), phase("q", by_hand("talk"), hosts=None)), HOSTS)
    names = ("p/hands", "p/eyes", "p/command", "p/beside", "q/talk")
    assert [made.packages[name].on_site for name in names] == [True, False, False, True, False]


def full() -> tuple:
    """A runbook that says all of it, and the same without."""
    plain_steps = (by_hand("one", takes=Takes(low_s=60, high_s=60)), by_hand("two", needs=("one",)))
    said = {"lags": {"one": Lag(kind=LinkKind.START_START, lag_s=60.0, at_most_s=7200.0)}, "earliest": date(2026, 12, 1)}
    steps = (
        replace(plain_steps[0], takes=Takes(low_s=60, high_s=60, pausable=True), deadline=Deadline(by=date(2026, 12, 2))),
        replace(plain_steps[1], other_people_than=("one",), on_site=False, **said),
    )
    bare = planned(book(phase("p", *plain_steps)), HOSTS)
    dates = {"earliest": date(2026, 12, 1), "deadline": Deadline(by=date(2026, 12, 3), soft=True)}
    rich = planned(book(phase("p", *steps, **dates), priority=5, deadline=date(2026, 12, 4), deadline_soft=True), HOSTS)
    return bare, rich


def test_every_difference_has_words():
    """No change of these keys is only 'a detail'."""
    bare, rich = full()
    said = {(d.where, d.what) for d in compare(bare, rich)}
    assert said == {
        ("plan", "deadline changed"),
        ("plan", "deadline soft changed"),
        ("plan", "priority changed"),
        ("phase p", "earliest start changed"),
        ("phase p", "deadline changed"),
        ("step p/one", "planned time changed"),
        ("step p/one", "deadline changed"),
        ("step p/two", "earliest start changed"),
        ("step p/two", "other people than changed"),
        ("step p/two", "on site changed"),
        ("step p/two", "what it waits for changed"),
    }
    (waits,) = (d for d in compare(bare, rich) if d.what == "what it waits for changed")
    assert waits.after == "p/one (same host, start-start, 1m after it, at most 2h)"


def test_a_saved_plan_keeps_all_of_it():
    """Read again it is the same, to its digest."""
    for made in full():
        again = read_plan(write_plan(made), "p.plan")
        assert replace(again, file="") == replace(made, file="")
        assert digest_of(again) == made.digest


def test_what_is_not_said_is_not_in_the_digest():
    """A plan that says nothing of a priority or a soft deadline keeps the digest that it had before there were such keys."""
    bare, _ = full()
    assert b"priority" not in write_plan(bare)
    assert digest_of(replace(bare, priority=0, deadline_soft=False)) == bare.digest
    assert digest_of(replace(bare, priority=1)) != bare.digest
