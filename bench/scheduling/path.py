"""How long the critical path of a large project takes: path, slack and free slack of 50,000 jobs with two links each.

python bench/scheduling/path.py
"""

import sys
import time
from random import Random

from runbook_engine.model.jobs import Job, Link, Project
from runbook_engine.scheduling.critical import paths


def project(count: int) -> Project:
    """Layers of jobs, each of which waits for two of the 400 before it."""
    chance = Random(5)  # noqa: S311 - nothing secret
    jobs = []
    for number in range(count):
        before = {chance.randrange(max(0, number - 400), number) for _ in range(2)} if number else set()
        links = tuple(Link(before=other) for other in before)
        jobs.append(Job(id=f"j{number}", duration=chance.randint(1, 9), links=links))
    return Project(jobs=tuple(jobs))


def main() -> None:
    """One line for each size."""
    for count in (1_000, 10_000, 50_000):
        made = project(count)
        began = time.process_time()
        found = paths(made)
        took = time.process_time() - began
        sys.stdout.write(f"{count:>7,} jobs  {took:6.3f} s of processor time  the path has {len(found.path)} jobs\n")


if __name__ == "__main__":
    main()
