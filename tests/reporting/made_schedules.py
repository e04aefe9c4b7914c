"""Schedules made by hand: a small one with people and windows, and large ones of any size."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.words import Digest, HostName, PackageId, PersonId, PhaseId
from runbook_engine.reporting.gantt_model import Chart, Shade

ZONE = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 30, 9, tzinfo=ZONE).astimezone(UTC)
NAMES = {PersonId("ana.duarte"): "Ana Duarte", PersonId("ben.ott"): "Ben Ott", PersonId("carla.roy"): "Carla Roy"}
PHASES = {PhaseId("cabling"): "Rack and cable", PhaseId("firmware"): "Bring the firmware to 2.19.1"}


def minutes(number: float) -> timedelta:
    """A length of time."""
    return timedelta(minutes=number)


def booking(name: str, start: datetime, takes: float, *people: str, **more: object) -> Booking:
    """A booking of `phase/step@host` or `phase/step`, for so many minutes."""
    package, _, host = name.partition("@")
    facts: dict[str, object] = {
        "title": f"{package.partition('/')[2].capitalize()} {host}".strip(),
        "hosts": (HostName(host),) if host else (),
    }
    return Booking(
        id=name,
        package=PackageId(package),
        phase=PhaseId(package.partition("/")[0]),
        start=start,
        finish=start + minutes(takes),
        people=tuple(map(PersonId, people)),
        **(facts | more),  # type: ignore[arg-type]
    )


def schedule(*bookings: Booking, **more: object) -> Schedule:
    """A schedule of these, a tenth longer than the bound."""
    start = min(b.start for b in bookings)
    finish = max(b.finish for b in bookings)
    facts: dict[str, object] = {
        "plan": Digest("d" * 64),
        "runbook": "rack12-install",
        "title": "Install 3 servers in rack 12, Amsterdam",
        "made": MONDAY - minutes(60),
        "start": start,
        "finish": finish,
        "bound": start + (finish - start) / 1.1,
    }
    return Schedule(bookings=bookings, **(facts | more))  # type: ignore[arg-type]


def rack12(late: float = 0) -> Schedule:
    """Three servers: mounted on a Monday by two technicians, firmware in the night of Tuesday by a third."""
    ams = {"site": "ams1", "window": "working-hours"}
    night = {"site": "ams1", "window": "night"}
    mounts = [
        booking(
            f"cabling/mount@r12-u0{n}",
            MONDAY + minutes(25 * n - 25),
            25,
            "ana.duarte",
            "ben.ott",
            chain=True,
            drag_s=1500.0,
            why="Ana Duarte is free" if n > 1 else "window working-hours opens",
            title=f"Mount the server in unit {n}",
            **ams,
        )
        for n in (1, 2, 3)
    ]
    spells = (
        Span(MONDAY + minutes(75 + late), MONDAY + minutes(480)),
        Span(MONDAY + minutes(1440), MONDAY + minutes(1455 + late)),
    )
    cable_end = spells[-1].end
    cable = booking(
        "cabling/cable",
        spells[0].start,
        (cable_end - spells[0].start) / minutes(1),
        "carla.roy",
        title="Cable the rack",
        spells=spells,
        needs=tuple(m.id for m in mounts),
        chain=True,
        drag_s=900.0,
        **ams,
    )
    ready = booking("cabling/ready", cable_end, 0, title="Rack 12 is ready", milestone=True, needs=(cable.id,), **ams)
    opens = MONDAY + minutes(1440 + 13 * 60)
    flashes = [
        booking(
            f"firmware/flash@r12-u0{n}",
            opens + minutes(late + (0 if n == 1 else 35)),
            25,
            "ana.duarte" if n < 3 else "ben.ott",
            needs=(ready.id,),
            chain=n < 3,
            drag_s=1500.0 if n == 2 else 0.0,
            slack_s=0.0 if n < 3 else 3600.0,
            title="Install BIOS 2.19.1",
            why="window night opens" if n == 1 else "after flash@r12-u01",
            **night,
        )
        for n in (1, 2, 3)
    ]
    last = opens + minutes(late + 60)
    return schedule(
        *mounts, cable, ready, *flashes, finish=last, deadline=datetime(2026, 12, 4, 23, tzinfo=UTC), cost="1840.50 EUR"
    )


def rack12_chart(**more: object) -> Chart:
    """The same with its windows, and a freeze."""
    day = timedelta(days=1)
    work = tuple(Span(MONDAY + day * n, MONDAY + day * n + minutes(480)) for n in range(5))
    night = tuple(Span(MONDAY + day * n + minutes(13 * 60), MONDAY + day * n + minutes(19 * 60)) for n in range(5))
    freeze = (Span(MONDAY + day + minutes(14.25 * 60), MONDAY + day + minutes(20 * 60)),)
    facts: dict[str, object] = {
        "schedule": rack12(),
        "phases": PHASES,
        "names": NAMES,
        "zone": ZONE,
        "shades": (
            Shade(words="window working-hours", spans=work, phases=frozenset({PhaseId("cabling")})),
            Shade(words="window night", spans=night, phases=frozenset({PhaseId("firmware")})),
            Shade(words="freeze: Holiday trade", spans=freeze, frozen=True),
        ),
    }
    return Chart(**(facts | more))  # type: ignore[arg-type]


def many(number: int, hosts: int = 20, batch: int = 5) -> Schedule:
    """So many bookings: steps on hosts in batches, by five people, day after day."""
    people = [f"person.{n}" for n in range(5)]
    found, at = [], MONDAY
    for index in range(number):
        step, host = divmod(index, hosts)
        phase, round_ = f"phase{step // 5}", host // batch + 1
        name = f"{phase}/step{step % 5}{f'#{round_}' if round_ > 1 else ''}@h{host:03}"
        found.append(booking(name, at + minutes(7 * (index % 5)), 20 + index % 3 * 10, people[index % 5], chain=index % 7 == 0))
        if index % 5 == 4:
            at += minutes(45)
            if (at - MONDAY) % timedelta(days=1) > timedelta(hours=8):
                at += timedelta(days=1) - (at - MONDAY) % timedelta(days=1)
    return schedule(*found, title=f"A project of {number} bookings")


def plain(number: int = 12) -> Schedule:
    """Without calendar and people, as public benchmarks are."""
    zero = datetime(1970, 1, 1, tzinfo=UTC)
    found = [booking(f"all/j{n}", zero + minutes(3 * (n // 2)), 5 - n % 2, chain=n % 2 == 0) for n in range(number)]
    return schedule(*found, abstract=True, bound=max(b.finish for b in found), optimal=True, made=zero, title="J30-1")
