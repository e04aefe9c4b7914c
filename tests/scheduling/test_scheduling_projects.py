"""A plan and an inventory become a project: jobs, links, calendars, people, things; and nothing is lost on the way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, many, phase, planned, run
from runbook_engine.loading import days_off
from runbook_engine.model.durations import longest, shortest
from runbook_engine.model.estate import Calendar, Estate, Extra, Freeze, Leave, Person, Rates, Resource, Site, Window
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.jobs import Job, Link, LinkKind, Project
from runbook_engine.model.plan import Plan, WayBack
from runbook_engine.model.runbook import Deadline, Lag, Money, RollBack, Step, Takes, Who
from runbook_engine.model.schedule import Booking, Schedule, held
from runbook_engine.model.text import plain
from runbook_engine.model.times import Span
from runbook_engine.model.words import Digest, HostName, PackageId, Per, PersonId, PhaseId, StepId
from runbook_engine.model.world import Pool
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_terms import Terms
from runbook_engine.scheduling.projects_times import estimate_words, slot_of

AMS = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 30, tzinfo=AMS)
TEN, HOUR = Takes(low_s=600, high_s=600), Takes(low_s=3600, high_s=3600)
HANDS = (Who(skill="hands"),)


def person(name: str, **more: Any) -> Person:
    """Somebody with able hands, in the office in Amsterdam."""
    facts: dict[str, Any] = {"skills": {"hands": 1}, "calendar": "office", "site": "ams1", "name": name.capitalize()}
    return Person(id=PersonId(name), **{**facts, **more})


def company(*people: Person, hosts: int = 4, **more: Any) -> Estate:
    """Web servers in Amsterdam, the last of them in Rotterdam, an office, and a window at night."""
    names = [f"web{n}" for n in range(1, hosts + 1)]
    made = estate(*(host(n, site="rtm1" if n == names[-1] else "ams1") for n in names), groups={"web": names})
    zone = {"time_zone": "Europe/Amsterdam"}
    return replace(
        made,
        sites={"ams1": Site(name="ams1", travel_s={"rtm1": 3600}, **zone), "rtm1": Site(name="rtm1", **zone)},
        people={p.id: p for p in people},
        calendars={"office": Calendar(name="office", work={"mon-fri": ("09:00-17:00",)}, holidays="NL", **zone)},
        windows={"night": Window(name="night", open={"mon-fri": ("22:00-04:00",)}, **zone)},
        **more,
    )


def hand(name: str, **more: Any) -> Step:
    """A step that people do."""
    return Step(id=StepId(name), title=plain(name), **{"takes": HOUR, "who": HANDS, **more})


def of(plan: Plan, on: Estate, at: datetime = MONDAY, **terms: Any) -> Project:
    """The project."""
    return project_of(plan, on, days_off, at, Terms(**terms))


def named(made: Project) -> Mapping[str, Job]:
    """The jobs by their ids."""
    return {j.id: j for j in made.jobs}


def before(made: Project, name: str) -> set[str]:
    """What a job waits for."""
    return {made.jobs[link.before].id for link in named(made)[name].links}


def amsterdam(made: Project, slot: int) -> str:
    """A slot as the clock in Amsterdam shows it."""
    assert made.origin is not None
    return f"{(made.origin + timedelta(seconds=made.slot_s * slot)).astimezone(AMS):%a %d %H:%M}"


def test_without_dates_and_people_there_is_no_calendar() -> None:
    """Slots count from 0, minutes are exact, hosts go side by side as many as the engine works on."""
    on = many(40)
    plan = planned(
        book(phase("p", run("a", takes=TEN), run("b", takes=Takes(low_s=900, high_s=2700)), batches=[4, "rest"], pause_s=300)),
        on,
    )
    made = of(plan, on, parallel=10)

    assert (made.origin, made.slot_s, made.horizon, made.calendars, made.workers) == (None, 300, 0, (), ())
    assert [(j.id, j.duration) for j in made.jobs] == [("p/a", 2), ("p/b", 6), ("p/a#2", 8), ("p/b#2", 24)]
    assert [j.links for j in made.jobs] == [(), (Link(before=0),), (Link(before=1, lag=1),), (Link(before=2),)]


@given(st.lists(st.integers(min_value=1, max_value=500), min_size=1, max_size=8))
@settings(max_examples=25)
def test_plain_minutes_convert_exactly(minutes: list[int]) -> None:
    """A duration in whole minutes is exactly that many, whatever the slot."""
    steps = [
        Step(id=StepId(f"s{n}"), title=plain("x"), takes=Takes(low_s=60 * m, high_s=60 * m), uses={"lift": 1}, needs=())
        for n, m in enumerate(minutes)
    ]
    on = replace(estate("web1"), resources={"lift": Resource(name="lift", capacity=3)})
    made = of(planned(book(phase("p", *steps, hosts=None)), on), on)

    assert [j.duration * made.slot_s / 60 for j in made.jobs] == minutes
    assert all(j.uses == ((0, 1),) for j in made.jobs)
    assert (made.resources[0].name, made.resources[0].amount) == ("lift", 3)


def test_people_get_a_job_for_each_host_and_their_sites() -> None:
    """Each task can have its person; hosts wait for hosts; who may not work at a site is no candidate there."""
    on = company(person("ana"), person("ben", sites=("ams1",)), person("tom", skills={}))
    plan = planned(book(phase("p", hand("mount"), hand("check"))), on)
    made = of(plan, on)

    assert [j.id for j in made.jobs][:4] == ["p/mount@web1", "p/mount@web2", "p/mount@web3", "p/mount@web4"]
    assert before(made, "p/check@web2") == {"p/mount@web2"}
    assert [w.id for w in made.workers] == ["ana", "ben"]
    assert named(made)["p/mount@web1"].crews[0].people == (0, 1)
    assert named(made)["p/mount@web4"].crews[0].people == (0,)
    assert [made.sites[j.site] for j in made.jobs if j.site is not None][:4] == ["ams1", "ams1", "ams1", "rtm1"]
    assert made.travel == {(0, 1): 3600 // made.slot_s, (1, 0): 3600 // made.slot_s}
    assert made.workers[0].site == 0


def test_free_times_are_hours_without_leave_and_holidays() -> None:
    """Ana is away on Tuesday; nobody works on Christmas Day, nor at night."""
    leave = Leave(start=date(2026, 12, 1), end=date(2026, 12, 1))
    on = company(person("ana", leave=(leave,)), person("eva", calendar=""))
    made = of(planned(book(phase("p", hand("mount"))), on), on)
    ana, eva = made.workers
    free = [(amsterdam(made, a), amsterdam(made, b)) for a, b in ana.free or ()]

    assert free[:2] == [("Mon 30 09:00", "Mon 30 17:00"), ("Wed 02 09:00", "Wed 02 17:00")]
    assert not any("Fri 25" in begin for begin, _ in free)
    assert ("Thu 24 09:00", "Thu 24 17:00") in free
    assert eva.free is None
    assert [amsterdam(made, slot) for slot in made.days[:3]] == ["Mon 30 00:00", "Tue 01 00:00", "Wed 02 00:00"]
    assert [amsterdam(made, slot) for slot in made.weeks[:2]] == ["Mon 30 00:00", "Mon 07 00:00"]


def test_a_calendar_without_hours_is_closed() -> None:
    """Nobody works by it, but for what they do beside it, and no tool is there; whoever has no calendar always works."""
    shut = Calendar(name="shut", time_zone="Europe/Amsterdam")
    also = (Extra(start=datetime(2026, 12, 5, 10, tzinfo=AMS), end=datetime(2026, 12, 5, 12, tzinfo=AMS)),)
    people = (person("ana", calendar="shut"), person("ben", calendar="shut", also=also), person("eva", calendar=""))
    on = company(*people, resources={"lift": Resource(name="lift", capacity=2, calendar="shut")})
    on = replace(on, calendars={**on.calendars, "shut": shut})
    made = of(planned(book(phase("p", hand("mount", uses={"lift": 1}))), on), on)
    ana, ben, eva = made.workers

    assert ana.free == ()
    assert [(amsterdam(made, a), amsterdam(made, b)) for a, b in ben.free or ()] == [("Sat 05 10:00", "Sat 05 12:00")]
    assert eva.free is None
    assert made.resources[0].taken == ((0, made.horizon, 2),)


def test_many_hosts_go_together() -> None:
    """Ten thousand hosts and thirty steps: few jobs, in no time, and no host is lost."""
    on = replace(many(10_000), people={PersonId("ana"): person("ana")}, calendars=company().calendars)
    steps = [hand(f"h{n}", takes=TEN) for n in range(10)]
    plan = planned(book(phase("m", *steps), phase("f", *(run(f"x{n}", takes=TEN) for n in range(20)))), on)
    made = of(plan, on, parallel=50)

    assert len(made.jobs) < 2100
    hosts = [h for j in made.jobs if j.package == "m/h3" for h in j.hosts]
    assert hosts == list(on.hosts)
    assert all(j.pausable for j in made.jobs if j.package == "m/h3")
    assert sum(len(j.links) for j in made.jobs) < 2 * len(made.jobs)
    slots = [j.duration for j in made.jobs if j.package == "m/h3"]
    assert 0 <= sum(slots) * made.slot_s - 10_000 * 600 < len(slots) * made.slot_s


@pytest.mark.parametrize("most_jobs", [1, 10, 60, 5000])
def test_whatever_goes_together_waits_for_the_same(most_jobs: int) -> None:
    """A host's second step comes after its first, however they are put together."""
    on = company(person("ana"), hosts=30)
    made = of(planned(book(phase("p", hand("a"), hand("b")), phase("q", hand("c"))), on), on, most_jobs=most_jobs)
    first = {h: n for n, j in enumerate(made.jobs) if j.package == "p/a" for h in j.hosts}

    for job in (j for j in made.jobs if j.package == "p/b"):
        assert {link.before for link in job.links} == {first[h] for h in job.hosts}
    for job in (j for j in made.jobs if j.package == "q/c"):
        assert _waits_for(made, job) >= {j.id for j in made.jobs if j.package == "p/b"}


