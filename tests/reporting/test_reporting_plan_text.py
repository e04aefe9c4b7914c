"""Plans in words and as data."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.made_plans import HOSTS, after, make_plan, package, stage
from reporting.made_texts import Golden
from runbook_engine.model.commands import (
    AskPerson,
    Become,
    Choice,
    Download,
    Http,
    Pause,
    Probe,
    Procedure,
    Reboot,
    Redfish,
    Shell,
    Upload,
    Wait,
)
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.text import Later, SecretRef, Text, plain, shell
from runbook_engine.model.words import Duty, EdgeKind, FailureScope, HostName, HostOrder, OnFailure, PhaseId, StepId
from runbook_engine.reporting.command_text import command_lines
from runbook_engine.reporting.differences import differences_data, differences_text
from runbook_engine.reporting.plan_data import plan_data
from runbook_engine.reporting.plan_text import plan_text
from runbook_engine.reporting.rolling_text import failure_words
from runbook_engine.reporting.steps import worst_case
from runbook_engine.reporting.timing import longest, plan_time


@dataclass(frozen=True)
class Difference:
    """As planning's comparison gives them."""

    where: str
    what: str
    before: str = ""
    after: str = ""
    phase: str = ""


def test_the_plan_reads_as_agreed(rack12: Plan, golden: Golden) -> None:
    """What, where, in which order, by whom, what may fail at worst, and what to do next."""
    golden.check("plan.txt", plan_text(rack12))


def test_the_plan_with_its_commands(rack12: Plan, golden: Golden) -> None:
    """With -v the commands of the first host, what differs by host, later values and secrets by name."""
    golden.check("plan_verbose.txt", plan_text(rack12, [], verbose=1, parallel=4, saved_as="rack 12.plan"))


def test_the_plan_as_data_is_what_was_agreed(rack12: Plan, golden: Golden) -> None:
    """The fields of the JSON form stay what they are within a format."""
    golden.check("plan.json", json.dumps(plan_data(rack12, parallel=4), indent=1, ensure_ascii=False))


def rolling_phase(sizes: list[int], max_failures: int) -> PlannedPhase:
    """A phase with batches of these sizes."""
    hosts = tuple(HostName(f"h{n}") for n in range(sum(sizes)))
    stages, at = [], 0
    for number, size in enumerate(sizes, 1):
        stages.append(stage(number, hosts[at : at + size]))
        at += size
    return PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=tuple(stages), hosts=hosts, max_failures=max_failures)


def simulated_worst(sizes: list[int], max_failures: int, parallel: int) -> int:
    """The same by carrying it out: everything that is started fails, hosts before that may all have gone well."""
    worst = 0
    for first_bad in range(len(sizes)):
        for early in range(min(max_failures, sum(sizes[:first_bad])) + 1):
            failed, left, running = early, sizes[first_bad], 0
            while True:
                while failed <= max_failures and running < parallel and left:
                    running, left = running + 1, left - 1
                if not running:
                    break
                running, failed = running - 1, failed + 1
            worst = max(worst, failed)
    return worst


@pytest.mark.law(7)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 5), st.integers(1, 8))
def test_the_printed_worst_case_is_what_can_happen(sizes: list[int], max_failures: int, parallel: int) -> None:
    """The worst case in the plan is exactly the most that a run can lose before it stands still."""
    worst = worst_case(rolling_phase(sizes, max_failures), parallel)

    assert worst is not None
    assert worst.hosts == simulated_worst(sizes, max_failures, parallel)
    assert worst.hosts <= max_failures + worst.in_flight


