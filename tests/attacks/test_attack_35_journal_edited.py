"""Attack 35: a journal that was edited, cut, reordered, rewritten as a whole, or brought back from an old backup."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from journeys.command_line import Person
from journeys.machines import HEAD
from reporting import made_evidence as made
from runbook_engine.model.approvals import Head
from runbook_engine.model.words import RunId
from runbook_engine.recording.chain import Link, extend
from runbook_engine.reporting.evidence_checks import chain_faults, head_faults
from runbook_engine.reporting.evidence_file import Entry

EDITS = 10_000
STEPS = """phases:
  - id: work
    title: Work here
    steps:
      - {id: one, title: Say something, local: 'echo done'}
      - {id: look, title: Look, manual: Look}
"""
Entries = tuple[Entry, ...]


def another(data: bytes, chance: random.Random) -> bytes:
    """The same with one byte changed, put in or taken out."""
    at = chance.randrange(len(data))
    middle = chance.choice([bytes([data[at] ^ (1 << chance.randrange(8))]), b"", b"0" + data[at : at + 1]])
    return data[:at] + middle + data[at + 1 :]


def edited(entries: Entries, chance: random.Random) -> Entries:
    """Somebody's hand in a journal."""
    some = list(entries)
    at, other = chance.sample(range(len(some)), 2)
    match chance.randrange(8):
        case 0:
            some[at] = replace(some[at], body=another(some[at].body, chance))
        case 1:
            some[at] = replace(some[at], hash=another(some[at].hash.encode(), chance).decode("latin-1"))
        case 2:
            some[at], some[other] = some[other], some[at]
        case 3:
            del some[min(at, other) : max(at, other)]
        case 4:
            some.insert(at, some[other])
        case 5:
            some[at] = replace(some[at], body=some[other].body if some[other].body != some[at].body else b"{}")
        case 6:  # the numbers are made to fit
            del some[at]
            some = [replace(entry, seq=n) for n, entry in enumerate(some, 1)]
        case _:
            some[at] = replace(some[at], seq=some[at].seq + chance.choice([-1, 1, 100]))
    return tuple(some)


@pytest.mark.law(11)
def test_attack_35_ten_thousand_random_edits_are_all_found() -> None:
    """A byte, a hash, a number, a record, a range: changed, moved, doubled, taken out; a head that was kept finds the cuts."""
    chance = random.Random(35)
    entries = made.evidence().records[:40]
    head = Head(run=made.RUN, seq=40, hash=entries[-1].hash)
    assert [*chain_faults(made.RUN, entries), *head_faults(entries, [("somebody", head)])] == []
    missed = 0
    for _ in range(EDITS):
        found = edited(entries, chance)
        assert found != entries
        missed += not (list(chain_faults(made.RUN, found)) or list(head_faults(found, [("somebody", head)])))
    assert missed == 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """A run that waits, and the head that was kept at that time; then it goes on to its end."""
    person = Person.new(tmp_path_factory.mktemp("journal") / "project")
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + STEPS)
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=5)
    shutil.copytree(person.state, person.folder / "backup")
    person.types("done", "last", "look", code=0)
    person.types("resume", "last", "--no-input", code=0)
    person.types("verify", "last", "--anchor", "heads.txt", code=0)
    return person


@pytest.fixture
def copy(project: Person, tmp_path: Path) -> Person:
    """The same with a journal that can be damaged."""
    shutil.copytree(project.state, tmp_path / "state")
    shutil.copy(project.folder / "heads.txt", tmp_path / "heads.txt")
    return Person(tmp_path, project.env | {"RUNBOOK_STATE": str(tmp_path / "state")})


def database(person: Person) -> sqlite3.Connection:
    return sqlite3.connect(person.state / "journal.db", isolation_level=None)


def stored(db: sqlite3.Connection) -> list[tuple[int, bytes, bytes]]:
    return db.execute("SELECT seq, body, hash FROM events ORDER BY seq").fetchall()


