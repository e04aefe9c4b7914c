"""Effects as values: what a transport, or a person, is asked to do. Nothing here does anything."""

from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Become:
    """Run as another user by sudo; the password, if one is needed, comes from a secret and goes by stdin."""

    user: str = "root"
    password: SecretRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A command for /bin/sh on the host, or on the control machine (`on_controller`). Exit code 0 is success."""

    script: Text
    directory: Text | None = None
    environment: tuple[tuple[str, Text], ...] = ()
    become: Become | None = None
    on_controller: bool = False
    stdin: Text | None = None  # what the command reads; nothing when it is not set
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Put a file on the host: written beside its target, checked by SHA-256, renamed over it in one step.

    Exactly one of `source` (a path on the control machine, whose content must have `checksum`) and `content` is set.
    """

    target: Text
    source: Text | None = None
    content: Text | None = None
    checksum: Text | None = None  # SHA-256, hexadecimal; what was planned
    mode: str = ""  # octal, such as 0644; empty leaves what is there, 0600 for a new file
    owner: str = ""  # user or user:group
    backup: bool = False  # keep what is replaced as TARGET.before-runbook-ATTEMPT
    become: Become | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Fetch a file from the host into the run's folder on the control machine."""

    source: Text
    target: Text  # relative to the run's folder; the host's name is added by the engine
    become: Become | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """One HTTP request from the control machine."""

    url: Text
    method: str = "GET"
    headers: tuple[tuple[str, Text], ...] = ()
    body: Text | None = None
    expect_status: tuple[int, ...] = (200,)
    expect_body: str = ""  # a part that the answer must contain
    check_certificate: bool = True
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question that is asked until the answer is yes. Exactly one of its kinds is set."""

    port: int | None = None  # TCP port of `address`, or of the host, accepts
    address: Text | None = None
    ssh: bool = False  # a session can be opened
    file: Text | None = None  # a file exists on the host
    shell: Shell | None = None  # a command ends with 0
    http: Http | None = None  # a request is answered as expected
    absent: bool = False  # wait until the answer is no


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Ask a probe every `every_s` seconds until it says yes; a failure after `within_s` seconds."""

    probe: Probe
    within_s: float
    every_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """Restart the host. A new boot id proves it; then SSH must answer and `health` end with 0, within `within_s`."""

    command: Text
    within_s: float
    health: Text | None = None
    become: Become | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redfish:
    """One thing that the management controller of the host is asked for, within `within_s` seconds in all.

    A change reads the state first and is not asked for when all is so already; then it is read back until it is so.
    """

    duty: Duty
    value: str = ""  # power: on, off, graceful-off, cycle, graceful-restart; boot: a device; led; get: power, firmware, facts
    once: bool = False  # boot: for the next start only
    image: Text | None = None  # update: the address from which the controller fetches it
    version: Text | None = None  # update: what is installed afterwards; until firmware: what is waited for
    component: Text | None = None  # of the firmware: bios, bmc, or an id or name in the inventory; None: bios
    within_s: float = 300.0

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return self.duty in (Duty.READ, Duty.UNTIL_POWER, Duty.UNTIL_FIRMWARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer that a person can give, and what it leads to."""

    name: str
    consequence: str = ""
    goes_on: bool = True  # False: the run does not go past this task


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPerson:
    """Work or a question for a person. The wording is fixed when the plan is made."""

    prompt: Text
    choices: tuple[Choice, ...] = ()  # empty: the person says that it is done
    evidence: tuple[tuple[str, str], ...] = ()  # name and kind (text, file, photo, number, yes_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Let time pass. A timer in the journal: it holds no worker and survives a restart."""

    for_s: float


Command = Shell | Upload | Download | Http | Wait | Reboot | Redfish | AskPerson | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """How a task is done, in the words of a change form.

    `guard` must end with 0 or the task is refused; `skip_if` with 0 skips it; `verify` with 0 before `apply` skips it,
    after `apply` it decides success, and in doubt it settles it (1 = not done, anything else = ask a person).
    """

    apply: tuple[Command, ...] = ()
    guard: tuple[Shell, ...] = ()
    skip_if: tuple[Shell, ...] = ()
    verify: tuple[Shell, ...] = ()

    @property
    def question(self) -> AskPerson | None:
        """What a person is asked, if the procedure is theirs."""
        return next((c for c in self.apply if isinstance(c, AskPerson)), None)

    @property
    def timer(self) -> Pause | None:
        """The time that must pass, if the procedure is only that."""
        return next((c for c in self.apply if isinstance(c, Pause)), None)
