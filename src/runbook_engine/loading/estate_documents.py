"""The shape of an inventory file: which keys there are, what they mean and what they may hold. Closed keys throughout."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from runbook_engine.loading.estate_people_documents import DepartmentDocument, PersonDocument, RatesDocument
from runbook_engine.loading.estate_shapes import Closed, Entry, Named, or_empty, or_list, or_none
from runbook_engine.loading.estate_values import (
    Address,
    Arrivals,
    BmcAddress,
    BmcName,
    BmcUser,
    Certificate,
    Day,
    Feeds,
    FilePath,
    Holidays,
    Jump,
    Moment,
    Name,
    Names,
    Opening,
    Port,
    TimeZone,
    Turns,
    User,
    Watts,
    Week,
    WholeDays,
)
from runbook_engine.loading.fields import Duration, SomeTime


class SshDocument(Closed):
    """How hosts are reached; what is not said follows your own SSH configuration."""

    user: User = Field("", description="Login name", validate_default=False)
    port: Port | None = Field(None, description="TCP port")
    key: FilePath = Field("", description="Path of a private key", validate_default=False)
    jump: Jump = Field("", description="Hosts to go through: [user@]host[:port], with commas between", validate_default=False)
    known_hosts: FilePath = Field("", description="Path of a known_hosts file", validate_default=False)
    keep: StrictBool = Field(True, description="false: the host keeps nothing of a step, so that every lost link is doubt")


class BmcDocument(Closed):
    """The management controller of hosts, which `redfish` steps talk to."""

    address: BmcAddress = Field(
        "", description="Host name or IP address, with :port if it is not 443; or https://…", validate_default=False
    )
    user: BmcUser = Field("", description="Login name", validate_default=False)
    password: Any = Field(
        None,
        description='Its password, as a secret by name: {secret: "env:NAME"}',
        json_schema_extra={"type": "object"},
    )
    verify: Certificate = Field(
        "",
        description="How it proves who it is: true (the authorities of this machine), a file of authorities, or the "
        "fingerprint of its certificate, sha256:…",
        validate_default=False,
        json_schema_extra={"default": True},
    )
    system: BmcName = Field("", description="The id of the host, if the controller has several", validate_default=False)


class GroupDocument(Entry):
    """Hosts under one name. What it says holds for all its hosts, those of its children included."""

    hosts: Annotated[tuple[str, ...], BeforeValidator(or_list)] = Field((), description="Hosts and ranges: r12-u[01:20]")
    children: Names = Field((), description="Groups inside this one")
    site: str = Field("", description="Site of its hosts")
    rack: str = Field("", description="Rack of its hosts")
    height: int | None = Field(None, strict=True, ge=1, le=100, description="How many units each fills")
    power: Watts | None = Field(None, description="What each draws at most: 450 W")
    feeds: Feeds = Field((), description="Feeds of the rack that each hangs on, any able to carry it alone; all if not said")
    ports: int | None = Field(None, strict=True, ge=0, le=1_000, description="How many switch ports of the rack each needs")
    owner: str = Field("", description="Who answers for its hosts")
    serves: Names = Field((), description="Services that its hosts are part of")
    tags: Names = Field((), description="Words to select its hosts by: tag:…")
    vars: dict[str, Any] = Field(
        default_factory=dict, description='Values for the steps; {secret: "env:NAME"} is a secret by name'
    )
    ssh: SshDocument | None = Field(None, description="How its hosts are reached")
    bmc: BmcDocument | None = Field(None, description="What its hosts' management controllers have in common")


class HostDocument(Entry):
    """One machine, or each machine of a range."""

    address: Address = Field("", description="Host name or IP address; the host's own name if not said", validate_default=False)
    site: str = Field("", description="Its site; the rack's if not said")
    rack: str = Field("", description="Its rack")
    unit: int | None = Field(
        None, strict=True, ge=1, le=100, description="Its lowest unit in the rack, counted from the bottom"
    )
    height: int | None = Field(None, strict=True, ge=1, le=100, description="How many units it fills from `unit` up; else 1")
    power: Watts | None = Field(None, description="What it draws at most: 450 W")
    feeds: Feeds = Field((), description="Feeds of its rack that it hangs on, any able to carry it alone; all if not said")
    ports: int | None = Field(None, strict=True, ge=0, le=1_000, description="How many switch ports of its rack it needs")
    owner: str = Field("", description="Who answers for it")
    serves: Names = Field((), description="Services that it is part of")
    tags: Names = Field((), description="Words to select it by: tag:…")
    vars: dict[str, Any] = Field(
        default_factory=dict, description='Values for the steps; {secret: "env:NAME"} is a secret by name'
    )
    ssh: SshDocument | None = Field(None, description="How it is reached")
    bmc: BmcDocument | None = Field(None, description="Its management controller")


class SiteDocument(Entry):
    """A building or a region."""

    title: str = Field("", description="Its name for people")
    time_zone: TimeZone = Field("UTC", description="IANA name, such as Europe/Amsterdam", validate_default=False)
    travel: dict[Name, SomeTime] = Field(
        default_factory=dict, description="How long people are on the way to other sites, and back: {rot1: 1h}"
    )


class RackDocument(Entry):
    """Where hosts are mounted."""

    site: str = Field("", description="Where it stands")
    units: int = Field(42, strict=True, ge=1, le=100, description="How many units it has")
    power: dict[Name, Watts] = Field(default_factory=dict, description="What each feed gives: {A: 5000 W, B: 5 kW}")
    cooling: Watts | None = Field(None, description="How much heat is taken out of it: 8 kW")
    ports: int | None = Field(None, strict=True, ge=0, le=10_000, description="How many switch ports it has for hosts")


class ServiceDocument(Entry):
    """What users notice."""

    title: str = Field("", description="Its name for people")
    owner: str = Field("", description="Who answers for it")
    depends_on: Names = Field((), description="Services that it needs")


class CalendarDocument(Entry):
    """Working time: hours of a week, or a rota of calendars that take turns."""

    time_zone: TimeZone = Field("UTC", description="IANA name, such as Europe/Amsterdam", validate_default=False)
    work: Week = Field(default_factory=dict, description="Hours by day: {mon-fri: 09:00-17:00}")
    holidays: Holidays = Field("", description="Country whose public holidays are free: NL, DE-BY", validate_default=False)
    rota: Turns = Field(
        (),
        description="In place of hours: calendars that take turns, over and over: [early, late, nights, off]; "
        "`off` is a free turn",
        validate_default=False,
    )
    start: Day | None = Field(None, alias="from", description="The first day of the first turn; needed with `rota`")
    turn: WholeDays = Field(
        7, description="How long each turn is: 4d", validate_default=False, json_schema_extra={"default": "7d"}
    )


class WindowDocument(Entry):
    """When work may start: a calendar's working time, or hours, dates or an iCalendar file of its own."""

    calendar: str = Field("", description="The calendar whose working time it is")
    time_zone: TimeZone = Field(
        "UTC", description="IANA name, for `open`, `dates`, and times of `ics` without a zone", validate_default=False
    )
    open: Week = Field(
        default_factory=dict, description='Hours by day: {mon-fri: "22:00-04:00"}; they belong to the day on which they open'
    )
    holidays: Holidays = Field(
        "",
        description="Country on whose public holidays those hours do not count: NL, DE-BY; the calendar's if not said",
        validate_default=False,
    )
    dates: Annotated[tuple[Opening, ...], BeforeValidator(or_list)] = Field(
        (),
        description="Single openings: 2026-12-05 22:00/2026-12-06 04:00; a date alone is the whole day",
        max_length=10_000,
    )
    ics: FilePath = Field(
        "", description="An iCalendar file in the inventory; each event is an opening", validate_default=False
    )
    url: str = Field("", description="What the file is a saved copy of; for people, nothing is fetched")


