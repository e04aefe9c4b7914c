"""Counts of a run that are kept up to date event by event: their cost follows what changed, never the number of hosts."""

from collections import Counter
from collections.abc import Iterable, Mapping

from runbook_engine.model.events import Event
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import PhaseState, Run
from runbook_engine.model.words import SETTLED_WELL, HostName, PhaseId, Purpose, Status, TaskId
from runbook_engine.reporting.naming import split_task
from runbook_engine.reporting.words import STATUS_WORDS, STYLES

PART_DONE = "part done"  # some of it went well, the rest has not started
BAD = (Status.ROLL_BACK_FAILED, Status.UNKNOWN, Status.FAILED, Status.UNREACHABLE, Status.REFUSED, Status.CANCELLED)
_DECISIVE = (*BAD, Status.ROLLING_BACK, Status.ROLLED_BACK, Status.RUNNING, Status.WAITING, Status.RETRYING)
WORDS: tuple[str, ...] = (  # in the order in which counts are told
    STATUS_WORDS[Status.OK],
    STATUS_WORDS[Status.SKIPPED],
    *(STATUS_WORDS[status] for status in _DECISIVE),
    PART_DONE,
    STATUS_WORDS[Status.NOT_STARTED],
)
WORD_STYLES: Mapping[str, str] = {word: STYLES[status] for status, word in STATUS_WORDS.items()} | {PART_DONE: "cyan dim"}


def word_of(counts: Mapping[Status, int]) -> str:
    """One word for many tasks: the worst of them; 'ok' only when every one went well."""
    found = {status for status, number in counts.items() if number > 0}
    for status in _DECISIVE:
        if status in found:
            return STATUS_WORDS[status]
    well = not found.isdisjoint(SETTLED_WELL)
    if Status.NOT_STARTED in found:
        return PART_DONE if well else STATUS_WORDS[Status.NOT_STARTED]
    return STATUS_WORDS[Status.OK if Status.OK in found or not well else Status.SKIPPED]


def task_counts(state: PhaseState) -> Counter[Status]:
    """How many tasks of a phase stand where; all that nothing is known of are not started."""
    counts = Counter({s: n for s, n in state.counts.items() if n > 0 and s is not Status.NOT_STARTED})
    left = state.total - counts.total()
    return counts + Counter({Status.NOT_STARTED: max(0, left)})


def counts_words(counts: Mapping[str, int]) -> str:
    """'3 ok, 1 FAILED, 16 not started'; empty when there is nothing to count."""
    return ", ".join(f"{counts[word]:,} {word}" for word in WORDS if counts.get(word, 0) > 0)


class Tally:
    """Which tasks run, wait or ended badly, and how many hosts of each phase stand where."""

    def __init__(self, plan: Plan, run: Run) -> None:
        self.running: dict[TaskId, Purpose] = {}
        self.waiting: dict[TaskId, None] = {}
        self.bad: dict[TaskId, Status] = {}
        self._totals = _totals(plan)
        self._packages = plan.packages
        self._seen: dict[TaskId, Status] = {}  # where a task stood when it was last looked at
        self._tasks = _tasks_of_hosts(plan)
        self._hosts: dict[PhaseId, Counter[str]] = {}
        self._words = dict.fromkeys(self._tasks, STATUS_WORDS[Status.NOT_STARTED])  # the word for each host of a phase
        for (phase, _), word in self._words.items():
            self._hosts.setdefault(phase, Counter())[word] += 1
        for task in run.tasks:
            self._look(run, task)

    def note(self, run: Run, events: Iterable[Event]) -> None:
        """Follow events that the run has already folded."""
        for task in dict.fromkeys(task for task in map(task_of_event, events) if task):
            self._look(run, task)

    def hosts(self, phase: PhaseId) -> Mapping[str, int]:
        """How many hosts of a phase stand where, by word; empty when the phase has none."""
        return self._hosts.get(phase, {})

    def state(self, run: Run, phase: PhaseId) -> PhaseState:
        """What the run knows of a phase; of one that it has not reached, only its size."""
        return run.phases.get(phase) or PhaseState(total=self._totals.get(phase, 0))

    def counts(self, run: Run, phase: PhaseId) -> Mapping[str, int]:
        """Hosts by word; tasks where a phase has no hosts."""
        by_task = task_counts(self.state(run, phase))
        return self.hosts(phase) or {STATUS_WORDS[status]: n for status, n in by_task.items()}

    def unit(self, phase: PhaseId) -> str:
        """What the counts of a phase count."""
        return "hosts" if self.hosts(phase) else "tasks"

    def words(self, run: Run, phase: PhaseId) -> str:
        """'hosts: 3 ok, 1 FAILED, 16 not started'; empty for a phase in which there is nothing to do."""
        words = counts_words(self.counts(run, phase))
        return f"{self.unit(phase)}: {words}" if words else ""

    def _look(self, run: Run, task: TaskId) -> None:
        state = run.task(task)
        for here, there in ((Status.RUNNING, self.running), (Status.WAITING, self.waiting)):
            if state.status is not here:
                there.pop(task, None)
        if state.status is Status.RUNNING:
            self.running[task] = state.purpose
        elif state.status is Status.WAITING:
            self.waiting[task] = None
        if state.status in BAD:
            self.bad[task] = state.status
        else:
            self.bad.pop(task, None)
        package, host = split_task(task)
        if host and package in self._packages:
            self._move(self._packages[package].phase, host, self._seen.get(task, Status.NOT_STARTED), state.status)
            self._seen[task] = state.status

    def _move(self, phase: PhaseId, host: HostName, before: Status, after: Status) -> None:
        """One task of a host stands elsewhere than before; the word for the host may be another."""
        tasks = self._tasks.get((phase, host))
        if tasks is None:
            return
        tasks[before] -= 1
        tasks[after] += 1
        hosts, word = self._hosts[phase], word_of(tasks)
        hosts[self._words[phase, host]] -= 1
        hosts[word] += 1
        self._words[phase, host] = word


def task_of_event(event: Event) -> TaskId | None:
    """The task that an event is about, if it is about one."""
    return getattr(event, "task", None)


def hosts_of_run(plan: Plan, run: Run) -> Mapping[str, list[HostName]]:
    """Every host of the plan by one word for all that was to be done on it, in the order of the plan."""
    counts: dict[HostName, Counter[Status]] = {}
    for package in plan.packages.values():
        for host in package.hosts:
            counts.setdefault(host, Counter())[run.task(TaskId(f"{package.id}@{host}")).status] += 1
    found: dict[str, list[HostName]] = {}
    for host in dict.fromkeys([*(h for phase in plan.phases for h in phase.hosts), *counts]):
        if host in counts:
            found.setdefault(word_of(counts[host]), []).append(host)
    return found


def settled_well(counts: Mapping[Status, int]) -> int:
    """How many tasks are done, or were not needed."""
    return sum(counts.get(status, 0) for status in SETTLED_WELL)


def _totals(plan: Plan) -> Mapping[PhaseId, int]:
    totals: Counter[PhaseId] = Counter()
    for package in plan.packages.values():
        totals[package.phase] += package.size
    return totals


def _tasks_of_hosts(plan: Plan) -> Mapping[tuple[PhaseId, HostName], Counter[Status]]:
    """How many tasks each host has in each phase; none has started."""
    found: dict[tuple[PhaseId, HostName], Counter[Status]] = {}
    for package in plan.packages.values():
        for host in package.hosts:
            found.setdefault((package.phase, host), Counter())[Status.NOT_STARTED] += 1
    return found
