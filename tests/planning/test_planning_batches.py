"""Who goes together: every host once, sizes as asked, each rack its share, hosts that stay apart, canaries first."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, many, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import RollBack, Rolling
from runbook_engine.model.text import SecretRef, plain, shell
from runbook_engine.model.words import EdgeKind, FailureScope, HostName, HostOrder, OnFailure, Repeat
from runbook_engine.planning import compare
from runbook_engine.planning.batches import Demands, batch_size, batches_of, most_failures

ENTRIES = st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["10%", "34%", "50%"])), min_size=1, max_size=4)
LAST = st.sampled_from([[], ["rest"]])
RACKS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=40)


def demands(racks: list[str], entries: list[int | str], **more: object) -> tuple[tuple[HostName, ...], Demands]:
    """Hosts named by number, and what is demanded of their batches."""
    hosts = tuple(HostName(f"h{n}") for n in range(len(racks)))
    return hosts, Demands(batches=tuple(entries), **more)  # type: ignore[arg-type]


def by_value(values: list[str]) -> dict[HostName, str]:
    """The value of each host."""
    return {HostName(f"h{n}"): value for n, value in enumerate(values)}


def spread(racks: list[str], entries: list[int | str]) -> tuple[tuple[HostName, ...], ...]:
    """Batches that take from each rack its share."""
    hosts, wanted = demands(racks, entries, domain=by_value(racks))
    return batches_of(hosts, wanted)


@given(RACKS, ENTRIES, LAST, st.booleans(), st.data())
def test_every_host_is_in_exactly_one_batch_and_no_batch_is_too_large(
    racks: list[str], entries: list[int | str], last: list[str], spreads: bool, data: st.DataObject
) -> None:
    """Whatever else is demanded; and the same input gives the same batches."""
    values = data.draw(st.lists(st.sampled_from("uvwxyz"), min_size=len(racks), max_size=len(racks)))
    apart = by_value(values) if data.draw(st.booleans()) else {}
    canaries = frozenset(HostName(f"h{n}") for n in data.draw(st.sets(st.integers(0, len(racks) - 1), max_size=3)))
    hosts, wanted = demands(racks, [*entries, *last], domain=by_value(racks) if spreads else {}, apart=apart, canaries=canaries)
    made = batches_of(hosts, wanted)
    assert sorted(h for batch in made for h in batch) == sorted(hosts)
    assert all(len({apart[h] for h in batch}) == len(batch) for batch in made if apart)
    sizes = [batch_size(entry, len(hosts)) for entry in wanted.batches]
    others = [batch for batch in made if not canaries.intersection(batch)]
    assert all(len(batch) <= sizes[min(n, len(sizes) - 1)] for n, batch in enumerate(others))
    assert all(batch for batch in made)
    if canaries and not apart:
        assert frozenset(made[0]) == canaries
    if not apart:
        assert all(len(batch) == sizes[min(n, len(sizes) - 1)] for n, batch in enumerate(others[:-1]))
    assert batches_of(hosts, wanted) == made


@given(RACKS, ENTRIES, LAST)
def test_a_batch_takes_from_each_rack_its_share_and_no_more(
    racks: list[str], entries: list[int | str], last: list[str]
) -> None:
    """The part of the hosts that are left, rounded up or down: no other choice hits a rack less in proportion."""
    left = Counter(racks)
    for batch in spread(racks, [*entries, *last]):
        taken = Counter(racks[int(name[1:])] for name in batch)
        total = sum(left.values())
        for rack, waiting in left.items():
            share = waiting * len(batch) / total
            assert math.floor(share + 1e-9) <= taken[rack] <= math.ceil(share - 1e-9)
        left -= taken


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5))
def test_racks_of_one_size_are_hit_as_evenly_as_can_be(racks: int, each: int, size: int) -> None:
    """In no batch does one rack have two hosts more than another that still had some."""
    names = [str(rack) for rack in range(racks) for _ in range(each)]
    for batch in spread(names, [size]):
        taken = Counter(names[int(name[1:])] for name in batch)
        assert max(taken.values()) <= math.ceil(size / racks)


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40), st.integers(1, 8))
def test_hosts_that_stay_apart_need_no_more_batches_than_they_must(values: list[str], size: int) -> None:
    """As many as the most frequent value has hosts, or as the size asks for; whatever the order."""
    hosts, wanted = demands(values, [size], apart=by_value(values))
    made = batches_of(hosts, wanted)
    assert len(made) == max(math.ceil(len(values) / size), *Counter(values).values())


def test_pairs_go_in_two_halves_that_are_spread_over_the_racks() -> None:
    """Both demands at once: of each pair one host in each half, of each rack half of its hosts in each."""
    racks = ["r1", "r2"] * 8
    pairs = [str(n // 2) for n in range(16)]
    hosts, wanted = demands(racks, ["50%"], domain=by_value(racks), apart=by_value(pairs))
    first, second = batches_of(hosts, wanted)
    for half in (first, second):
        assert Counter(racks[int(h[1:])] for h in half) == {"r1": 4, "r2": 4}
        assert len({pairs[int(h[1:])] for h in half}) == 8


def test_ten_thousand_hosts_are_batched_in_their_order() -> None:
    """Where nothing is to choose between, hosts come as they are written."""
    names = [str(n % 40) for n in range(10_000)]
    made = spread(names, [1, "10%", "rest"])
    assert [len(batch) for batch in made] == [1, 1000, 8999]
    assert made[0] == ("h0",)
    assert list(made[1]) == sorted(made[1], key=lambda name: int(name[1:]))


RACKED = estate(
    host("w2", rack="r2", site="ams1", vars={"pair": "one"}),
    host("w10", rack="r10", site="ams1", vars={"pair": "one"}),
    host("w1", rack="r2", site="ams1", vars={"pair": None}),
    host("w3", rack="r10", site="ams1", vars={"pair": 7}),
    groups={"web": ["w2", "w10", "w1", "w3"], "both": ["w10", "w3"]},
)


def batches(rolling: Rolling, on: Estate = RACKED) -> list[str]:
    """The hosts of each batch of a plan."""
    plan = planned(book(phase("p", run("one"), rolling=rolling)), on)
    return [" ".join(stage.hosts) for stage in plan.phases[0].stages]


@pytest.mark.parametrize(
    ("rolling", "expected"),
    [
        (Rolling(batches=(2,)), ["w2 w10", "w1 w3"]),
        (Rolling(batches=(2,), order=HostOrder.REVERSE), ["w3 w1", "w10 w2"]),
        (Rolling(batches=(2,), order=HostOrder.BY_NAME), ["w1 w2", "w3 w10"]),
        (Rolling(batches=(2,), order=HostOrder.BY_RACK), ["w2 w1", "w10 w3"]),
        (Rolling(batches=(2,), canary="w3"), ["w3", "w2 w10", "w1"]),
        (Rolling(batches=("rest",), canary="both & rack=r10"), ["w10 w3", "w2 w1"]),
        (Rolling(batches=("rest",), never_together="pair"), ["w2 w1 w3", "w10"]),
        (Rolling(batches=("rest",), never_together="rack"), ["w2 w10", "w1 w3"]),
        (Rolling(batches=(2,), order=HostOrder.BY_NAME, spread_over="rack"), ["w1 w3", "w2 w10"]),
        (Rolling(batches=(2,), spread_over="site"), ["w2 w10", "w1 w3"]),
        (Rolling(batches=("rest",), canary="both", never_together="rack"), ["w10", "w3", "w2", "w1"]),
    ],
)
def test_hosts_come_to_their_batches_as_it_is_said(rolling: Rolling, expected: list[str]) -> None:
    """Order, canaries, share and distance, one at a time and together."""
    assert batches(rolling) == expected


@pytest.mark.parametrize(
    ("rolling", "message", "hint"),
    [
        (Rolling(batches=(1,), never_together="pear"), "w2, w10, w1 and 1 more have no pear", "did you mean 'pair'?"),
        (Rolling(batches=(1,), spread_over="rack"), "w9 has no rack", "give each host of the phase its rack in the inventory"),
        (Rolling(batches=(1,), never_together="pair"), "w9 has no pair", "null says that it goes with any other"),
        (
            Rolling(batches=(1,), canary="db"),
            "none of the canaries (db) is among the hosts of the phase",
            "choose from w2, w10",
        ),
        (Rolling(batches=(1,), canary="bott"), "there is no group or host 'bott'", "did you mean 'both'?"),
        (Rolling(batches=(1,), spread_over="many"), "the variable many of w2 is not a single value", "a text or a number"),
        (Rolling(batches=(1,), spread_over="token"), "the variable token of w2 is a secret", "a text or a number"),
    ],
)
def test_a_demand_that_cannot_be_met_is_a_mistake_with_its_repair(rolling: Rolling, message: str, hint: str) -> None:
    """Nothing is guessed for a host that does not say."""
    hosts = [*RACKED.hosts.values(), host("w9", site="ams1"), host("db")]
    if rolling.never_together == "pear":
        hosts = [*RACKED.hosts.values()]
    if rolling.spread_over in ("many", "token"):
        value = [1, 2] if rolling.spread_over == "many" else SecretRef("env:T")
        hosts = [host("w2", vars={rolling.spread_over: value})]
    on = estate(*hosts, groups={"web": [h.name for h in hosts if h.name != "db"], "both": ["w2"]})
    with pytest.raises(NotValid) as caught:
        batches(rolling, on)
    assert message in caught.value.mistakes[0].message
    assert hint in caught.value.mistakes[0].hint


@pytest.mark.parametrize(
    ("over", "limit", "of_phase", "of_batches"),
    [
        (FailureScope.PHASE, "20%", 2, [None, None, None]),
        (FailureScope.PROJECT, "20%", 4, [None, None, None]),
        (FailureScope.BATCH, "50%", 3, [0, 1, 3]),
        (FailureScope.BATCH, 1, 1, [1, 1, 1]),
    ],
)
def test_failures_are_counted_over_a_batch_the_phase_or_the_project(
    over: FailureScope, limit: int | str, of_phase: int, of_batches: list[int | None]
) -> None:
    """A percent is of the hosts that are counted over, rounded down."""
    rolling = Rolling(batches=(1, 3, "rest"), max_failures=limit, failures_over=over, on_failure=OnFailure.ASK)
    small = phase("p", run("one"), hosts="web - web00011 - web0002* - web0001[2-9]", rolling=rolling)
    plan = planned(book(small, phase("q", run("two"))), many(20))
    made = plan.phases[0]
    assert (made.max_failures, made.failures_over, made.on_failure) == (of_phase, over, OnFailure.ASK)
    assert [stage.max_failures for stage in made.stages] == of_batches
    assert most_failures(None, 10, 20, [1]) is None


def soaking(*steps: str, **more: object) -> Plan:
    """A rolling phase with a soak of 90 seconds and one check."""
    rolling = Rolling(batches=(1,), soak_s=90.0)
    return planned(book(phase("p", *map(run, steps), rolling=rolling, healthy_when=(run("ok"),), **more)), many(2))


def test_a_soak_is_a_timer_between_the_steps_of_a_batch_and_its_checks() -> None:
    """The timer waits for all hosts of the batch, and the checks for the timer."""
    plan = soaking("one", "two")
    assert [list(stage.packages) for stage in plan.phases[0].stages] == [
        ["p/one", "p/two", "p/soak", "p/ok"],
        ["p/one#2", "p/two#2", "p/soak#2", "p/ok#2"],
    ]
    soak, check = plan.packages[plan.phases[0].stages[1].packages[2]], plan.packages[plan.phases[0].stages[1].packages[3]]
    assert soak.procedure.timer is not None
    assert soak.procedure.timer.for_s == 90
    assert (soak.hosts, soak.repeat, soak.health_check) == ((), Repeat.SAFE, True)
    assert soak.title.parts == ("Watch the batch for 1m 30s",)
    assert {edge.before: edge.kind for edge in soak.needs} == {"p/two#2": EdgeKind.ALL_HOSTS}
    assert {edge.before: edge.kind for edge in check.needs} == {"p/soak#2": EdgeKind.ALL_HOSTS}


def test_a_soak_takes_no_id_of_the_author() -> None:
    """A step that is called soak keeps its name."""
    assert list(soaking("soak").phases[0].stages[0].packages) == ["p/soak", "p/soak-2", "p/ok"]


def backing(**more: object) -> Plan:
    """A phase with a way back of its own: once, and on other hosts."""
    steps = (run("one", save_as="old"), run("two"))
    back = (
        act("in", "local", {"command": "./balancer in web"}),
        run("look", "check {{ old.stdout }}", hosts="web & web00001 | db"),
        run("db", "check", hosts="db"),
    )
    on = many(2)
    with_db = estate(*on.hosts.values(), "db", groups={"web": [h.name for h in on.hosts.values()]})
    return planned(book(phase("p", *steps, roll_back=more.pop("back", back[:1] + back[2:]), **more)), with_db)  # type: ignore[arg-type]


def test_the_way_back_of_a_phase_stands_beside_its_steps() -> None:
    """Its packages are in the phase and in its leaf, and no task of the way forth."""
    plan = backing()
    way = plan.phases[0].way_back
    assert [(p.id, p.hosts) for p in way] == [("p/in", ()), ("p/db", ("db",))]
    assert not {p.id for p in way} & set(plan.packages)
    assert "db" in plan.targets
    assert plan.tasks == 4
    other = backing(back=(act("in", "local", {"command": "./balancer in other"}),))
    assert other.phases[0].leaf != plan.phases[0].leaf
    found = {(d.where, d.what) for d in compare(plan, other)}
    assert ("way back p/in", "command changed") in found
    assert ("way back p/db", "removed") in found


def test_the_way_back_of_a_phase_may_read_what_its_steps_saved() -> None:
    """Also of its last step; but not on a host that has no such value."""
    plan = backing(back=(run("look", "check {{ old.stdout }}", hosts="web"),))
    assert plan.phases[0].way_back[0].reads == ("p/one",)
    with pytest.raises(NotValid) as caught:
        backing(back=(run("look", "check {{ old.stdout }}", hosts="web | db"),))
    assert "not done on db" in caught.value.mistakes[0].message


def test_a_way_back_once_for_the_phase_cannot_run_on_a_host() -> None:
    """What works on hosts names them."""
    with pytest.raises(NotValid) as caught:
        backing(back=(run("look", "check"),))
    assert "none is named" in caught.value.mistakes[0].message


def test_the_way_back_of_a_step_has_a_user_and_a_repeat_of_its_own() -> None:
    """Both count for its commands and not for the step."""
    one = run("one", become=plain("app"))
    back = RollBack(action="run", params=one.params, become=plain("root"), repeat=Repeat.SAFE, verify=shell("true"))
    plain_back = RollBack(action="run", params=one.params)
    plan = planned(book(phase("p", run("one", become=plain("app"), roll_back=back))), many(1))
    other = planned(book(phase("p", run("one", become=plain("app"), roll_back=plain_back))), many(1))
    mine, theirs = (next(iter(p.packages.values())).way_back for p in (plan, other))
    assert mine is not None
    assert theirs is not None
    assert mine.repeat is Repeat.SAFE
    assert theirs.repeat is Repeat.ONCE
    assert mine.procedure is not None
    assert theirs.procedure is not None
    assert [c.become.user for c in (*mine.procedure.apply, *mine.procedure.verify)] == ["root", "root"]  # type: ignore[union-attr]
    assert [c.become.user for c in theirs.procedure.apply] == ["app"]  # type: ignore[union-attr]


def test_a_comparison_names_each_key_of_rolling_that_differs() -> None:
    """Every new key has its words."""
    some = Rolling(batches=(1,), max_failures=1)
    other = Rolling(
        batches=(2,),
        canary="w3",
        order=HostOrder.REVERSE,
        spread_over="site",
        never_together="pair",
        soak_s=5.0,
        pause_s=1.0,
        max_failures=2,
        failures_over=FailureScope.PROJECT,
        on_failure=OnFailure.ROLL_BACK,
    )
    checks = (run("ok"),)
    old, new = (planned(book(phase("p", run("one"), rolling=r, healthy_when=checks)), RACKED) for r in (some, other))
    found = {d.what: (d.before, d.after) for d in compare(old, new) if d.where == "phase p"}
    assert found.pop("batches changed") == (
        "1 (w2), 1 (w10), 1 (w1), 1 (w3)",
        "1 (w3) then 1 s, 2 (w1, w10) then 1 s, 1 (w2)",
    )
    assert found == {
        "sizes of batches changed": ("1", "2"),
        "canaries changed": ("", "w3"),
        "order of the batches changed": ("as_written", "reverse"),
        "spread over changed": ("", "site"),
        "never together changed": ("", "pair"),
        "seconds of soak changed": ("0", "5"),
        "seconds of pause changed": ("0", "1"),
        "failures allowed changed": ("1", "2"),
        "what failures are counted over changed": ("phase", "project"),
        "what follows too many failures changed": ("stop", "roll_back"),
    }
