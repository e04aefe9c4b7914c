"""Sign-offs, windows, freezes and rights, as people meet them at a command line; keys and signatures are ssh-keygen's."""

import getpass
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from journeys.command_line import Person
from journeys.warm import Warm

PEOPLE = ("ana", "eva", "tom")
RUNBOOK = """format: 1
runbook: change
title: Two parts
kind: upgrade
owner: ana
why: To see.
impact: Nobody notices.
params:
  word: {{default: one}}
approvals:
  - {{by: head-of-infra, before: first}}
  - {{by: board, before: second, count: 2}}
phases:
  - id: first
    title: The first part
    window: {window}
    steps:
      - {{id: a, title: Do it, local: "{command}", takes: 1m}}
  - id: second
    title: The second part
    window: always
    steps:
      - {{id: b, title: Do more, local: "touch second-{{{{ params.word }}}}", takes: 1m}}
"""
INVENTORY = """format: 1
hosts: {h1: {}}
sites: {s: {time_zone: UTC}}
departments: {infra: {head: eva}}
roles: {board: [eva, tom, ana]}
windows:
  always: {open: {mon-sun: "00:00-24:00"}}
  never: {dates: ["2020-01-01 00:00/2020-01-01 01:00"]}
"""


@pytest.fixture
def office(tmp_path: Path, warm: Warm) -> Person:
    """Somebody in a project with three people, each of whom has a key; the user of this machine is ana."""
    person = Person.new(tmp_path)
    person.warm = warm
    lines = []
    for name in PEOPLE:
        key = tmp_path / "home" / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
        mine = f", logins: [{getpass.getuser()}]" if name == "ana" else ""
        lines.append(f"  {name}: {{department: infra, ssh_keys: ['{key.with_suffix('.pub').read_text().strip()}']{mine}}}\n")
    person.writes("inventory/hosts.yml", INVENTORY)
    person.writes("inventory/people.yml", "people:\n" + "".join(lines))
    return written(person)


def written(person: Person, command: str = "touch first", window: str = "always") -> Person:
    """The runbook, as somebody has written it."""
    person.writes("runbooks/change.yml", RUNBOOK.format(command=command, window=window))
    return person


def planned(person: Person, *more: str) -> str:
    """The plan of it, saved."""
    person.types("plan", "runbooks/change.yml", "-o", "change.plan", *more, code=0)
    return "change.plan"


def signs(person: Person, who: str, *phases: str, say: str = "approve", file: str = "change.plan", more: tuple[str, ...] = ()):
    """Somebody says something of the plan with their own key."""
    chosen = [word for phase in phases for word in ("--phase", phase)]
    key = ("--key", str(person.folder / "home" / who))
    return person.types(say, file, *chosen, "--as", who, *key, "--yes", *more, code=0)


def approve_all(person: Person) -> None:
    """What both parts need."""
    signs(person, "eva", "first", "second")
    signs(person, "tom", "second")


@pytest.mark.law(1)
def test_nothing_starts_before_it_is_approved_and_then_it_does(office: Person) -> None:
    """The refusal names who can sign and the command; two signatures later all of it runs; the journal says on whose word."""
    plan = planned(office)
    refused = office.types("run", plan, code=4).err
    assert "Phase first does not start (approval): it is not approved by head-of-infra" in refused
    assert "eva can" in refused
    assert "Next: runbook approve change.plan --phase first" in refused
    signs(office, "eva", "first")
    half = office.types("run", plan, code=5)
    assert "HELD (approval): it is not approved by 2 more people of board" in half.err
    assert (office.folder / "first").exists()
    approve_all(office)
    office.types("resume", code=0)
    assert (office.folder / "second-one").exists()
    log = office.types("log", "last", code=0).out
    assert "phase first may start: approved by eva" in log
    assert "phase second may start: approved by eva, tom" in log