@pytest.mark.law(7)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4)), min_size=1, max_size=4), st.integers(1, 8))
def test_the_worst_case_where_each_batch_counts_for_itself(batches: list[tuple[int, int]], parallel: int) -> None:
    """Each batch before the one that stops it may have lost what it may; then come those at work."""
    sizes = [size for size, _ in batches]
    phase = rolling_phase(sizes, 0)
    stages = tuple(replace(s, max_failures=most) for s, (_, most) in zip(phase.stages, batches, strict=True))
    worst = worst_case(replace(phase, stages=stages, failures_over=FailureScope.BATCH), parallel)

    lost, most_lost = 0, 0
    for size, most in batches:
        failed, left, running = 0, size, 0
        while left or running:  # everything that is started fails
            while failed <= most and running < parallel and left:
                running, left = running + 1, left - 1
            if not running:
                break
            running, failed = running - 1, failed + 1
        most_lost = max(most_lost, lost + failed)
        lost += min(most, size)
    assert worst is not None
    assert worst.hosts == most_lost


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"max_failures": 0}, "the first one stops it; worst case 4 of 7 hosts (all that are at work by then)"),
        (
            {"max_failures": 0, "failures_over": FailureScope.PROJECT, "on_failure": OnFailure.ASK},
            (
                "it stops and a person is asked at the first one in the whole project; worst case 4 of 7 hosts "
                "(all that are at work by then)"
            ),
        ),
        (
            {"max_failures": 2, "on_failure": OnFailure.ROLL_BACK},
            "it stops and goes back when more than 2 have failed; worst case 6 of 7 hosts (2 allowed and 4 at work by then)",
        ),
        (
            {"max_failures": 2, "failures_over": FailureScope.PROJECT},
            (
                "it stops when more than 2 have failed in the whole project; worst case 6 of 7 hosts"
                " (2 allowed and 4 at work by then)"
            ),
        ),
        (
            {"max_failures": 1, "failures_over": FailureScope.BATCH},
            (
                "it stops when more than 1 has failed in a batch; worst case 6 of 7 hosts"
                " (2 allowed in the batches before, 1 allowed and 4 at work by then)"
            ),
        ),
        ({"max_failures": 1, "on_failure": OnFailure.CONTINUE}, "it goes on whatever fails; worst case 7 of 7 hosts"),
    ],
)
def test_when_failures_stop_a_phase_is_said_for_each_scope(more: dict[str, Any], words: str) -> None:
    """What is counted over, what follows, and the worst case as a sum."""
    assert failure_words(replace(rolling_phase([1, 2, 4], 0), **more)) == words


def test_batches_are_told_with_their_hosts_and_the_way_back_with_its_gaps(rack12: Plan) -> None:
    """Names, canaries, distances, soak; what is undone in which order, what is not, and what follows for the phase."""
    phase = rack12.phases[1]
    assert phase.rolling is not None
    rolling = replace(
        phase.rolling,
        canary="r12-u01",
        order=HostOrder.REVERSE,
        spread_over="rack",
        never_together="pair",
        soak_s=600.0,
    )
    back = package("firmware/back-1", title="Put the servers back")
    told = plan_text(
        replace(rack12, phases=(rack12.phases[0], replace(phase, rolling=rolling, way_back=(back,)), rack12.phases[2])),
        verbose=1,
    )
    words = " ".join(told.split())
    assert (
        "batches 1, 4, 10, 5 hosts, one batch after the other, canaries first (r12-u01), last of the inventory first, each"
        " spread over rack, never two with the same pair, 10m soak before the checks, 5m pause after each"
    ) in words
    assert "in turn (1) r12-u01; (2) r12-u[02:05]; (3) r12-u[06:15]; (4) r12-u[16:20]" in words
    assert "way back flash; not undone: reboot (a restart cannot be undone); then for the phase: Put the servers back" in words
    assert "way back of the phase Put the servers back do: do-back-1" in words


