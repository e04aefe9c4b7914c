"""What a plan means for services: levels, times, owners, the way back; and the scope that windows and freezes ask for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.estate import Department, Estate, Person, Resource, Service
from runbook_engine.model.impact import Lasting, Level, Named, NoReturn, NoWayBack, PhaseImpact, ServiceImpact
from runbook_engine.model.plan import Plan, Stage
from runbook_engine.model.runbook import Phase, RollBack, Rolling, Stakeholder, Step, Takes
from runbook_engine.model.scope import scope
from runbook_engine.model.text import shell
from runbook_engine.model.words import HostName, Kind, Per, PersonId, PhaseId, Repeat, StepId
from runbook_engine.planning import compare, read_plan, write_plan
from runbook_engine.planning.impact import impact, level_of

SERVICES = {
    "orders": Service(name="orders", title="Order system", owner="sales", depends_on=("database",)),
    "database": Service(name="database", title="Order database", owner="sales", depends_on=("network",)),
    "network": Service(name="network", title="Network", owner="infra"),
    "mail": Service(name="mail", title="Mail"),
}
TEN = Takes(low_s=600, high_s=1200)
READ = run("look", repeat=Repeat.SAFE, takes=Takes(low_s=60, high_s=60))


def company(**more: Any) -> Estate:
    """Four web servers, two database servers and a switch."""
    hosts = [
        *(host(f"web{n}", serves=("orders",), owner="sales", site="ams1") for n in range(1, 5)),
        *(host(f"db{n}", serves=("database",), owner="ana", site=f"site{n}") for n in (1, 2)),
        host("switch", serves=("network",), owner="infra"),
        host("spare"),
    ]
    made = estate(*hosts, groups={"web": ["web1", "web2", "web3", "web4"], "db": ["db1", "db2"]})
    return replace(
        made,
        services=SERVICES,
        departments={"sales": Department(name="sales", title="Sales systems"), "infra": Department(name="infra")},
        people={PersonId("ana"): Person(id=PersonId("ana"), name="Ana Duarte")},
        **more,
    )


def of(*phases: Phase, on: Estate | None = None, **more: Any) -> tuple[PhaseImpact, ...]:
    """The impact of a runbook of these phases."""
    on = on or company()
    return impact(planned(book(*phases, **more), on), on)


def service(found: PhaseImpact, name: str) -> ServiceImpact:
    """One service of an impact."""
    return next(s for s in found.services if s.service.name == name)


@pytest.mark.parametrize(
    ("hosts", "batches", "level", "out", "left"),
    [
        ("web", [1], Level.LESS_REDUNDANCY, 1, 3),
        ("web", [1, "rest"], Level.NO_REDUNDANCY, 3, 1),
        ("web", ["rest"], Level.DOWN, 4, 0),
        ("web1", ["rest"], Level.LESS_REDUNDANCY, 1, 3),
    ],
)
def test_the_level_follows_from_how_many_are_out_together(
    hosts: str, batches: list[int | str], level: Level, out: int, left: int
) -> None:
    """Of all hosts that serve it in the estate, those of the largest batch are out."""
    (found,) = of(phase("p", run("s", takes=TEN), hosts=hosts, batches=batches))

    orders = service(found, "orders")
    assert (orders.level, orders.hosts, orders.out, orders.left) == (level, 4, out, left)
    assert orders.service == Named(name="orders", title="Order system")


def test_the_time_is_that_of_the_batches_in_which_the_level_holds() -> None:
    """From the first step that takes a host out to the end of the batch; what only reads before it does not count."""
    after = run("after", repeat=Repeat.SAFE, takes=Takes(low_s=100, likely_s=150, high_s=200))
    (found,) = of(phase("p", READ, run("s", takes=TEN), after, batches=[1, "rest"], pause_s=999.0))

    orders = service(found, "orders")
    assert orders.lasting == Lasting(low_s=700, likely_s=1050, high_s=1400)
    assert orders.reduced == orders.lasting + orders.lasting
    assert orders.batches == 2


def test_work_of_people_goes_host_after_host_and_the_engine_side_by_side() -> None:
    """Four hosts by hand take four times as long; with two at a time, twice."""
    by_hand = act("s", "manual", {"text": "Change the disk."}, takes=TEN)

    assert service(of(phase("p", by_hand))[0], "orders").lasting.low_s == 4 * 600
    made = planned(book(phase("p", run("s", takes=TEN))), company())
    assert service(impact(made, company(), parallel=2)[0], "orders").lasting.high_s == 2 * 1200
    assert service(impact(made, company())[0], "orders").lasting.high_s == 1200


def test_what_nobody_stated_is_not_taken_for_nothing() -> None:
    """The time is then known to be a part of it only."""
    (found,) = of(phase("p", run("s"), run("t", takes=TEN)))

    assert service(found, "orders").lasting == Lasting(low_s=600, likely_s=900, high_s=1200, stated=False)


def test_a_service_that_needs_one_that_is_down_is_affected() -> None:
    """Through any number of others, and for as long as that is down."""
    (found,) = of(phase("p", run("s", takes=TEN), hosts="switch"))

    assert [(s.service.name, s.level) for s in found.services] == [
        ("network", Level.DOWN),
        ("orders", Level.NONE),
        ("database", Level.NONE),
    ]
    assert service(found, "orders").without == (Named(name="network", title="Network"),)
    assert service(found, "orders").affected == Lasting(low_s=600, likely_s=900, high_s=1200)
    assert "mail" not in [s.service.name for s in found.services]


def test_a_service_that_needs_one_with_hosts_left_is_named_and_not_affected() -> None:
    """One database server at a time leaves the other."""
    (found,) = of(phase("p", run("s", takes=TEN), hosts="db", batches=[1]))

    assert service(found, "database").level is Level.NO_REDUNDANCY
    assert (service(found, "orders").level, service(found, "orders").without) == (Level.NONE, ())


def test_what_is_only_looked_at_is_not_touched() -> None:
    """Reading, waiting and deciding have no impact."""
    (found,) = of(phase("p", READ, act("w", "wait_for", {"ssh": True}), act("d", "decide", {"question": "Go?"}, per=Per.PHASE)))

    assert (found.changes, found.hosts, found.services, found.owners) == (False, (), (), ())


def test_owners_and_stakeholders_are_called_as_people_call_them() -> None:
    """Owners of hosts, then of services, each once, by title or name; stakeholders of the plan."""
    told = (Stakeholder(who="head-of-sales", audience="business"), Stakeholder(who="on-call", audience="technical"))
    (found,) = of(phase("p", run("s"), hosts="db | spare"), stakeholders=told)

    assert [o.title for o in found.owners] == ["Ana Duarte", "Sales systems"]
    assert [s.title for s in found.stakeholders] == ["the head of Sales systems", "on-call"]


def test_steps_without_a_way_back_are_named_with_the_reason() -> None:
    """What can be undone, what only reads and what is decided is not among them; what nobody said is."""
    back = RollBack(action="run", params=run("x").params)
    steps = (
        READ,
        run("good", roll_back=back),
        run("gone", title="Wipe", roll_back=RollBack(none="It is gone.")),
        run("silent"),
        act("hands", "manual", {"text": "Change the disk."}, per=Per.PHASE),
        act("go", "decide", {"question": "Go?"}, per=Per.PHASE),
    )
    (found,) = of(phase("p", *steps))

    assert found.no_way_back == (
        NoWayBack(step=StepId("p/gone"), title="Wipe", why="It is gone."),
        NoWayBack(step=StepId("p/silent"), title="silent"),
        NoWayBack(step=StepId("p/hands"), title="hands", by_person=True),
    )
    assert not found.has_way_back
    assert of(phase("p", READ, run("good", roll_back=back)))[0].has_way_back


def test_the_point_of_no_return_names_its_step() -> None:
    """As the author wrote it, with the title of the step; its text may use parameters."""
    steps = (run("copy"), run("wipe", title="Wipe the disks"))
    with_step = phase("p", *steps, point_of_no_return="Gone after {{ phase.id }}.", no_return_step="wipe")
    made = planned(book(with_step), company())

    assert made.phases[0].no_return_step == "p/wipe"
    assert impact(made, company())[0].no_return == NoReturn(why="Gone after p.", step=StepId("p/wipe"), title="Wipe the disks")
    assert of(phase("p", *steps, point_of_no_return="Gone."))[0].no_return == NoReturn(why="Gone.")
    assert of(phase("p", *steps))[0].no_return is None


def test_the_step_of_no_return_belongs_to_what_is_approved() -> None:
    """Moving it changes the leaf of its phase and is told in a comparison; a saved plan keeps it."""
    steps = (run("copy"), run("wipe"))
    first, second = (
        planned(book(phase("p", *steps, point_of_no_return="Gone.", no_return_step=step)), company())
        for step in ("copy", "wipe")
    )

    assert first.phases[0].leaf != second.phases[0].leaf
    assert [d.what for d in compare(first, second)] == ["step of no return changed"]
    assert read_plan(write_plan(second), "a.plan").phases == second.phases


def test_phases_that_may_go_on_together_name_each_other() -> None:
    """Neither comes before the other, not even through a third."""
    first, second = phase("a", run("s")), phase("b", run("s", hosts="db"))
    side, last = phase("c", run("s"), needs=(PhaseId("a"),)), phase("d", run("s"), needs=(PhaseId("b"),))
    found = of(first, second, side, last)

    assert [[other.name for other in one.beside] for one in found] == [[], ["c"], ["b", "d"], ["c"]]


def test_a_host_that_the_inventory_no_longer_has_still_counts() -> None:
    """A plan that was made before the inventory changed keeps what it knew of its hosts."""
    made = planned(book(phase("p", run("s"), hosts="db1")), company())
    now = replace(company(), hosts={n: h for n, h in company().hosts.items() if n != "db1"})

    assert service(impact(made, now)[0], "database").hosts == 2
    assert scope(made, made.phases[0], now).sites == {"site1"}


HOSTS = [HostName(f"h{n}") for n in range(6)]
SERVED = st.lists(st.sets(st.sampled_from(["a", "b", "c"]), max_size=3), min_size=6, max_size=6)
NEEDS = st.fixed_dictionaries(
    {"a": st.just(()), "b": st.sampled_from([(), ("a",)]), "c": st.sampled_from([(), ("a",), ("b",)])}
)
PHASES = st.lists(
    st.tuples(st.sampled_from(["all", "h[0-2]", "h5 | h1"]), st.sampled_from([None, [1], [2], [1, 3], ["50%"]]), st.booleans()),
    min_size=1,
    max_size=3,
)


@given(SERVED, NEEDS, PHASES)
def test_redundancy_is_what_counting_gives(
    served: Sequence[set[str]], needs: dict[str, tuple[str, ...]], phases: Sequence[tuple[str, Any, bool]]
) -> None:
    """For random services, hosts and batches: levels, hosts left and who is affected are as counted host by host."""
    hosts = [host(name, serves=tuple(sorted(serves))) for name, serves in zip(HOSTS, served, strict=True)]
    services = {name: Service(name=name, depends_on=below) for name, below in needs.items()}
    on = replace(estate(*hosts), services=services)
    made = planned(
        book(
            *(
                phase(f"p{n}", READ, _step(safe), hosts=where, batches=batches)
                for n, (where, batches, safe) in enumerate(phases)
            )
        ),
        on,
    )
    for one, of_plan in zip(impact(made, on), made.phases, strict=True):
        told = {s.service.name: s for s in one.services}
        for name in services:
            serving = {h.name for h in hosts if name in h.serves}
            outs = [_out(made, stage) & serving for stage in of_plan.stages]
            worst = max(map(len, outs))
            below = _below(name, needs)
            lost = {
                b
                for b in below
                for stage in of_plan.stages
                if (theirs := {h.name for h in hosts if b in h.serves}) and theirs <= _out(made, stage)
            }
            touched = worst or any(_hosts_out(made, of_plan.id) & {h.name for h in hosts if b in h.serves} for b in below)
            assert (name in told) is bool(touched)
            if touched:
                assert (told[name].hosts, told[name].out, told[name].left) == (len(serving), worst, len(serving) - worst)
                assert told[name].level is level_of(len(serving), worst)
                assert {w.name for w in told[name].without} == lost
                reduced = sum(1 for out in outs if out)
                assert told[name].reduced.low_s == 600 * reduced


def _step(safe: bool) -> Step:
    return run("s", takes=TEN, repeat=Repeat.SAFE if safe else None, verify="true")


def _below(name: str, needs: dict[str, tuple[str, ...]]) -> set[str]:
    return {b for direct in needs[name] for b in (direct, *_below(direct, needs))}


def _out(made: Plan, stage: Stage) -> set[HostName]:
    return {h for name in stage.packages if made.packages[name].repeat is not Repeat.SAFE for h in made.packages[name].hosts}


def _hosts_out(made: Plan, name: str) -> set[HostName]:
    return {h for p in made.phases if p.id == name for stage in p.stages for h in _out(made, stage)}


def test_the_scope_is_the_sites_of_the_hosts_and_the_services_that_hang_on_them() -> None:
    """Also of hosts that are only looked at, and with all services that need theirs."""
    made = planned(book(phase("p", READ, hosts="db"), kind=Kind.MAINTENANCE), company())

    found = scope(made, made.phases[0], company())

    assert (found.kind, found.sites) == (Kind.MAINTENANCE, {"site1", "site2"})
    assert found.services == {"database", "orders"}


def test_the_scope_of_work_without_hosts_is_where_its_resources_are() -> None:
    """A freeze of a site holds for the load bank that stands there."""
    on = company(resources={"lift": Resource(name="lift", capacity=1, site="ams1"), "free": Resource(name="free", capacity=1)})
    steps = act("s", "manual", {"text": "Lift it."}, per=Per.PHASE, uses={"lift": 1, "free": 1})
    made = planned(book(phase("p", steps, hosts=None)), on)

    assert scope(made, made.phases[0], on).sites == {"ams1"}


def test_the_scope_follows_the_inventory_of_today_and_of_the_plan() -> None:
    """What either says can only forbid more."""
    made = planned(book(phase("p", READ, hosts="web1")), company())
    moved = replace(company().hosts[HostName("web1")], site="rot1", serves=("mail",))
    now = replace(company(), hosts={**company().hosts, HostName("web1"): moved})

    found = scope(made, made.phases[0], now)

    assert (found.sites, found.services) == ({"ams1", "rot1"}, {"orders", "mail"})


def test_the_way_back_of_a_phase_belongs_to_its_scope() -> None:
    """It may touch hosts that the way forth does not."""
    back = Step(
        id=StepId("b"), title=run("b").title, action="run", params=run("b").params, hosts="db1", verify=(shell("true"),)
    )
    made = planned(book(phase("p", READ, hosts="web1", roll_back=(back,), rolling=Rolling(batches=(1,)))), company())

    assert scope(made, made.phases[0], company()).sites == {"ams1", "site1"}
