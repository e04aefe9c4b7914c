"""The pool: bounded, never losing an outcome, never losing a thread; and the stand-ins, in the same shape."""

import threading
import time
from dataclasses import replace

import pytest

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.text import Later, Text
from runbook_engine.model.words import AttemptId, Cause, PackageId, Purpose, Repeat, Status, StepId, TaskId
from runbook_engine.running.ports import Workers
from runbook_engine.workers import Logs, Pool, StandIns
from runbook_engine.workers.stand_in import by_chance
from workers.scripted import ScriptedLink, attempt, package, sh

OK = Outcome(status=Status.OK, exit_code=0)


def works(count: int) -> list:
    """Attempts on as many hosts."""
    return [attempt(id=AttemptId(f"a{n}"), task=TaskId(f"firmware/flash@h{n}")) for n in range(count)]


def well(target: object) -> ScriptedLink:
    """A link on which everything succeeds."""
    return ScriptedLink()


def nothing(work, link, log, clock) -> Outcome:
    """Carry nothing out."""
    return OK


def taken(pool: Workers, limit_s: float = 20.0) -> list:
    """Everything until the workers are idle."""
    found, until = [], time.monotonic() + limit_s
    while not pool.idle() and time.monotonic() < until:
        found.extend(pool.outcomes(0.2))
    return found


def test_every_attempt_comes_back_once(tmp_path) -> None:
    """Real logs, several threads: each attempt has exactly one outcome, and then the pool is idle."""
    pool: Workers = Pool(4, well, Logs(tmp_path))
    assert pool.idle()
    assert pool.outcomes(5.0) == (), "nothing is open, so nothing is waited for"
    pool.start(works(200))
    ended = taken(pool)
    assert sorted(e.attempt for e in ended) == sorted(f"a{n}" for n in range(200))
    assert {e.outcome.status for e in ended} == {Status.OK}
    assert len(list(tmp_path.rglob("*.log"))) == 200


def test_no_more_than_parallel_at_a_time(tmp_path) -> None:
    """The bound holds, room says what is left, and threads begin only when they are needed."""
    lock, now, most = threading.Lock(), [0], [0]

    def carry(work, link, log, clock) -> Outcome:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return OK

    pool = Pool(3, well, Logs(tmp_path), carry=carry)
    pool.start(works(1))
    assert (pool.room(), len(pool._threads)) == (2, 1)
    taken(pool)
    pool.start(works(40))
    assert pool.room() == 0
    assert len(taken(pool)) == 40
    assert most[0] == 3
    assert pool.room() == 3
    assert pool.close(5.0)


@pytest.mark.parametrize("error", [RuntimeError("x"), SystemExit(1), KeyboardInterrupt(), RecursionError()])
def test_a_thread_outlives_everything(tmp_path, error) -> None:
    """Whatever ends an attempt is an outcome in doubt, and the next attempt is carried out by the same thread."""

    def carry(work, link, log, clock) -> Outcome:
        if work.id == "a0":
            raise error
        return OK

    pool = Pool(1, well, Logs(tmp_path), carry=carry)
    pool.start(works(2))
    assert [e.outcome.status for e in taken(pool)] == [Status.UNKNOWN, Status.OK]


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("cause", "purpose", "status"),
    [
        (Cause.NO_ROUTE, Purpose.DO, Status.UNREACHABLE),
        (Cause.CONFIGURATION, Purpose.DO, Status.REFUSED),
        (Cause.NO_ROUTE, Purpose.VERIFY, Status.UNKNOWN),
    ],
)
def test_a_link_that_cannot_be_had_is_an_outcome(tmp_path, cause, purpose, status) -> None:
    """A host that has no link is unreachable or refused, and nothing ran."""

    def links(target):
        raise TransportFault(cause, "no link", started=False)

    pool = Pool(1, links, Logs(tmp_path))
    verified = package(procedure=Procedure(apply=(sh("apply"),), verify=(sh("verify"),)))
    pool.start([attempt(verified, purpose=purpose)])
    assert [(e.outcome.status, e.outcome.message) for e in taken(pool)] == [(status, "no link")]


def test_the_pool_itself_costs_little(tmp_path) -> None:
    """Empty attempts through start and outcomes: 20,000 a second on an idle machine, a quarter of that in CPU here."""
    pool = Pool(8, well, Logs(tmp_path), carry=nothing)
    batch = works(100)
    begin = time.process_time()
    for _ in range(100):
        pool.start(batch)
        taken(pool)
    assert 10_000 / (time.process_time() - begin) > 5_000


