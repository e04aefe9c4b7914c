"""What is there to work on and with: hosts, sites, people, calendars, resources. Read from the inventory, checked."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from runbook_engine.model.places import Path, Places
from runbook_engine.model.policy import Policy
from runbook_engine.model.runbook import Money
from runbook_engine.model.text import SecretRef
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSettings:
    """How a host is reached; what is empty follows the person's own SSH configuration."""

    user: str = ""
    port: int | None = None
    key: str = ""  # path of a private key
    jump: str = ""  # user@host:port[,…] or the name of another host of the inventory
    known_hosts: str = ""  # path; empty: the person's own file
    keep: bool = True  # whether the host keeps what becomes of a step, in ~/.runbook; if not, every loss is doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class BmcSettings:
    """How the management controller of a host is reached, over Redfish."""

    address: str = ""  # https://name[:port]; empty: the host has none
    user: str = ""
    password: SecretRef | None = None
    verify: str = ""  # empty: by the authorities of this machine; sha256:HEX: that certificate; else a file of authorities
    system: str = ""  # the id of the host in the controller; empty: the only one that it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One machine. `vars` are merged: all < groups from outer to inner < the host's own."""

    name: HostName
    address: str = ""  # empty: the name
    site: str = ""
    rack: str = ""
    unit: int | None = None
    height: int = 1  # units that it fills
    watts: float | None = None  # what it draws at most; None: nobody said
    feeds: tuple[str, ...] = ()  # power feeds of its rack that it hangs on, each able to carry it alone; empty: all
    ports: int = 0  # switch ports of its rack that it needs
    owner: str = ""
    serves: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()  # outer to inner
    vars: Mapping[str, object] = field(default_factory=dict)  # plain JSON values and SecretRef
    ssh: SshSettings = SshSettings()
    bmc: BmcSettings = BmcSettings()
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of hosts, those of its children included."""

    name: str
    hosts: tuple[HostName, ...]
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A building or a region; times of its work are told in its zone (an IANA name)."""

    name: str
    title: str = ""
    time_zone: str = "UTC"
    travel_s: Mapping[str, float] = field(default_factory=dict)  # to other sites; the way back takes as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """Where hosts are mounted; power per feed and cooling in watts."""

    name: str
    site: str = ""
    units: int = 42
    power_w: Mapping[str, float] = field(default_factory=dict)
    cooling_w: float | None = None
    ports: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What users notice."""

    name: str
    title: str = ""
    owner: str = ""
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """When somebody is not there. A date counts as a whole day in the zone of their calendar."""

    start: date | datetime
    end: date | datetime
    why: str = ""
    source: str = ""  # the iCalendar file that says so, as the inventory names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """When somebody works beside their calendar; without a zone it is the time on the wall in that of their calendar."""

    start: datetime
    end: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How many times the usual rate an hour costs. Nights are hours on the wall, such as 22:00-06:00."""

    night: Decimal = Decimal(1)
    weekend: Decimal = Decimal(1)
    holiday: Decimal = Decimal(1)
    night_hours: str = "22:00-06:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who does, decides or is told. `skills` gives the level of each."""

    id: PersonId
    name: str = ""
    email: str = ""
    department: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    site: str = ""
    calendar: str = ""
    rate: Money | None = None  # an hour
    leave: tuple[Leave, ...] = ()
    also: tuple[Extra, ...] = ()
    certificates: Mapping[str, date | None] = field(default_factory=dict)  # with the last day on which each is valid
    sites: tuple[str, ...] = ()  # where they may work; empty: everywhere
    day_most_s: float | None = None
    week_most_s: float | None = None
    rest_s: float = 0.0  # between the work of two days, at least
    ssh_keys: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()  # users of control machines; empty: the id


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A part of the organisation and the person who heads it."""

    name: str
    title: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn of a rota: the hours and the public holidays of one of its calendars. Without a name it is free."""

    calendar: str = ""
    work: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    holidays: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Turns of so many days each that follow each other over and over, before `start` as after it.

    `start` is the first day of the first turn. A shift belongs to the turn in which it begins, however far it reaches.
    """

    start: date
    turns: tuple[Turn, ...]
    days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Working time: 'mon-fri' → '09:00-17:00', with the public holidays of a country; or a rota of other calendars."""

    name: str
    time_zone: str = "UTC"
    work: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: str = ""
    rota: Rota | None = None  # in place of `work` and `holidays`


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When work may start: weekly hours in a time zone except on public holidays, and single openings.

    With a `calendar` its working time stands for `open`, until `calendars.resolved` has written it in.
    """

    name: str
    calendar: str = ""
    time_zone: str = "UTC"
    open: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # 'mon-fri' → '22:00-04:00'
    holidays: str = ""  # country or part of one, such as DE-BY: on its public holidays the weekly hours do not count
    rota: Rota | None = None  # in place of `open` and `holidays`
    dates: tuple[Span, ...] = ()  # single openings, whatever day it is
    source: str = ""  # the iCalendar file that gave some of the dates, as the inventory names it
    url: str = field(default="", compare=False)  # what that file is a saved copy of; for people only, and in no digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """When work may not start, where, why, and who may lift it.

    A date counts as a whole day, and a time without a zone is the time on the wall, at each site.
    """

    start: date | datetime
    end: date | datetime
    why: str
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    lift: tuple[str, ...] = ()
    event: str = ""  # the title of the event of an iCalendar file that it is
    source: str = ""  # that file, as the inventory names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that work needs: a tool with a capacity, or parts with a stock."""

    name: str
    capacity: int | None = None
    stock: int | None = None
    site: str = ""
    calendar: str = ""  # when it can be used; empty: always
    arrives: tuple[tuple[date, int], ...] = ()  # parts that are ordered: from that day there are so many more


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How many of some hosts must stay in service: `at_least`, or all but `at_most_out`; within each value of `each`."""

    name: str
    hosts: str = ""  # a selector; empty: those that serve `service`
    service: str = ""
    at_least: int | None = None
    at_most_out: int | None = None
    each: str = ""  # rack, site or a host variable
    why: str = ""
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The whole inventory. Hosts keep the order in which they were written."""

    hosts: Mapping[HostName, Host] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    racks: Mapping[str, Rack] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    people: Mapping[PersonId, Person] = field(default_factory=dict)
    departments: Mapping[str, Department] = field(default_factory=dict)
    roles: Mapping[str, tuple[PersonId, ...]] = field(default_factory=dict)  # head-of-DEPARTMENT included
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)
    capacity: Mapping[str, Capacity] = field(default_factory=dict)
    rates: Rates = Rates()
    policy: Policy = Policy()
    files: tuple[str, ...] = ()
    places: Places = field(default_factory=Places, compare=False, repr=False)

    def hosts_at(self, places: Collection[str]) -> tuple[HostName, ...]:
        """All hosts of these sites and racks."""
        return tuple(host.name for host in self.hosts.values() if {host.site, host.rack} & {*places})
