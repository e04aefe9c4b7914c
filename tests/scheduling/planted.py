"""A project that can be done, as files, and faults that are planted into it by small edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.words import Digest, PackageId, PersonId, PhaseId

AT = "2026-11-27T09:00+01:00"  # Friday
MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)

RUNBOOK = """\
runbook: rack12-install
title: Install 4 servers in rack 12, Amsterdam
kind: install
owner: ana.duarte
why: The order system runs out of space in January.
impact: No outage expected.
start: 2026-11-30
deadline: 2026-12-11
budget: {amount: 9000 EUR, contingency: 10%, owner: head-of-finance}
costs:
  - {item: Rails and cables, amount: 1240 EUR, phase: cabling}
approvals:
  - {by: head-of-infrastructure, before: cabling}
  - {by: change-board, before: firmware}
phases:
  - id: cabling
    title: Rack and cable
    window: working-hours
    hosts: rack12
    steps:
      - id: mount
        title: Mount the server
        manual: Fit the rails, then mount from the bottom up.
        who: {skill: datacenter-hands, level: 2, count: 2, certificate: lifting}
        uses: {server-lift: 1, sfp-10g: 2}
        takes: 30m..1h
      - id: cable
        title: Cable the server
        manual: Both feeds, both switches.
        who: {skill: datacenter-hands}
        takes: 20m..40m
  - id: network
    title: Bring the ports up
    window: working-hours
    steps:
      - {id: ports, title: Configure the switch ports, manual: By the list., who: {skill: network}, takes: 1h..2h}
      - id: review
        title: Review the ports
        manual: Look at each.
        who: {role: reviewers}
        takes: 30m
        other_people_than: ports
  - id: firmware
    title: Bring the firmware up
    window: night
    hosts: rack12
    rolling: {batches: [1, rest], pause: 5m}
    steps:
      - id: flash
        title: Install the firmware
        run: fwtool --install 2.19.1
        verify: fwtool --version | grep -qxF 2.19.1
        takes: 20m..40m
        roll_back: {run: fwtool --install 2.18.0}
      - {id: reboot, title: Restart, reboot: {within: 15m}, takes: 4m..10m}
"""

HOSTS = """\
sites:
  ams1: {title: Amsterdam, time_zone: Europe/Amsterdam, travel: {rot1: 1h}}
  rot1: {title: Rotterdam, time_zone: Europe/Amsterdam}
racks:
  r12: {site: ams1, units: 20, power: {A: 4000 W, B: 4000 W}, cooling: 5 kW, ports: 24}
groups:
  rack12: {hosts: ["r12-u[01:04]"], ports: 2, power: 450 W}
hosts:
  r12-u01: {address: 127.0.0.1, rack: r12, unit: 1, height: 2, ssh: {port: 9}}
  r12-u02: {address: 127.0.0.1, rack: r12, unit: 3, height: 2, ssh: {port: 9}}
  r12-u03: {address: 127.0.0.1, rack: r12, unit: 5, height: 2, ssh: {port: 9}}
  r12-u04: {address: 127.0.0.1, rack: r12, unit: 7, height: 2, ssh: {port: 9}}
  store-1: {address: 127.0.0.1, rack: r12, unit: 11, height: 4, power: 900 W, ports: 4}
capacity:
  spare: {hosts: rack12, at_most_out: 4, why: somebody must answer}
"""

PEOPLE = """\
people:
  ana.duarte: {name: Ana Duarte, department: infrastructure, site: ams1, calendar: office, rate: 95 EUR/h}
  eva.koster: {name: Eva Koster, department: infrastructure, calendar: office}
  ria.bos: {name: Ria Bos, department: finance, calendar: office}
  tom.li: {name: Tom Li, calendar: office}
  sam.ito: {name: Sam Ito, calendar: office}
  ben.ott:
    name: Ben Ott
    site: ams1  # Ben's home
    calendar: office
    rate: 80 EUR/h
    limits: {day: 8h, rest: 11h}
    skills: {datacenter-hands: 2}
    certificates: {lifting: 2027-03-01}
  mia.kok:
    name: Mia Kok
    site: ams1
    calendar: office
    rate: 80 EUR/h
    limits: {day: 8h, rest: 11h}
    skills: {datacenter-hands: 3}
    certificates: {lifting: 2027-06-01}
  jan.vos: {name: Jan Vos, site: rot1, calendar: office, rate: 75 EUR/h, skills: {datacenter-hands: 1}}
  noa.wit: {name: Noa Wit, site: ams1, calendar: office, rate: 110 EUR/h, skills: {network: 2}}
  leo.dam: {name: Leo Dam, site: ams1, calendar: office, rate: 110 EUR/h, skills: {network: 1}}
departments:
  infrastructure: {title: Infrastructure, head: eva.koster}
  finance: {title: Finance, head: ria.bos}
roles:
  change-board: [tom.li, sam.ito]
  reviewers: [noa.wit, leo.dam]
"""

CALENDARS = """\
calendars:
  office: {time_zone: Europe/Amsterdam, work: {mon-fri: "09:00-17:00"}, holidays: NL}
windows:
  working-hours: {calendar: office}
  night: {time_zone: Europe/Amsterdam, open: {mon-fri: "22:00-04:00"}}
freezes:
  - {from: 2026-12-19, to: 2027-01-04, sites: [ams1], why: Holiday trade, lift: [eva.koster]}
rates: {night: 1.5, weekend: 2}
"""

RESOURCES = """\
resources:
  server-lift: {capacity: 1, site: ams1}
  sfp-10g: {stock: 4, arrives: {2026-11-30: 8}}
