"""Progress where there is no terminal: one line per change, with its time, readable by people and by grep."""

from collections.abc import Sequence
from datetime import datetime

from runbook_engine.model import events as ev
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.run import Run
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_WELL, PackageId, PhaseId, Purpose, StageKind, Status, TaskId
from runbook_engine.reporting.event_text import event_words, outcome_words
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.gate_text import QUIET_GATES
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import by_package, resolve_command
from runbook_engine.reporting.settings import Settings
from runbook_engine.reporting.standing import phase_word, task_words, waiting_commands, waiting_words
from runbook_engine.reporting.tally import Tally, settled_well, task_counts
from runbook_engine.reporting.timing import phase_time
from runbook_engine.reporting.words import STYLES, clock_time, count, duration, short_digest, status_word, zone_name

EVERY_TASK_UP_TO = 200  # a plan with more tasks tells sums, and only the tasks that ended badly
SUMS = 20  # so many sums are told in a phase with many tasks
UNDOING = (Status.ROLLED_BACK, Status.ROLL_BACK_FAILED, Status.RETRYING)
QUIET_EVENTS = (ev.HostsTaken, ev.HostsReleased, ev.ControllerTookOver, ev.RunCreated, ev.TaskProgressed, *QUIET_GATES)


@dataclass(frozen=True, slots=True)
class Line:
    """What is said, and the colours that it has where there are colours."""

    plain: str
    style: str = ""


