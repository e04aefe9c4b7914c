"""From a task's id to what it names: package, host, title, whose it is, and the commands that a person gives for it."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace

from runbook_engine.model.commands import Choice
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.run import Run
from runbook_engine.model.text import Fill, Later, Part, Text
from runbook_engine.model.words import HostName, PackageId, RunId, TaskId, Verdict
from runbook_engine.reporting.harmless import one_line

TITLE_LONGEST = 200


def split_task(task: TaskId) -> tuple[PackageId, HostName | None]:
    """The package and the host that a task's id names."""
    package, _, host = task.partition("@")
    return PackageId(package), HostName(host) if host else None


def by_package(tasks: Iterable[TaskId]) -> list[list[TaskId]]:
    """Tasks of the same package together: twenty hosts that wait for the same thing are told once."""
    groups: dict[PackageId, list[TaskId]] = {}
    for task in tasks:
        groups.setdefault(split_task(task)[0], []).append(task)
    return list(groups.values())


def package_of(plan: Plan, task: TaskId) -> Package | None:
    """The package of a task; None when the plan has no such task (it was another plan's)."""
    name = split_task(task)[0]
    found = plan.packages.get(name)
    return found or next((p for phase in plan.phases for p in phase.way_back if p.id == name), None)


def in_hand(plan: Plan, run: Run, task: TaskId) -> Package | None:
    """The package of a task as it is being done: on the way back, with the procedure of that."""
    package = package_of(plan, task)
    if package and run.task(task).back and package.way_back and package.way_back.procedure:
        return replace(package, procedure=package.way_back.procedure, evidence=())
    return package


def rendered(text: Text, package: Package, host: HostName | None) -> str:
    """A text as it reads on a host; what is not known yet is named, a secret stands as its name."""
    return "".join(_part(part, package, host) for part in text.parts)


def _part(part: Part, package: Package, host: HostName | None) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Fill):
        return _filled(part, package, host)
    if isinstance(part, Later):
        return f"(known after {part.step})"
    return f"(secret {part.name})"


def _filled(fill: Fill, package: Package, host: HostName | None) -> str:
    if host is None or host not in package.hosts:
        return "…"
    return package.columns[fill.index][package.hosts.index(host)]


def title_of(package: Package, host: HostName | None = None) -> str:
    """The title of a task, or of a package, where three dots stand for what differs by host; one line, harmless."""
    only = host or (package.hosts[0] if len(package.hosts) == 1 else None)
    return one_line(rendered(package.title, package, only), TITLE_LONGEST) or package.step


def by_person(package: Package) -> bool:
    """Whether a person does or decides it."""
    return package.by_person


def whom(package: Package) -> str:
    """'automatic', 'by hand: 2 × datacenter-hands', 'decision: change-board', 'pause'."""
    who = one_line(", ".join(str(w) for w in package.who))
    question = package.procedure.question
    if package.procedure.timer:
        return "milestone" if package.milestone else "pause"
    if not by_person(package):
        return f"automatic, with {who}" if who else "automatic"
    return f"{'decision' if question and question.choices else 'by hand'}: {who or 'anyone'}"


def command(*words: str) -> str:
    """A command line that can be pasted into a shell as it stands."""
    return shlex.join(one_line(word, 2000) for word in words)


def answer_commands(run: RunId, task: TaskId, package: Package | None) -> tuple[str, ...]:
    """What a person types when a task waits for them: done, or one line per choice."""
    question = package.procedure.question if package else None
    if question and question.choices:
        return tuple(_decide_command(run, task, choice) for choice in question.choices)
    evidence = [f"--evidence {command(name)}=…" for name, _ in (package.evidence if package else ())]
    if question and question.evidence:
        evidence = [f"--evidence {command(name)}=…" for name, _ in question.evidence]
    return (" ".join([command("runbook", "done", run, task), *evidence]),)


def _decide_command(run: RunId, task: TaskId, choice: Choice) -> str:
    line = command("runbook", "decide", run, task, "--choice", choice.name)
    return line if choice.goes_on else f"{line} --reason …"


def resolve_command(run: RunId, task: TaskId, verdicts: Sequence[Verdict] = tuple(Verdict)) -> str:
    """What a person types when nobody knows whether a task happened."""
    return f"{command('runbook', 'resolve', run, task)} --as {'|'.join(verdicts)} --reason …"


def continued(line: str, columns: int) -> list[str]:
    """A command line over several lines, if it must be, that can still be pasted: all but the last end with a backslash."""
    lines, current = [], ""
    for word in line.split(" "):
        if current.strip() and len(current) + len(word) + 3 > columns:
            lines.append(f"{current} \\")
            current = "      " + word
        else:
            current = f"{current} {word}" if current else word or " "
    return [*lines, current]


def log_command(run: RunId, task: TaskId) -> str:
    """Where the whole output of a task is read."""
    package, host = split_task(task)
    return command("runbook", "log", run, "--step", package.partition("#")[0], *(("--host", host) if host else ()))