def _waits_for(made: Project, job: Job) -> set[str]:
    found, waiting = set[str](), [link.before for link in job.links]
    while waiting:
        other = made.jobs[waiting.pop()]
        found.add(other.id)
        waiting += [link.before for link in other.links if made.jobs[link.before].id not in found]
    return found


def test_lags_become_links_of_their_kind() -> None:
    """Rounded up to slots, and the most of them down."""
    on = company(person("ana"))
    plan = planned(book(phase("p", hand("a", hosts="web1"), hand("b", hosts="web1"))), on)
    lag = Lag(kind=LinkKind.START_START, lag_s=1800, at_most_s=7200)
    b = plan.packages[PackageId("p/b")]
    plan = replace(plan, packages={**plan.packages, b.id: replace(b, needs=(replace(b.needs[0], lag=lag),))})
    made = of(plan, on)

    assert made.jobs[1].links == (Link(before=0, kind=LinkKind.START_START, lag=1800 // made.slot_s, most=7200 // made.slot_s),)


def test_the_window_of_a_phase_leaves_time_for_the_way_back() -> None:
    """What needs an hour at worst, and an hour back, starts at two at the latest; freezes close the night."""
    frozen = Freeze(
        start=datetime.fromisoformat("2026-12-01T23:00"),
        end=datetime.fromisoformat("2026-12-03T12:00"),
        why="Sale",
        sites=("ams1",),
    )
    on = company(freezes=(frozen,))
    steps = run(
        "flash",
        takes=Takes(low_s=1200, likely_s=1800, high_s=3600),
        hosts="web1",
        roll_back=RollBack(action="run", params=run("x").params),
    )
    plan = planned(book(phase("p", steps, window="night")), on)
    made = of(plan, on)
    flash = made.jobs[0]
    assert flash.calendar is not None
    spans = [(amsterdam(made, a), amsterdam(made, b)) for a, b in made.calendars[flash.calendar]]

    assert isinstance(plan.packages[PackageId("p/flash")].way_back, WayBack)
    assert flash.duration * made.slot_s == 1800
    assert spans[:2] == [("Mon 30 22:00", "Tue 01 02:30"), ("Thu 03 22:00", "Fri 04 02:30")]
    assert flash.window == "night"


def test_what_opens_a_phase_keeps_to_its_window_even_if_it_takes_no_time() -> None:
    """A moment would lie in no slot, and so in no window; what follows it is drawn along."""
    on = company()
    made = of(planned(book(phase("p", run("look"), run("look2"), run("flash", takes=TEN), window="night")), on), on)

    assert [j.duration * made.slot_s for j in made.jobs] == [made.slot_s, 0, 600]
    assert made.jobs[0].calendar is not None


def test_dates_become_slots() -> None:
    """The start of the plan, earliest starts, deadlines that are wishes and those that are not."""
    on = company(person("ana"))
    plan = planned(book(phase("p", hand("a"), hand("b")), start=date(2026, 12, 2), deadline=date(2026, 12, 11)), on)
    a, b = plan.packages.values()
    packages = {
        a.id: replace(a, earliest=date(2026, 12, 3)),
        b.id: replace(b, deadline=Deadline(by=datetime.fromisoformat("2026-12-04T12:00"), soft=True)),
    }
    made = of(replace(plan, packages=packages), on)
    first, last = made.jobs[0], made.jobs[-1]

    assert made.origin == datetime(2026, 12, 2, tzinfo=AMS)
    assert amsterdam(made, first.release) == "Thu 03 00:00"
    assert last.release == 0
    assert last.due is not None
    assert last.deadline is not None
    assert amsterdam(made, last.due) == "Fri 04 12:00"
    assert amsterdam(made, last.deadline) == "Sat 12 00:00"


def test_a_certificate_must_be_valid() -> None:
    """Who has none is no candidate, nor is who has an old one; the last day of the longest is a deadline."""
    who = (Who(skill="hands", certificate="lift"),)
    papers: list[Mapping[str, date | None]] = [{}, {"lift": date(2026, 11, 1)}, {"lift": None}, {"lift": date(2026, 12, 3)}]
    people = [person(f"p{n}", certificates=c) for n, c in enumerate(papers)]

    def candidates(on: Estate) -> tuple[list[str], str]:
        made = of(planned(book(phase("p", hand("a", who=who, hosts="web1"))), on), on)
        job = made.jobs[0]
        by = amsterdam(made, job.deadline) if job.deadline is not None else ""
        return [made.workers[n].id for n in job.crews[0].people], by

    assert candidates(company(*people)) == (["p2", "p3"], "")
    assert candidates(company(*people[:2], people[3])) == (["p3"], "Fri 04 00:00")
    assert candidates(company(*people[:2])) == ([], "")


def test_tools_and_parts() -> None:
    """Tools count once for a crew, parts for each host; what is ordered comes on its day; a closed tool is taken."""
    resources = {
        "lift": Resource(name="lift", capacity=2, calendar="office"),
        "disk": Resource(name="disk", stock=3, arrives=((date(2026, 12, 2), 5),)),
    }
    on = company(person("ana"), hosts=30, resources=resources)
    made = of(planned(book(phase("p", hand("a", uses={"lift": 1, "disk": 2}))), on), on, most_jobs=3)
    lift, disk = made.resources

    assert all(j.uses == ((0, 1), (1, 2 * len(j.hosts))) for j in made.jobs)
    assert (disk.amount, disk.used_up, amsterdam(made, disk.arrives[0][0])) == (3, True, "Wed 02 00:00")
    assert [(amsterdam(made, a), amsterdam(made, b), n) for a, b, n in lift.taken[:2]] == [
        ("Mon 30 00:00", "Mon 30 09:00", 2),
        ("Mon 30 17:00", "Tue 01 09:00", 2),
    ]


def test_rates() -> None:
    """Nights and weekends are dear; the greater factor counts where both hold."""
    rate = Money(amount=Decimal(95), currency="EUR")
    on = company(person("ana", rate=rate), rates=Rates(night=Decimal("1.5"), weekend=Decimal(2)))
    made = of(planned(book(phase("p", hand("a"))), on), on)
    ana = made.workers[0]
    dear = [(amsterdam(made, a), amsterdam(made, b), f) for a, b, f in ana.dear]

    assert (ana.rate, made.currency) == (95.0, "EUR")
    assert dear[:2] == [("Mon 30 00:00", "Mon 30 06:00", 1.5), ("Mon 30 22:00", "Tue 01 06:00", 1.5)]
    assert ("Sat 05 00:00", "Mon 07 00:00", 2.0) in dear


def test_what_the_engine_does_between_peoples_work_is_told_host_by_host() -> None:
    """Nobody waits for other hosts; what comes before all people, and after all, is one piece. So many hosts at a time."""
    on = company(person("ana"), person("ben"))
    steps = (
        run("first", takes=TEN, hosts="web"),
        hand("mount"),
        run("load", takes=TEN, hosts="web"),
        run("start", takes=TEN, hosts="web"),
        hand("look"),
        run("last", takes=TEN, hosts="web"),
    )
    plan = planned(book(phase("p", *steps, hosts="web")), on)
    made = of(plan, on, parallel=2)

    assert before(made, "p/load@web2") == {"p/mount@web2"}
    assert before(made, "p/start@web2") == {"p/load@web2"}
    assert before(made, "p/look@web2") == {"p/start@web2"}
    assert {"p/first", "p/last"} <= named(made).keys()
    (hands,) = made.resources
    assert (hands.amount, hands.used_up) == (2, False)
    assert named(made)["p/load@web2"].uses == ((0, 1),)
    assert named(made)["p/first"].uses == named(made)["p/mount@web2"].uses == ()
    assert of(plan, on, parallel=8).resources == ()  # all of them at a time: nothing to count


def test_what_others_have_booked_is_taken() -> None:
    """Their people are not free, which counts in their limits; tools are gone; no phase has one of their hosts meanwhile."""
    begin = MONDAY + timedelta(hours=10)
    other = Booking(
        id="x",
        package=PackageId("x"),
        phase=PhaseId("x"),
        title="x",
        start=begin,
        finish=begin + timedelta(hours=2),
        people=(PersonId("ana"),),
        hosts=(HostName("web1"),),
        uses={"lift": 1},
        site="rtm1",
    )
    booked = Schedule(
        plan=Digest(""), runbook="x", title="x", made=MONDAY, bookings=(other,), start=begin, finish=other.finish, bound=begin
    )
    on = company(person("ana"), resources={"lift": Resource(name="lift", capacity=1)})
    made = of(planned(book(phase("p", hand("a", uses={"lift": 1}))), on), on, booked=(booked,))
    ana, first, second = made.workers[0], made.jobs[0], made.jobs[1]

    assert [(amsterdam(made, a), amsterdam(made, b)) for a, b in (ana.free or ())[:2]] == [
        ("Mon 30 09:00", "Mon 30 10:00"),
        ("Mon 30 12:00", "Mon 30 17:00"),
    ]
    assert [(amsterdam(made, a), amsterdam(made, b), made.sites[at]) for a, b, at in ana.elsewhere if at is not None] == [
        ("Mon 30 10:00", "Mon 30 12:00", "rtm1")
    ]
    assert [(amsterdam(made, a), amsterdam(made, b), n) for a, b, n in made.resources[0].taken] == [
        ("Mon 30 10:00", "Mon 30 12:00", 1)
    ]
    assert first.calendar is not None
    assert second.calendar == first.calendar
    assert amsterdam(made, made.calendars[first.calendar][0][1]) == "Mon 30 10:00"


def test_a_booked_phase_has_all_its_hosts_from_its_first_work_to_its_last() -> None:
    """web1 at ten and web2 at three: both are taken from ten to four, as the run will have them, and other hosts are not."""

    def booking(name: str, host: str, hour: int) -> Booking:
        begin = MONDAY + timedelta(hours=hour)
        return Booking(
            id=name,
            package=PackageId(name),
            phase=PhaseId("x"),
            title=name,
            start=begin,
            finish=begin + timedelta(hours=1),
            hosts=(HostName(host),) if host else (),
        )

    work = (booking("ask", "", 9), booking("one", "web1", 10), booking("two", "web2", 15))
    booked = Schedule(
        plan=Digest(""), runbook="x", title="x", made=MONDAY, bookings=work, start=MONDAY, finish=work[-1].finish, bound=MONDAY
    )
    (has,) = held(booked)
    assert (sorted(has.hosts), has.span) == (["web1", "web2"], Span(work[1].start, work[2].finish))
    on = company(person("ana"))
    phases = [phase(name, run(name, takes=TEN, hosts=host), needs=()) for name, host in (("p", "web1"), ("q", "web3"))]
    made = of(planned(book(*phases), on), on, booked=(booked,))
    (one,), (other,) = ([j for j in made.jobs if j.phase == name] for name in "pq")
    assert one.calendar is not None
    assert [amsterdam(made, slot) for slot in (made.calendars[one.calendar][0][1], made.calendars[one.calendar][1][0])] == [
        "Mon 30 10:00",
        "Mon 30 16:00",
    ]
    assert other.calendar is None


def test_rules_of_capacity_keep_jobs_apart() -> None:
    """One host each: apart; several hosts in one job: a supply of hosts that may be out."""
    on = company(person("ana"))
    pool = Pool(name="web", hosts=frozenset(map(HostName, ("web1", "web2", "web3"))), out=1)
    single = [run(f"x{n}", takes=TEN, hosts=f"web{n}", needs=()) for n in (1, 2, 3)]
    apart = of(planned(book(phase("p", *single)), on), on, pools=(pool,))
    whole = of(
        planned(book(phase("p", run("x", takes=TEN)), phase("q", run("y", takes=TEN, hosts="web1"), needs=())), on),
        on,
        pools=(pool,),
    )

    assert (apart.apart[0].jobs, apart.apart[0].most, apart.resources) == (frozenset({0, 1, 2}), 1, ())
    assert [j.uses for j in whole.jobs] == [((0, 3),), ((0, 1),)]
    assert whole.resources[0].amount == 1


def test_who_may_do_what_with_whom_goes_host_by_host() -> None:
    """The check of a host is by somebody else than who mounted it."""
    on = company(person("ana"), person("ben"))
    plan = planned(book(phase("p", hand("a"), hand("b"))), on)
    a, b = plan.packages.values()
    plan = replace(plan, packages={a.id: a, b.id: replace(b, other_people_than=(a.id,))})
    made = of(plan, on)

    assert named(made)["p/b@web3"].other_people_than == (2,)
    assert made.jobs[2].id == "p/a@web3"


def test_which_figure_counts_and_where_it_is_from() -> None:
    """Low, likely, high; earlier runs, the time limit, and a finding where nobody says anything."""
    on = company(person("ana"))
    steps = (
        run("a", takes=Takes(low_s=600, likely_s=900, high_s=1800)),
        run("b"),
        run("c", timeout_s=1200),
        run("d"),
        act("wait", "pause", {"for": "5m"}, per=Per.PHASE),
    )
    plan = planned(book(phase("p", *steps)), on)
    learnt = {StepId("p/b"): Estimate(low_s=60, likely_s=120, high_s=300, runs=5, tasks=20)}

    def minutes(**terms: Any) -> list[float]:
        made = of(plan, on, learnt=learnt, **terms)
        return [j.duration * made.slot_s / 60 for j in made.jobs]

    assert minutes() == [15, 2, 20, 0, 5]
    assert minutes(pick=shortest) == [10, 1, 0, 0, 5]
    assert minutes(pick=longest) == [30, 5, 20, 0, 5]
    assert estimate_words(plan, learnt) == {
        "p/b": "5 earlier runs, 1 to 5 min",
        "p/c": "no time is stated; the limit of 20 min counts",
        "p/d": "no time is stated; none counts",
    }


def test_slots_suit_the_work() -> None:
    """Exact without a calendar; else minutes where they are whole, and longer slots for long projects."""
    assert slot_of([600, 1500], exact=True) == 300
    assert slot_of([90, 61], exact=True) == 1
    assert slot_of([], exact=True) == 60
    assert slot_of([1050, 1800], exact=False) == 60
    assert slot_of([900, 2700], exact=False) == 900
    assert slot_of([20, 45], exact=False) == 5
    assert slot_of([7] * 2_000_000, exact=False) == 300
