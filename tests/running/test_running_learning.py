"""What earlier runs teach of how long steps take."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, phase, planned, run
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import Digest, RunId, Status, StepId, TaskId
from runbook_engine.running.learning import learnt, took
from runbook_engine.running.shape import shape_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
ON = estate("web1", "web2", "web3", groups={"web": ["web1", "web2", "web3"]})
PLAN = planned(
    book(phase("p", run("flash"), act("look", "manual", {"text": "Look."}), act("rest", "pause", {"for": "5m"}))), ON
)
FLASH, LOOK = StepId("p/flash"), StepId("p/look")


def state(begin_min: float, end_min: float, status: Status = Status.OK, **more: bool) -> TaskState:
    """A task from one minute to another."""
    begin, end = (NOON + timedelta(minutes=m) for m in (begin_min, end_min))
    return TaskState(status=status, started=begin, ended=end, **more)


def ran(**tasks: TaskState) -> Run:
    """A run with these tasks: `flash_web1` is p/flash@web1."""
    names = {TaskId(f"p/{name.replace('_', '@')}"): made for name, made in tasks.items()}
    return Run(id=RunId("r1"), digest=Digest(""), tasks=names)


def test_what_was_done_counts_and_nothing_else() -> None:
    """Skipped, failed, running and undone tasks teach nothing, and neither do pauses."""
    over = ran(
        flash_web1=state(0, 8),
        flash_web2=state(0, 14),
        flash_web3=state(0, 1, Status.FAILED),
        look_web1=state(0, 1, Status.SKIPPED),
        look_web2=state(0, 1, back=True),
        rest=state(0, 5),
    )

    assert took(shape_of(PLAN), over) == {FLASH: (480.0, 840.0)}


def test_what_people_do_counts_one_after_the_other() -> None:
    """Three tasks that were opened together and done in turn by one crew: the wait for the others is no work."""
    over = ran(look_web1=state(0, 10), look_web2=state(0, 25), look_web3=state(30, 36))

    assert took(shape_of(PLAN), over) == {LOOK: (600.0, 900.0, 360.0)}


def test_the_words_say_how_sure_we_are() -> None:
    """How many runs, and between what; too few are said to be too few."""
    found = learnt([{FLASH: (480.0, 600.0)}, {FLASH: (840.0,), LOOK: ()}])

    assert set(found) == {FLASH}
    assert found[FLASH].words == "2 earlier runs, 8 to 14 min"
    assert found[FLASH].takes.planned_s == 600
    assert learnt([{LOOK: (5.0,)}])[LOOK].words == "1 earlier run, 5 s, hardly known"


@given(st.lists(st.lists(st.floats(min_value=1, max_value=9000), max_size=30).map(tuple), min_size=1, max_size=6))
def test_the_usual_time_lies_between_the_shortest_and_the_longest(parts: list[tuple[float, ...]]) -> None:
    """However many there are; and every task is counted."""
    found = learnt({FLASH: part} for part in parts).get(FLASH)

    assert (found is None) == (not any(parts))
    if found is not None:
        assert found.low_s <= found.likely_s <= found.high_s
        assert found.tasks == sum(map(len, parts))
        assert found.runs == sum(1 for part in parts if part)
