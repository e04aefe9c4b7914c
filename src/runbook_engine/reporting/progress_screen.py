"""Progress as a picture of text: header, a row per phase, what runs, what fails, what waits. Fits any width and height."""

from dataclasses import replace
from datetime import datetime

from rich.cells import set_cell_size
from rich.console import Group
from rich.text import Text

from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.run import PhaseState, Run
from runbook_engine.model.words import HostName, RunStatus, Status, StepId, TaskId
from runbook_engine.reporting.event_text import outcome_words
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import harmless, one_line
from runbook_engine.reporting.naming import by_package, continued, package_of, resolve_command, split_task, title_of
from runbook_engine.reporting.settings import Settings
from runbook_engine.reporting.standing import (
    elapsed_words,
    phase_word,
    stage_words,
    task_words,
    waiting_commands,
    waiting_words,
)
from runbook_engine.reporting.tally import BAD, WORD_STYLES, WORDS, Tally, settled_well, task_counts
from runbook_engine.reporting.turning_text import spent_lines, way_back_lines
from runbook_engine.reporting.words import STATUS_WORDS, STYLES, SYMBOLS, duration, status_word

BAR = 12
TITLE_LEAST, TITLE_MOST = 6, 34
RUNNING_SHOWN, BAD_SHOWN, WAITING_SHOWN = 4, 4, 3
MESSAGE_LINES = 3
ASKING = ("ASKED", "ROLLING BACK")  # what a person must know of a phase at once
BAD_WORDS = tuple(STATUS_WORDS[status] for status in BAD)
SPLIT_AT_MOST = 200  # running tasks that are looked at for a redraw
WIDE, MIDDLE = 110, 76  # cells from which the bar, and the times, have room


