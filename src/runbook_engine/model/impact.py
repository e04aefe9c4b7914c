"""What users and others notice of a phase: services, how long each has fewer machines, and whether there is a way back."""

from enum import StrEnum

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, StepId


class Level(StrEnum):
    """What is left of a service while hosts are out."""

    DOWN = "down"  # no host is left
    NO_REDUNDANCY = "no redundancy"  # one is left
    LESS_REDUNDANCY = "less redundancy"  # fewer than there are, and more than one
    NONE = "none"  # all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """A length of time by the authors' figures, in seconds. `stated`: whether every step concerned has a figure."""

    low_s: float = 0.0
    likely_s: float = 0.0
    high_s: float = 0.0
    stated: bool = True

    def __add__(self, other: "Lasting") -> "Lasting":
        return Lasting(
            low_s=self.low_s + other.low_s,
            likely_s=self.likely_s + other.likely_s,
            high_s=self.high_s + other.high_s,
            stated=self.stated and other.stated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something by its name in the files, and its name for people."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImpact:
    """What a phase means for one service.

    `hosts` serve it in the whole estate, `out` of them are out together at most, in `batches` batches. `lasting` is the time
    in which it is at `level`, `reduced` that in which any of its hosts is out. `without` are the services that it needs and
    that are down meanwhile, for `affected`.
    """

    service: Named
    level: Level
    hosts: int
    out: int = 0
    batches: int = 0
    lasting: Lasting = Lasting()
    reduced: Lasting = Lasting()
    without: tuple[Named, ...] = ()
    affected: Lasting = Lasting()

    @property
    def left(self) -> int:
        """How many hosts stay in service at the least."""
        return self.hosts - self.out


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWayBack:
    """A step that changes something and cannot be undone. `why` is empty where the author says nothing of it."""

    step: StepId
    title: str
    why: str = ""
    by_person: bool = False  # people do it by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReturn:
    """The point of no return of a phase: the step with which it comes, if that is said, and why."""

    why: str
    step: StepId | None = None
    title: str = ""  # of the step


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseImpact:
    """What a phase means for users, for those who answer for hosts and services, and for the way back.

    `hosts` are those that are taken out of service, never what is only looked at. `changes` says whether any step changes
    something, on a host or elsewhere; `beside` are the phases that may go on at the same time.
    """

    phase: PhaseId
    title: str
    changes: bool
    hosts: tuple[HostName, ...] = ()
    services: tuple[ServiceImpact, ...] = ()  # the worst first
    owners: tuple[Named, ...] = ()
    stakeholders: tuple[Named, ...] = ()
    no_way_back: tuple[NoWayBack, ...] = ()
    no_return: NoReturn | None = None
    beside: tuple[Named, ...] = ()

    @property
    def has_way_back(self) -> bool:
        """Whether every step that changes something can be undone."""
        return not self.no_way_back
