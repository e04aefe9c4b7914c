"""What others notice, in sentences for people who do not know the machines; conflicts in words; both as data."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.conflicts import Conflict, Wanted
from runbook_engine.model.impact import Lasting, Level, Named, NoReturn, NoWayBack, PhaseImpact, ServiceImpact
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import HostName, PhaseId, StepId
from runbook_engine.reporting.conflicts_text import conflict_sentences
from runbook_engine.reporting.impact_text import about, impact_lines, impact_sentences, in_words, service_sentences
from runbook_engine.reporting.plan_data import plan_data
from runbook_engine.reporting.plan_text import plan_text

ORDERS = Named(name="orders", title="Order system")
DATABASE = Named(name="database", title="Order database")
MINUTES = Lasting(low_s=1200, likely_s=2400, high_s=4200)
HOSTS = tuple(HostName(f"web-{n}") for n in range(1, 5))


def orders(level: Level, out: int, **more: object) -> ServiceImpact:
    """The order system with four machines."""
    given: dict[str, object] = {"hosts": 4, "batches": 1, "lasting": MINUTES, "reduced": MINUTES}
    return ServiceImpact(service=ORDERS, level=level, out=out, **(given | more))  # type: ignore[arg-type]


ABOUT = "about 40 minutes (at most 1 hour 10 minutes)"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (orders(Level.DOWN, 4), [f"OUT OF SERVICE for {ABOUT}. All of its 4 machines are worked on at the same time."]),
        (orders(Level.DOWN, 1, hosts=1), [f"OUT OF SERVICE for {ABOUT}. Its only machine is worked on."]),
        (
            orders(Level.NO_REDUNDANCY, 3, batches=2, reduced=MINUTES + MINUTES),
            [
                f"no spare machine for {ABOUT}; only one of its 4 machines is left, in 2 batches.",
                "fewer machines than usual for about 1 hour 20 minutes (at most 2 hours 20 minutes) in all.",
            ],
        ),
        (
            orders(Level.LESS_REDUNDANCY, 1, batches=4),
            [f"one of its 4 machines is out of service at a time, in 4 batches, for {ABOUT}."],
        ),
        (
            orders(Level.LESS_REDUNDANCY, 2),
            [f"up to 2 of its 4 machines are out of service at a time, for {ABOUT}."],
        ),
        (
            orders(Level.NONE, 0, without=(DATABASE,), affected=MINUTES),
            [f"AFFECTED for {ABOUT}, because Order database, which it needs, is out of service."],
        ),
        (orders(Level.NONE, 0), []),
    ],
)
def test_what_users_of_a_service_notice(service: ServiceImpact, said: list[str]) -> None:
    """By its title, with how many machines are left and for how long."""
    assert list(service_sentences(service)) == [f"Order system: {what}" for what in said]


@pytest.mark.parametrize(
    ("lasting", "words"),
    [
        (Lasting(low_s=60, likely_s=60, high_s=60), "about 1 minute"),
        (MINUTES, ABOUT),
        (replace(MINUTES, stated=False), "at least 20 minutes (not every step says how long it takes)"),
        (Lasting(stated=False), "a time that nobody has stated"),
        (Lasting(), "less than a minute"),
    ],
)
def test_times_are_said_as_they_are_known(lasting: Lasting, words: str) -> None:
    """What is not stated is never shown as short."""
    assert about(lasting) == words


@given(st.floats(0, 10_000_000))
def test_a_length_of_time_in_words_is_never_too_short(seconds: float) -> None:
    """Rounded up to minutes; beyond a day, less than an hour is left out."""
    parts = in_words(seconds).split()
    unit = {"day": 86400, "hour": 3600, "minute": 60}
    said = sum(
        int(number.replace(",", "")) * unit[word.rstrip("s")] for number, word in zip(parts[::2], parts[1::2], strict=True)
    )
    assert seconds <= said + (3600 if "day" in in_words(seconds) else 0)
    assert said - seconds <= 60


def impact(**more: object) -> PhaseImpact:
    """A phase that changes something on four machines."""
    given: dict[str, object] = {"phase": PhaseId("p"), "title": "Install", "changes": True, "hosts": HOSTS}
    return PhaseImpact(**(given | more))  # type: ignore[arg-type]


def test_the_way_back_in_sentences() -> None:
    """From where on there is none, what cannot be undone and why, and of what nobody has said it."""
    gone = NoWayBack(step=StepId("p/wipe"), title="Wipe", why="It is gone.")
    silent = NoWayBack(step=StepId("p/s"), title="Settings")
    hands = NoWayBack(step=StepId("p/h"), title="Cables", by_person=True)
    point = NoReturn(why="The old disks are empty.", step=StepId("p/wipe"), title="Wipe")

    assert impact_sentences(impact(no_way_back=(gone, silent, hands), no_return=point))[1:] == (
        "From 'Wipe' on there is no way back: The old disks are empty.",
        "'Wipe' cannot be undone: It is gone.",
        "Nobody has said how to undo 'Settings'.",
        "Nobody has said how to undo some of what people do by hand.",
    )
    assert impact_sentences(impact())[1:] == ("Every step can be undone.",)
    assert impact_sentences(impact(no_return=NoReturn(why="Late.")))[1:] == ("There is a point of no return: Late.",)


def test_long_lists_are_cut_and_counted() -> None:
    """An approver reads the first few and learns how many more there are."""
    many = tuple(NoWayBack(step=StepId(f"p/{n}"), title=f"T{n}", why="so" if n % 2 else "") for n in range(14))

    said = impact_sentences(impact(no_way_back=many))

    assert "2 more steps cannot be undone." in said
    assert "Nobody has said how to undo 'T0', 'T2', 'T4', 'T6', 'T8' and 2 more." in said


def test_a_phase_always_says_something() -> None:
    """Nothing changed, no machine out, no service known: each has its words."""
    assert impact_sentences(impact(changes=False, hosts=())) == ("Nothing is changed.",)
    assert impact_sentences(impact(hosts=()))[0] == "No machine is taken out of service."
    assert impact_sentences(impact())[0] == "4 machines are worked on; no known service runs there."


def test_services_that_keep_going_and_phases_beside_are_named() -> None:
    """Who needs a service that loses machines is told that it goes on."""
    services = (
        orders(Level.LESS_REDUNDANCY, 1),
        ServiceImpact(service=Named(name="shop", title="Shop"), level=Level.NONE, hosts=2),
    )
    said = impact_sentences(impact(services=services, beside=(Named(name="q", title="Test"),), owners=(DATABASE,)))

    assert said[1:4] == (
        "Shop needs this and keeps going.",
        "This may go on at the same time: Test. What it takes out of service comes on top.",
        "It concerns Order database.",
    )


def test_the_plan_shows_the_impact_before_its_warnings(rack12: Plan) -> None:
    """One block, only with phases of which others notice something; without the inventory the plan reads as before."""
    told = (Named(name="order-team", title="order-team"),)
    impacts = (impact(changes=False, hosts=(), stakeholders=told), impact(services=(orders(Level.NO_REDUNDANCY, 3),)))
    lines = impact_lines(impacts, 100)

    assert lines == [
        "What others notice, by the inventory",
        "  2  Install",
        "     – Order system: no spare machine for about 40 minutes (at most 1 hour 10 minutes); only one of",
        "       its 4 machines is left.",
        "     – Every step can be undone.",
        "  Told of it: order-team.",
    ]
    assert impact_lines(impacts[:1], 100) == []
    text = plan_text(rack12, impact=impacts)
    assert "\n".join(lines) in text
    assert text.replace("\n".join(lines) + "\n\n", "") == plan_text(rack12)
    assert text.index(lines[0]) < text.index("3 warnings")


def test_hostile_titles_do_no_harm() -> None:
    """Titles of services come from files; a terminal must not obey them."""
    bad = Named(name="x", title="a\x1b[2J\nb")
    one = ServiceImpact(service=bad, level=Level.DOWN, hosts=1, out=1, batches=1)
    lines = impact_lines([impact(services=(one,), owners=(bad,), title="t\x1b]0;x\x07", stakeholders=(bad,))], 80)
    conflict = Conflict(kind=Wanted.SERVICE, other="run\x1b[2J", title="t\nu", what=bad, here=(bad,), there=(bad,))

    assert not any(ord(c) < 32 or ord(c) == 127 for line in [*lines, *conflict_sentences([conflict])] for c in line)


def test_the_impact_as_data(rack12: Plan) -> None:
    """For each phase that was asked for; null otherwise, and null for times that nobody stated."""
    unstated = orders(Level.LESS_REDUNDANCY, 1, lasting=Lasting(low_s=5, stated=False), without=(DATABASE,), affected=MINUTES)
    point = NoReturn(why="Late.", step=StepId("cabling/go"), title="Go?")
    gone = NoWayBack(step=StepId("cabling/go"), title="Go?", why="so", by_person=True)
    found = impact(phase=PhaseId("cabling"), services=(unstated,), no_return=point, no_way_back=(gone,), owners=(ORDERS,))
    data = json.loads(json.dumps(plan_data(rack12, impact=[found])))

    told = data["phases"][0]["impact"]
    assert data["phases"][1]["impact"] is None
    assert told["hosts"] == ["web-1", "web-2", "web-3", "web-4"]
    assert told["owners"] == [{"name": "orders", "title": "Order system"}]
    assert told["no_return"] == {"step": "cabling/go", "title": "Go?", "why": "Late."}
    assert told["no_way_back"] == [{"step": "cabling/go", "title": "Go?", "why": "so", "by_person": True}]
    service = told["services"][0]
    assert service["lasting"] == {"low_s": 5, "likely_s": None, "high_s": None}
    assert service["affected"] == {"low_s": 1200, "likely_s": 2400, "high_s": 4200}
    assert (service["level"], service["hosts"], service["out"], service["left"]) == ("less redundancy", 4, 1, 3)


@pytest.mark.parametrize(
    ("conflict", "said"),
    [
        (
            {"kind": Wanted.HOST, "hosts": HOSTS},
            "run-7 (Theirs) works on the same hosts, web-[1:4]: here in a and b, there in x.",
        ),
        (
            {"kind": Wanted.SERVICE, "what": ORDERS, "here": (ORDERS,), "there": (ORDERS, DATABASE)},
            "run-7 (Theirs) also takes machines from Order system: here in a and b, there in x.",
        ),
        (
            {"kind": Wanted.SERVICE, "what": ORDERS, "here": (ORDERS,), "there": (DATABASE,)},
            "run-7 (Theirs) also takes machines from Order system (there through Order database): here in a and b, there in x.",
        ),
        (
            {"kind": Wanted.PERSON, "what": Named(name="ana", title="Ana Duarte")},
            "run-7 (Theirs) also needs Ana Duarte: here in a and b, there in x.",
        ),
        (
            {"kind": Wanted.RESOURCE, "what": Named(name="lift", title="lift")},
            "run-7 (Theirs) also needs lift, of which there is one: here in a and b, there in x.",
        ),
        (
            {"kind": Wanted.WINDOW, "what": Named(name="night", title="night")},
            "run-7 (Theirs) also wants the window night: here in a and b, there in x.",
        ),
    ],
)
def test_conflicts_in_sentences(conflict: dict[str, object], said: str) -> None:
    """What both want, which plan the other is, and where in each."""
    phases = {"phases": (PhaseId("a"), PhaseId("b")), "others_phases": (PhaseId("x"),)}
    made = Conflict(other="run-7", title="Theirs", **(phases | conflict))  # type: ignore[arg-type]

    assert conflict_sentences([made]) == (said,)
