"""The worked example: forty disks in two sites with three technicians, planned as it is shipped, and its rules in a run."""

from pathlib import Path

import pytest

from journeys.command_line import Person

PLAN = "disks.plan"


@pytest.fixture
def disks(person: Person) -> Person:
    """Somebody who has started with the example."""
    person.folder.mkdir(exist_ok=True)
    person.types("init", "--example", "disks-replace", code=0)
    return person


def test_the_example_validates_plans_and_explains_itself(disks: Person) -> None:
    """As it is shipped; what is particular about it stands in the plan; a second time it is not overwritten."""
    assert "valid" in disks.types("validate", code=0).out
    said = disks.types("plan", "runbooks/disks-replace.yml", "-o", PLAN, code=0).out
    for words in ("4h after the end", "by other people than", "milestone", "if possible", "85 tasks"):
        assert words in " ".join(said.split())
    assert "exists already" in disks.types("init", "--example", "disks-replace", code=4).err


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
