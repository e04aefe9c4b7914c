"""What is to be scheduled: jobs that wait for each other and share people, resources and time. Numbers only, no verbs.

Time is counted in slots of `Project.slot_s` seconds from `Project.origin`. Slot 7 lasts from 7 up to, and without, 8, so
that a job which starts at 7 and takes 3 is over at 10. Jobs, people, resources and calendars are named by their position.

What a schedule has to keep to, so that whoever makes one and whoever checks one read the same:

- *Work.* A job works `duration` slots in its spells: the first begins at its start, the last ends at its finish. An unbroken
  job has one spell. A pausable one works in each slot, from its start on, in which its calendar is open and all its people are
  free by `Worker.free`, and in no other: it starts in such a slot and pauses only in those that are not. A job of duration 0
  takes place at a moment, in no slot: calendars, free times and limits say nothing about it; its links, release, deadline,
  people (who they are) and the parts that it uses up do.
- *People* are held in the spells of their jobs and are free in the pauses: nobody has two spells at a time.
- *Certificates.* Whom `Crew.until` names does a job of that crew only if it is over by then; not asked of people who are given.
- *Things* and the places of an `Apart` are held from start to finish, pauses as well. Parts are gone from the start on.
- *Links* and lags count all slots, open or not, people at work or not.
- *Limits.* Each slot of work counts in the day and in the week in which it lies. Days are counted from `Project.days[0]` on;
  the last lasts for ever; with no days there is no limit. The same for weeks.
- *Rest.* Spells of one person with fewer than `rest` slots between them belong to one shift. A shift lasts, from its first slot
  to its last, at most 24 hours less the rest. So night work across midnight is one shift, and rest follows it.
- *Travel* counts for people with a home site (`Worker.site`), in front of their spells of jobs with a site; jobs anywhere are
  done wherever one is. Two spells of one person are of one outing if they start on the same day of `Project.days` (with no
  days: always) or in the same span of `Worker.free`. Between two spells at a site with none at a site in between, of one
  outing, there are at least `travel` slots from the one site to the other in which the person does not work. In front of the
  first spell at a site of an outing there are the slots from home to that site in which the person is free by `Worker.free`
  and does not work. The way home does not count. What `Project.travel` does not name takes no time.
- *Facts.* A job with `start` and, if it has crews, `people` is a fact, pinned or begun: it is done so whatever the rules say,
  its pauses are as above (without any, if its start is in none of its slots of work), and the others keep the rules beside it.
  A rule that facts alone break is not broken by the schedule. A job with one of the two keeps all rules and has that one
  given, except that people who are given need not be among those of its crews.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PackageId, PersonId, PhaseId

Spans = tuple[tuple[int, int], ...]  # rising, apart from each other; from a slot up to, and without, another


class LinkKind(StrEnum):
    """Which end of the job before holds which end of the job after."""

    FINISH_START = "finish-start"
    START_START = "start-start"
    FINISH_FINISH = "finish-finish"
    START_FINISH = "start-finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a job waits for: at least `lag` slots after an end of the job `before` (a lead is negative), and at most `most`."""

    before: int
    kind: LinkKind = LinkKind.FINISH_START
    lag: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """One need of people: `count` different ones of `people`, who are there for the whole job."""

    people: tuple[int, ...]  # who can do it
    count: int = 1
    words: str = ""  # what was asked for: "datacenter-hands of level 2"
    until: tuple[tuple[int, int], ...] = ()  # (person, slot): who may do it only if it is over by then; others always may


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work that is done in one go, or is paused while its calendar is closed or its people are off.

    It is a package of the plan, or that on some of its hosts. All its needs hold for its whole time of work.
    """

    id: str  # as the task or package is called in the plan; unique
    duration: int  # slots of work; 0 is a milestone
    links: tuple[Link, ...] = ()
    uses: tuple[tuple[int, int], ...] = ()  # resource and amount
    crews: tuple[Crew, ...] = ()
    calendar: int | None = None  # of Project.calendars: it is worked on only then
    pausable: bool = False  # otherwise it is done without a break
    release: int = 0  # not before
    due: int | None = None  # finished by then, if possible
    deadline: int | None = None  # finished by then
    same_people_as: tuple[int, ...] = ()  # done by the very people of these jobs, all of them and no others
    other_people_than: tuple[int, ...] = ()  # done by nobody who does these jobs
    site: int | None = None  # of Project.sites: where people have to be; None: anywhere
    start: int | None = None  # it starts then: pinned, or begun already
    people: tuple[int, ...] | None = None  # they do it: pinned, or at it already
    package: PackageId = PackageId("")
    phase: PhaseId = PhaseId("")
    title: str = ""
    hosts: tuple[HostName, ...] = ()
    window: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Somebody who does jobs, one at a time."""

    id: PersonId
    free: Spans | None = None  # when they work and are not booked elsewhere; None: always
    site: int | None = None  # where each day begins; None: no way counts
    day_most: int | None = None  # slots of work on one day of Project.days
    week_most: int | None = None  # slots of work in one week of Project.weeks
    rest: int = 0  # slots between two shifts, at least
    rate: float = 0.0  # for an hour, in Project.currency
    dear: tuple[tuple[int, int, float], ...] = ()  # (from, to, factor): when an hour costs that many times the rate
    elsewhere: tuple[tuple[int, int, int | None], ...] = ()  # (from, to, site): work for other projects, which counts in limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Something that jobs need: a tool of which some are there, or a part that is used up."""

    name: str
    amount: int
    used_up: bool = False  # what a job takes it does not give back
    taken: tuple[tuple[int, int, int], ...] = ()  # (from, to, amount): what others have of it; with `used_up`, for good
    arrives: tuple[tuple[int, int], ...] = ()  # (slot, amount): parts that come later; only with `used_up`


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Jobs of which at most `most` are under way at a time: hosts of which enough must stay in service."""

    jobs: frozenset[int]
    most: int
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All that a schedule follows from. `origin` is None where time has no calendar: then slots are all there is."""

    jobs: tuple[Job, ...]
    resources: tuple[Supply, ...] = ()
    workers: tuple[Worker, ...] = ()
    calendars: tuple[Spans, ...] = ()
    apart: tuple[Apart, ...] = ()
    sites: tuple[str, ...] = ()
    travel: Mapping[tuple[int, int], int] = field(default_factory=dict)  # slots from one site to another
    days: tuple[int, ...] = ()  # the slot with which each day begins; for limits by day
    weeks: tuple[int, ...] = ()  # the same for weeks
    horizon: int = 0  # calendars and free times are known up to this slot; nothing is scheduled after it. 0: no end
    slot_s: int = 60
    origin: datetime | None = None  # aware; the start of slot 0
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """When a job is done and by whom. `spells` are the times of work between its pauses; one where there are none."""

    start: int
    finish: int
    people: tuple[int, ...] = ()  # in the order of the crews of the job
    spells: Spans = ()  # empty: from start to finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A schedule for each job of a project, in their order, and how good it is."""

    placed: tuple[Placed, ...]
    finish: int  # the last end of a job
    bound: int  # no schedule is over before this slot
    how: str = ""  # by which method it was found, in words
    tried: int = 0  # how many schedules were made on the way

    @property
    def optimal(self) -> bool:
        """Whether no schedule is over earlier."""
        return self.finish <= self.bound


class Aim(StrEnum):
    """What a schedule is to be good at. What is not asked for decides between equals."""

    FINISH = "finish"  # over as early as possible
    COST = "cost"  # cheapest hours
    WINDOWS = "windows"  # fewest openings of windows
    CHANGE = "change"  # as little as possible different from what was promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long a schedule may be searched for. What is limited by work gives the same schedule on any machine.

    `work` is measured in jobs placed by the search; `seconds` is a limit by the clock, whichever ends first. Both None: the
    first schedule is the answer.
    """

    work: int | None = 50_000_000
    seconds: float | None = None
    cores: int = 2
    seed: int = 1


FIRST_ONLY = Effort(work=None, seconds=None)  # nothing is searched for
