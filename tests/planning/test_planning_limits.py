"""What has to follow in time and cannot: each with its place, the way that takes too long, and the repair."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, phase, run
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.runbook import Lag, Step, Takes
from runbook_engine.model.text import plain
from runbook_engine.model.words import Per
from runbook_engine.planning import check_limits
from runbook_engine.planning.limits import _contradiction, _Rule

FF, SF, SS, FS = LinkKind.FINISH_FINISH, LinkKind.START_FINISH, LinkKind.START_START, LinkKind.FINISH_START
HOUR = 3600.0
TWO = Takes(low_s=2 * HOUR, high_s=3 * HOUR)


def needs(**lags):
    """Needs of steps with their lags."""
    return {"needs": tuple(lags), "lags": {name: lag for name, lag in lags.items() if lag != Lag()}}


def most(most_s, kind=FS, lag_s=0.0):
    return Lag(kind=kind, lag_s=lag_s, at_most_s=most_s)


def found(*phases):
    return [(m.message, m.hint) for m in check_limits(book(*phases))]


def test_the_way_between_two_steps_must_fit():
    """Times and lags of what lies between are added up; the message names them in their order."""
    between = run("cool", takes=TWO, **needs(swap=Lag(lag_s=1800.0)))
    after = run("check", **needs(cool=Lag(), swap=most(HOUR)))
    assert found(phase("p", run("swap"), between, after)) == [
        (
            "p/check cannot begin within 1h of the end of p/swap: 2h 30m pass at least (swap → cool → check)",
            "at_most: 2h30m, or less time between them",
        )
    ]
    assert found(phase("p", run("swap"), between, run("check", **needs(cool=Lag(), swap=most(2.5 * HOUR))))) == []


def by_hand(name, **more):
    return Step(id=name, title=plain(name), **more)


@pytest.mark.parametrize("kind", [FF, SF, SS, FS])
def test_a_limit_with_no_way_between_is_no_mistake(kind):
    """However it follows."""
    assert found(phase("p", run("a"), run("b", **needs(a=most(60.0, kind))))) == []


def test_the_end_of_a_command_comes_its_time_after_what_holds_it():
    """A person could be at it before that; a command is not."""
    held = needs(a=most(HOUR, FF))
    assert [m for m, _ in found(phase("p", run("a"), run("b", takes=TWO, **held)))] == [
        "p/b cannot end within 1h of the end of p/a: 2h pass at least (a → b)"
    ]
    assert found(phase("p", run("a"), by_hand("b", takes=TWO, **held))) == []
    assert found(phase("p", run("a"), act("b", "pause", {"for": "2h"}, takes=TWO, **held))) == []


def test_all_mistakes_are_told_at_once_and_phases_count():
    """What a whole phase takes lies between steps of those around it."""
    middle = phase(
        "q", run("x", takes=TWO), run("y", takes=TWO, **needs(x=most(HOUR))), run("w", **needs(x=most(HOUR), y=Lag()))
    )
    last = phase("r", run("z", needs=("p/b",), lags={"p/b": most(3 * HOUR)}))
    assert [m for m, _ in found(phase("p", run("a"), run("b")), middle, last)] == [
        "q/w cannot begin within 1h of the end of q/x: 2h pass at least (x → y → w)",
        "r/z cannot begin within 3h of the end of p/b: 4h pass at least (p/b → q/x → q/y → r/z)",
    ]


@pytest.mark.parametrize("more", [{"when": "host.site == 'ams'"}, {"hosts": "a"}])
def test_what_some_hosts_go_past_counts_for_nothing(more):
    """Nothing is known of the way that the others take."""
    between = run("cool", takes=TWO, **needs(swap=Lag()), **more)
    assert found(phase("p", run("swap"), between, run("check", **needs(cool=Lag(), swap=most(HOUR))))) == []


@pytest.mark.parametrize(
    ("between", "after", "told"),
    [
        ({"when": "params.deep"}, {"when": "params.deep"}, True),
        ({"hosts": "a"}, {"hosts": "a"}, True),
        ({"hosts": "a"}, {"hosts": "a", "when": "params.deep"}, True),
        ({"hosts": "a", "when": "params.deep"}, {"hosts": "a"}, False),
        ({"when": "params.deep"}, {"when": "not params.deep"}, False),
        ({"hosts": "a"}, {"hosts": "b"}, False),
        ({"hosts": "a"}, {"hosts": "a", "per": Per.PHASE}, False),
        ({"hosts": "a"}, {"hosts": "a", "barrier": True}, False),
        ({}, {"hosts": "a"}, True),
    ],
)
def test_what_is_done_wherever_the_limit_counts_takes_its_time(between, after, told):
    """Where hosts go past both, nothing has to follow; where they may go past one alone, nobody knows."""
    steps = [
        run("swap", hosts=after.get("hosts"), per=after.get("per")),
        run("cool", takes=TWO, **needs(swap=Lag()), **between),
        run("check", **needs(cool=Lag(), swap=most(HOUR)), **after),
    ]
    message = "p/check cannot begin within 1h of the end of p/swap: 2h pass at least (swap → cool → check)"
    assert [m for m, _ in found(phase("p", *steps))] == ([message] if told else [])


def test_what_the_step_before_is_done_with_counts_too():
    """The limit counts from a step on some hosts, and on those the next one takes two hours."""
    steps = [
        run("swap", when="x"),
        run("cool", takes=TWO, when="x", **needs(swap=Lag())),
        run("check", **needs(cool=Lag(), swap=most(HOUR))),
    ]
    assert len(found(phase("p", *steps))) == 1
    assert found(phase("p", replace(steps[0], when="y"), *steps[1:])) == []


def test_a_limit_that_others_make_impossible_is_told_once():
    """It is one mistake, whether or not hosts go past its steps."""
    steps = [
        run("swap"),
        run("cool", takes=TWO, **needs(swap=Lag())),
        run("check", when="x", **needs(cool=Lag(), swap=most(HOUR))),
    ]
    assert len(found(phase("p", *steps))) == 1


HOURS = st.integers(0, 3)
STEPS = st.lists(st.tuples(HOURS, st.sampled_from(("", "x", "y")), st.sets(st.integers(0, 4)), HOURS), min_size=3, max_size=5)


@given(STEPS, st.integers(0, 4), st.integers(0, 6))
def test_no_limit_is_refused_that_could_be_kept(drawn, before, hours):
    """Whichever conditions hold: where both steps are done, the longest way between them is longer than the limit."""
    last = len(drawn) - 1
    before = min(before, last - 1)
    steps, waits = [], []
    for number, (takes, when, others, lag) in enumerate(drawn):
        lags = {f"s{n}": Lag(lag_s=lag * HOUR) for n in others if n < number}
        if number == last:
            lags[f"s{before}"] = most(hours * HOUR)
        waits.append({int(name[1:]): told.lag_s for name, told in lags.items()})
        steps.append(run(f"s{number}", takes=Takes(low_s=takes * HOUR, high_s=9 * HOUR), when=when, **needs(**lags)))

    def way(true):
        """The longest time from the end of the one to the start of the other."""
        done = [step.when in ("", *true) for step in steps]
        if not (done[before] and done[last]):
            return None
        ends = {before: 0.0}
        for number in range(before + 1, last + 1):
            starts = [ends[n] + (lag if done[number] else 0.0) for n, lag in waits[number].items() if n in ends]
            if starts:
                ends[number] = max(starts) + (drawn[number][0] * HOUR if done[number] and number != last else 0.0)
        return ends[last]

    ways = [found_ for true in ((), ("x",), ("y",), ("x", "y")) if (found_ := way(true)) is not None]
    if found(phase("p", *steps)):
        assert all(one > hours * HOUR for one in ways)
    elif len({step.when for step in steps} - {""}) < 2 and ways:
        assert min(ways) <= hours * HOUR


def test_a_lead_makes_the_way_shorter():
    """What overlaps needs less time between."""
    between = run("cool", takes=TWO, **needs(swap=Lag(lag_s=-1.5 * HOUR)))
    assert found(phase("p", run("swap"), between, run("check", **needs(cool=Lag(), swap=most(HOUR))))) == []


POINTS = st.sampled_from([(name, end) for name in "abcd" for end in (False, True)])
RULES = st.lists(st.builds(_Rule, POINTS, POINTS, st.integers(-9, 9).map(float)), max_size=12)


@given(RULES)
def test_rules_contradict_each_other_where_no_times_keep_them(rules):
    """Against all shortest ways round, found another way: each point is compared with itself over all others."""
    points = sorted({p for r in rules for p in (r.before, r.after)})
    longest = {(p, q): float("-inf") for p in points for q in points}
    for rule in rules:
        longest[rule.before, rule.after] = max(longest[rule.before, rule.after], rule.seconds)
    for middle in points:
        for p in points:
            for q in points:
                longest[p, q] = max(longest[p, q], longest[p, middle] + longest[middle, q])
    way = _contradiction(rules)
    assert (way is not None) == any(longest[p, p] > 0 for p in points)
    if way is not None:
        assert sum(rule.seconds for rule in way) > 0
        assert [r.after for r in way] == [*(r.before for r in way[1:]), way[0].before]