@pytest.mark.law(4)
def test_nobody_approves_their_own_change(office: Person) -> None:
    """The owner signs with a real key of her own: it is kept, shown, and worth nothing, and she is told at once."""
    planned(office)
    said = signs(office, "ana", "second")
    assert "It does NOT COUNT: ana owns this plan" in said.out
    signs(office, "eva", "second")
    shown = office.types("approvals", "change.plan", code=5).out
    assert "1 missing; may: tom" in shown
    assert "not counted: approve by ana" in shown
    assert "It counts for second. Not for first: the phase does not need tom." in signs(office, "tom", "first", "second").out


@pytest.mark.law(1)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: written(p, command="touch  first"), "command changed"),
        (lambda p: written(p, window="never"), "window changed"),
        (
            lambda p: p.writes("inventory/hosts.yml", INVENTORY.replace("00:00-24:00", "00:00-23:59")),
            "when the window is open changed",
        ),
    ],
    ids=["command", "window", "what the window means"],
)
def test_what_changes_after_the_approval_voids_it_and_is_named(office: Person, change, named: str) -> None:
    """One byte, one name, one minute: exit 4, and the comparison says what differs and whose approval is void."""
    planned(office)
    approve_all(office)
    change(office)
    assert "Phase first does not start (approval)" in office.types("run", "runbooks/change.yml", code=4).err
    compared = office.types("plan", "--compare", "change.plan", "runbooks/change.yml", code=7)
    assert named in compared.out
    assert "approval of eva" in compared.err
    assert "VOID for first" in compared.err


@pytest.mark.law(1)
def test_an_untouched_phase_keeps_its_approvals(office: Person) -> None:
    """Another value for the second part: the first keeps its approval, and starts."""
    planned(office)
    approve_all(office)
    compared = office.types("plan", "--compare", "change.plan", "runbooks/change.yml", "-p", "word=two", code=7).err
    assert "VOID for second; still holds for first" in compared
    assert "VOID for second" in compared
    ran = office.types("run", "runbooks/change.yml", "-p", "word=two", code=5).err
    assert "prep" not in ran
    assert (office.folder / "first").exists()
    assert not (office.folder / "second-two").exists()


def next_second() -> None:
    """Statements are dated to the second, and of two that one person makes in the same one a rejection counts."""
    time.sleep(1 - time.time() % 1)


def test_reject_ask_and_revoke(office: Person) -> None:
    """A rejection holds whatever others say, until its author lifts it; a question holds nothing; what is revoked is gone."""
    planned(office)
    approve_all(office)
    signs(office, "tom", "second", say="ask", more=("--reason", "Who watches?"))
    assert "question  tom" in office.types("approvals", "change.plan", code=0).out
    signs(office, "tom", "second", say="reject", more=("--reason", "not this week"))
    shown = office.types("approvals", "change.plan", code=4).out
    assert "REJECTED  tom" in shown
    assert "not this week" in shown
    assert "tom rejects it: not this week" in office.types("run", "change.plan", code=5).err
    next_second()
    signs(office, "tom", "second")
    first = json.loads(office.types("approvals", "change.plan", "--json", code=0).out)
    id_ = first["phases"][0]["needed"][0]["given"][0]["id"]
    key = str(office.folder / "home" / "eva")
    office.types("revoke", "change.plan", id_[:12], "--as", "eva", "--key", key, "--yes", code=0)
    assert "2 more" not in office.types("approvals", "change.plan", code=5).out
    assert "without a reason" not in office.types("reject", "change.plan", "--as", "tom", code=2).err


