"""What will be done: work packages (phase × batch × step) and the edges between them. Data only; stored with the run.

Everything here is in the digest, except what says that it is not. Hosts differ only by the columns of a package, so
that 10,000 hosts × 30 steps stay a few hundred objects.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime

from runbook_engine.model.commands import Download, Http, Procedure, Reboot, Redfish, Shell, Upload
from runbook_engine.model.conditions import Condition
from runbook_engine.model.estate import BmcSettings, SshSettings, Window
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.runbook import ApprovalRule, Budget, Cost, Deadline, Lag, Retry, Rolling, Stakeholder, Takes, Who
from runbook_engine.model.text import Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import (
    Digest,
    Duty,
    EdgeKind,
    FailureScope,
    HostName,
    Kind,
    OnFailure,
    PackageId,
    Per,
    PhaseId,
    Repeat,
    StageKind,
    StepId,
)

PLAN_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`before` comes first: host by host, or as a whole."""

    before: PackageId
    kind: EdgeKind
    lag: Lag | None = None  # where it is more than 'after its end'

    @property
    def on_start(self) -> bool:
        """Whether it is the start of `before` that is followed, and not its end."""
        return self.lag is not None and self.lag.kind in (LinkKind.START_START, LinkKind.START_FINISH)

    @property
    def of_end(self) -> bool:
        """Whether it is about the end of what follows, and not about its start."""
        return self.lag is not None and self.lag.kind in (LinkKind.FINISH_FINISH, LinkKind.START_FINISH)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a package is undone, or why it cannot be."""

    procedure: Procedure | None = None
    none: str = ""
    retries: Retry = Retry()
    timeout_s: float | None = None
    repeat: Repeat = Repeat.ONCE  # SAFE: it may run again; otherwise `procedure.verify` settles doubt, or else a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One step in one batch. It is a task on each of its hosts, or a single task when `hosts` is empty."""

    id: PackageId
    phase: PhaseId
    step: StepId  # phase/step
    title: Text
    action: str  # empty: planning only, a person says that it is done
    action_version: int
    per: Per
    hosts: tuple[HostName, ...]
    left_out: tuple[HostName, ...] = ()  # selected, but `when` is false for them
    columns: tuple[tuple[str, ...], ...] = ()  # columns[Fill.index][position of the host in hosts]
    procedure: Procedure = Procedure()
    repeat: Repeat = Repeat.ONCE
    reboots: bool = False
    drops_link: bool = False
    confirm_s: float | None = None  # the host undoes it by itself, unless it is reached anew and told within so many seconds
    retries: Retry = Retry()
    timeout_s: float | None = None
    takes: Takes | None = None
    who: tuple[Who, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict)
    earliest: date | datetime | None = None
    deadline: Deadline | None = None
    milestone: bool = False
    same_people_as: tuple[PackageId, ...] = ()
    other_people_than: tuple[PackageId, ...] = ()
    on_site_said: bool | None = None  # whether people must be where the hosts are, if the author says so
    evidence: tuple[tuple[str, str], ...] = ()
    save_as: str = ""
    reads: tuple[PackageId, ...] = ()  # packages whose saved values are needed
    when: Condition | None = None  # what is left to find out in the run
    way_back: WayBack | None = None
    health_check: bool = False
    unquoted: tuple[str, ...] = ()  # what the author lets into a command without quotes, as written
    needs: tuple[Edge, ...] = ()

    @property
    def on_site(self) -> bool:
        """Whether people must be where the hosts are: as the author says, else for work by hand on hosts."""
        if self.on_site_said is not None:
            return self.on_site_said
        question = self.procedure.question
        return bool(self.hosts) and (not self.action or (question is not None and not question.choices))

    @property
    def size(self) -> int:
        """How many tasks the package is."""
        return len(self.hosts) or 1

    @property
    def may_follow_at_once(self) -> bool:
        """Whether nothing need be decided, recorded or asked between the end of the step before and its start."""
        if not self.hosts or self.repeat is not Repeat.SAFE or self.when is not None:
            return False
        if self.uses or self.earliest is not None or any(edge.lag for edge in self.needs):
            return False
        return bool(self.procedure.apply) and all(isinstance(c, Shell | Http | Download) for c in self.procedure.apply)

    @property
    def changes_something(self) -> bool:
        """Whether doing it leaves a trace that a way back would be for: not what only reads, waits, or may be repeated."""
        return bool(self.procedure.apply) and self.repeat is not Repeat.SAFE and self.procedure.timer is None

    @property
    def by_person(self) -> bool:
        """Whether a person does or decides it."""
        return not self.action or self.procedure.question is not None

    @property
    def ends_as_told(self) -> bool:
        """Whether its end can be put off: a person says it, or a timer. A milestone has no end of its own."""
        return self.by_person or (self.procedure.timer is not None and not self.milestone)

    def only_its_end(self, edge: Edge) -> bool:
        """Whether a need keeps only its end back. What ends by itself is kept from starting instead, which is stricter."""
        return edge.of_end and self.ends_as_told

    @property
    def claims_hosts(self) -> bool:
        """Whether its phase has all hosts for itself before this starts: what works on one of them, or needs a resource."""
        return bool(self.hosts or self.uses)

    @property
    def takes_out(self) -> bool:
        """Whether its hosts are out of service then: not by what only reads, decides, plans or waits, or by a lamp."""
        question = self.procedure.question
        if not self.action or (question is not None and question.choices):
            return False
        if self.reboots or any(isinstance(c, Reboot) for c in self.procedure.apply):
            return True
        redfish = [c for c in self.procedure.apply if isinstance(c, Redfish)]
        if redfish and len(redfish) == len(self.procedure.apply) and all(c.duty is Duty.LED for c in redfish):
            return False
        return self.changes_something or any(c.duty is Duty.POWER for c in redfish)

    @property
    def kept_on_host(self) -> bool:
        """Whether its hosts keep what becomes of an attempt: commands that change something there, and may not be repeated."""
        if not self.hosts or self.repeat is Repeat.SAFE:
            return False
        return any(isinstance(c, Reboot) or (isinstance(c, Shell) and not c.on_controller) for c in self.procedure.apply)

    @property
    def kept_here(self) -> bool:
        """Whether the control machine keeps what becomes of an attempt: commands of its own, which may not be repeated."""
        if self.repeat is Repeat.SAFE or self.reboots or self.drops_link:
            return False
        return bool(self.procedure.apply) and all(isinstance(c, Shell) and c.on_controller for c in self.procedure.apply)

    @property
    def told_by_files(self) -> bool:
        """Whether all that it does is to put files somewhere, so that in doubt the files themselves tell."""
        if self.reboots or self.drops_link:
            return False
        return bool(self.procedure.apply) and all(isinstance(c, Upload) for c in self.procedure.apply)

    @property
    def told_by_controller(self) -> bool:
        """Whether the management controllers of its hosts are all that it works with, so that they are asked in doubt."""
        if not self.hosts or self.reboots or self.drops_link:
            return False
        return bool(self.procedure.apply) and all(isinstance(c, Redfish) for c in self.procedure.apply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of a phase that is settled before the next stage starts. `pause_s` passes after it."""

    number: int  # 1 for the first batch; 0 before the batches
    kind: StageKind
    hosts: tuple[HostName, ...]
    packages: tuple[PackageId, ...]
    pause_s: float = 0.0
    max_failures: int | None = None  # of this batch, where failures are counted by batch; None: that of the phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPhase:
    """A phase, resolved. `leaf` is the digest of all that belongs to it (and is not part of itself)."""

    id: PhaseId
    title: str
    needs: tuple[PhaseId, ...]
    stages: tuple[Stage, ...]
    hosts: tuple[HostName, ...]
    alone_at: tuple[str, ...] = ()  # sites and racks where no other run works while this phase does
    alone_with: tuple[HostName, ...] = ()  # all hosts that the inventory has there
    window: str = ""
    earliest: date | datetime | None = None
    deadline: Deadline | None = None
    opens: Window | None = None  # what that window means: changing it changes the plan
    rolling: Rolling | None = None
    max_failures: int | None = None  # None: failures do not stop other hosts
    failures_over: FailureScope = FailureScope.PHASE
    on_failure: OnFailure = OnFailure.STOP
    way_back: tuple[Package, ...] = ()  # done one after the other, after the ways back of its packages; never on the way forth
    point_of_no_return: str = ""  # why there is no way back from some point on
    no_return_step: StepId | None = None  # phase/step: before it everything can go back, from it on it cannot
    leaf: Digest = Digest("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How a host of the plan is reached."""

    name: HostName
    address: str
    site: str = ""
    rack: str = ""
    owner: str = ""
    serves: tuple[str, ...] = ()
    ssh: SshSettings = SshSettings()
    bmc: BmcSettings = BmcSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Exactly what will happen, on which host, in which order. `digest` binds approvals and the run to it."""

    runbook: str
    title: str
    kind: Kind
    owner: str
    why: str
    impact: str
    phases: tuple[PlannedPhase, ...]
    packages: Mapping[PackageId, Package]  # in an order that respects every need
    targets: Mapping[HostName, Target]
    params: Mapping[str, str] = field(default_factory=dict)  # as text, for people; secrets by name
    start: date | None = None
    deadline: date | datetime | None = None
    deadline_soft: bool = False
    priority: int = 0  # among projects that want the same people: the greater goes first
    budget: Budget | None = None
    costs: tuple[Cost, ...] = ()
    approvals: tuple[ApprovalRule, ...] = ()
    stakeholders: tuple[Stakeholder, ...] = ()
    unenforced: tuple[str, ...] = ()
    format: int = PLAN_FORMAT
    digest: Digest = Digest("")
    file: str = ""  # where the runbook was read from; not in the digest

    @property
    def tasks(self) -> int:
        """How many tasks there are in all."""
        return sum(p.size for p in self.packages.values())