class ProgressLines:
    """Turns events into lines. Keeps only what it has already said."""

    def __init__(self, plan: Plan, run: Run, tally: Tally, settings: Settings, parallel: int | None = None) -> None:
        self._plan = plan
        self._tally = tally
        self._settings = settings
        self._parallel = parallel
        self._every_task = settings.verbosity >= 1 or (plan.tasks <= EVERY_TASK_UP_TO and settings.verbosity == 0)
        self._numbers = {phase.id: number for number, phase in enumerate(plan.phases, 1)}
        self._unopened = [p for p in plan.phases if tally.state(run, p.id).started is None]
        self._unended = [p for p in plan.phases if tally.state(run, p.id).ended is None]
        self._stages: dict[PhaseId, int | None] = {p.id: tally.state(run, p.id).stage for p in plan.phases}
        self._stage_of = {name: (p, n) for p in plan.phases for n, s in enumerate(p.stages) for name in s.packages}
        self._sums: dict[PhaseId, int] = {}
        self._checking = {task for task, purpose in tally.running.items() if purpose is Purpose.VERIFY}

    def start(self, run: Run, now: datetime) -> list[Line]:
        """The first lines: what runs, in which zone the times are, and what is open already."""
        again = ", going on" if run.events and any(s.attempts for s in run.tasks.values()) else ""
        title = one_line(self._plan.title)
        words = f"run {run.id} started{again}: {title} (plan {short_digest(run.digest)}, times in "
        first = self._line(now, f"{words}{zone_name(now, self._settings.zone)})")
        opened = [p for p in self._plan.phases if p not in self._unopened and p in self._unended]
        return [first, *(self._phase_started(p, now) for p in opened)]

    def lines(self, run: Run, events: Sequence[ev.Event]) -> list[Line]:
        """What the events, already folded into the run and the tally, have changed."""
        found: list[Line] = []
        at = None
        for event in events:
            found += self._stage_begun(event)
            found += self._event(run, event)
            if event.at != at:  # many events have one time, and the run does not change meanwhile
                at = event.at
                found += self._phases_ended(run, at)
                found += self._phases_opened(run, at)
        if events:
            opened = [e.task for e in events if isinstance(e, ev.TaskOpened) and not e.until]
            found += self._waiting(run, opened, events[-1].at)
            found += self._stages_opened(run, events)
            found += self._sums_told(run, events)
        return found

    def end(self, run: Run, now: datetime, word: str) -> Line:
        """The last line."""
        return self._line(now, f"run {run.id} {word}")

    def _line(self, at: datetime, words: str, style: str = "") -> Line:
        return Line(f"{clock_time(at, self._settings.zone)} {words}", style)

    def _phase_started(self, phase: PlannedPhase, at: datetime) -> Line:
        planned = phase_time(self._plan, phase, parallel=self._parallel)
        size = [count(len(phase.hosts), "host")] if phase.hosts else []
        size += [f"about {duration(planned)}"] if planned else []
        words = f"phase {self._numbers[phase.id]} {phase.id} started: {one_line(phase.title)}"
        return self._line(at, words + (f" ({', '.join(size)})" if size else ""), "bold")

    def _phases_opened(self, run: Run, at: datetime) -> list[Line]:
        opened = [p for p in self._unopened if (s := self._tally.state(run, p.id).started) is not None and s <= at]
        self._unopened = [p for p in self._unopened if p not in opened] if opened else self._unopened
        return [self._phase_started(p, self._tally.state(run, p.id).started or at) for p in opened]

    def _phases_ended(self, run: Run, at: datetime) -> list[Line]:
        ended = [p for p in self._unended if (e := self._tally.state(run, p.id).ended) is not None and e <= at]
        self._unended = [p for p in self._unended if p not in ended] if ended else self._unended
        return [self._phase_ended(run, p, self._tally.state(run, p.id).ended or at) for p in ended]

    def _phase_ended(self, run: Run, phase: PlannedPhase, ended: datetime) -> Line:
        state = self._tally.state(run, phase.id)
        taken = f" in {duration(round((ended - state.started).total_seconds()))}" if state.started else ""
        counts = self._tally.words(run, phase.id)
        words = f"phase {self._numbers[phase.id]} {phase.id} {phase_word(state)}{taken}{', ' + counts if counts else ''}"
        return self._line(ended, words, "bold")

    def _stage_begun(self, event: ev.Event) -> list[Line]:
        """The line of a batch before the first of what is done in it."""
        package = (getattr(event, "task", None) or "").partition("@")[0]
        phase, index = self._stage_of.get(PackageId(package), (None, None))
        return self._stage_line(phase, index, event.at) if phase else []

    def _stages_opened(self, run: Run, events: Sequence[ev.Event]) -> list[Line]:
        """The line of a batch in which nothing has happened yet."""
        opened = ((phase, self._tally.state(run, phase.id).stage) for phase in self._touched(events))
        return [line for phase, stage in opened for line in self._stage_line(phase, stage, events[-1].at)]

    def _stage_line(self, phase: PlannedPhase, index: int | None, at: datetime) -> list[Line]:
        """The one place in which a batch is announced: once, as soon as anything is known of it."""
        known, total = self._stages.get(phase.id), sum(1 for s in phase.stages if s.kind is StageKind.BATCH)
        if index is None or (known is not None and index <= known):
            return []
        self._stages[phase.id] = index
        stage = phase.stages[index] if index < len(phase.stages) else None
        if stage is None or stage.kind is not StageKind.BATCH or total < 2:
            return []
        hosts = f"{count(len(stage.hosts), 'host')} {fold_hosts(stage.hosts, most=8)}"
        return [self._line(at, f"{phase.id} batch {stage.number} of {total} is next: {hosts}")]

    def _touched(self, events: Sequence[ev.Event]) -> list[PlannedPhase]:
        tasks = (getattr(event, "task", None) for event in events)
        names = {task.partition("/")[0] for task in tasks if task}
        return [p for p in self._plan.phases if p.id in names] if names else []

    def _sums_told(self, run: Run, events: Sequence[ev.Event]) -> list[Line]:
        """In a large phase: how far it is, each time another twentieth of its tasks is settled."""
        found: list[Line] = []
        for phase in [] if self._every_task or self._settings.verbosity < 0 else self._touched(events):
            state = self._tally.state(run, phase.id)
            done = settled_well(task_counts(state))
            share = done * SUMS // max(1, state.total)
            if share != self._sums.get(phase.id, 0) and not state.ended:
                self._sums[phase.id] = share
                counts = self._tally.words(run, phase.id)
                found.append(self._line(events[-1].at, f"{phase.id} {done:,} of {count(state.total, 'task')}: {counts}"))
        return found

    def _event(self, run: Run, event: ev.Event) -> list[Line]:
        match event:
            case ev.AttemptStarted():
                return self._started(event)
            case ev.AttemptEnded():
                return self._ended(run, event)
            case ev.TaskOpened(until=None):
                return []  # told together, by package
            case ev.TaskSkipped() | ev.TaskOpened() | ev.TaskAnswered() | ev.TimerEnded():
                return self._told(event) if self._every_task or isinstance(event, ev.TaskAnswered) else []
            case _:
                return self._told(event) if self._settings.verbosity >= 1 or not isinstance(event, QUIET_EVENTS) else []

    def _told(self, event: ev.Event, style: str = "") -> list[Line]:
        return [self._line(event.at, event_words(event, self._settings.zone), style)]

    def _started(self, event: ev.AttemptStarted) -> list[Line]:
        if event.purpose is Purpose.VERIFY:
            self._checking.add(event.task)
        return self._told(event) if self._settings.verbosity >= 2 else []

    def _ended(self, run: Run, event: ev.AttemptEnded) -> list[Line]:
        status = event.outcome.status
        checked = event.task in self._checking
        self._checking.discard(event.task)
        if status in SETTLED_WELL and not self._every_task:
            return []
        if checked:
            return [self._line(event.at, f"{event.task} {_checked_words(event.outcome)}")]
        state = run.task(event.task)
        if state.back and state.status in UNDOING:
            return [self._line(event.at, f"{event.task} {task_words(state, self._settings.zone)}", STYLES[state.status])]
        lines = self._told(event, STYLES[status])
        if status is Status.UNKNOWN and run.task(event.task).status is Status.UNKNOWN:
            lines.append(self._line(event.at, self._question(run, event.task), STYLES[Status.UNKNOWN]))
        return lines

    def _question(self, run: Run, task: TaskId) -> str:
        if run.task(task).ask_first:
            return f"{task} its host will be asked what became of it"
        if run.task(task).verify_first:
            return f"{task} a command will check whether it was done"
        return f"{task} was it done? {resolve_command(run.id, task)}"

    def _waiting(self, run: Run, opened: Sequence[TaskId], at: datetime) -> list[Line]:
        """What a person must do now, and how they say so; what was answered in the meantime is not asked for."""
        found: list[Line] = []
        for tasks in by_package(task for task in opened if run.task(task).status is Status.WAITING):
            words = waiting_words(self._plan, run, tasks, self._settings.zone)
            commands = [f"  {line}" for line in waiting_commands(self._plan, run, tasks)]
            found += [self._line(at, line, STYLES[Status.WAITING]) for line in (words, *commands)]
        return found


def _checked_words(outcome: ev.Outcome) -> str:
    """What a read-only check found out; it decides nothing about success by itself."""
    if outcome.status is Status.OK:
        return f"was checked: it is done ({status_word(Status.OK)})"
    if outcome.status is Status.FAILED:
        return "was checked: it is not done"
    return f"could not be checked: {outcome_words(outcome)}"
