"""Stages, batches and edges: what happens together, what waits for what."""

import math
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, many, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.plan import Plan
from runbook_engine.model.text import shell
from runbook_engine.model.words import EdgeKind, Per, StageKind
from runbook_engine.planning import check_order, graph
from runbook_engine.planning.batches import Demands, batches_of

TWO = estate("a", "b", "x", "y", groups={"web": ["a", "b"], "db": ["x", "y"], "most": ["a", "b", "x"]})


def needs(plan: Plan, name: str) -> dict[str, str]:
    """The edges of a package, by what comes before."""
    return {edge.before: edge.kind.value for edge in plan.packages[name].needs}


def stages(plan: Plan, number: int = 0) -> list[str]:
    """The stages of a phase in short: kind, number, hosts, packages."""
    return [
        f"{s.kind.value} {s.number} [{' '.join(s.hosts)}] {' '.join(p.split('/')[1] for p in s.packages)}"
        for s in plan.phases[number].stages
    ]


def test_a_phase_without_rolling_is_one_stage() -> None:
    """Everything of such a phase is in stage 1, in order."""
    plan = planned(book(phase("p", run("one"), run("two", hosts="db"), hosts="web")), TWO)
    assert stages(plan) == ["batch 1 [a b x y] one two"]
    assert plan.phases[0].max_failures is None


def test_steps_done_once_stand_around_the_batches() -> None:
    """Before, batches, after; a batch holds one package per step and its health checks come last."""
    steps = (
        act("announce", "local", {"command": "say start"}),
        run("drain"),
        act("look", "decide", {"question": "Go on?"}, per=Per.BATCH),
        run("update", hosts="web - c"),
        act("close", "local", {"command": "say done"}),
    )
    made = phase("p", *steps, batches=[1, "50%"], pause_s=5.0, healthy_when=(run("ok"),), hosts="web", max_failures="70%")
    on = estate("a", "b", "c", groups={"web": ["a", "b", "c"]})
    plan = planned(book(made), on)
    assert stages(plan) == [
        "before 0 [] announce",
        "batch 1 [a] drain look update ok",
        "batch 2 [b c] drain#2 look#2 update#2 ok#2",
        "after 3 [] close",
    ]
    assert [s.pause_s for s in plan.phases[0].stages] == [0.0, 5.0, 0.0, 0.0]
    assert plan.phases[0].max_failures == 2
    assert needs(plan, "p/look#2") == {"p/drain#2": "all_hosts"}
    assert needs(plan, "p/update#2") == {"p/look#2": "all_hosts"}
    assert plan.packages["p/update#2"].hosts == ("b",)
    assert plan.packages["p/ok#2"].health_check
    assert needs(plan, "p/ok#2") == {"p/look#2": "all_hosts", "p/update#2": "same_host"}


def test_a_step_done_once_between_batches_is_a_mistake_with_its_repair() -> None:
    """Nothing says in which batch such a step would be done."""
    middle = act("middle", "local", {"command": "x"})
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("one"), middle, run("two"), batches=[1])), many(2))
    mistake = caught.value.mistakes[0]
    assert str(mistake.place) == "book.yml:3:3"
    assert "per: batch" in mistake.hint


def test_steps_follow_each_other_host_by_host() -> None:
    """Without barriers each host goes its own way; a step on other hosts waits for the whole step before."""
    plan = planned(
        book(phase("p", run("one"), run("two"), run("three", hosts="db"), run("four"), run("five", hosts="most"))), TWO
    )
    assert needs(plan, "p/one") == {}
    assert needs(plan, "p/two") == {"p/one": "same_host"}
    assert needs(plan, "p/three") == {"p/two": "all_hosts"}
    assert needs(plan, "p/four") == {"p/three": "all_hosts"}
    assert needs(plan, "p/five") == {"p/four": "all_hosts"}


def test_a_subset_waits_for_its_own_hosts_only() -> None:
    """A step on fewer hosts, and the step after it, hold no other host up."""
    plan = planned(book(phase("p", run("one", hosts="most"), run("two", hosts="a"), run("three", hosts="a | x"))), TWO)
    assert needs(plan, "p/two") == {"p/one": "same_host"}
    assert needs(plan, "p/three") == {"p/one": "same_host", "p/two": "all_hosts"}


