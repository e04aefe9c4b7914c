"""Drive a run: journal, workers, links, display and the person at the terminal, joined around the spine."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.forecasting import forecast_of
from runbook_engine.cli.gating import Gates, gates_for
from runbook_engine.cli.interrupting import LocalInbox
from runbook_engine.cli.leaving import Leaving
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Exit, Refused
from runbook_engine.model.events import ControllerTookOver, Event
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, RunId, RunStatus
from runbook_engine.model.world import World
from runbook_engine.running.course import Course, replay
from runbook_engine.running.execute import Observer, execute
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.running.gates import of_phase
from runbook_engine.running.limits import limits
from runbook_engine.running.result import result

if TYPE_CHECKING:
    from runbook_engine.recording import RunJournal, Store
    from runbook_engine.reporting.progress import Progress
    from runbook_engine.workers import Pool

FOREVER_S = 3.2e8  # ten years
ANSWERS_AT_MOST = 10_000  # how often one call goes round between the work and the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """How a run is driven by this call."""

    place: Settings
    store: "Store"
    run: RunId
    focus: Focus
    parallel: int
    wait: bool
    ask: bool  # a person is at the terminal
    verbose: int = 0
    as_json: bool = False
    gates: Gates | None = None  # those of a demonstration; else the real ones


Answer = Callable[[Course], bool]
Watch = Callable[[Course, Sequence[Event]], None]


def drive(how: Drive, answer: Answer | None = None, watch: Watch | None = None) -> int:
    """Carry the run on until it ends or nothing can be done. `answer` asks the person; True: something was decided.

    `watch` sees every event once it is durable.

    Returns the exit code. Raises Refused when another process drives the run.
    """
    _is_whole(how)
    journal = how.store.control(how.run, by=options.me(), machine=opening.machine(), pid=os.getpid(), now=opening.now())
    try:
        return _driven(how, journal, answer, watch)
    finally:
        journal.close()


def _is_whole(how: Drive) -> None:
    """Refuse to go on with a journal that is older than one that somebody has seen and signed."""
    if not how.store.statements(how.store.run(how.run).runbook):
        return
    from runbook_engine.cli.verifying import contradicted

    if faults := contradicted(how.store, how.run, estates_of(how.place.inventory).live().signers):
        again = f"runbook verify {how.run}; to begin anew all the same: runbook stop {how.run}, then runbook run"
        raise Refused(f"{how.run}: {faults[0]}", why="What was done since is not in it.", next_command=again)


def _driven(how: Drive, journal: "RunJournal", answer: Answer | None, watch: Watch | None) -> int:
    course = _take_over(how, journal)
    gc.freeze()  # the plan and what is known of the run are not garbage: looking through them costs more than the work
    inbox = LocalInbox(how.store, how.run)
    gates = how.gates or gates_for(how.place, how.store, course.run.by, run=how.run)
    progress = _progress(how, course)
    with inbox.listening(), _workers(how, course.shape.plan) as (workers, leaving):
        for _ in range(ANSWERS_AT_MOST):
            progress.started(course.run)
            try:
                seen = _observer(progress, course, leaving, watch)
                course = _execute(how, journal, inbox, workers, course, seen, gates)
            except KeyboardInterrupt:
                course = replay(journal.read(), how.store.plan)
            finally:
                progress.ended(course.run)
            if inbox.interrupted or answer is None or not _answered(inbox, answer, course):
                break
    world = gates.world(how.store.world(how.run), course.shape.plan, opening.now())
    _finish(how, course, inbox, world)
    return int(Exit.INTERRUPTED if inbox.interrupted else result(course, world, how.focus))


def _answered(inbox: LocalInbox, answer: Answer, course: Course) -> bool:
    inbox.asking = True
    try:
        return answer(course)
    except (KeyboardInterrupt, click.Abort):
        return False
    finally:
        inbox.asking = False


def _take_over(how: Drive, journal: "RunJournal") -> Course:
    """Become the controller, and say so in the journal."""
    by, at = options.me(), opening.now()
    journal.append([ControllerTookOver(at=at, epoch=journal.epoch, by=by, machine=opening.machine(), pid=os.getpid())])
    journal.commit()
    return replay(journal.read(), how.store.plan)


def _observer(progress: "Progress", course: Course, leaving: Leaving, watch: Watch | None) -> Observer:
    """The display first, then the connections that nobody needs any more, then whoever else watches."""

    def observe(run: Run, events: Sequence[Event]) -> None:
        progress.changed(run, events)
        leaving.note(course, events)
        if watch is not None:
            watch(course, events)

    return observe


def _execute(
    how: Drive,
    journal: "RunJournal",
    inbox: LocalInbox,
    workers: "Pool",
    course: Course,
    observe: Observer,
    gates: Gates,
) -> Course:
    return execute(
        how.store.plan,
        journal,
        inbox,
        workers,
        lambda: gates.world(how.store.world(how.run), course.shape.plan, opening.now()),
        opening.now,
        opening.new_id,
        observe,
        how.focus,
        Habits(
            wait_for_people=how.wait,
            people_first=how.ask,
            patience_s=FOREVER_S if how.wait or how.ask else Habits().patience_s,
        ),
        course,
    )


def _progress(how: Drive, course: Course) -> "Progress":
    from runbook_engine.reporting.progress import Progress
    from runbook_engine.reporting.settings import settings_for

    shown = settings_for(sys.stderr, os.environ, verbosity=how.verbose, zone=options.zone(), no_live=how.as_json)
    return Progress(course.shape.plan, shown, sys.stderr, opening.now, parallel=how.parallel)


@contextmanager
def _workers(how: Drive, plan: Plan) -> Iterator[tuple["Pool", Leaving]]:
    """A pool of workers over SSH links, and who ends the links of hosts that are done; all are closed afterwards."""
    from runbook_engine.cli.linking import files_beside, link_settings
    from runbook_engine.transports import Links
    from runbook_engine.workers import LogLimits, Logs, Pool

    folder = opening.run_folder(how.place, how.run)
    links = Links(link_settings(how.place, folder, plan.targets, files_beside(plan)))
    limits = LogLimits(attempt=how.place.log_attempt_mb << 20, run=how.place.log_run_mb << 20)
    pool = Pool(how.parallel, links, Logs(folder / "logs", limits=limits))
    recorded = False
    try:
        yield pool, Leaving(links.drop)
        recorded = pool.idle()  # not so when the journal has failed, or somebody could not wait
    finally:
        pool.close()
        links.close(recorded=recorded)


def _finish(how: Drive, course: Course, inbox: LocalInbox, world: World) -> None:
    """The summary: what came of it, failures again, and what to do next."""
    from shutil import rmtree

    from runbook_engine.cli.reasons import Reasons
    from runbook_engine.reporting.forecast_text import forecast_lines
    from runbook_engine.reporting.status_data import status_data
    from runbook_engine.reporting.summary import summary_text

    at, plan = opening.now(), course.shape.plan
    if course.run.status is RunStatus.DONE:  # nobody asks any more what became of commands of this machine
        rmtree(opening.run_folder(how.place, how.run) / "kept", ignore_errors=True)
    if inbox.interrupted and course.run.status is RunStatus.PAUSED:
        options.say(f"Interrupted: nothing more is started. Next: runbook resume {how.run}")
    reasons = Reasons(course, world, at, how.focus)
    if how.as_json:
        options.show_json(status_data(plan, course.run, reasons, at, parallel=how.parallel))
        return
    logs = str(opening.run_folder(how.place, how.run) / "logs")
    zone, most = options.zone(), how.parallel
    options.say("\n" + summary_text(plan, course.run, at, log_folder=logs, parallel=most, zone=zone, blockers=reasons))
    if course.run.status is RunStatus.OPEN:
        options.say(_held(course, plan, world))
        forecast = forecast_of(how.place, how.store, course)
        options.say("\n".join(["", *forecast_lines(forecast, options.zone())]) if forecast else "")


def _held(course: Course, plan: Plan, world: World) -> str:
    """What holds open phases, and which hosts of the plan other runs work on; empty when nothing does."""
    from runbook_engine.reporting.folding import fold_hosts
    from runbook_engine.reporting.gate_text import held_lines
    from runbook_engine.reporting.limit_text import limit_lines

    holders: dict[RunId, list[HostName]] = {}
    for host in plan.targets:
        if host in world.taken:
            holders.setdefault(world.taken[host], []).append(host)
    phases = (p for p in plan.phases if course.run.phases[p.id].stage is not None and course.run.phases[p.id].ended is None)
    gates = [gate for phase in phases for gate in of_phase(course, phase.id, world, opening.now())]
    now, zone = opening.now(), options.zone()
    passed = [limit for limit in limits(course) if limit.by < now]
    lines = [*held_lines(gates, zone), *(f"\n{line}" for line in limit_lines(passed, course.run.id, now, zone))]
    return "\n".join(lines) + "\n".join(
        f"\nRun {run} works on {fold_hosts(hosts)}; this run starts nothing there before it has ended.\n"
        f"Next: runbook status {run}"
        for run, hosts in holders.items()
    )