class FreezeDocument(Closed):
    """When work may not start."""

    start: Moment | None = Field(None, alias="from", description="First day, or the moment it begins; needed without `ics`")
    end: Moment | None = Field(None, alias="to", description="Last day, or the moment it ends; needed without `ics`")
    why: str = Field(
        "", description="The reason, for the person who is stopped by it; with `ics` the title of the event if not said"
    )
    ics: FilePath = Field("", description="An iCalendar file in the inventory; each event is a freeze", validate_default=False)
    url: str = Field("", description="What the file is a saved copy of; for people, nothing is fetched")
    sites: Names = Field((), description="Where it holds; everywhere if not said")
    services: Names = Field((), description="For which services; all if not said")
    kinds: Annotated[tuple[Literal["install", "upgrade", "maintenance"], ...], BeforeValidator(or_list)] = Field(
        (), description="For which kinds of runbook; all if not said"
    )
    lift: Names = Field((), description="Who may lift it: people, roles, departments")


class ResourceDocument(Entry):
    """Something that work needs: a tool with a capacity, or parts with a stock."""

    capacity: int | None = Field(None, strict=True, ge=1, description="How many can be in use at once")
    stock: int | None = Field(None, strict=True, ge=0, description="How many there are to use up")
    site: str = Field("", description="Where it is")
    calendar: str = Field("", description="When it can be used; always if not said")
    arrives: Arrivals = Field(default_factory=dict, description="Parts on order, by the day they come: {2026-12-03: 12}")


