"""Whether a plan can be done, and why not: the findings of a feasibility check."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from runbook_engine.model.values import dataclass


class Feasible(StrEnum):
    """The verdict in three words."""

    YES = "feasible"
    AT_RISK = "feasible at risk"
    NO = "not feasible"


class Matter(StrEnum):
    """What a finding is about."""

    SKILL = "skill"  # nobody has it, or not enough people
    PEOPLE = "people"  # nobody free: leave, shifts, limits
    BOOKED = "booked"  # a person or resource is booked by another project
    WINDOW = "window"  # too short, with the way back
    FREEZE = "freeze"
    DEADLINE = "deadline"
    BUDGET = "budget"
    CERTIFICATE = "certificate"
    RACK = "rack"  # units
    POWER = "power"  # watts of a feed
    COOLING = "cooling"
    PORTS = "ports"
    PARTS = "parts"  # spare parts in stock
    RESOURCE = "resource"  # a tool with a capacity
    CAPACITY = "capacity"  # hosts that must stay in service
    APPROVAL = "approval"  # cannot be given in time
    REACH = "reach"  # hosts that do not answer
    DURATION = "duration"  # nobody said how long


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Something that would mend a finding. `cost` orders them: small is cheap."""

    words: str  # "one more technician with datacenter-hands on Tue 2 Dec"
    cost: float = 0.0
    proved: bool = False  # the schedule was made with it, and holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that stands in the way, or may. `place` is file:line:column or the name of a thing in the inventory."""

    matter: Matter
    place: str
    reason: str  # a whole sentence for somebody who has not read the plan
    blocks: bool = True  # False: a risk
    ways_out: tuple[WayOut, ...] = ()  # the cheapest first
    about: tuple[str, ...] = ()  # ids of bookings, people, hosts, resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a plan can be done as it stands. `conflict`: what cannot all hold; if `minimal`, drop any one and it fits."""

    feasible: Feasible
    findings: tuple[Finding, ...] = ()
    conflict: tuple[str, ...] = ()
    minimal: bool = True  # false: so many things were to be tried that some of the conflict may not be needed
    estimates: Mapping[str, str] = field(default_factory=dict)  # by package, where a duration nobody stated comes from