def test_barriers_and_steps_done_once_hold_everything() -> None:
    """`barrier: true` on either side, or a step done once, waits for all hosts and is waited for by all."""
    once = run("once", per=Per.PHASE)
    plan = planned(book(phase("p", run("one"), run("two", barrier=True), run("three"), once, run("four"))), TWO)
    assert needs(plan, "p/two") == {"p/one": "all_hosts"}
    assert needs(plan, "p/three") == {"p/two": "all_hosts"}
    assert needs(plan, "p/once") == {"p/three": "all_hosts"}
    assert plan.packages["p/once"].hosts == ()
    assert needs(plan, "p/four") == {"p/once": "all_hosts"}


def test_needs_replace_the_order_of_writing() -> None:
    """`needs: []` starts at once, branches run side by side, and a step done once closes them."""
    steps = (run("one"), run("two", needs=()), run("three", needs=("one",)), run("end", per=Per.PHASE))
    plan = planned(book(phase("p", *steps)), TWO)
    assert needs(plan, "p/two") == {}
    assert needs(plan, "p/three") == {"p/one": "same_host"}
    assert needs(plan, "p/end") == {"p/two": "all_hosts", "p/three": "all_hosts"}


def test_needs_may_point_forward_and_to_other_phases() -> None:
    """The plan's order respects what is written, not where."""
    first = phase("p", run("late", needs=("early",)), run("early", needs=()))
    second = phase("q", run("one", needs=("p/early",)), run("two", hosts="db", needs=("p/early",)), needs=())
    plan = planned(book(first, second), TWO)
    assert list(plan.packages)[:2] == ["p/early", "p/late"]
    assert needs(plan, "q/one") == {"p/early": "same_host"}
    assert needs(plan, "q/two") == {"p/early": "all_hosts"}


def test_needs_of_a_step_that_lacks_some_hosts_reach_further() -> None:
    """A host that the needed step does not have still waits for what came before that step."""
    steps = (run("one"), run("two", hosts="a"), run("three", needs=("two",)))
    plan = planned(book(phase("p", *steps)), TWO)
    assert needs(plan, "p/three") == {"p/two": "all_hosts", "p/one": "same_host"}


def test_circles_are_told_as_the_path_of_names_with_places() -> None:
    """Phases and steps that wait for each other are named, each with its place."""
    bad = book(
        phase("p", run("a", needs=("c",)), run("b"), run("c"), needs=("q",)),
        phase("q", run("x")),
    )
    found = [m.message for m in check_order(bad)]
    assert any("a (book.yml:2:3) → c (book.yml:4:3) → b (book.yml:3:3) → a" in m for m in found)
    assert any("p (book.yml:1:1) → q (book.yml:101:1) → p" in m for m in found)
    with pytest.raises(NotValid) as caught:
        planned(bad, TWO)
    assert {m.message for m in caught.value.mistakes} >= set(found)


def test_needs_that_name_nothing_are_mistakes() -> None:
    """A misspelt step or phase is found with the likely name."""
    bad = book(phase("prepare", run("first"), run("second", needs=("frist",))), phase("q", run("x"), needs=("prepar",)))
    assert {m.hint for m in check_order(bad)} == {"did you mean 'first'?", "did you mean 'prepare'?"}


def test_a_step_before_the_batches_cannot_need_one_in_them() -> None:
    """What the stages make impossible is a mistake, not silence."""
    early = act("early", "local", {"command": "x"}, needs=("one",))
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", early, run("one", needs=()), batches=[1])), many(2))
    assert "cannot need it" in caught.value.mistakes[0].message


@pytest.mark.law(6)
def test_an_empty_selector_stops_the_plan_at_its_place() -> None:
    """L6: a step whose selector matches nothing is a mistake where it is written, with every other one."""
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("one", hosts="nobody"), run("two", hosts="web & db"))), TWO)
    assert [str(m.place) for m in caught.value.mistakes] == ["book.yml:2:3", "book.yml:3:3"]


@given(
    st.integers(1, 60),
    st.lists(
        st.one_of(st.integers(1, 20), st.integers(1, 100).map(lambda n: f"{n}%"), st.just("rest")), min_size=1, max_size=5
    ),
)
def test_every_host_is_in_exactly_one_batch(count: int, batches: list[int | str]) -> None:
    """Batches are a partition in order, and each has the size that its entry says."""
    hosts = tuple(many(count).hosts)
    made = batches_of(hosts, Demands(batches=tuple(batches)))
    assert tuple(h for batch in made for h in batch) == hosts
    for number, batch in enumerate(made[:-1]):
        entry = batches[min(number, len(batches) - 1)]
        expected = entry if isinstance(entry, int) else count if entry == "rest" else math.ceil(count * int(entry[:-1]) / 100)
        assert len(batch) == expected


