"""Rehearsals of plans whose steps hold each other's ends, or have to follow in time: people wait, and say that late is done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.rehearsal import Fault, FaultKind
from runbook_engine.model.runbook import Takes
from runbook_engine.model.words import EdgeKind
from runbook_engine.simulating import rehearse
from running.links import broken, link
from stand import START, manual, needs, package, pause, phase, plan

ALL = EdgeKind.ALL_HOSTS
FF, SF, SS, FS = LinkKind.FINISH_FINISH, LinkKind.START_FINISH, LinkKind.START_START, LinkKind.FINISH_START
SHORT, LONG = Takes(low_s=60.0, high_s=120.0), Takes(low_s=3600.0, high_s=7200.0)


def night(made, *faults, seed=1):
    (one,) = rehearse(made, faults, seed, START).scenarios
    return one


@pytest.mark.parametrize("kind", [FF, SF])
@pytest.mark.parametrize("fault", [(), (Fault(kind=FaultKind.ENGINE_DIES, at="p/c"),)])
def test_who_is_ready_too_early_waits_with_the_answer(kind, fault):
    """Two people at once, the second quick: it says done when it may, and nothing is refused."""
    first = manual("p/a", takes=LONG)
    second = manual("p/b", takes=SHORT, needs=(link("p/a", kind, 600.0, hosts=ALL),))
    timer = pause("p/t", 60.0, needs=(link("p/b", FF, 60.0, hosts=ALL),))
    made = plan(phase("p", [first, second, timer, package("p/c", takes=SHORT, needs=needs(("p/t", ALL)))]))
    one = night(made, *fault)
    assert broken(made, one.events) == []
    assert not [e for e in one.events if type(e).__name__ == "DecisionRefused"]
    assert type(one.events[-1]).__name__ == "RunEnded"


def test_what_is_late_is_done_on_a_word_that_the_rehearsal_types():
    """It stands among the commands of the night."""
    made = plan(
        phase(
            "p",
            [
                package("p/a", takes=SHORT),
                manual("p/go", takes=LONG),
                package("p/b", takes=SHORT, needs=(link("p/a", FS, 0.0, 900.0, hosts=ALL), *needs(("p/go", ALL)))),
            ],
        )
    )
    one = night(made)
    assert type(one.events[-1]).__name__ == "RunEnded"
    assert "runbook resume rehearsal --late p/b --reason …" in [typed.command for typed in one.typed]
    assert broken(made, one.events) == []


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(LinkKind), st.integers(0, 9000), st.none() | st.integers(0, 9000), st.integers(0, 99))
def test_no_rehearsed_night_breaks_a_link(kind, lag_s, most, seed):
    """Whatever the link between two people, and a command after them."""
    edge = link("p/a", kind, float(lag_s), None if most is None else float(lag_s + most), ALL)
    last = package("p/c", ("h1", "h2"), takes=SHORT, needs=(link("p/b", kind, 30.0, None, ALL),))
    made = plan(phase("p", [manual("p/a", takes=LONG), manual("p/b", takes=SHORT, needs=(edge,)), last]))
    one = night(made, seed=seed)
    assert broken(made, one.events) == []
    assert type(one.events[-1]).__name__ == "RunEnded"
