"""The worked example: forty disks in two sites with three technicians, planned as it is shipped, and its rules in a run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from journeys.command_line import Person
from runbook_engine.cli import starting
from runbook_engine.cli.starting import later

PLAN = "disks.plan"
EXAMPLE = Path(starting.__file__).parent / "examples" / "disks-replace"
PAGE = Path(__file__).parents[2] / "docs" / "first-schedule.md"


@pytest.fixture
def disks(person: Person) -> Person:
    """Somebody who has started with the example."""
    person.folder.mkdir(exist_ok=True)
    person.types("init", "--example", "disks-replace", code=0)
    shutil.copytree(EXAMPLE, person.folder, dirs_exist_ok=True)  # with the dates as they are written
    return person


def test_the_example_validates_plans_and_explains_itself(disks: Person) -> None:
    """As it is shipped; what is particular about it stands in the plan; a second time it is not overwritten."""
    assert "valid" in disks.types("validate", code=0).out
    said = disks.types("plan", "runbooks/disks-replace.yml", "-o", PLAN, code=0).out
    for words in ("4h after the end", "by other people than", "milestone", "if possible", "85 tasks"):
        assert words in " ".join(said.split())
    assert "exists already" in disks.types("init", "--example", "disks-replace", code=4).err


def test_from_forty_disks_to_a_promised_date_by_the_commands_of_the_page(person: Person) -> None:
    """At most twelve commands, as they are written: feasible, a named person for every task, and everybody has a calendar."""
    commands = re.findall(r"^\$ (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) <= 12
    person.folder.mkdir(exist_ok=True)
    said = {}
    for command in commands:
        program, *words = shlex.split(command)
        if program == "cd":
            person.folder /= words[0]
        else:
            said[command] = person.types(*words, code=0)

    assert "FEASIBLE: nothing stands in the way" in said["runbook feasibility disks.plan"].out
    found = person.types("schedule", PLAN, "--effort", "quick", "--json", code=0).json()
    work = [task for task in found["tasks"] if task["finish_min"] > task["start_min"]]
    assert len(work) == 83
    assert all(task["people"] for task in work)
    assert {name for task in work for name in task["people"]} == {"ana.duarte", "ben.ott", "lin.wu"}
    assert (person.folder / "ben.ics").read_bytes().count(b"BEGIN:VEVENT") > 5
    assert "before the deadline" in said["runbook schedule disks.plan"].out


def edited(folder: Path, file: str, *changes: tuple[str, str]) -> None:
    """The file of the example with these words instead of those."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_a_run_keeps_stock_certificates_and_lags(disks: Person) -> None:
    """One server, one disk in all: the right people do it, and the second run finds none left."""
    hosts, book = "inventory/hosts.yml", "runbooks/disks-replace.yml"
    edited(disks.folder, "inventory/resources.yml", ("stock: 28, arrives: {2026-12-08: 14}", "stock: 1"))
    edited(disks.folder, "inventory/people.yml", ("esd: 2027-01-31", "esd: 2020-01-31"), ("storage: 1", "storage: 2"))
    edited(disks.folder, "inventory/calendars.yml", ("from: 2026-12-19, to: 2027-01-04", "from: 2020-12-19, to: 2020-12-20"))
    edited(disks.folder, hosts, ("store-a[01:12]", "store-a01"), ("store-a[13:24]", "store-b01"))
    start = ("start: 2026-12-01\ndeadline: 2026-12-18\n", "")
    edited(disks.folder, book, start, ("    window: daytime\n", ""), ("hosts: storage-ams", "hosts: storage-a01"))
    edited(disks.folder, book, ("    deadline: {by: 2026-12-02, soft: true}\n", ""), (", deadline: 2026-12-17", ""))

    disks.types("run", book, code=5)
    disks.types("done", "last", "brief", code=0)
    disks.types("resume", code=5)
    disks.types("done", "last", "count", code=0)
    disks.types("resume", code=5)
    swap, proof = "amsterdam/swap@store-a01", ("--evidence", "serial_number=X1")
    late = disks.types("done", "last", swap, *proof, RUNBOOK_AS="ben.ott", code=4).err
    assert "the certificate esd of ben.ott was valid until 2020-01-31" in late
    assert "does not have" in disks.types("assign", "last", swap, "--to", "eva.koster", code=4).err
    disks.types("done", "last", swap, *proof, RUNBOOK_AS="ana.duarte", code=0)
    assert "ended not long enough ago" in disks.types("why", "last", "amsterdam/check@store-a01").out
    own = disks.types("assign", "last", "amsterdam/check@store-a01", "--to", "ana.duarte", code=4).err
    assert "are for different people, and ana.duarte did the other" in own
    assert "0 left of 1" in disks.types("why", "last", "rotterdam/swap@store-r01").out


def test_dates_of_an_example_lie_ahead_on_the_same_days_of_the_week() -> None:
    """By whole weeks, over a change of year as well; what is no date stays."""
    assert later("start: 2026-12-01 # 2.19.1\nto: 2026-12-28", 1) == "start: 2026-12-08 # 2.19.1\nto: 2027-01-04"