def test_stand_ins_have_the_shape_of_workers_and_no_chance_of_their_own() -> None:
    """The same seed gives the same outcomes in whatever order; shares come out about right."""
    bad = Outcome(status=Status.FAILED, exit_code=1)
    shares = [(0.1, bad), (0.1, Outcome(status=Status.UNKNOWN))]
    found = []
    for order in (works(1000), works(1000)[::-1]):
        stand_ins: Workers = StandIns(by_chance(7, shares), parallel=2000)
        stand_ins.start(order)
        assert (stand_ins.room(), stand_ins.idle()) == (1000, False)
        found.append({e.task: e.outcome for e in stand_ins.outcomes(0.0)})
        assert (stand_ins.room(), stand_ins.idle()) == (2000, True)
    assert found[0] == found[1]
    statuses = [o.status for o in found[0].values()]
    assert 70 < statuses.count(Status.FAILED) < 130
    assert 70 < statuses.count(Status.UNKNOWN) < 130


def test_a_stand_in_that_is_told_nothing_succeeds() -> None:
    """The default is a night on which all goes well."""
    stand_ins = StandIns()
    stand_ins.start(works(3))
    assert [e.outcome.status for e in stand_ins.outcomes(0.0)] == [Status.OK] * 3


def test_steps_that_follow_at_once_are_sent_together(tmp_path) -> None:
    """The row ends before a step that asks something first; a hold stops what was not sent, and one that fails stops all."""
    plain = [package(procedure=Procedure(apply=(sh(f"step {n}"),)), repeat=Repeat.SAFE) for n in range(3)]
    asks = package(procedure=Procedure(skip_if=(sh("is it done?"),), apply=(sh("step 3"),)), repeat=Repeat.SAFE)
    first, *rest = [attempt(of, id=AttemptId(f"a{n}"), task=TaskId(f"firmware/s{n}@h")) for n, of in enumerate([*plain, asks])]
    links = [ScriptedLink({"is it done?": 1}), ScriptedLink({"step 1": 7}), ScriptedLink()]
    found = []
    for link, hold in zip(links, (False, False, True), strict=True):
        pool = Pool(1, lambda _target, link=link: link, Logs(tmp_path))
        pool.hold(on=hold)
        pool.start([replace(first, then=tuple(rest))])
        found.append([(e.attempt, e.outcome.status, e.went_on and e.went_on.id) for e in taken(pool)])
    assert links[0].rows == [["step 0", "step 1", "step 2"]]
    assert [(a, went_on) for a, _, went_on in found[0]] == [("a0", "a1"), ("a1", "a2"), ("a2", "a3"), ("a3", None)]
    assert found[1] == [("a0", Status.OK, "a1"), ("a1", Status.FAILED, None)]
    assert found[2] == [("a0", Status.OK, None)]


def test_what_reads_a_value_of_the_row_is_filled_in_when_it_is_there(tmp_path) -> None:
    """It is not sent ahead, for nobody knows the value yet; the worker goes on with it by itself."""
    made = [
        package(id=PackageId("p/s0"), step=StepId("p/s0"), procedure=Procedure(apply=(sh("step 0"),)), save_as="zero"),
        package(id=PackageId("p/s1"), procedure=Procedure(apply=(sh("step 1"),))),
        package(
            id=PackageId("p/s2"),
            reads=("p/s0",),
            procedure=Procedure(apply=(Shell(script=Text(("say ", Later(StepId("p/s0"), ("stdout",))), shell=True)),)),
        ),
        package(id=PackageId("p/s3"), procedure=Procedure(apply=(sh("step 3"),))),
    ]
    first, *rest = [
        attempt(replace(of, repeat=Repeat.SAFE), id=AttemptId(f"a{n}"), task=TaskId(f"{of.id}@h")) for n, of in enumerate(made)
    ]
    link = ScriptedLink({"step 0": Answer(exit_code=0, stdout=b"it's\n")})
    pool = Pool(1, lambda _target: link, Logs(tmp_path))
    pool.start([replace(first, then=tuple(rest))])
    assert [(e.attempt, e.outcome.status) for e in taken(pool)] == [(f"a{n}", Status.OK) for n in range(4)]
    assert link.rows == [["step 0", "step 1"], ["""say 'it'"'"'s'""", "step 3"]]
