"""A rehearsal in words. Its first and last line, and every line of its log, begin with REHEARSAL."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, date, tzinfo

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.rehearsal import (
    IMPOSSIBLE,
    Asked,
    Branch,
    BranchKind,
    FaultKind,
    PhaseTime,
    Rehearsal,
    Scenario,
    Typed,
)
from runbook_engine.model.words import RunStatus, Status
from runbook_engine.reporting.event_text import event_words
from runbook_engine.reporting.harmless import one_line, shortened
from runbook_engine.reporting.words import STATUS_WORDS, clock_time, count, day, duration, moment

MARK = "REHEARSAL"
WIDTH = 100
WORDS_COLUMN = 56
BRANCHES_SHOWN = 40  # that were not tried
_FAULTS = {
    BranchKind.RETRIED: FaultKind.FAILS_ONCE,
    BranchKind.FAILED: FaultKind.FAILS,
    BranchKind.REFUSED: FaultKind.GUARD_REFUSES,
    BranchKind.SKIPPED: FaultKind.ALREADY_DONE,
    BranchKind.NOT_DONE: FaultKind.NOT_DONE,
    BranchKind.DOUBT: FaultKind.LOST_LINK,
    BranchKind.BUDGET: FaultKind.FAILS,
    BranchKind.UNREACHABLE: FaultKind.UNREACHABLE,
}
TOUCHED = "Nothing was touched: hosts, people and the clock were stand-ins."


def rehearsal_text(rehearsal: Rehearsal, zone: tzinfo = UTC, *, file: str = "PLAN") -> str:
    """The report. `file` is what the next command names."""
    nights = rehearsal.scenarios
    blocks = [
        _head(rehearsal, zone),
        ["Nights", *(line for number, night in enumerate(nights, 1) for line in _night(number, night))],
        _phases(nights[0]),
        *([_told(number, night, zone) for number, night in enumerate(nights, 1)] if len(nights) == 1 else _turns(nights, zone)),
        _branches(rehearsal, file),
        ["Assumed, because the plan does not say", *(f"  {line}" for line in rehearsal.assumed)],
        _next(rehearsal, file),
        [_last(rehearsal)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def rehearsal_log(rehearsal: Rehearsal, zone: tzinfo = UTC) -> str:
    """Every event of every night, one line each: 'REHEARSAL 22:03:11 …'."""
    lines: list[str] = []
    for number, night in enumerate(rehearsal.scenarios, 1):
        lines += _log(number, night, zone)
    return "\n".join(lines)


def _log(number: int, night: Scenario, zone: tzinfo) -> Iterator[str]:
    yield f"{MARK} night {number}: {_what(night)}"
    today: date | None = None
    for event in night.events:
        local = event.at.astimezone(zone)
        if local.date() != today:
            today = local.date()
            yield f"{MARK} {day(today)}"
        yield f"{MARK} {clock_time(event.at, zone)} {event_words(event, zone)}"


def _head(rehearsal: Rehearsal, zone: tzinfo) -> list[str]:
    nights = count(len(rehearsal.scenarios), "night")
    return [
        one_line(f"{MARK}  {rehearsal.title}  (plan {rehearsal.plan[:12]})"),
        TOUCHED,
        f"{nights} from {moment(rehearsal.start, zone)}, {rehearsal.parallel} attempts at a time, seed {rehearsal.seed}",
    ]


def _what(night: Scenario) -> str:
    return one_line("; ".join(night.words) or "a quiet night", 2000)


def ended_word(night: Scenario) -> str:
    """How a night ended, in the words of all reports; 'done' is the one good end of a run."""
    if night.ended in list(RunStatus):
        return night.ended
    return STATUS_WORDS[Status(night.ended)]


def _night(number: int, night: Scenario) -> list[str]:
    what = textwrap.wrap(_what(night), WORDS_COLUMN) or [""]
    took = duration((night.over - night.began).total_seconds())
    end = f"{ended_word(night):<17}{took:<9}{count(night.hosts_out, 'host')} out at most"
    lines = [f"  {number:>3}  {set_cell_size(what[0], WORDS_COLUMN)}  {end}", *(f"       {line}" for line in what[1:])]
    if not night.as_planned:
        lines.append(f"       NOT AS PLANNED: {one_line(night.why)}")
    elif night.why:
        lines.append(f"       {one_line(night.why)}")
    lines += [f"       Had no occasion: {one_line(words)}" for words in night.missed]
    if night.left:
        lines += textwrap.wrap(
            f"Stays changed, and has no way back: {', '.join(night.left)}",
            WIDTH,
            initial_indent="       ",
            subsequent_indent="       ",
        )
    return lines


def _phases(night: Scenario) -> list[str]:
    wide = max((cell_len(phase.phase) for phase in night.phases), default=0)
    head = f"Phases of night 1 ({_what(night)})"
    return [head, *(f"  {set_cell_size(phase.phase, wide)}  {_phase_words(phase)}" for phase in night.phases)]


def _phase_words(phase: PhaseTime) -> str:
    ends = f"{duration(phase.low_s)} to {duration(phase.high_s)}"
    planned = f"planned {duration(phase.planned_s)} ({ends})"
    took = "did not end" if phase.simulated_s is None else f"took {duration(phase.simulated_s)}"
    return f"{took:<16}  {planned}"


def _turns(nights: Iterable[Scenario], zone: tzinfo) -> list[list[str]]:
    """What a person had to type in each night beside what every night needs."""
    lines = ["Beside the answers of a quiet night, a person had to type"]
    for number, night in enumerate(nights, 1):
        typed = [t for t in night.typed[1:] if not _is_answer(t.command)]
        if typed:
            lines.append(f"  night {number}: {_what(night)}")
            lines += [f"    {line}" for line in _typed(typed, zone)]
    return [lines] if len(lines) > 1 else []


def _is_answer(command: str) -> bool:
    return command.startswith("runbook done ") or "--choice" in command


def _told(number: int, night: Scenario, zone: tzinfo) -> list[str]:
    lines = [f"Night {number}: what people were asked", *(f"  {line}" for line in _asked(night.asked, zone))]
    return [*lines, "", "What a person at the keyboard would have typed", *(f"  {line}" for line in _typed(night.typed, zone))]


def _asked(asked: Iterable[Asked], zone: tzinfo) -> Iterator[str]:
    for one in asked:
        times = f" × {one.times}" if one.times > 1 else ""
        prompt = shortened(one_line(one.prompt), WORDS_COLUMN)
        yield f"{clock_time(one.at, zone)}  {one.step}{times}: {one.answer} after {duration(one.waited_s)}  ({prompt})"


def _typed(typed: Iterable[Typed], zone: tzinfo) -> Iterator[str]:
    for one in typed:
        more = f"   … and {one.times - 1} more like it" if one.times > 1 else ""
        yield f"{clock_time(one.at, zone)}  {one_line(one.command, 400)}{more}"


def _branches(rehearsal: Rehearsal, file: str) -> list[str]:
    """Which branches were taken, first what was not: that is what the rehearsal cannot speak for."""
    taken = [b for b in rehearsal.branches if b.exercised]
    never = [b for b in rehearsal.branches if not b.exercised and b.why_not.startswith(IMPOSSIBLE)]
    not_tried = [b for b in rehearsal.branches if not b.exercised and b not in never]
    head = f"Branches: {len(taken)} taken, {len(not_tried)} NOT TRIED, {len(never)} to which {IMPOSSIBLE.replace(' there', '')}"
    numbers = {night.name: str(number) for number, night in enumerate(rehearsal.scenarios, 1)}
    lines = [head, *(f"  not tried  {branch_words(b)}{_because(b)}" for b in not_tried[:BRANCHES_SHOWN])]
    lines += [f"  and {len(not_tried) - BRANCHES_SHOWN:,} more, all in --json"] if len(not_tried) > BRANCHES_SHOWN else []
    lines += _try_them(not_tried, file)
    return lines + [f"  taken      {branch_words(b)}   ({_in(b, numbers)})" for b in taken]


def _try_them(branches: Iterable[Branch], file: str) -> list[str]:
    """How a branch that was not tried can be, by the example of the first."""
    first = next((b for b in branches if b.kind in _FAULTS), None)
    return [f"  try them   runbook rehearse {one_line(file)} --fault {_FAULTS[first.kind]}@{first.where}"] if first else []


def branch_words(branch: Branch) -> str:
    """'firmware/flash: fails and is tried again', 'firmware/go: the answer is no-go'."""
    return one_line(
        f"{branch.where}: {branch.kind}{f' {branch.detail}' if branch.kind is BranchKind.CHOICE else _then(branch)}"
    )


def _then(branch: Branch) -> str:
    return f" (on_failure: {branch.detail})" if branch.detail else ""


def _because(branch: Branch) -> str:
    _, colon, why = branch.why_not.partition(": ")
    return f"   ({one_line(why)})" if colon else ""


def _in(branch: Branch, numbers: dict[str, str]) -> str:
    found = [numbers[name] for name in branch.exercised]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{'night' if len(found) == 1 else 'nights'} {', '.join(found[:5])}{more}"


def _next(rehearsal: Rehearsal, file: str) -> list[str]:
    bad = next((n for n in rehearsal.scenarios if not n.as_planned), None)
    if bad is None:
        return [f"Next: runbook run {one_line(file)}"]
    faults = " ".join(f"--fault {fault}" for fault in bad.faults)
    return [f"Next: runbook rehearse {one_line(file)} {faults} --seed {rehearsal.seed} --log".replace("  ", " ")]


def _last(rehearsal: Rehearsal) -> str:
    bad = [night for night in rehearsal.scenarios if not night.as_planned]
    nights = count(len(rehearsal.scenarios), "night")
    if bad:
        return f"{MARK}  {len(bad)} of {nights} ended where nobody can go on as the plan says. {TOUCHED}"
    return f"{MARK}  {nights}, {'each' if len(rehearsal.scenarios) > 1 else 'which'} ended as the plan says. {TOUCHED}"
