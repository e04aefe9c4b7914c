"""--pin: what somebody has fixed by hand, from the command line into a project, and whether it keeps to the rules."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from runbook_engine.cli.moments import meant, moment_of
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.jobs import Project, Solution
from runbook_engine.model.words import PersonId

if TYPE_CHECKING:
    from runbook_engine.scheduling.pins import Pin


def pin_of(text: str) -> "Pin":
    """TASK=START[@PERSON…]: START is a date and time in the plan's zone, or minutes; empty: whenever it suits."""
    from runbook_engine.scheduling.pins import Pin

    task, sign, rest = text.partition("=")
    start, *people = rest.split("@")
    if not task or not sign or (not start and not people) or not all(people):
        raise Usage(
            f"--pin {text}: a pin is written TASK=START@PERSON, such as cabling/mount@r12-u01=2026-11-30T09:00@ana.duarte"
        )
    return Pin(task=task, start=_start(text, start), people=tuple(map(PersonId, people)))


def _start(text: str, start: str) -> datetime | float | None:
    if not start:
        return None
    try:
        return float(start)
    except ValueError:
        return moment_of(start, f"--pin {text}")


def with_pins(project: Project, pins: "Sequence[Pin]", zone: tzinfo, begun: Collection[str] = ()) -> Project:
    """The project in which these are fixed; `zone` is that of the plan, `begun` names jobs of a run. Raises Usage."""
    from runbook_engine.scheduling.pins import NotPinned, pinned

    local = [replace(p, start=meant(p.start, zone) if isinstance(p.start, datetime) else p.start) for p in pins]
    try:
        return pinned(project, local, begun)
    except NotPinned as error:
        near = f"Did you mean {', '.join(error.near)}?" if error.near else ""
        raise Usage(f"--pin {error}", why=near or "A pin is written TASK=START@PERSON.") from error


def keep_to_rules(free: Project, solution: Solution, zone: tzinfo, twice: str, file: str = "PLAN") -> None:
    """What is pinned counts as a fact for the search; here it must keep to the rules like everything else. Raises Refused.

    `free` is the project before anything was pinned, `twice` says what is booked twice, `file` what the next command names.
    """
    from runbook_engine.scheduling.checker import faults

    if wrong := faults(free, solution):
        lines = [*(_in_words(free, line, zone) for line in wrong[:5]), *twice.splitlines()[:5]]
        raise Refused(
            "\n  ".join(["What is pinned breaks rules:", *lines]),
            why="A pin fixes a choice; it does not make people free or windows open.",
            next_command=f"runbook schedule {file}, and another --pin",
        )


def _in_words(project: Project, fault: str, zone: tzinfo) -> str:
    """What the checker says, with times for the numbers of slots."""
    from runbook_engine.reporting.schedule_words import when
    from runbook_engine.reporting.words import duration
    from runbook_engine.scheduling.projects_clock import of_project

    def told(found: "re.Match[str]") -> str:
        return f"{found[1]} {when(of_project(project, int(found[2])), zone)}"

    def long(found: "re.Match[str]") -> str:
        return duration(int(found[1]) * project.slot_s)

    words = re.sub(r"\b(\d+) slots\b", long, fault)
    words = words if project.origin is None else re.sub(r"\b(from|to|at|until|before|after|by) (\d+)\b", told, words)
    return re.sub(r"\bcalendar \d+ is", "its window is", words)
