"""Booked schedules: one counts for each runbook, all stay readable, and a damaged one is refused."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from recording.journals import T0
from runbook_engine.model.errors import JournalFault
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.words import Digest, HostName, PackageId, PersonId, PhaseId
from runbook_engine.recording import Store, migrating, open_store
from runbook_engine.recording.connection import scalar


def a_schedule(runbook: str = "rack12", person: str = "ana.duarte") -> Schedule:
    """One booking with everything in it."""
    end = T0 + timedelta(hours=3)
    one = Booking(
        id="a/b@h1",
        package=PackageId("a/b"),
        phase=PhaseId("a"),
        title="Mount it ✓",
        start=T0,
        finish=end,
        hosts=(HostName("h1"),),
        people=(PersonId(person),),
        spells=(Span(T0, T0 + timedelta(hours=1)), Span(T0 + timedelta(hours=2), end)),
        uses={"lift": 1},
        needs=("a/a",),
        chain=True,
        drag_s=60.0,
    )
    return Schedule(
        plan=Digest("ab" * 32),
        runbook=runbook,
        title="T",
        made=T0,
        bookings=(one,),
        start=T0,
        finish=end,
        bound=T0,
        deadline=end,
    )


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Where the database is."""
    return f"sqlite:///{tmp_path / 'state' / 'journal.db'}"


def test_what_is_booked_is_there_for_the_next_process(place: str) -> None:
    """Everything of it comes back; a second schedule of the runbook replaces the first, which stays in the history."""
    with open_store(place) as store:
        first = store.book(a_schedule(), T0, "ana")
        store.book(a_schedule("storage"), T0, "ben")
    with open_store(place) as store:
        second = store.book(a_schedule(person="ben.ott"), T0 + timedelta(hours=1), "eva")
        found = {entry.schedule.runbook: entry for entry in store.booked()}
        assert second > first
        assert set(found) == {"rack12", "storage"}
        assert found["rack12"].schedule == a_schedule(person="ben.ott")
        assert (found["rack12"].by, found["rack12"].at, found["rack12"].number) == ("eva", T0 + timedelta(hours=1), second)
        before = [e.schedule for e in store.booked_before()]
        assert before == [a_schedule(), a_schedule("storage"), a_schedule(person="ben.ott")]


def test_what_is_released_counts_no_more(place: str) -> None:
    """Once; a second time nothing is there. Booking it again is possible, and history keeps all."""
    with open_store(place) as store:
        store.book(a_schedule(), T0, "ana")
        assert store.release("rack12", T0, "ana")
        assert store.booked() == ()
        assert not store.release("rack12", T0, "ana")
        store.book(a_schedule(), T0, "ana")
        assert len(store.booked()) == 1
        assert len(store.booked_before()) == 2


def test_a_changed_schedule_is_refused(place: str) -> None:
    """Nobody is told a time that was not booked."""
    with open_store(place) as store:
        store.book(a_schedule(), T0, "ana")
        with store._database.writing("changing it") as connection:
            body = scalar(connection, "SELECT body FROM schedules").replace(b"ana.duarte", b"eva.koster")
            connection.execute("UPDATE schedules SET body = :body", {"body": body})
        with pytest.raises(JournalFault, match="damaged"):
            store.booked()


@pytest.fixture
def older(place: str, tmp_path: Path) -> Path:
    """A database of the form before."""
    (tmp_path / "state").mkdir(mode=0o700)
    engine = create_engine(place)
    with engine.begin() as connection:
        migrating.step_by_step(connection, "0002")
    engine.dispose()
    path = tmp_path / "state" / "journal.db"
    path.chmod(0o600)
    return path


@pytest.mark.usefixtures("older")
def test_an_older_database_gets_the_table(place: str) -> None:
    """One of the form before is brought to this one, with what is in it."""
    store: Store
    with open_store(place) as store:
        assert store.booked() == ()
        assert store.book(a_schedule(), T0, "ana") == 1


def test_an_older_database_that_another_process_writes_to_stays_as_it_is(older: Path) -> None:
    """The steps need the write lock; without it none of them is done, and the driver's own error says why."""
    with closing(sqlite3.connect(older, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            migrating.migrate(older, 0.05, lambda _: None)
        other.execute("ROLLBACK")
        assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    migrating.migrate(older, 0.05, lambda _: None)
    with closing(sqlite3.connect(older)) as changed:
        assert changed.execute("SELECT count(*) FROM schedules").fetchone() == (0,)