def test_an_approval_travels_as_a_file(office: Person) -> None:
    """Written on one machine, taken in on another; a byte of it changed, and it counts for nothing."""
    planned(office)
    signs(office, "eva", "first", more=("--export", "eva.json"))
    assert "1 missing; may: eva" in office.types("approvals", "change.plan", code=5).out
    taken = office.types("approvals", "change.plan", "--import", "eva.json", code=5)
    assert "1 taken in" in taken.err
    assert "✓ eva" in taken.out
    assert "0 taken in, 1 known already" in office.types("approvals", "change.plan", "--import", "eva.json", code=5).err
    sent = json.loads((office.folder / "eva.json").read_text())
    forged = sent | {"signature": sent["signature"].replace("U1NIU0lH", "U1NIU0lI", 1)}
    office.writes("forged.json", json.dumps(forged))
    refused = office.types("approvals", "change.plan", "--import", "forged.json", code=4)
    assert "Nothing of it was said by whom it names: of eva" in refused.err
    assert office.types("approvals", "change.plan", "--import", "change.plan", code=2).err.startswith("error:")


def test_what_is_signed_with_somebody_elses_key_is_not_kept(office: Person) -> None:
    """It never counts, so that it need not stand in the record; a file keeps what is good in it."""
    planned(office)
    key = str(office.folder / "home" / "tom")
    refused = office.types("approve", "change.plan", "--phase", "first", "--as", "eva", "--key", key, "--yes", code=4)
    assert "it says that it is by eva, and the key is tom's" in refused.err
    assert "not counted" not in office.types("approvals", "change.plan", code=5).out
    signs(office, "eva", "first", more=("--export", "eva.json"))
    signs(office, "tom", "second", more=("--export", "tom.json"))
    good, other = ((office.folder / name).read_text() for name in ("eva.json", "tom.json"))
    swapped = json.loads(good) | {"signature": json.loads(other)["signature"]}
    office.writes("both.json", other + json.dumps(swapped) + "\n")
    taken = office.types("approvals", "change.plan", "--import", "both.json", code=5).err
    assert "1 taken in, 0 known already, 1 REFUSED." in taken
    assert "REFUSED of eva: the signature does not hold" in taken


def test_what_is_not_signed_counts_only_where_the_policy_says_so(office: Person) -> None:
    """The operator types it on somebody's word: shown as such, worth nothing, until the policy accepts it, and that is told."""
    planned(office)
    said = office.types("approve", "change.plan", "--phase", "first", "--as", "eva", "--unsigned", "--yes", code=0)
    assert "the policy does not count what is not signed" in said.err
    assert "NOT COUNT" in said.out
    office.writes("inventory/policy.yml", "policy: {unsigned: true}\n")
    shown = office.types("approvals", "change.plan", code=5).out
    assert "NOTE: approvals count without a signature" in shown
    assert f"on the word of, typed by {getpass.getuser()}" in shown


@pytest.mark.law(3)
def test_a_closed_window_refuses_and_says_when_it_opens(office: Person) -> None:
    """Outside the window: exit 4, with the calendar's entry and the next opening, or that none is known."""
    office.writes(
        "inventory/hosts.yml", INVENTORY.replace('"2020-01-01 00:00/2020-01-01 01:00"', '"2099-01-01 00:00/2099-01-01 01:00"')
    )
    written(office, window="never")
    planned(office)
    approve_all(office)
    refused = office.types("run", "change.plan", code=4).err
    assert "Phase first does not start (window)" in refused
    assert "window never" in refused
    assert not (office.folder / "first").exists()


@pytest.mark.law(3)
def test_a_freeze_stops_and_only_whom_it_names_breaks_the_glass(office: Person) -> None:
    """Neither rights nor keys help anybody else; who may do it signs with a reason, and every report says so."""
    freeze = "freezes: [{from: 2020-01-01, to: 2098-12-31, kinds: [upgrade], why: Holiday trade, lift: [ana]}]\n"
    planned(office)
    approve_all(office)
    office.writes("inventory/freeze.yml", freeze)
    refused = office.types("run", "change.plan", code=4).err
    assert "(freeze)" in refused
    assert "Holiday trade" in refused
    assert "ana may lift it" in refused
    near = office.folder / "home" / ".ssh"
    near.mkdir()
    for suffix in ("", ".pub"):
        (near / f"id_ed25519{suffix}").write_bytes((office.folder / "home" / f"ana{suffix}").read_bytes())
    (near / "id_ed25519").chmod(0o600)
    office.types("run", "change.plan", "--break-glass", " ", code=2)
    ran = office.types("run", "change.plan", "--break-glass", "the site burns", code=0)
    assert "BREAK GLASS" in ran.out + ran.err
    assert "phase first may start: BREAK GLASS" in office.types("log", "last", code=0).out
    assert "the site burns" in office.types("approvals", "change.plan").out