def test_order_is_told_where_it_is_not_the_order_of_the_lines() -> None:
    """A barrier, a step that starts at once, and a need of another phase are each said."""
    first = package("p/a", HOSTS)
    steps = [
        first,
        package("p/b", HOSTS, needs=after("p/a")),
        package("p/c", HOSTS, needs=after("p/a", kind=EdgeKind.ALL_HOSTS)),
        package("p/d", HOSTS),
        package("p/e", HOSTS, needs=after("q/x", kind=EdgeKind.ALL_HOSTS)),
    ]
    phase = PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=(stage(1, HOSTS, *steps),), hosts=HOSTS)

    notes = [line.strip() for line in plan_text(make_plan([phase], steps)).splitlines() if line.startswith("        – ")]

    assert notes == [
        "– at most once: in doubt a person decides",
        "– at most once: in doubt a person decides",
        "– after a on all hosts; at most once: in doubt a person decides",
        "– starts at once, beside the steps above; at most once: in doubt a person decides",
        "– after q/x on all hosts; at most once: in doubt a person decides",
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            Shell(
                script=shell("a\nb"), become=Become(), directory=plain("/srv"), timeout_s=60, environment=(("K", plain("v")),)
            ),
            "a | b | (as root; in /srv; with K=v; at most 1m)",
        ),
        (Shell(script=shell("a"), on_controller=True), "a | (on the control machine)"),
        (
            Upload(target=plain("/etc/x"), source=plain("x.conf"), mode="0644", owner="root", backup=True),
            "put x.conf to /etc/x | (mode 0644; owner root; what is there is kept beside it)",
        ),
        (Upload(target=plain("/etc/x"), content=plain("a\nb\n")), "put a text of 2 lines to /etc/x"),
        (Download(source=plain("/var/x"), target=plain("x")), "fetch /var/x into x"),
        (Http(url=plain("https://x/"), expect_status=(200, 204)), "GET https://x/, expecting 200 or 204"),
        (Wait(probe=Probe(port=22), within_s=300), "wait up to 5m for port 22 to answer"),
        (Wait(probe=Probe(ssh=True, absent=True), within_s=60), "wait up to 1m until there is no longer an SSH session"),
        (Wait(probe=Probe(shell=Shell(script=shell("up"))), within_s=60), "wait up to 1m for this to end with 0: up"),
        (
            Reboot(command=shell("reboot"), within_s=900, health=shell("ok")),
            "restart by: reboot | back within 15m, healthy when: ok",
        ),
        (Redfish(duty=Duty.POWER, value="graceful-off"), "have the system end, then switch off, within 5m"),
        (Redfish(duty=Duty.BOOT, value="pxe", once=True, within_s=60), "start from pxe, the next time, within 1m"),
        (Redfish(duty=Duty.LED, value="off", within_s=60), "light off, within 1m"),
        (Redfish(duty=Duty.READ, value="facts", within_s=60), "read facts, within 1m"),
        (
            Redfish(duty=Duty.UPDATE, image=plain("https://x/b"), version=plain("2.1")),
            "install https://x/b (bios 2.1), within 5m",
        ),
        (Redfish(duty=Duty.UNTIL_POWER, value="on"), "wait until it is on, within 5m"),
        (Redfish(duty=Duty.UNTIL_FIRMWARE, version=plain("7"), component=plain("bmc")), "wait until bmc is 7, within 5m"),
        (
            AskPerson(prompt=plain("Go?"), choices=(Choice(name="go"), Choice(name="no", goes_on=False))),
            "Go? | choice go | choice no (the run does not go past it)",
        ),
        (Pause(for_s=90), "let 1m 30s pass"),
    ],
)
def test_every_command_has_words(command: object, words: str) -> None:
    """Each kind of command is told so that a person knows what will happen."""
    lines = command_lines(command, package("p/a", HOSTS), HOSTS[0])  # type: ignore[arg-type]

    controller = "by its management controller: " if isinstance(command, Redfish) else ""
    assert " | ".join(lines) == controller + words


def test_a_value_without_quotes_is_a_warning() -> None:
    """What goes into a command line as it is, an approver must have seen."""
    script = Text(("x ", Later(StepId("p/old"), ("stdout",), quoted=False), SecretRef("env:T")), shell=True)
    step = package("p/a", HOSTS, procedure=Procedure(apply=(Shell(script=script),)), unquoted=("{{ old.stdout | unquoted }}",))
    phase = PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=(stage(1, HOSTS, step),), hosts=HOSTS)

    assert "p/a: {{ old.stdout | unquoted }} goes into a command without quotes" in plan_text(make_plan([phase], [step]))


@pytest.mark.law(5)
def test_a_secret_stands_as_its_name(rack12: Plan) -> None:
    """Text and data name a secret; there is nothing else of it in a plan."""
    assert "(secret env:FW_TOKEN)" in plan_text(rack12, verbose=1)
    assert "(secret env:FW_TOKEN)" in json.dumps(plan_data(rack12))


def test_time_adds_up(rack12: Plan) -> None:
    """One crew mounts host after host, the engine works on a whole batch at once, pauses count between batches."""
    by_hand = 20 * 17.5 * 60
    batches = 4 * (60 + 16.5 * 60 + 7 * 60) + 3 * 300

    assert plan_time(rack12) == by_hand + batches + 600
    assert plan_time(rack12, longest) > plan_time(rack12)
    assert plan_time(rack12, parallel=1) > plan_time(rack12)


def test_differences_are_told_by_phase(golden: Golden) -> None:
    """Where, what, before and after; the JSON form says the same."""
    found = [
        Difference("impact", "was changed", "none", "two switches"),
        Difference("firmware/flash", "runs another command", "fwtool --install 1", "fwtool --install 2\x1b[2J", "firmware"),
        Difference("firmware", "has one more host", after="r12-u21", phase="firmware"),
    ]

    golden.check("differences.txt", differences_text(found))
    assert differences_text([]) == "The two plans are the same."
    assert differences_data([])["same"] is True
    assert [row["phase"] for row in differences_data(found)["differences"]] == ["", "firmware", "firmware"]


def test_a_large_plan_is_told_in_a_few_lines(rack12: Plan) -> None:
    """The length of the text follows the steps, not the hosts."""
    hosts = tuple(HostName(f"n{n:05}") for n in range(10_000))
    steps = [package(f"p/s{n}", hosts, f"Step {n}") for n in range(5)]
    phase = PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=(stage(1, hosts, *steps),), hosts=hosts)
    text = plan_text(replace(make_plan([phase], steps)))

    assert "10,000 hosts: n[00000:09999]" in text
    assert len(text.splitlines()) < 40