class Screen:
    """Draws a run. The cost of a picture grows with the number of phases, not with the number of hosts."""

    def __init__(self, plan: Plan, settings: Settings, planned_s: dict[str, float]) -> None:
        self._plan = plan
        self._settings = settings
        self._planned_s = planned_s

    def draw(self, run: Run, tally: Tally, now: datetime, size: tuple[int, int]) -> Group:
        """The whole picture for a terminal of `size` columns and rows; no line is wider, and there are not more of them."""
        columns, rows = size
        below = [*self._bad(run, tally, columns), *self._waiting(run, tally, columns)]
        room = max(3, rows - 3 - min(len(below), rows // 2))
        lines = [self._header(run, now), *self._phases(run, tally, now, room, columns), *below]
        for line in lines:
            line.truncate(max(10, columns - 1), overflow="ellipsis")
            line.no_wrap = True
        return Group(*lines[: max(1, rows - 1)])

    def _header(self, run: Run, now: datetime) -> Text:
        elapsed = duration(round(((run.ended or now) - run.created).total_seconds())) if run.created else ""
        state = f"  {run.status.upper()}" if run.status is not RunStatus.OPEN else ""
        line = Text(one_line(self._plan.title), style="bold")
        line.append(f"  run {run.id}{'  a demonstration' if run.demo else ''}  {elapsed}", style="not bold")
        return line.append(state, style="bold yellow")

    def _phases(self, run: Run, tally: Tally, now: datetime, room: int, columns: int) -> list[Text]:
        """The phases that fit, those at work among them; what is left out is counted."""
        phases = self._plan.phases
        active = [n for n, p in enumerate(phases) if _active(tally.state(run, p.id))]
        details = {n: self._running(run, tally, phases[n], now) for n in active[:RUNNING_SHOWN]}
        free = max(1, room - sum(len(d) for d in details.values()) - 2)
        first = 0 if len(phases) <= free + 2 else max(0, min((active or [0])[0] - 1, len(phases) - free))
        last = len(phases) if len(phases) <= free + 2 else min(len(phases), first + free)
        lines = [Text(f"   … {first} phases before", style="dim")] if first else []
        for number in range(first, last):
            lines.append(self._row(number + 1, run, tally, phases[number], now, columns))
            lines += details.get(number, [])
        return [*lines, *([Text(f"   … {len(phases) - last} phases after", style="dim")] if last < len(phases) else [])]

    def _row(self, number: int, run: Run, tally: Tally, phase: PlannedPhase, now: datetime, columns: int) -> Text:
        state = tally.state(run, phase.id)
        word = phase_word(state)
        style = STYLES[Status.OK] if word == "done" else WORD_STYLES.get(word, "")
        title = max(TITLE_LEAST, min(TITLE_MOST, columns // 4))
        line = Text(f" {self._symbol(word)} {number:>2} ", style=style)
        line.append(f"{set_cell_size(one_line(phase.title), title)}  ", style="" if _active(state) else style)
        line.append(f"{word:<12}", style=style)
        if columns >= WIDE:
            line.append_text(self._bar(state)).append("  ")
        if columns >= MIDDLE:
            line.append(f"{elapsed_words(state, self._planned_s.get(phase.id, 0.0), now):<18}")
        return line.append_text(self._counts(run, tally, phase))

    def _symbol(self, word: str) -> str:
        for status, name in STATUS_WORDS.items():
            if name == word:
                return SYMBOLS[status][self._settings.ascii_only]
        return SYMBOLS[Status.OK if word == "done" else Status.RUNNING][self._settings.ascii_only]

    def _counts(self, run: Run, tally: Tally, phase: PlannedPhase) -> Text:
        counts = tally.counts(run, phase.id)
        line = Text(f" {tally.unit(phase.id)}", style="dim")
        for word in (*BAD_WORDS, *(word for word in WORDS if word not in BAD_WORDS)):  # what is cut matters least
            if counts.get(word, 0) > 0:
                line.append(f" {counts[word]:,} {word} ", style=WORD_STYLES[word])
        return line

    def _bar(self, state: PhaseState) -> Text:
        """Done, ended badly, running, and the rest; each with its own sign."""
        counts = task_counts(state)
        total = max(1, state.total)
        signs = "#x>." if self._settings.ascii_only else "█▒▸·"
        bad = sum(counts[s] for s in BAD)
        shares = [settled_well(counts) * BAR // total, -(-bad * BAR // total), -(-counts[Status.RUNNING] * BAR // total)]
        line = Text()
        for sign, share, status in zip(signs, shares, (Status.OK, Status.FAILED, Status.RUNNING), strict=False):
            line.append(sign * max(0, min(share, BAR - len(line))), style=STYLES[status])
        return line.append(signs[3] * (BAR - len(line)), style="dim")

    def _running(self, run: Run, tally: Tally, phase: PlannedPhase, now: datetime) -> list[Text]:
        """The batch and the steps that run now, with their hosts."""
        batch = stage_words(phase, tally.state(run, phase.id), now, self._settings.zone)
        lines = [Text(f"        {batch}", style="dim")] if batch else []
        steps: dict[StepId, list[TaskId]] = {}
        for task in list(tally.running)[:SPLIT_AT_MOST]:
            if task.startswith(f"{phase.id}/"):
                steps.setdefault(StepId(split_task(task)[0].partition("#")[0]), []).append(task)
        return lines + [self._step_line(run, tasks, now) for tasks in list(steps.values())[:RUNNING_SHOWN]]

    def _step_line(self, run: Run, tasks: list[TaskId], now: datetime) -> Text:
        package = package_of(self._plan, tasks[0])
        hosts = [HostName(h) for h in (split_task(t)[1] for t in tasks) if h]
        started = min((s for s in (run.task(t).started for t in tasks) if s), default=now)
        planned = f" of {duration(package.takes.planned_s)}" if package and package.takes else ""
        where = f" on {fold_hosts(hosts, most=4)}" if hosts else ""
        title = title_of(package) if package else tasks[0]
        elapsed = duration(round((now - started).total_seconds()))
        return Text(f"        {self._symbol('running')} {title}{where}  {elapsed}{planned}", style=STYLES[Status.RUNNING])

    def _bad(self, run: Run, tally: Tally, columns: int) -> list[Text]:
        """What a person must say first; then the last tasks that ended badly, ways back first, with the host's own words."""
        asked = [line for line in (*way_back_lines(self._plan, run), *spent_lines(self._plan, run)) if line.startswith(ASKING)]
        lines: list[Text] = [Text(line, style=STYLES[Status.WAITING]) for line in asked]
        last_first = list(reversed(tally.bad))
        failed = [task for task in last_first if tally.bad[task] is Status.ROLL_BACK_FAILED]
        for task in [*failed, *(task for task in last_first if task not in failed)][:BAD_SHOWN]:
            state = run.task(task)
            outcome = state.outcome
            message = harmless(outcome.message).strip().splitlines() if outcome else []
            words = outcome_words(replace(outcome, message="")) if outcome else task_words(state, self._settings.zone)
            undoing = f"{status_word(state.status)}: " if state.status is Status.ROLL_BACK_FAILED else ""
            lines.append(Text(f"{task} {undoing}{words}", style=STYLES[state.status]))
            lines += [Text(f"    {line}") for line in message[-MESSAGE_LINES:]]
            if state.status is Status.UNKNOWN and not state.settles_itself:
                lines += self._commands(["was it done?", resolve_command(run.id, task)], columns)
        more = len(tally.bad) - BAD_SHOWN
        return [*lines, *([Text(f"    and {more:,} more", style="dim")] if more > 0 else [])]

    def _waiting(self, run: Run, tally: Tally, columns: int) -> list[Text]:
        """What waits for a person, with the exact command."""
        lines: list[Text] = []
        groups = by_package(list(tally.waiting)[:SPLIT_AT_MOST])
        for tasks in groups[:WAITING_SHOWN]:
            words = waiting_words(self._plan, run, tasks, self._settings.zone)
            lines.append(Text(words, style=STYLES[Status.WAITING]))
            lines += self._commands(waiting_commands(self._plan, run, tasks)[:2], columns)
        more = len(groups) - WAITING_SHOWN
        return [*lines, *([Text(f"    and {more:,} more wait", style="dim")] if more > 0 else [])]

    def _commands(self, commands: list[str], columns: int) -> list[Text]:
        return [Text(f"    {line}") for command in commands for line in continued(command, columns - 6)]


def _active(state: PhaseState) -> bool:
    counts = task_counts(state)
    return state.ended is None and any(n for status, n in counts.items() if status is not Status.NOT_STARTED)