STEP = st.tuples(
    st.sampled_from(["web", "db", "most", "a", None]),  # None: done once
    st.booleans(),
    st.one_of(st.none(), st.lists(st.integers(0, 7), max_size=2)),
    st.sampled_from(["", "host.name != 'a'", "host.name == 'x'"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=8), st.booleans())
def test_the_order_of_packages_respects_every_need(
    drawn: list[tuple[str | None, bool, list[int] | None, str]], rolling: bool
) -> None:
    """Whatever is written: each need names a package that comes earlier, and same-host needs share their hosts."""
    steps = []
    for number, (hosts, barrier, back, when) in enumerate(drawn):
        named = None if back is None else tuple(f"s{b}" for b in back if b < number)
        per = Per.BATCH if hosts is None else Per.HOST
        steps.append(run(f"s{number}", hosts=hosts, barrier=barrier, needs=named, when=when if hosts else "", per=per))
    made = phase("p", *steps, hosts="most", batches=[1, 2] if rolling else None, healthy_when=(run("ok"),))
    plan = planned(book(made), TWO)
    position = {name: n for n, name in enumerate(plan.packages)}
    for package in plan.packages.values():
        for edge in package.needs:
            assert position[edge.before] < position[package.id]
            if edge.kind is EdgeKind.SAME_HOST:
                assert set(plan.packages[edge.before].hosts) & set(package.hosts)
    assert nx.is_directed_acyclic_graph(graph(plan))
    if all(needed is None for _, _, needed, _ in drawn):
        _assert_written_order_on_each_host(plan)


def _assert_written_order_on_each_host(plan: Plan) -> None:
    """On each host, each task waits, directly or not, for the one written before it in its stage."""
    for stage in plan.phases[0].stages:
        waits: dict[tuple[str, str], set[tuple[str, str]]] = {}
        packages = [plan.packages[p] for p in stage.packages]
        everyone = {p.id: list(p.hosts) or [""] for p in packages}
        for package in packages:
            for host in everyone[package.id]:
                before: set[tuple[str, str]] = set()
                for edge in package.needs:
                    for other in everyone[edge.before]:
                        if edge.kind is EdgeKind.ALL_HOSTS or other == host:
                            before |= {(edge.before, other)} | waits[edge.before, other]
                waits[package.id, host] = before
        for host in {h for p in packages for h in p.hosts}:
            own = [p.id for p in packages if host in p.hosts]
            for earlier, later in pairwise(own):
                assert (earlier, host) in waits[later, host]


def test_the_graph_joins_stages_and_phases() -> None:
    """A package of a later stage or phase comes after every one of an earlier one."""
    plan = planned(book(phase("p", run("one"), run("two"), batches=[1]), phase("q", run("x"))), many(2))
    made = graph(plan)
    assert nx.has_path(made, "p/one", "p/one#2")
    assert list(made.predecessors("p/one#2")) == ["p/two"]
    assert list(made.predecessors("q/x")) == ["p/two#2"]


def test_stage_kinds_are_told_apart() -> None:
    """A plan with nothing around its batches has batches only."""
    plan = planned(book(phase("p", run("one"), batches=["rest"])), many(3))
    assert [s.kind for s in plan.phases[0].stages] == [StageKind.BATCH]


@pytest.mark.law(6)
@pytest.mark.parametrize("per", [None, Per.PHASE, Per.BATCH])
def test_what_is_for_a_host_never_falls_on_the_control_machine(per) -> None:
    """L6: a command without a host is a mistake with its repair, and is not quietly run where the engine runs."""
    step = act("s", "reboot", {"within": "5m"}, per=per)

    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", step, hosts=None if per is None else "most")), TWO)

    assert [m.message for m in caught.value.mistakes] == ["this step works on a host, and none is named"]
    assert "local" in caught.value.mistakes[0].hint


def test_a_local_step_is_also_asked_about_on_the_control_machine() -> None:
    """guard, skip_if and verify of a local step go with it, also when it is done for each host."""
    step = act("s", "local", {"command": "true"}, per=Per.HOST, verify=(shell("check"),), guard=(shell("may"),))
    procedure = next(iter(planned(book(phase("p", step)), TWO).packages.values())).procedure

    assert all(c.on_controller for c in (*procedure.guard, *procedure.apply, *procedure.verify))
