"""An ordinary day: the shipped installation on three practice servers, from the plan to the hand-over, by its people."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from journeys.command_line import Person, Said
from journeys.racks import NEW, Rack

RUNBOOK = "runbooks/rack12-install.yml"
UNENFORCED_HERE = ("runbook.budget", "runbook.costs")


class Day:
    """What was said when, by the name of the moment."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.at: dict[str, Said] = {}

    def __call__(self, moment: str, *words: str, code: int = 0, by: str = "ana.duarte") -> Said:
        """A command of one of the people, and how it must end."""
        self.at[moment] = self.person.types(*words, code=code, RUNBOOK_AS=by)
        return self.at[moment]


@pytest.fixture(scope="module")
def day(rack: Rack, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """The whole day. Each test looks at one part of it."""
    rack.as_new()
    person = Person.new(tmp_path_factory.mktemp("day"), RUNBOOK_LAB=str(rack.lab_file))
    person.writes("note.jpg", "a photo")
    person.writes("rack.jpg", "another")
    own = person.folder
    person.folder = rack.project
    made = Day(person)
    _morning(made, own)
    _cabling(made, own, rack)
    _firmware(made)
    return made


def _morning(day: Day, own: Path) -> None:
    """Check, plan, begin."""
    day("validate", "validate")
    day("plan", "plan", RUNBOOK, "-o", str(own / "rack.plan"))
    day("same", "plan", "--compare", str(own / "rack.plan"), RUNBOOK)
    day("other", "plan", "--compare", str(own / "rack.plan"), RUNBOOK, "-p", "bios=2.20.0", code=7)
    day("dry", "run", str(own / "rack.plan"), "--dry-run")
    day("unaccepted", "run", str(own / "rack.plan"), code=4)
    day("begun", "run", str(own / "rack.plan"), "--accept-unenforced", code=5)


def _cabling(day: Day, own: Path, rack: Rack) -> None:
    """Work by hand: whose it is, what proves it."""
    day("tasks", "tasks", "last", "--for", "bram.visser")
    day("assigned", "assign", "last", "delivery", "--to", "bram.visser")
    day("stranger", "assign", "last", "delivery", "--to", "bram.fisser", code=2)
    day("not mine", "accept", "last", "delivery", code=4)
    day("declined", "decline", "last", "delivery", "--reason", "on leave", by="bram.visser")
    day("assigned again", "assign", "last", "delivery", "--to", "eva.koster")
    day("accepted", "accept", "last", "delivery", by="eva.koster")
    day("half", "done", "last", "delivery", "--percent", "50", by="eva.koster")
    day("no evidence", "done", "last", "delivery", code=4, by="eva.koster")
    proof = ("--evidence", f"delivery_note={own / 'note.jpg'}", "--evidence", "all_there=yes")
    day("delivered", "done", "last", "delivery", *proof, by="eva.koster")
    day("mounting", "resume", code=5)
    day("blocked", "why", "last", "power-on/switch-on@r12-u01")
    for number, host in enumerate(rack.hosts):
        mounted = ("--evidence", f"photo={own / 'rack.jpg'}", "--evidence", f"serial_number=CZ{number}")
        day(f"mounted {host}", "done", "last", f"mount@{host}", *mounted)
    day("cabling", "resume", code=5)
    day("cabled", "done", "last", "cable", "--evidence", f"photo={own / 'rack.jpg'}")


def _firmware(day: Day) -> None:
    """Over SSH, with a go, to the end."""
    day("go?", "resume", code=5)
    day("no choice", "decide", "last", "go", "--choice", "perhaps", code=4)
    day("go", "decide", "last", "go", "--choice", "go", by="eva.koster")
    day("installed", "resume", "last", "-v", code=5)
    day("documented", "done", "last", "documents", "--evidence", "inventory_entry=done")
    day("handing over", "resume", code=5)
    day("taken over", "decide", "last", "accept", "--choice", "accepted", by="tom.li")
    day("over", "resume")


def test_the_checks_name_what_is_not_enforced(day: Day) -> None:
    """Validate says it with places; run refuses with all names, and starts nothing, until it is accepted."""
    assert f"{RUNBOOK}: valid" in day.at["validate"].out
    assert "NOT ENFORCED yet" in day.at["validate"].err
    refused = day.at["unaccepted"].err
    assert [key for key in UNENFORCED_HERE if key not in refused] == []
    assert "--accept-unenforced" in refused
    assert "NOT ENFORCED, and accepted" in day.at["begun"].err


def test_plans_are_shown_and_compared(day: Day) -> None:
    """Phases, hosts and batches; no difference is 0; another parameter is 7, in words; a dry run says that it is one."""
    assert "Bring the firmware to 2.19.1" in day.at["plan"].out
    assert "r12-u[01:03]" in day.at["plan"].out
    assert "No difference" in day.at["same"].out
    assert "2.20.0" in day.at["other"].out
    assert day.at["dry"].out.count("DRY RUN") == 2


def test_a_manual_step_is_somebodys(day: Day) -> None:
    """Found by role, assigned, declined with a reason, accepted, half done; only to people that there are."""
    assert "cabling/delivery" in day.at["tasks"].out
    assert "Did you mean bram.visser?" in day.at["stranger"].err
    assert "assigned to bram.visser, not to ana.duarte" in day.at["not mine"].err
    assert "accepted by eva.koster" in day.at["accepted"].out
    assert "50 %" in day.at["half"].out


def test_done_needs_its_evidence(day: Day) -> None:
    """What is missing is named; a photo is kept in the run's folder and known by its SHA-256."""
    assert "needs evidence: delivery_note, all_there" in day.at["no evidence"].err
    kept = list((day.person.state / "runs" / "rack12-install-1" / "evidence").iterdir())
    assert {file.read_text() for file in kept} == {"a photo", "another"}
    assert "sha256:" in day.person.types("log", "last", code=0).out


def test_why_names_what_a_task_waits_for(day: Day) -> None:
    """A task of a later phase waits for the phase before it."""
    assert "phase power-on waits for phase cabling" in day.at["blocked"].out


def test_the_end_is_done_and_the_servers_have_it(day: Day, rack: Rack) -> None:
    """Exit code 0; one host failed its first try and said so; every server has the new firmware; another resume is nothing."""
    assert "choice" in day.at["no choice"].err or "perhaps" in day.at["no choice"].err
    assert "flash write failed" in day.at["installed"].err
    assert "run DONE" in day.at["over"].err
    assert {(rack.disk(h) / "versions" / "firmware").read_text().strip() for h in rack.hosts} == {NEW}
    assert "nothing is left to do" in day.person.types("resume", "last", code=0).err


def test_what_the_servers_printed_is_there(day: Day, rack: Rack) -> None:
    """Log by step and host; a step that did not run is said so with the next command."""
    shown = day.person.types("log", "last", "--step", "firmware/flash", "--host", rack.weak, code=0).out
    assert "flash write failed: verify error" in shown
    assert f"fwtool: {NEW} installed" in shown
    assert rack.hosts[0] not in shown

    nothing = day.person.types("log", "last", "--step", "flush", code=2)
    assert "runbook status rack12-install-1" in nothing.err


def test_status_and_runs_show_the_end(day: Day) -> None:
    """Both name the run, its result and its phases."""
    status = day.person.types("status", code=0).out
    assert [word for word in ("rack12-install-1", "DONE", "Rack and cable", "Hand over") if word not in status] == []
    assert "rack12-install-1" in day.person.types("runs", code=0).out


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("validate", "--json"), "validation"),
        (("plan", RUNBOOK, "--json"), "plan"),
        (("inventory", "list", "rack12", "--json"), "hosts"),
        (("inventory", "show", "r12-u01", "--json"), "host"),
        (("status", "--json"), "status"),
        (("runs", "--json"), "runs"),
        (("tasks", "--json"), "tasks"),
        (("why", "last", "hand-over/accept", "--json"), "why"),
        (("why", "last", "--json"), "status"),
        (("log", "--json"), "event"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_json_is_parsable_and_says_what_it_is(day: Day, words: tuple[str, ...], kind: str) -> None:
    """Each --json prints data alone on stdout, with `format` and `kind`."""
    out = day.person.types(*words, code=0).out
    records = [json.loads(line) for line in out.splitlines()] if kind == "event" else [json.loads(out)]

    assert records
    assert {(record["format"], record["kind"]) for record in records} == {(1, kind)}


def test_differences_have_json_too(day: Day) -> None:
    """What differs between two plans, as data; the exit code is 7 all the same."""
    plan = str(day.person.folder.parent / "rack.plan")
    day.person.types("plan", RUNBOOK, "-o", plan, code=0)
    found = day.person.types("plan", "--compare", plan, RUNBOOK, "-p", "bios=2.20.0", "--json", code=7).json()

    assert found["format"] == 1
    assert found["kind"] == "differences"


@pytest.mark.parametrize(("name", "begin"), [("g.svg", "<svg"), ("g.mmd", "flowchart"), ("g.dot", "digraph")])
def test_graphs_are_drawn_in_three_forms(day: Day, tmp_path: Path, name: str, begin: str) -> None:
    """By the ending of the file's name, and whole."""
    day.person.types("graph", RUNBOOK, "-o", str(tmp_path / name), code=0)

    text = (tmp_path / name).read_text(encoding="utf-8")
    assert begin in text[:400]
    assert "firmware" in text


def test_the_schema_is_one(day: Day) -> None:
    """JSON, with the keys of a runbook."""
    schema = day.person.types("schema", code=0).json()

    assert {"runbook", "phases", "why", "impact"} <= set(json.dumps(schema).split('"'))


@pytest.mark.law(11)
def test_verify_finds_a_record_that_was_changed(day: Day, tmp_path: Path) -> None:
    """L11: whole as it is; after one byte in one record: which record."""
    assert "the chain is whole" in day.person.types("verify", "last", code=0).out
    copy = tmp_path / "journal.db"
    shutil.copy(day.person.state / "journal.db", copy)
    with closing(sqlite3.connect(copy)) as database:
        changed = "UPDATE events SET body = replace(CAST(body AS TEXT), 'eva.koster', 'eva.foster') WHERE seq = 5"
        assert database.execute(changed).rowcount == 1
        database.commit()

    said = day.person.types("verify", "last", "--journal", str(copy), code=4)
    assert "record 5" in said.err