"""

FILES = {
    "runbooks/rack12.yml": RUNBOOK,
    "inventory/hosts.yml": HOSTS,
    "inventory/people.yml": PEOPLE,
    "inventory/calendars.yml": CALENDARS,
    "inventory/resources.yml": RESOURCES,
}

_AWAY = "leave: [{from: 2026-11-26, to: 2026-12-13, why: Holiday}]"


@dataclass(frozen=True)
class Fault:
    """A fault: its name, its edits (file, what stands there, what is to stand there), the matter, and words of the reason."""

    name: str
    edits: Sequence[tuple[str, str, str]]
    matter: str
    words: Sequence[str]
    options: Sequence[str] = ()


def _inventory(name: str, *edits: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [(f"inventory/{name}.yml", old, new) for old, new in edits]


def _book(*edits: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [("runbooks/rack12.yml", old, new) for old, new in edits]


_LONG_FREEZE = "from: 2026-11-28, to: 2026-12-18, sites: [ams1], why: Holiday"

FAULTS = (
    Fault("skill-missing", _book(("who: {skill: network}", "who: {skill: san}")), "skill", ["san", "nobody"]),
    Fault(
        "level-too-low",
        _inventory("people", ("datacenter-hands: 3", "datacenter-hands: 1")),
        "skill",
        ["level 2", "only Ben Ott"],
    ),
    Fault(
        "leave",
        _inventory("people", ("name: Ben Ott\n", f"name: Ben Ott\n    {_AWAY}\n")),
        "people",
        ["Ben Ott", "leave", "13 Dec"],
    ),
    Fault(
        "window-too-short",
        _inventory("calendars", ('"22:00-04:00"', '"22:00-22:45"')),
        "window",
        ["45 minutes", "way back"],
    ),
    Fault(
        "freeze",
        _inventory("calendars", ("from: 2026-12-19, to: 2027-01-04, sites: [ams1], why: Holiday", _LONG_FREEZE)),
        "freeze",
        ["Holiday trade"],
    ),
    Fault("rack-full", _inventory("hosts", ("unit: 7, height: 2", "unit: 20, height: 2")), "rack", ["r12", "20 units"]),
    Fault("feed-overloaded", _inventory("hosts", ("B: 4000 W", "B: 2500 W")), "power", ["feed B", "2,700 W"]),
    Fault("too-hot", _inventory("hosts", ("cooling: 5 kW", "cooling: 2600 W")), "cooling", ["2,600 W"]),
    Fault("no-port", _inventory("hosts", ("ports: 24", "ports: 11")), "ports", ["12 switch ports"]),
    Fault(
        "certificate-expired",
        _inventory("people", ("lifting: 2027-03-01", "lifting: 2026-11-15")),
        "certificate",
        ["lifting", "Ben Ott", "15 Nov"],
    ),
    Fault("part-missing", _inventory("resources", ("2026-11-30: 8", "2026-11-30: 2")), "parts", ["sfp-10g", "2 too few"]),
    Fault("deadline", _book(("deadline: 2026-12-11", "deadline: 2026-11-30 20:00")), "deadline", ["30 Nov", "earliest end"]),
    Fault("budget", _book(("amount: 9000 EUR", "amount: 1500 EUR")), "budget", ["1,500 EUR"]),
    Fault(
        "capacity-rule",
        _inventory("hosts", ("at_most_out: 4", "at_most_out: 3")),
        "capacity",
        ["spare", "somebody must answer"],
    ),
    Fault(
        "approver-away",
        _inventory("people", ("eva.koster: {name: Eva Koster,", f"eva.koster: {{name: Eva Koster, {_AWAY},")),
        "approval",
        ["Eva Koster", "leave"],
    ),
    Fault(
        "role-empty",
        _inventory("people", ("change-board: [tom.li, sam.ito]", "change-board: []")),
        "approval",
        ["change-board", "nobody"],
    ),
    Fault("resource-too-small", _book(("server-lift: 1", "server-lift: 2")), "resource", ["server-lift"]),
    Fault(
        "limits",
        _inventory("people", ("limits: {day: 8h, rest: 11h}", "limits: {day: 20m, rest: 11h}")),
        "people",
        ["20 minutes a day"],
    ),
    Fault(
        "travel",
        [
            *_inventory("hosts", ("travel: {rot1: 1h}", "travel: {rot1: 9h}")),
            *_inventory("people", ("site: ams1  # Ben's home", "site: rot1")),
        ],
        "people",
        ["way between"],
    ),
    Fault("unreachable", [], "reach", ["r12-u", "connection refused"], options=("--probe",)),
)


def plant(folder: Path, faults: Sequence[Fault]) -> None:
    """Write the project with these faults in it. Each edit must find what it changes, so that none is planted in vain."""
    texts = dict(FILES)
    for fault in faults:
        for file, old, new in fault.edits:
            assert old in texts[file], f"{fault.name}: {file} has no {old!r}"
            texts[file] = texts[file].replace(old, new)
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def booked(
    person: str,
    start: datetime,
    days: float,
    *,
    runbook: str = "san-upgrade",
    plan: str = "a" * 64,
    title: str = "Upgrade the SAN",
) -> Schedule:
    """The schedule of another plan, that has somebody for some days."""
    booking = Booking(
        id="work/do",
        package=PackageId("work/do"),
        phase=PhaseId("work"),
        title="Change the controllers",
        start=start,
        finish=start + timedelta(days=days),
        people=(PersonId(person),),
    )
    return Schedule(
        plan=Digest(plan),
        runbook=runbook,
        title=title,
        made=start,
        bookings=(booking,),
        start=start,
        finish=booking.finish,
        bound=booking.finish,
    )