class CapacityDocument(Closed):
    """How many of some hosts must stay in service, whatever is done; it holds over all runs together."""

    hosts: str = Field("", description="A selector of the hosts that the rule is about")
    service: str = Field("", description="Or the service: the rule is about the hosts that serve it")
    at_least: int | None = Field(None, strict=True, ge=1, description="How many stay in service at the least")
    at_most_out: int | None = Field(None, strict=True, ge=0, description="Or how many may be out of service at a time")
    each: str = Field(
        "", description="rack, site or a host variable: it holds for the hosts of each value; hosts without one are not in it"
    )
    why: str = Field("", description="The reason, for the person who is stopped by it")


class PolicyDocument(Closed):
    """The house rules: who may do what, and what counts as an approval. Who is not said: everybody."""

    plan: Names = Field((), description="Who may plan, and amend a run: people, roles, departments")
    approve: Names = Field((), description="Who may approve or reject anything at all")
    execute: Names = Field((), description="Who may start, resume, pause, stop and roll back a run")
    resolve: Names = Field((), description="Who may say what became of an attempt in doubt")
    break_glass: Names = Field((), description="Who may open a closed window; a freeze names its own people")
    unsigned: StrictBool = Field(False, description="true: an approval counts without a signature, on somebody's word")
    touch: StrictBool = Field(False, description="true: a security key must have been touched for its signature to count")
    longest: Duration = Field(
        2_592_000.0, description="How long any approval counts at most, such as 14d; 30d if not said", validate_default=False
    )
    owners: StrictBool = Field(True, description="false: who answers for hosts and services need not approve unless listed")
    self_approval: StrictBool = Field(False, description="true: author and executor may approve their own change")
    rehearsed: StrictBool = Field(False, description="true: a plan starts only after it was rehearsed")


class InventoryDocument(Closed):
    """One file of an inventory; all files together make the estate."""

    format: Literal[1] = Field(1, description="Version of this format")
    sites: Named[SiteDocument] = Field(default_factory=dict, description="Buildings or regions, and their time zones")
    racks: Named[RackDocument] = Field(default_factory=dict, description="Where hosts are mounted")
    services: Named[ServiceDocument] = Field(default_factory=dict, description="What users notice, and what it depends on")
    groups: Named[GroupDocument] = Field(default_factory=dict, description="Hosts under one name; `all` holds for every host")
    hosts: Annotated[dict[str, HostDocument], BeforeValidator(or_empty)] = Field(
        {}, description="Machines by name; a name may be a range such as r12-u[01:20]"
    )
    people: Named[PersonDocument] = Field(default_factory=dict, description="Who does, decides or is told")
    departments: Named[DepartmentDocument] = Field(default_factory=dict, description="Parts of the organisation")
    roles: Named[Names] = Field(
        default_factory=dict, description="People by what they decide: {change-board: [eva.koster, tom.li]}"
    )
    calendars: Named[CalendarDocument] = Field(default_factory=dict, description="Working time")
    windows: Named[WindowDocument] = Field(default_factory=dict, description="When work may start")
    freezes: Annotated[tuple[FreezeDocument, ...], BeforeValidator(or_none)] = Field((), description="When it may not")
    resources: Named[ResourceDocument] = Field(default_factory=dict, description="Tools and parts that work needs")
    capacity: Named[CapacityDocument] = Field(default_factory=dict, description="How many hosts must stay in service")
    rates: RatesDocument | None = Field(None, description="What hours at night, on weekends and on holidays cost")
    policy: PolicyDocument | None = Field(None, description="Who may do what, and what counts as an approval")


SECTIONS = tuple(name for name in InventoryDocument.model_fields if name not in ("format", "rates", "policy"))