def test_who_may_do_what_is_the_policys(office: Person) -> None:
    """The system's user counts; a name in the environment gives nobody a right."""
    planned(office)
    approve_all(office)
    office.writes("inventory/policy.yml", "policy: {execute: [eva], resolve: [eva], plan: [eva]}\n")
    refused = office.types("run", "change.plan", code=4, RUNBOOK_AS="eva").err
    assert "Ana may not start or steer a run" in refused
    office.writes("inventory/policy.yml", "policy: {execute: [ana]}\n")
    office.types("run", "change.plan", code=0)


def test_an_open_run_goes_on_with_its_plan_and_amend_asks_anew(office: Person) -> None:
    """The runbook is edited half-way: resume goes on as approved, run refuses with the comparison, amend needs new approval."""
    planned(office)
    signs(office, "eva", "first")
    office.types("run", "change.plan", code=5)
    text = (office.folder / "runbooks/change.yml").read_text()
    office.writes("runbooks/change.yml", text.replace("Do more", "Do even more"))
    approve_all(office)
    refused = office.types("run", "runbooks/change.yml", code=4).err
    assert "title changed" in refused
    assert "VOID for second" in refused
    office.types("amend", "last", "runbooks/change.yml", "--reason", "more", "--yes", code=0)
    assert "it is not approved by 2 more people of board" in office.types("resume", "last", code=5).err
    signs(office, "eva", "second", file="change-1")
    signs(office, "tom", "second", file="change-1")
    office.types("resume", "last", code=0)


def test_a_plan_that_must_be_rehearsed_is(office: Person) -> None:
    """The policy asks for it: refused with the command, and after that rehearsal of exactly this plan it starts."""
    planned(office)
    approve_all(office)
    office.writes("inventory/policy.yml", "policy: {rehearsed: true}\n")
    assert "Next: runbook rehearse change.plan" in office.types("run", "change.plan", code=4).err
    office.types("rehearse", "change.plan", code=0)
    office.types("run", "change.plan", code=0)


@pytest.mark.law(3)
def test_an_inventory_that_cannot_be_read_closes_everything(office: Person) -> None:
    """Who must approve cannot be found out: nothing starts, with the place of the mistake."""
    planned(office)
    approve_all(office)
    office.writes("inventory/broken.yml", "freezes: [{from: tomorrow}]\n")
    assert "broken.yml:1" in office.types("run", "change.plan", code=3).err
    assert not (office.folder / "first").exists()


@pytest.mark.law(11)
def test_a_journal_that_is_older_than_a_signature_has_seen_is_not_gone_on_with(office: Person) -> None:
    """Restored from the backup of the afternoon: who signed in the evening has seen more, and nothing starts a second time."""
    planned(office)
    signs(office, "eva", "first")
    shutil.copytree(office.state, office.folder / "backup")
    office.types("run", "change.plan", code=5)
    signs(office, "eva", "second", more=("--export", "evening.json"))
    office.types("approvals", "change.plan", "--import", "evening.json", code=5)
    assert "HELD" in office.types("resume", "last", code=5).err
    shutil.rmtree(office.state)
    shutil.copytree(office.folder / "backup", office.state)
    office.types("approvals", "change.plan", "--import", "evening.json", code=5)
    refused = office.types("run", "change.plan", code=4).err
    assert "change-1: the journal ends with record 1, and eva in the statement" in refused
    assert "or it comes from an older backup" in refused
    assert "Next: runbook verify change-1" in refused
    office.types("stop", "change-1", "--yes", code=0)
    office.types("run", "change.plan", code=5)  # on purpose, and under another name
