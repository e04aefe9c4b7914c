"""What the author wrote: a checked runbook. Texts may still hold `{{ }}`; `path` leads to the place in `Runbook.places`."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.places import Path, Places
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import FailureScope, HostOrder, Kind, OnFailure, Per, PhaseId, Repeat, StepId

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount and its ISO 4217 currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """How long a step takes, in seconds: at least, most likely (if stated), at most; for one host, or for the batch."""

    low_s: float
    high_s: float
    likely_s: float | None = None
    per_batch: bool = False
    pausable: bool = False  # work rests over nights and weekends and goes on; otherwise it is done in one go

    @property
    def planned_s(self) -> float:
        """The figure that progress is measured against: the likely one, else the middle."""
        return self.likely_s if self.likely_s is not None else (self.low_s + self.high_s) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who does a step: a person, anyone in a role, or anyone with a skill at that level."""

    person: str = ""
    role: str = ""
    skill: str = ""
    level: int = 1
    count: int = 1
    certificate: str = ""  # which must be valid on the day

    def __str__(self) -> str:
        whom = self.person or self.role or self.skill
        whom += f" with certificate {self.certificate}" if self.certificate else ""
        return f"{self.count} × {whom}" if self.count > 1 else whom


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How a step follows one that it needs, where that is more than 'after its end'."""

    kind: LinkKind = LinkKind.FINISH_START
    lag_s: float = 0.0  # a lead is negative
    at_most_s: float | None = None  # and not later than that

    @property
    def after_end(self) -> bool:
        """Whether what follows starts only when the step before has ended."""
        return self.kind is LinkKind.FINISH_START and self.lag_s >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Done by the end of a date, or by a time. A soft one is a wish."""

    by: date | datetime
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a known failure is tried again, and how long to wait before (doubled each time, up to `longest_s`)."""

    count: int = 0
    wait_s: float = 2.0
    longest_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A value that is given when the plan is made. `type` is string, integer, number, boolean, date, duration or list."""

    name: str
    type: str = "string"
    default: Scalar | tuple[Scalar, ...] = None
    required: bool = True  # no default is stated
    choices: tuple[Scalar, ...] = ()
    pattern: str = ""  # a full match, for strings
    help: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The values that `{{ params.… }}` means inside an included file; scope 0 is the runbook itself.

    A value of a text may hold `{{ }}` that refers to the scope numbered `parent`.
    """

    values: Mapping[str, Text | SecretRef | Scalar | tuple[Scalar, ...]] = field(default_factory=dict)
    parent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """The way back: a step's own, or the reason why there is none."""

    action: str = ""
    params: object = None
    none: str = ""
    retries: Retry = Retry()
    timeout_s: float | None = None
    verify: Text | None = None
    repeat: Repeat | None = None  # None: follows from what else it declares
    become: Text | None = None  # None: the user of the step
    become_password: SecretRef | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, as written. `action` is empty for a step that is only planned (a person does it and says so)."""

    id: StepId
    title: Text
    action: str = ""
    params: object = None  # an instance of the action's params class
    hosts: str | None = None  # a selector; None: those of the phase
    per: Per | None = None
    needs: tuple[str, ...] | None = None  # None: the step written before
    barrier: bool = False
    takes: Takes | None = None
    who: tuple[Who, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict)
    lags: Mapping[str, Lag] = field(default_factory=dict)  # by the step needed, as in `needs`
    earliest: date | datetime | None = None
    deadline: Deadline | None = None
    milestone: bool = False  # a moment that is reached, not work
    same_people_as: tuple[str, ...] = ()  # steps: of this phase, or phase/step
    other_people_than: tuple[str, ...] = ()  # the same; nobody who does those does this
    on_site: bool | None = None  # people must be where the hosts are; None: for work by hand on hosts
    evidence: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None
    retries: Retry = Retry()
    guard: tuple[Text, ...] = ()
    skip_if: tuple[Text, ...] = ()
    verify: tuple[Text, ...] = ()
    when: str = ""  # a Jinja expression
    save_as: str = ""
    repeat: Repeat | None = None  # None: follows from what else the step declares
    reboots: bool = False
    drops_link: bool = False
    confirm_within_s: float | None = None
    become: Text | None = None  # the user
    become_password: SecretRef | None = None  # of sudo
    directory: Text | None = None
    environment: tuple[tuple[str, Text], ...] = ()
    roll_back: RollBack | None = None
    scope: int = 0
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """How the hosts of a phase go in turn. `batches`: counts, percents such as '50%', and 'rest'."""

    batches: tuple[int | str, ...]
    pause_s: float = 0.0
    max_failures: int | str = 0  # a count, or a percent of the hosts that `failures_over` means
    on_failure: OnFailure = OnFailure.STOP
    failures_over: FailureScope = FailureScope.PHASE
    soak_s: float = 0.0  # from the last step of a batch to its health checks
    canary: str = ""  # a selector: the hosts that go first
    order: HostOrder = HostOrder.AS_WRITTEN
    spread_over: str = ""  # rack, site or a host variable: each batch takes its share from each value
    never_together: str = ""  # rack, site or a host variable: two hosts with the same value are never in one batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the project with one purpose, window, approval and forecast."""

    id: PhaseId
    title: Text
    needs: tuple[PhaseId, ...] | None = None  # None: the phase written before
    hosts: str | None = None
    window: str = ""
    earliest: date | datetime | None = None
    deadline: Deadline | None = None
    rolling: Rolling | None = None
    steps: tuple[Step, ...] = ()
    healthy_when: tuple[Step, ...] = ()
    roll_back: tuple[Step, ...] = ()  # after the ways back of its steps
    point_of_no_return: str = ""
    no_return_step: str = ""  # the id of the step with which it comes, if that is said
    scope: int = 0
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the project may cost, and who answers for it."""

    amount: Money
    contingency_percent: Decimal = Decimal(0)
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One planned expense."""

    item: str
    amount: Money
    phase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Who must sign before a phase may start."""

    by: str
    before: str
    count: int = 1
    condition: str = ""
    expires_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakeholder:
    """Somebody who is told, in the words of an audience, at the named moments."""

    who: str
    audience: str
    tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A whole project as its author wrote it, without mistakes that reading alone can find."""

    id: str
    title: str
    kind: Kind
    owner: str
    why: str
    impact: str
    phases: tuple[Phase, ...]
    start: date | None = None
    deadline: date | datetime | None = None
    deadline_soft: bool = False
    priority: int = 0  # among projects that want the same people: the greater goes first
    params: tuple[Param, ...] = ()
    budget: Budget | None = None
    costs: tuple[Cost, ...] = ()
    approvals: tuple[ApprovalRule, ...] = ()
    stakeholders: tuple[Stakeholder, ...] = ()
    scopes: tuple[Scope, ...] = (Scope(),)
    file: str = ""
    unenforced: tuple[tuple[str, Path], ...] = ()  # keys that are checked but have no effect yet
    places: Places = field(default_factory=Places, compare=False, repr=False)