def change(db: sqlite3.Connection) -> None:
    """Another time in record 3."""
    (body,) = db.execute("SELECT body FROM events WHERE seq = 3").fetchone()
    db.execute("UPDATE events SET body = ? WHERE seq = 3", (body.replace(b"2", b"3", 1),))


def remove(db: sqlite3.Connection) -> None:
    """No record 2."""
    db.execute("DELETE FROM events WHERE seq = 2")


def swap(db: sqlite3.Connection) -> None:
    """Records 4 and 5 change places."""
    for new, old in ((-1, 4), (4, 5), (5, -1)):
        db.execute("UPDATE events SET seq = ? WHERE seq = ?", (new, old))


@pytest.mark.law(11)
@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (change, "record 3 is not what was recorded"),
        (remove, "record 2 is missing"),
        (swap, "record 4 is not what was recorded"),
    ],
)
def test_attack_35_an_edited_database_is_named_and_exports_nothing(
    copy: Person, attack: Callable[[sqlite3.Connection], None], said: str
) -> None:
    """The first record that is wrong is named; no evidence is made of it."""
    with database(copy) as db:
        attack(db)
    db.close()
    assert said in copy.types("verify", "last", code=4).err
    assert said in copy.types("evidence", "last", "-o", "x.html", code=4).err
    assert not (copy.folder / "x.html").exists()


def cut(db: sqlite3.Connection) -> None:
    """The last three records are gone, and what names the head of the run is made to fit."""
    rows = stored(db)[:-3]
    db.execute("DELETE FROM events WHERE seq > ?", (rows[-1][0],))
    db.execute("UPDATE runs SET events = ?, head = ?", (rows[-1][0], rows[-1][2]))


def rewritten(db: sqlite3.Connection) -> None:
    """Somebody else did it: all hashes from there on are computed anew, with the program's own means."""
    rows = stored(db)
    bodies = [body.replace(b"ana.duarte", b"eva.koster") for _, body, _ in rows]
    for record in extend(RunId("quick-1"), Link(), bodies):
        db.execute("UPDATE events SET body = ?, hash = ? WHERE seq = ?", (record.body, record.hash, record.seq))
    db.execute("UPDATE runs SET head = ?", (record.hash,))


@pytest.mark.law(11)
@pytest.mark.parametrize(
    ("attack", "said"),
    [(cut, "its end was cut off, or it comes from an older backup"), (rewritten, "the journal was rewritten")],
)
def test_attack_35_what_was_made_to_fit_is_found_by_a_head_held_outside(
    copy: Person, attack: Callable[[sqlite3.Connection], None], said: str
) -> None:
    """The chain alone is whole; the anchor file, a head that was typed, and both in the evidence show it."""
    head = copy.folder.joinpath("heads.txt").read_text().split()
    with database(copy) as db:
        attack(db)
    db.close()
    assert "the chain is whole" in copy.types("verify", "last", code=0).out
    assert said in copy.types("verify", "last", "--anchor", "heads.txt", code=7).err
    assert said in copy.types("verify", "last", "--head", f"{head[1]}:{head[2].removeprefix('sha256:')}", code=7).err
    copy.types("evidence", "last", "-o", "x.html", code=0)
    copy.types("verify", "x.html", code=0)
    assert said in copy.types("verify", "x.html", "--anchor", "heads.txt", code=7).err
    assert len((copy.folder / "heads.txt").read_text().splitlines()) == 1  # nothing was added to it


@pytest.mark.law(11)
def test_attack_35_an_old_backup_is_found(copy: Person, project: Person) -> None:
    """The journal as it was in the afternoon, put back at night."""
    shutil.rmtree(copy.state)
    shutil.copytree(project.folder / "backup", copy.state)
    assert "the chain is whole" in copy.types("verify", "last", code=0).out
    said = copy.types("verify", "last", "--anchor", "heads.txt", "--json", code=7).json()
    assert "comes from an older backup" in json.dumps(said)
    assert said["ok"] is False
