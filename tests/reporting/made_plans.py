"""Plans made by hand for the tests of reporting: small, and with one of everything that a report must show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from runbook_engine.model.commands import AskPerson, Choice, Pause, Procedure, Reboot, Shell
from runbook_engine.model.plan import Edge, Package, Plan, PlannedPhase, Stage, Target, WayBack
from runbook_engine.model.runbook import ApprovalRule, Retry, Rolling, Takes, Who
from runbook_engine.model.text import Fill, Later, SecretRef, Text, plain, shell
from runbook_engine.model.words import Digest, EdgeKind, HostName, Kind, PackageId, Per, PhaseId, Repeat, StageKind, StepId

HOSTS = tuple(HostName(f"r12-u{n:02}") for n in range(1, 21))


def package(name: str, hosts: Sequence[str] = (), title: str | Text = "", **more: Any) -> Package:
    """A package by its id; what is not given is as plain as can be."""
    phase, _, rest = name.partition("/")
    step = rest.partition("#")[0]
    given: dict[str, Any] = {
        "id": PackageId(name),
        "phase": PhaseId(phase),
        "step": StepId(f"{phase}/{step}"),
        "title": plain(title) if isinstance(title, str) else title,
        "action": "run",
        "action_version": 1,
        "per": Per.HOST if hosts else Per.PHASE,
        "hosts": tuple(HostName(h) for h in hosts),
        "procedure": Procedure(apply=(Shell(script=shell(f"do-{step}")),)),
    }
    return Package(**(given | more))


def after(*names: str, kind: EdgeKind = EdgeKind.SAME_HOST) -> tuple[Edge, ...]:
    """Edges to the packages that come before."""
    return tuple(Edge(before=PackageId(name), kind=kind) for name in names)


def stage(number: int, hosts: Sequence[str], *packages: Package, pause_s: float = 0.0) -> Stage:
    """A batch, or (number 0) what is done once before the batches."""
    kind = StageKind.BATCH if number else StageKind.BEFORE
    ids = tuple(p.id for p in packages)
    return Stage(number=number, kind=kind, hosts=tuple(HostName(h) for h in hosts), packages=ids, pause_s=pause_s)


def make_plan(phases: Sequence[PlannedPhase], packages: Sequence[Package], **more: Any) -> Plan:
    """A plan of these phases and packages."""
    hosts = dict.fromkeys(h for phase in phases for h in phase.hosts)
    given: dict[str, Any] = {
        "runbook": "rack12-install",
        "title": "Install 20 servers in rack 12, Amsterdam",
        "kind": Kind.INSTALL,
        "owner": "ana.duarte",
        "why": "The order system runs out of space in January.",
        "impact": "No outage expected.",
        "phases": tuple(phases),
        "packages": {p.id: p for p in packages},
        "targets": {h: Target(name=h, address=h) for h in hosts},
        "digest": Digest("7c41e9d2a0b1" + "0" * 52),
        "file": "runbooks/rack12-install.yml",
    }
    return Plan(**(given | more))


def minutes(low: float, high: float | None = None) -> Takes:
    """How long a step takes, in minutes."""
    return Takes(low_s=low * 60, high_s=(high or low) * 60)


def cabling() -> tuple[PlannedPhase, list[Package]]:
    """By hand, one host after the other, then a decision."""
    hands = (Who(skill="datacenter-hands", count=2),)
    ask = Procedure(apply=(AskPerson(prompt=plain("Fit the rails, then mount from the bottom up.\nTwo people per server.")),))
    evidence = (("photo", "file"), ("serial_number", "text"))
    mount = package(
        "cabling/mount",
        HOSTS,
        Text(("Mount the server in unit ", Fill(0))),
        action="manual",
        columns=(tuple(str(n) for n in range(1, 21)),),
        procedure=ask,
        repeat=Repeat.MANUAL,
        takes=minutes(10, 25),
        who=hands,
        uses={"server-lift": 1},
        evidence=evidence,
    )
    choices = (Choice(name="go"), Choice(name="no-go", consequence="the run stays before the firmware", goes_on=False))
    go = package(
        "cabling/go",
        title="All cables tested: go on?",
        action="decide",
        procedure=Procedure(apply=(AskPerson(prompt=plain("Is every cable tested?"), choices=choices),)),
        repeat=Repeat.MANUAL,
        who=(Who(role="change-board"),),
        needs=after("cabling/mount", kind=EdgeKind.ALL_HOSTS),
    )
    phase = PlannedPhase(
        id=PhaseId("cabling"),
        title="Rack and cable",
        needs=(),
        hosts=HOSTS,
        window="working-hours",
        stages=(stage(1, HOSTS, mount, go),),
    )
    return phase, [mount, go]


def firmware_batch(number: int, hosts: Sequence[str]) -> list[Package]:
    """The steps of one batch of the firmware phase."""
    mark = f"#{number}" if number > 1 else ""
    verify = (Shell(script=shell("fwtool --version | grep -qxF 2.19.1")),)
    before = package(
        f"firmware/before{mark}",
        hosts,
        "Write down the present version",
        repeat=Repeat.SAFE,
        takes=minutes(1),
        save_as="old",
        procedure=Procedure(apply=(Shell(script=shell("fwtool --version")),)),
    )
    old = Later(StepId("firmware/before"), ("stdout",))
    token = SecretRef("env:FW_TOKEN")
    flash = package(
        f"firmware/flash{mark}",
        hosts,
        "Install BIOS 2.19.1",
        repeat=Repeat.VERIFY,
        takes=minutes(8, 25),
        timeout_s=2700.0,
        retries=Retry(count=1),
        procedure=Procedure(
            skip_if=verify,
            apply=(Shell(script=Text(("fwtool --install 2.19.1 --token ", token), shell=True), timeout_s=2700.0),),
            verify=verify,
        ),
        way_back=WayBack(procedure=Procedure(apply=(Shell(script=Text(("fwtool --install ", old), shell=True)),))),
        needs=after(f"firmware/before{mark}"),
        reads=(PackageId(f"firmware/before{mark}"),),
    )
    reboot = package(
        f"firmware/reboot{mark}",
        hosts,
        "Restart",
        action="reboot",
        reboots=True,
        drops_link=True,
        takes=minutes(4, 10),
        procedure=Procedure(apply=(Reboot(command=shell("reboot"), within_s=900.0),)),
        way_back=WayBack(none="a restart cannot be undone"),
        needs=after(f"firmware/flash{mark}"),
    )
    healthy = package(
        f"firmware/services{mark}",
        hosts,
        "No failed services",
        repeat=Repeat.SAFE,
        health_check=True,
        procedure=Procedure(apply=(Shell(script=shell("systemctl is-system-running --quiet")),)),
        needs=after(f"firmware/reboot{mark}", kind=EdgeKind.ALL_HOSTS),
    )
    return [before, flash, reboot, healthy]


def firmware() -> tuple[PlannedPhase, list[Package]]:
    """Batches of 1, 4, 10 and 5 hosts with a pause after each."""
    batches = (HOSTS[:1], HOSTS[1:5], HOSTS[5:15], HOSTS[15:])
    stages, packages = [], []
    for number, hosts in enumerate(batches, 1):
        made = firmware_batch(number, hosts)
        stages.append(stage(number, hosts, *made, pause_s=300.0))
        packages += made
    phase = PlannedPhase(
        id=PhaseId("firmware"),
        title="Bring the firmware to 2.19.1",
        needs=(PhaseId("cabling"),),
        hosts=HOSTS,
        window="night",
        stages=tuple(stages),
        rolling=Rolling(batches=(1, 4, "50%", "rest"), pause_s=300.0, max_failures=1),
        max_failures=1,
        point_of_no_return="After the first flash the old card images are gone.",
    )
    return phase, packages


def handover() -> tuple[PlannedPhase, list[Package]]:
    """Once, not on any host: a pause, then a person."""
    settle = package(
        "handover/settle", title="Let the cluster settle", action="pause", procedure=Procedure(apply=(Pause(for_s=600.0),))
    )
    sign = package(
        "handover/sign", title="Hand over to the order team", action="", repeat=Repeat.MANUAL, needs=after("handover/settle")
    )
    phase = PlannedPhase(
        id=PhaseId("handover"),
        title="Hand over",
        needs=(PhaseId("firmware"),),
        hosts=(),
        stages=(stage(0, (), settle, sign),),
    )
    return phase, [settle, sign]


def rack12_plan() -> Plan:
    """The whole example."""
    parts = (cabling(), firmware(), handover())
    return make_plan(
        [phase for phase, _ in parts],
        [p for _, packages in parts for p in packages],
        impact="No outage expected. Two switches lose redundancy for about 10 minutes while their cables are moved.",
        params={"bios": "2.19.1"},
        start=date(2026, 11, 30),
        deadline=date(2026, 12, 11),
        approvals=(ApprovalRule(by="change-board", before="firmware", count=2),),
        unenforced=("window", "approvals"),
    )


def with_texts(plan: Plan, text: str) -> Plan:
    """The same plan with another text wherever a person could have written one."""
    return replace(
        plan,
        title=text,
        why=text,
        impact=text,
        params={"bios": text},
        phases=tuple(replace(p, title=text, point_of_no_return=text) for p in plan.phases),
        packages={key: replace(p, title=plain(text)) for key, p in plan.packages.items()},
    )
