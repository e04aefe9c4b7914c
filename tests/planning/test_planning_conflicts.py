"""What two plans both want: hosts, services, people, resources of which there is one, windows; and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.conflicts import Conflict, Wanted
from runbook_engine.model.estate import Estate, Person, Resource, Service
from runbook_engine.model.impact import Named
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Phase, Who
from runbook_engine.model.words import Per, PersonId, Repeat
from runbook_engine.planning.conflicts import conflicts


def company() -> Estate:
    """Hosts of a chain of services: shop needs orders and mail, orders needs the database."""
    hosts = [host(f"{name}{n}", serves=(name,)) for name in ("shop", "orders", "mail", "database") for n in (1, 2)]
    made = estate(*hosts, "alone")
    return replace(
        made,
        services={
            "shop": Service(name="shop", title="Shop", depends_on=("orders", "mail")),
            "orders": Service(name="orders", title="Order system", depends_on=("database",)),
            "mail": Service(name="mail"),
            "database": Service(name="database"),
        },
        people={PersonId("ana"): Person(id=PersonId("ana"), name="Ana Duarte")},
        resources={
            "lift": Resource(name="lift", capacity=1),
            "cart": Resource(name="cart", capacity=2),
            "sfp": Resource(name="sfp", stock=1),
        },
    )


def of(*phases: Phase, title: str = "Mine") -> Plan:
    """A plan of these phases."""
    return planned(book(*phases, title=title), company())


def between(mine: Plan, theirs: Plan) -> tuple[Conflict, ...]:
    """Their conflicts, with the other plan as run-7."""
    return conflicts(mine, [("run-7", theirs)], company())


def test_the_same_hosts_are_told_at_once_with_their_phases() -> None:
    """Also hosts that are only looked at: a host is worked on by one run at a time."""
    mine = of(phase("a", run("s", repeat=Repeat.SAFE), hosts="shop1 | mail*"), phase("b", run("s"), hosts="alone"))
    theirs = of(phase("x", run("s", repeat=Repeat.SAFE), hosts="mail* | alone | database1"), title="Theirs")

    assert between(mine, theirs) == (
        Conflict(
            kind=Wanted.HOST,
            other="run-7",
            title="Theirs",
            hosts=("mail1", "mail2", "alone"),  # type: ignore[arg-type]
            phases=("a", "b"),  # type: ignore[arg-type]
            others_phases=("x",),  # type: ignore[arg-type]
        ),
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("orders1", "orders2", {"orders": (["orders"], ["orders"])}),
        ("database1", "orders1", {"orders": (["database"], ["orders"])}),
        ("shop1", "database1", {"shop": (["shop"], ["database"])}),
        ("mail1", "database1", {"shop": (["mail"], ["database"])}),
        ("database1", "database2", {"database": (["database"], ["database"])}),
        ("alone", "orders1", {}),
        ("shop1", "alone", {}),
    ],
)
def test_the_same_service_directly_or_through_what_it_needs(mine: str, theirs: str, expected: dict[str, Any]) -> None:
    """A service is concerned by its own hosts and by those of all that it needs; what merely follows is not told again."""
    found = between(of(phase("a", run("s"), hosts=mine)), of(phase("x", run("s"), hosts=theirs)))

    told = {c.what.name: ([b.name for b in c.here], [b.name for b in c.there]) for c in found if c.kind is Wanted.SERVICE}
    assert told == expected


def test_what_only_looks_takes_no_service() -> None:
    """Reading on a server costs the service nothing."""
    look = run("s", repeat=Repeat.SAFE)

    assert between(of(phase("a", look, hosts="orders1")), of(phase("x", run("s"), hosts="orders2"))) == ()


def test_people_resources_of_one_and_windows() -> None:
    """A person by name, a tool of which there is one, the same window; not roles, parts, or tools of which there are more."""

    def by_hand(name: str, **more: Any) -> Phase:
        who = (Who(person="ana"), Who(role="hands"))
        step = act("s", "manual", {"text": "Do it."}, per=Per.PHASE, who=who, uses={"lift": 1, "cart": 1, "sfp": 1})
        return phase(name, step, hosts=None, window="night")

    found = between(of(by_hand("a"), by_hand("b")), of(by_hand("x"), title="Theirs"))

    assert [(c.kind, c.what) for c in found] == [
        (Wanted.PERSON, Named(name="ana", title="Ana Duarte")),
        (Wanted.RESOURCE, Named(name="lift", title="lift")),
        (Wanted.WINDOW, Named(name="night", title="night")),
    ]
    assert all((c.phases, c.others_phases) == (("a", "b"), ("x",)) for c in found)


def test_the_plan_itself_is_no_conflict() -> None:
    """A run of the very same plan is passed over; a changed one is not."""
    mine = of(phase("a", run("s"), hosts="orders1"))

    assert between(mine, mine) == ()
    assert between(mine, of(phase("a", run("s", "false"), hosts="orders1"))) != ()


def test_every_other_plan_is_named() -> None:
    """Each conflict says with whom."""
    mine = of(phase("a", run("s"), hosts="alone"))
    others = [(name, of(phase("x", run("s", name), hosts="alone"), title=name.upper())) for name in ("run-1", "run-2")]

    assert [(c.other, c.title) for c in conflicts(mine, others, company())] == [("run-1", "RUN-1"), ("run-2", "RUN-2")]


HOSTS = st.lists(st.sampled_from([*company().hosts]), min_size=1, max_size=3, unique=True)


@given(HOSTS, HOSTS)
def test_conflicts_are_the_same_from_both_sides(mine: list[str], theirs: list[str]) -> None:
    """Who is first asked makes no difference, and hosts are shared exactly when both name them."""
    one, other = (of(phase("a", run("s"), hosts=" | ".join(names)), title=" ".join(names)) for names in (mine, theirs))
    here, there = between(one, other), between(other, one)

    assert [(c.kind, c.what, c.hosts, c.here, c.there) for c in here] == [
        (c.kind, c.what, c.hosts, c.there, c.here) for c in there
    ]
    shared = {h for c in here for h in c.hosts}
    assert shared == (set(mine) & set(theirs) if one.digest != other.digest else set())
