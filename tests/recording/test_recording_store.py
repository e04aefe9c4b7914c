"""Opening a journal, and what a store keeps: plans, runs, decisions."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from recording.journals import T0, a_plan, a_run, database, driving, group
from runbook_engine.model.decisions import AddNote, Done
from runbook_engine.model.errors import JournalFault, Usage
from runbook_engine.model.events import HostsTaken, NoteAdded, PlanAmended, RunEnded, RunStopped, TaskReopened
from runbook_engine.model.words import Digest, HostName, RunId, TaskId
from runbook_engine.recording import Store, migrating, open_store
from runbook_engine.recording.connection import scalar
from runbook_engine.recording.storage import mount_of, refuse_network
from runbook_engine.recording.tables import KNOWN_SCHEMAS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store."""
    return open_store(f"sqlite:///{database(tmp_path)}")


def test_folder_and_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    """The folder is made 0700 and every file in it 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with open_store(f"sqlite:///{database(tmp_path)}") as store:
            driving(store, a_run(store)).close()
            files = [path for path in database(tmp_path).parent.rglob("*") if path.is_file()]
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}, files
            assert len(files) >= 5  # file, log, shared memory, and two locks
    finally:
        os.umask(before)
    assert stat.S_IMODE(database(tmp_path).parent.stat().st_mode) == 0o700


def test_every_connection_syncs_fully(store: Store) -> None:
    """Log, full sync and foreign keys are on, on as many connections as there may be."""
    with store._database.reading("x") as one, store._database.reading("x") as two, store._database.writing("x") as three:
        for connection in (one, two, three):
            found = [scalar(connection, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
            assert found == ["wal", 2, 1]
    store.close()


def contents(path: Path) -> list[object]:
    """Every table and index as SQL without its comments, and the rows that are there from the beginning."""
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        world = connection.execute("SELECT * FROM world").fetchall()
        form = connection.execute("SELECT * FROM alembic_version").fetchall()
    return [*((kind, name, sql and sorted(_words(sql))) for kind, name, sql in made), world, form]


def _words(sql: str) -> list[str]:
    return re.sub(r"--.*", "", sql).replace(",", " ").split()


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store, tmp_path: Path) -> None:
    """Migrated from an empty file, the tables are those of `tables.py`, as in a journal that was made at once."""
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        migrating.step_by_step(connection)
    engine.dispose()
    assert contents(tmp_path / "migrated.db") == contents(store._database.path)
    config = Config()
    config.set_main_option("script_location", str(migrating._MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(revisions)) == KNOWN_SCHEMAS
    store.close()


def test_alembic_is_loaded_neither_for_a_new_journal_nor_for_one_that_is_up_to_date(tmp_path: Path) -> None:
    """Only a journal of an older form pays for the libraries that change tables."""
    program = (
        "import sys; from runbook_engine.recording import open_store; "
        "open_store(sys.argv[1]).close(); print({'alembic', 'sqlalchemy'} & set(sys.modules))"
    )
    for _ in ("new", "up to date"):
        command = [sys.executable, "-c", program, str(database(tmp_path))]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "set()\n"


def spoiled(path: Path, statement: str) -> None:
    """Change a closed journal behind our back."""
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()


def test_a_newer_journal_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    """A journal of a later version is not touched: not a byte changes."""
    store.close()
    spoiled(database(tmp_path), "UPDATE alembic_version SET version_num = '0999'")
    before = database(tmp_path).read_bytes()
    with pytest.raises(JournalFault, match="newer version") as found:
        open_store(str(database(tmp_path)))
    assert found.value.next_command
    assert database(tmp_path).read_bytes() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """An SQLite file with other tables is not made into a journal."""
    spoiled(tmp_path / "photos.db", "CREATE TABLE photos (id INTEGER)")
    with pytest.raises(JournalFault, match=r"not a journal.*photos"):
        open_store(str(tmp_path / "photos.db"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://db/x", "SQLite files only"),
        ("", "needs a file"),
        (":memory:", "needs a file"),
        ("sqlite://", "needs a file"),
    ],
)
def test_a_url_of_another_kind_is_a_usage_mistake(url: str, words: str) -> None:
    """What cannot be a journal is said so before anything is made."""
    with pytest.raises(Usage, match=words):
        open_store(url)


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    """Where locks and syncs are promises of another machine, no journal is made; the mount is named."""
    mounts = f"21 1 254:1 / / rw - ext4 /dev/vda rw\n88 21 0:44 / {tmp_path} rw,relatime shared:9 - {kind} filer:/vol rw\n"
    with pytest.raises(JournalFault, match="network file system") as found:
        refuse_network(tmp_path / "deep" / "journal.db", mounts)
    assert str(tmp_path) in found.value.message
    refuse_network(Path("/elsewhere/journal.db"), mounts)


def test_mount_points_with_spaces_and_umlauts_are_understood(tmp_path: Path) -> None:
    """The system writes such names in octal; they are recognised all the same."""
    mounts = "21 1 254:1 / / rw - ext4 /dev/vda rw\n88 21 0:44 / /mnt/Büro\\040Nord rw - nfs4 filer:/vol rw\n"
    assert mount_of(Path("/mnt/Büro Nord/state"), mounts) == ("/mnt/Büro Nord", "nfs4")
    assert mount_of(Path("/mnt/Büro"), mounts) == ("/", "ext4")


def test_a_path_with_odd_characters_is_only_a_path(tmp_path: Path) -> None:
    """Question marks, percent and hash signs in a path are part of the name."""
    path = tmp_path / "50%? a#b" / "journal ü.db"
    open_store(str(path)).close()
    assert path.exists()


def test_runs_are_numbered_by_runbook(store: Store) -> None:
    """The first run of each runbook is 1, and a run is listed with its facts."""
    other = a_plan("orders-upgrade", "cd" * 32)
    made = [a_run(store), a_run(store, minute=1), a_run(store, other, minute=2)]
    assert made == ["rack12-1", "rack12-2", "orders-upgrade-1"]
    rows = store.runs()
    assert [row.run for row in rows] == made
    assert (rows[1].created, rows[1].title, rows[1].by, rows[1].events, rows[1].epoch) == (
        T0.replace(minute=1),
        "Install 20 servers",
        "ana.duarte",
        1,
        0,
    )
    assert [row.alive for row in rows] == [False, False, False]
    assert [type(event).__name__ for event in store.journal(made[2]).read()] == ["RunCreated"]
    store.close()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("rack12-1", "rack12-1"),
        ("last", "rack12-10"),
        ("", "rack12-10"),
        ("orders", "orders-upgrade-1"),
        ("rack12-10", "rack12-10"),
    ],
)
def test_a_run_is_found_by_what_people_type(store: Store, said: str, meant: str) -> None:
    """Its name, the beginning of one name, `last`, or nothing."""
    a_run(store, a_plan("orders-upgrade", "cd" * 32))
    for _ in range(10):
        a_run(store)
    assert store.run_id(said) == meant
    store.close()


@pytest.mark.parametrize(
    ("said", "words"),
    [("rack-12-1", "Did you mean.*rack12-1"), ("rack", "could be .*rack12-1 or rack12-2"), ("zzz", "no run zzz")],
)
def test_a_run_that_is_not_there_is_a_usage_mistake_that_helps(store: Store, said: str, words: str) -> None:
    """A misspelt name is answered by the near ones, an ambiguous beginning by all that it could be."""
    a_run(store)
    a_run(store)
    with pytest.raises(Usage) as found:
        store.run_id(said)
    assert re.search(words, f"{found.value.message} {found.value.why}")
    assert found.value.next_command
    for ask in (store.journal, store.inbox, store.head, store.world, store.run):
        with pytest.raises(Usage):
            ask(RunId(said))
    store.close()


def test_a_plan_is_stored_once_and_comes_back_as_it_was(store: Store) -> None:
    """What was adopted is handed out again, value for value; storing it twice changes nothing."""
    plan = replace(a_plan(), why="Größe – \udcff", unenforced=("window",))
    store.add_plan(plan)
    store.add_plan(replace(plan, file="elsewhere.yml"))
    assert store.plan(plan.digest) == plan
    with pytest.raises(JournalFault, match="not stored"):
        store.plan(Digest("00" * 32))
    with pytest.raises(ValueError, match="digest"):
        store.add_plan(replace(plan, digest=Digest("")))
    store.close()


@pytest.mark.law(1)
@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"Space", b"Spice"),
        lambda body: body[:-1],
        lambda body: body + b" ",
    ],
)
def test_a_plan_that_was_changed_on_disk_is_not_handed_out(
    store: Store, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """A stored plan of which a byte differs is damaged, and nothing runs by it."""
    store.add_plan(a_plan())
    store.close()
    with sqlite3.connect(database(tmp_path)) as db:
        (body,) = db.execute("SELECT body FROM plans").fetchone()
        db.execute("UPDATE plans SET body = ?", (change(body),))
    db.close()
    with open_store(str(database(tmp_path))) as again, pytest.raises(JournalFault, match="damaged"):
        again.plan(a_plan().digest)


def test_a_plan_under_a_wrong_name_is_not_handed_out(store: Store, tmp_path: Path) -> None:
    """A plan that says another digest of itself than it is stored under is refused."""
    store.add_plan(a_plan())
    store.close()
    spoiled(database(tmp_path), "UPDATE plans SET digest = replace(digest, 'ab', 'cd')")
    with open_store(str(database(tmp_path))) as again, pytest.raises(JournalFault, match="wrong name"):
        again.plan(Digest("cd" * 32))


def test_decisions_wait_in_order_until_they_are_consumed(store: Store) -> None:
    """An inbox gives what people decided, oldest first, through a restart; a consumed one never comes again."""
    run = a_run(store)
    first = Done(id="d1", by="tom.li", task=TaskId("cabling/mount@r12-u01"), evidence={"serial_number": "S1"}, started=T0)
    second = AddNote(id="d2", by="tom.li", text="Grüße")
    for decision in (first, second, first):
        store.decide(run, decision)
    store.decide(run, replace(first, by="somebody else"))
    assert list(store.inbox(run).waiting()) == [first, second]
    with driving(store, run) as journal:
        box = journal.inbox()
        journal.append([NoteAdded(at=T0, by="tom.li", text="x")], consumes="d1")
        assert list(box.waiting()) == [first, second]
        journal.commit()
        assert list(box.waiting()) == [second]
        store.decide(run, first)
        assert list(box.waiting()) == [second]
    assert list(store.inbox(a_run(store)).waiting()) == []
    store.close()


def test_only_what_may_be_watched_is_read_again(store: Store, tmp_path: Path) -> None:
    """A commit of events alone changes no inbox and no world; what others commit before or after it is seen all the same."""
    run, other = a_run(store), a_run(store)
    with open_store(str(database(tmp_path))) as elsewhere, driving(store, run) as journal, driving(elsewhere, other) as theirs:
        box, before = journal.inbox(), store._database.changes()
        assert (list(box.waiting()), dict(store.world(run).taken)) == ([], {})
        journal.commit(group(0, 2))
        assert store._database.changes() == before
        for number, late in enumerate((False, True)):
            elsewhere.decide(run, AddNote(id=f"d{number}", by="tom.li", text="x"))
            theirs.commit([HostsTaken(at=T0, hosts=(HostName(f"u{number}"),))])
            assert late or journal.commit(group(number + 1, 2))
            assert [decision.id for decision in box.waiting()] == [f"d{n}" for n in range(number + 1)]
            assert len(store.world(run).taken) == number + 1
        version = store.world(run).version
        assert journal.commit([HostsTaken(at=T0, hosts=(HostName("v0"),))], if_still=version)
        assert store.world(run).version == version + 1
    store.close()


def test_a_decision_counts_once(store: Store) -> None:
    """A commit that consumes what does not wait any more writes nothing at all."""
    run = a_run(store)
    store.decide(run, AddNote(id="d1", by="tom.li", text="x"))
    with driving(store, run) as journal:
        journal.append(group(0, 2), consumes="d1")
        journal.commit()
        before = store.head(run)
        journal.append(group(1, 2), consumes="d1")
        with pytest.raises(JournalFault, match="does not wait"):
            journal.commit()
        assert store.head(run) == before
    store.close()


def test_open_runs_are_those_that_have_not_ended(store: Store) -> None:
    """A run is over when it ended or was stopped, and open again when somebody reopens a task or amends its plan."""
    runs = [a_run(store) for _ in range(3)]
    amended = a_plan(digest="ee" * 32)
    store.add_plan(amended)
    for run, events in zip(runs, ([RunEnded(at=T0)], [RunStopped(at=T0, by="x")], group(0, 2)), strict=True):
        with driving(store, run) as journal:
            journal.commit(events)
    assert [row.run for row in store.open_runs_of("rack12")] == [runs[2]]
    with driving(store, runs[0]) as journal:
        journal.commit([TaskReopened(at=T0, task=TaskId("a/b"), by="x")])
    with driving(store, runs[1]) as journal:
        journal.commit([PlanAmended(at=T0, digest=amended.digest, carried=(), by="x")])
    assert [row.run for row in store.open_runs_of("rack12")] == runs
    assert [row.digest for row in store.runs()] == [a_plan().digest, amended.digest, a_plan().digest]
    store.close()


def test_what_is_stored_is_plain_json(store: Store, tmp_path: Path) -> None:
    """Any tool that reads SQLite and JSON can read a journal without this program."""
    run = a_run(store)
    store.close()
    with sqlite3.connect(database(tmp_path)) as db:
        (body,) = db.execute("SELECT body FROM events WHERE seq = 1").fetchone()
    db.close()
    assert json.loads(body)["is"] == "RunCreated"
    assert json.loads(body)["run"] == run
