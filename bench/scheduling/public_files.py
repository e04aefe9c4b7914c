"""Projects of public collections (PSPLIB .sm, Patterson .rcp): read, written as a runbook, and answers judged."""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Jobs by number, with the numbers of those after them; an empty first and last one are part of the files."""

    name: str
    durations: list[int]
    after: list[list[int]]
    uses: list[list[int]]
    capacities: list[int]

    def before(self) -> list[list[int]]:
        """The links the other way round."""
        lists: list[list[int]] = [[] for _ in self.durations]
        for job, later in enumerate(self.after):
            for other in later:
                lists[other].append(job)
        return lists

    def faults(self, starts: dict[int, int]) -> list[str]:
        """Every broken rule of a schedule; jobs that are not in it take no time."""
        wrong = [f"{job} is missing" for job, length in enumerate(self.durations) if length and job not in starts]
        if wrong:
            return wrong
        wrong = [f"{job} starts before 0" for job, start in starts.items() if start < 0]
        reach = self._reach(starts)
        wrong += [f"{job} starts too early" for job, start in starts.items() if start < reach[job]]
        for slot in range(max((s + self.durations[j] for j, s in starts.items()), default=0)):
            running = [job for job, start in starts.items() if start <= slot < start + self.durations[job]]
            for k, capacity in enumerate(self.capacities):
                if sum(self.uses[job][k] for job in running) > capacity:
                    wrong.append(f"resource {k} is short at {slot}")
        return wrong

    def _reach(self, starts: dict[int, int]) -> list[int]:
        """When what each job waits for is over, also through jobs that are not in the schedule. Numbers rise along links."""
        reach = [0] * len(self.durations)
        for job, later in enumerate(self.after):
            over = starts[job] + self.durations[job] if job in starts else reach[job]
            for other in later:
                reach[other] = max(reach[other], over)
        return reach


def read(path: Path) -> Instance:
    """A file of either form, told apart by its ending."""
    return _patterson(path) if path.suffix == ".rcp" else _psplib(path)


def _psplib(path: Path) -> Instance:
    lines = path.read_text(encoding="latin-1").splitlines()
    links = _numbers(lines, "PRECEDENCE RELATIONS", 2)
    needs = _numbers(lines, "REQUESTS/DURATIONS", 3)
    return Instance(
        name=path.stem,
        durations=[row[2] for row in needs],
        after=[[number - 1 for number in row[3:]] for row in links],
        uses=[row[3:] for row in needs],
        capacities=_numbers(lines, "RESOURCEAVAILABILITIES", 2)[0],
    )


def _numbers(lines: list[str], heading: str, skip: int) -> list[list[int]]:
    first = next(n for n, line in enumerate(lines) if line.startswith(heading)) + skip
    last = next((n for n in range(first, len(lines)) if lines[n].startswith("*")), len(lines))
    return [[int(word) for word in line.split()] for line in lines[first:last]]


def _patterson(path: Path) -> Instance:
    numbers = iter([int(word) for word in path.read_text(encoding="latin-1").split()])
    jobs, kinds = next(numbers), next(numbers)
    capacities = [next(numbers) for _ in range(kinds)]
    durations, uses, after = [], [], []
    for _ in range(jobs):
        durations.append(next(numbers))
        uses.append([next(numbers) for _ in range(kinds)])
        after.append([next(numbers) - 1 for _ in range(next(numbers))])
    return Instance(name=path.stem, durations=durations, after=after, uses=uses, capacities=capacities)


def best_known(path: Path) -> dict[str, int]:
    """Makespans by name, from a table with the columns `instance` and `best_known`."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["instance"]: int(row["best_known"]) for row in csv.DictReader(file)}


def write(instance: Instance, folder: Path) -> Path:
    """The runbook of a project, with its inventory beside it, as a person would write it; returns the runbook."""
    (folder / "runbooks").mkdir(parents=True, exist_ok=True)
    (folder / "inventory").mkdir(exist_ok=True)
    tools = "".join(f"  tool-{k}: {{capacity: {amount}}}\n" for k, amount in enumerate(instance.capacities, 1))
    (folder / "inventory" / "resources.yml").write_text(f"resources:\n{tools}", encoding="utf-8")
    head = [
        "runbook: project",
        "title: A project",
        "why: It is to be done.",
        "impact: None.",
        "owner: somebody",
        "kind: maintenance",
    ]
    lines = [*head, "phases:", "  - id: all", "    title: All of it", "    steps:"]
    before = instance.before()
    for job, length in enumerate(instance.durations):
        uses = ", ".join(f"tool-{k}: {amount}" for k, amount in enumerate(instance.uses[job], 1) if amount)
        needs = ", ".join(f"job-{other}" for other in before[job])
        lines.append(f"      - {{id: job-{job}, title: Job {job}, takes: {length}m, needs: [{needs}], uses: {{{uses}}}}}")
    runbook = folder / "runbooks" / "project.yml"
    runbook.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return runbook
