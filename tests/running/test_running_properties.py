"""Laws of the spine over random plans, outcomes and crashes."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.attempts import Ended
from runbook_engine.model.decisions import Again, GoOn, LeaveOut, RollBack
from runbook_engine.model.events import AttemptStarted, Outcome, TaskOpened, TaskReopened
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_BADLY, Cause, HostName, Purpose, Repeat, RunStatus, Status, TaskId
from runbook_engine.model.world import World
from runbook_engine.running.admit import admit
from runbook_engine.running.agenda import Agenda
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import replay
from runbook_engine.running.ends import ended_event
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus
from runbook_engine.running.ready import ready, saved_for
from running.random_plans import HOSTS, plans
from stand import (
    FAILED,
    OK,
    SAME,
    START,
    UNKNOWN,
    Clock,
    ListInbox,
    MemoryJournal,
    Stand,
    created,
    ids,
    needs,
    no_world,
    package,
    phase,
    plan,
)


def _lane(task):
    return task.partition("@")[2] or task


def people(made):
    """What somebody could want of a run of this plan; much of it is refused at most times."""
    phases, by = [p.id for p in made.phases], {"id": "d", "by": "ana"}
    yield from (Again(phase=p, **by) for p in phases)
    yield from (GoOn(phase=p, **by) for p in phases)
    yield from (LeaveOut(host=h, **by) for h in made.targets)
    yield from (RollBack(phase=p, hosts=hosts, reason="x", **by) for p in (None, *phases) for hosts in ((), ("h1",)))


@settings(max_examples=150, deadline=None)
@given(plans(), st.data())
def test_what_is_ready_is_what_has_no_blockers(made, data):
    """The incremental agenda and the explaining blockers agree, at every step of every run."""
    course = replay([created(made)], {made.digest: made}.__getitem__)
    agenda, now, new_id = Agenda(course, Focus()), START, ids()
    running = []
    for _ in range(90):
        due = agenda.due(now)
        assert not due or all(course.run.task(t).status is Status.WAITING for t in due)
        free = {t for p in made.packages for t in course.shape.tasks(p) if not blockers(course, t, World(), now)}
        starts = ready(course, agenda, World(), now, Stand(lambda _: OK, Clock(), 100), new_id)
        begun = {e.task for e in starts.events if isinstance(e, AttemptStarted | TaskOpened)}
        assert begun <= free, {t: blockers(course, t, World(), now) for t in begun - free}
        assert {_lane(t) for t in begun} == {_lane(t) for t in free}
        for event in starts.events:
            course.note(event)
            agenda.note(event)
        running += starts.attempts
        reopened = [t for t, s in course.run.tasks.items() if s.status in SETTLED_BADLY]
        if reopened and (not running or data.draw(st.booleans())):
            event = TaskReopened(at=now, task=data.draw(st.sampled_from(reopened)), by="ana")
            course.note(event)
            agenda.note(event)
            continue
        wish = data.draw(st.sampled_from([None, None, None, None, *people(made)]))
        if wish is not None:
            facts = admit(course, wish, now)
            for event in facts:
                course.note(event)
                agenda.note(event)
            agenda = Agenda(course, Focus())
            continue
        if not running:
            break
        attempt = running.pop(data.draw(st.integers(0, len(running) - 1)))
        outcome = data.draw(st.sampled_from([OK, OK, OK, FAILED, UNKNOWN]))
        event = ended_event(course, Ended(task=attempt.task, attempt=attempt.id, outcome=outcome), now)
        course.note(event)
        agenda.note(event)
        now += timedelta(seconds=1)


class Crash(Exception):
    """The engine dies here."""


class Hosts:
    """What hosts really did, over all deaths of the engine: a host keeps its attempts, or (boot "") keeps nothing."""

    def __init__(self, deaths: set[int], *, before: bool) -> None:
        self.done: dict[tuple[str, Purpose], int] = {}
        self.kept: set[str] = set()
        self.fenced: set[str] = set()
        self._deaths, self._before, self._number = deaths, before, 0

    def play(self, attempt):
        if attempt.purpose is Purpose.GREET:
            return OK
        if attempt.purpose is Purpose.SETTLE:
            self.fenced.add(attempt.id)
            return OK if attempt.id in self.kept else Outcome(status=Status.NOT_STARTED, cause=Cause.NOT_BEGUN)
        assert attempt.id not in self.fenced | self.kept
        self._number += 1
        dies = self._number in self._deaths
        if dies and self._before:
            raise Crash
        what = attempt.task, attempt.purpose
        self.done[what] = self.done.get(what, 0) + 1
        self.kept |= {attempt.id} if attempt.boot else set()
        if dies:
            raise Crash
        return OK


@settings(max_examples=150, deadline=None)
@given(
    plans(),
    st.sets(st.integers(1, 13), max_size=3),
    st.booleans(),
    st.dictionaries(st.sampled_from(HOSTS), st.none() | st.just("")),
)
def test_whatever_crashes_nothing_changing_runs_twice(made, deaths, before, boots):
    """L2, L9: over crashes at any attempt, a once step starts at most once, and the run can always be carried on."""
    journal, clock, new_id = MemoryJournal([created(made)]), Clock(), ids()
    hosts = Hosts(deaths, before=before)
    for _ in range(6):
        workers = Stand(hosts.play, clock)
        workers.boots = {host: boot for host, boot in boots.items() if boot is not None}
        try:
            course = execute(
                {made.digest: made}.__getitem__, journal, ListInbox(journal), workers, no_world, clock, new_id, lambda *_: None
            )
            break
        except Crash:
            journal.pending.clear()
    for (task, purpose), times in hosts.done.items():
        package = course.shape.work(task, back=purpose is Purpose.ROLL_BACK)
        if package.repeat is Repeat.ONCE and purpose is not Purpose.VERIFY:
            assert times == 1
    waits = {task for task, s in course.run.tasks.items() if s.status in (Status.WAITING, Status.UNKNOWN)}
    assert course.run.status is RunStatus.DONE or waits or any(p.undone for p in course.run.phases.values())
    kept = {t for t in waits if made.packages[t.partition("@")[0]].kept_on_host and boots.get(t.partition("@")[2], "b") != ""}
    assert not any(course.run.task(t).status is Status.UNKNOWN for t in kept)  # its host could say


def test_a_host_is_greeted_once_before_its_first_change():
    """The intent of a change names the boot id of its host; who cannot be greeted is unreachable, and nothing was begun."""
    made = plan(phase("p", [package("p/a", ("h1", "h2")), package("p/b", ("h1",), needs=needs(("p/a", SAME)))]))
    journal, clock = MemoryJournal([created(made)]), Clock()
    workers = Stand(lambda _: OK, clock)
    workers.boots = {"h1": None, "h2": None}

    def play(attempt):
        host = attempt.target.name
        if attempt.purpose is not Purpose.GREET:
            return OK
        workers.boots[host] = "b7" if host == "h1" else None
        return OK if host == "h1" else Outcome(status=Status.UNREACHABLE, cause=Cause.REFUSED)

    workers._play = play
    course = execute(
        {made.digest: made}.__getitem__, journal, ListInbox(journal), workers, no_world, clock, ids(), lambda *_: None
    )
    assert [(a.task, a.purpose) for a in workers.started if a.task.endswith("h1")] == [
        ("p/a@h1", Purpose.GREET),
        ("p/a@h1", Purpose.DO),
        ("p/b@h1", Purpose.DO),
    ]
    assert {e.boot for e in journal.durable if isinstance(e, AttemptStarted) and e.task.endswith("h1")} == {"b7"}
    assert course.run.task("p/a@h2").status is Status.UNREACHABLE
    assert course.run.task("p/a@h2").attempts == 1


@settings(max_examples=50, deadline=None)
@given(plans())
def test_every_prefix_of_a_journal_replays(made):
    """Whatever has been written so far can be folded: a crash leaves no journal that cannot be read."""
    journal, clock = MemoryJournal([created(made)]), Clock()
    execute(
        {made.digest: made}.__getitem__,
        journal,
        ListInbox(journal),
        Stand(lambda a: FAILED if a.task.endswith("h1") else OK, clock),
        no_world,
        clock,
        ids(),
        lambda *_: None,
    )
    for length in range(1, len(journal.durable) + 1):
        course = replay(journal.durable[:length], {made.digest: made}.__getitem__)
        assert course.run.events == length


def test_repeatable_steps_follow_each_other_without_a_decision():
    """The worker goes on by itself, the journal holds each start after the end before it, and a pause stops the row."""
    hosts = ("h1", "h2")
    steps = [package("p/s0", hosts, repeat=Repeat.SAFE)]
    steps += [package(f"p/s{i}", hosts, repeat=Repeat.SAFE, needs=needs((f"p/s{i - 1}", SAME))) for i in range(1, 5)]
    steps.append(package("p/once", hosts, needs=needs(("p/s4", SAME))))
    made = plan(phase("p", steps))
    journal, clock = MemoryJournal([created(made)]), Clock()
    workers = Stand(lambda a: FAILED if a.task == "p/s3@h2" else OK, clock)
    course = execute(
        {made.digest: made}.__getitem__, journal, ListInbox(journal), workers, no_world, clock, ids(), lambda *_: None
    )
    assert [len(a.then) for a in workers.started if a.task == "p/s0@h1"] == [4]
    assert all(course.run.task(f"p/{s}@h1").status is Status.OK for s in ("s0", "s1", "s2", "s3", "s4", "once"))
    assert course.run.task("p/s3@h2").status is Status.FAILED
    assert course.run.task("p/s4@h2").status is Status.NOT_STARTED
    of_h1 = [type(e).__name__ for e in journal.durable if getattr(e, "task", "").endswith("@h1")]
    assert of_h1 == ["AttemptStarted", "AttemptEnded"] * 6


def test_what_reads_a_value_of_the_row_is_told_it_by_the_worker():
    """It follows at once, with what has just been saved: to all that read it, not only to the next."""
    steps = [
        package("p/a", ("h1",), repeat=Repeat.SAFE, save_as="a"),
        package("p/b", ("h1",), repeat=Repeat.SAFE, reads=("p/a",), save_as="b", needs=needs(("p/a", SAME))),
        package("p/c", ("h1",), repeat=Repeat.SAFE, reads=("p/a", "p/b"), needs=needs(("p/b", SAME))),
    ]
    made = plan(phase("p", steps))
    journal, clock = MemoryJournal([created(made)]), Clock()
    workers = Stand(lambda a: Outcome(status=Status.OK, saved={"stdout": a.task}), clock)
    execute({made.digest: made}.__getitem__, journal, ListInbox(journal), workers, no_world, clock, ids(), lambda *_: None)
    a, b = {"p/a": {"stdout": "p/a@h1"}}, {"p/b": {"stdout": "p/b@h1"}}
    assert [len(one.then) for one in workers.started] == [2, 1, 0]
    assert [one.saved for one in workers.started] == [{}, a, a | b]
    assert [one.saved for one in workers.started[0].then] == [{}, {}], "nothing of it is known when the row begins"


def test_what_a_step_of_the_row_saved_long_ago_is_not_told():
    """The first of a row is done again: those behind it wait for what it will save now."""
    first = package("p/a", ("h1",), repeat=Repeat.SAFE, save_as="a")
    reads = package("p/b", ("h1",), repeat=Repeat.SAFE, reads=("p/a",), needs=needs(("p/a", SAME)))
    made = plan(phase("p", [first, reads]))
    course = replay([created(made)], {made.digest: made}.__getitem__)
    course.run.tasks[TaskId("p/a@h1")] = TaskState(saved={"stdout": "old"})
    known = saved_for(course.shape, course.run, reads, HostName("h1"))
    meant = saved_for(course.shape, course.run, reads, HostName("h1"), without={first.id})
    assert (known, meant) == ({"p/a": {"stdout": "old"}}, {})
