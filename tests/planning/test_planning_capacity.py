"""Capacity rules in planning: a batch that breaks one is refused at its place; a plan that passes breaks none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import BmcSettings, Capacity, Estate
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Phase, Rolling, Step, Takes
from runbook_engine.model.words import PackageId, Per, Repeat, StepId
from runbook_engine.planning import pools, too_many
from runbook_engine.planning.outages import out_together

FIVE = [host(f"h{n}", rack="ab"[n % 2], vars={"pair": n // 2}) for n in range(5)]


def ruled(*rules: Capacity, hosts: Sequence[Any] = FIVE) -> Estate:
    """Hosts, all of them in the group web, and rules about them."""
    made = estate(*hosts, groups={"web": [h.name for h in hosts]})
    return replace(made, capacity={rule.name: rule for rule in rules})


def rule(**more: Any) -> Capacity:
    """A rule about all hosts, unless it says otherwise."""
    return Capacity(**({"name": "r", "hosts": "all"} | more))


def refused(on: Estate, *phases: Phase) -> list[str]:
    """Each mistake as 'line: message [repair]'."""
    with pytest.raises(NotValid) as caught:
        planned(book(*phases), on)
    return [f"{m.place.line}: {m.message} [{m.hint}]" for m in caught.value.mistakes]


def test_a_phase_that_takes_too_many_at_once_is_refused_with_the_repair() -> None:
    """The rule, the hosts, the reason and what to write are told."""
    on = ruled(rule(at_least=3, why="Three carry the load."))

    (told,) = refused(on, phase("p", run("s")))

    what = "capacity rule r: 5 hosts would be out of service together (h[0:4]), and only 2 may be: Three carry the load."
    assert told == f"1: {what} [rolling: {{batches: [2]}}]"


def test_batches_that_are_too_large_are_refused_and_small_ones_are_not() -> None:
    """The likely repair is the largest batch that the rule allows."""
    on = ruled(rule(at_most_out=2))

    (told,) = refused(on, phase("p", run("s"), batches=[1, "rest"]))

    assert "4 hosts would be out of service together (h[1:4]), and only 2 may be [batches: [2]]" in told
    assert len(planned(book(phase("p", run("s"), batches=[2])), on).phases[0].stages) == 3


def test_hosts_that_must_be_apart_are_kept_apart_by_never_together() -> None:
    """Of a rule that splits by a variable, the worst value is told and the others are counted."""
    on = ruled(rule(at_most_out=1, each="pair"))

    (told,) = refused(on, phase("p", run("s"), batches=["rest"]))

    assert "capacity rule r (pair 0): 2 hosts" in told
    assert "(and so for 1 more)" in told
    assert told.endswith("[never_together: pair, or batches: [1]]")
    rolling = Rolling(batches=("rest",), never_together="pair")
    assert planned(book(phase("p", run("s"), rolling=rolling)), on).phases[0].stages


def test_without_batches_the_repair_names_what_must_be_apart() -> None:
    """The whole line can be taken over as it stands."""
    on = ruled(rule(at_most_out=1, each="pair"))

    assert refused(on, phase("p", run("s")))[0].endswith("[rolling: {batches: [rest], never_together: pair}]")
    rolling = Rolling(batches=("rest",), never_together="pair")
    assert too_many(planned(book(phase("p", run("s"), rolling=rolling)), on), pools(on)) == ()


def test_too_many_canaries_are_the_canaries_fault() -> None:
    """They are a batch of their own, which smaller batches do not change."""
    rolling = Rolling(batches=(1,), canary="h0 | h1")

    assert refused(ruled(rule(at_most_out=1)), phase("p", run("s"), rolling=rolling))[0].endswith("[canary: at most 1 of them]")


def test_hosts_that_may_never_be_out_are_told_so() -> None:
    """No batch is small enough."""
    told = refused(ruled(rule(at_most_out=0, hosts="h1")), phase("p", run("s"), batches=[1]))

    assert "1 hosts" not in told[0]
    assert "1 host would be out of service (h1), and none may be" in told[0]
    assert told[0].endswith("[leave h1 out of the phase, or change the rule under capacity: in the inventory]")


def test_the_place_is_that_of_the_step_where_only_the_step_names_hosts() -> None:
    """A phase without hosts and batches has no other place."""
    steps = (run("look", per=Per.PHASE), run("s", hosts="web"))

    assert refused(ruled(rule(at_most_out=1)), phase("p", *steps, hosts=None))[0].startswith("3: ")


def test_a_wrong_rule_stops_the_plan_too() -> None:
    """A rule that cannot be kept to is never taken for one that is."""
    on = ruled(rule(at_most_out=1, hosts="nobody"))

    assert "there is no group or host 'nobody'" in refused(on, phase("p", run("s"), batches=[1]))[0]


BY_HAND = {"takes": Takes(low_s=1, high_s=2)}


@pytest.mark.parametrize(
    ("step", "out"),
    [
        (run("s"), True),
        (run("s", repeat=Repeat.SAFE), False),
        (run("s", repeat=Repeat.SAFE, reboots=True), True),
        (run("s", verify="true"), True),
        (run("s", when="host.name == 'h1'"), True),
        (run("s", when="host.name == 'h9'"), False),
        (run("s", per=Per.BATCH), True),
        (run("s", per=Per.PHASE), False),
        (act("s", "reboot", {}), True),
        (act("s", "wait_for", {"ssh": True}), False),
        (act("s", "manual", {"text": "Change the disk."}), True),
        (act("s", "decide", {"question": "Go?"}), False),
        (act("s", "decide", {"question": "Go?"}, per=Per.BATCH), False),
        (Step(id=StepId("s"), title=run("s").title, **BY_HAND), False),  # only planned: a person says that it is done
    ],
    ids=lambda value: value.action if isinstance(value, Step) else "",
)
def test_what_takes_a_host_out_of_service(step: Step, out: bool) -> None:
    """What changes something, restarts, or is work of people on the host; not what reads, waits, decides or is only planned."""
    made = planned(book(phase("p", step, run("look", repeat=Repeat.SAFE))), ruled())

    assert bool(out_together(made, made.phases[0].stages[0])) is out


@pytest.mark.parametrize(
    ("params", "out"),
    [
        ({"power": "on"}, True),
        ({"boot": "pxe"}, True),
        ({"led": "on"}, False),
        ({"get": "power"}, False),
    ],
)
@pytest.mark.parametrize("repeat", [None, Repeat.SAFE])
def test_what_a_management_controller_does_to_a_host(params: dict[str, Any], out: bool, repeat: Repeat | None) -> None:
    """Power always counts, also where it may be repeated; a light and a question never do."""
    on = ruled(hosts=[host("h1", bmc=BmcSettings(address="https://bmc"))])
    made = planned(book(phase("p", act("s", "redfish", params, repeat=repeat))), on)

    assert made.packages[PackageId("p/s")].takes_out is (out and (repeat is None or "power" in params))


def breaks(plan: Plan, on: Estate) -> bool:
    """By brute force: whether any stage takes more hosts of a pool out than may be."""
    for made in plan.phases:
        for stage in made.stages:
            out = {
                h
                for name in stage.packages
                for h in (plan.packages[name].hosts or (stage.hosts if plan.packages[name].per is Per.BATCH else ()))
                if plan.packages[name].repeat is not Repeat.SAFE
            }
            for pool in pools(on):
                if len(out & pool.hosts) > pool.out:
                    return True
    return False


RULES = st.lists(
    st.builds(
        lambda number, hosts, limit, least, each: Capacity(
            name=f"r{number}",
            hosts=hosts,
            at_least=min(limit, 1) if least else None,
            at_most_out=None if least else limit,
            each=each,
        ),
        st.integers(0, 2),
        st.sampled_from(["all", "h[0-3]", "h1 | h2 | h5", "rack=a"]),
        st.integers(1, 4),
        st.booleans(),
        st.sampled_from(["", "rack", "pair"]),
    ),
    max_size=3,
)
STEPS = st.lists(st.tuples(st.sampled_from(["web", "h0 | h4", "rack=b"]), st.booleans(), st.booleans()), min_size=1, max_size=3)
ROLLING = st.one_of(
    st.none(),
    st.builds(
        lambda batches, apart: Rolling(batches=tuple(batches), never_together=apart),
        st.lists(st.one_of(st.integers(1, 4), st.sampled_from(["25%", "50%"])), min_size=1, max_size=3),
        st.sampled_from(["", "rack", "pair"]),
    ),
)


@given(RULES, st.lists(st.tuples(STEPS, ROLLING), min_size=1, max_size=3))
def test_a_plan_that_passes_never_breaks_a_rule(rules: list[Capacity], phases: list[Any]) -> None:
    """Whatever the rules, batches and steps are: what is not refused keeps to all of them, and what is refused breaks one."""
    hosts = [host(f"h{n}", rack="ab"[n % 2], vars={"pair": n // 3}) for n in range(7)]
    on = ruled(*rules, hosts=hosts)
    free = ruled(hosts=hosts)
    made = book(*(phase(f"p{n}", *_steps(steps), rolling=rolling) for n, (steps, rolling) in enumerate(phases)))
    whole = planned(made, free)
    try:
        passed = planned(made, on)
    except NotValid:
        assert breaks(whole, on)
        assert too_many(whole, pools(on))
    else:
        assert not breaks(passed, on)
        assert too_many(passed, pools(on)) == ()
        assert passed == whole  # the rules only forbid; they change nothing


def _steps(told: list[tuple[str, bool, bool]]) -> list[Step]:
    return [
        run(
            f"s{n}",
            hosts=None if batch else hosts,
            repeat=Repeat.SAFE if safe else None,
            **({"per": Per.BATCH} if batch else {}),
        )
        for n, (hosts, safe, batch) in enumerate(told)
    ] + [run("last", repeat=Repeat.SAFE)]
