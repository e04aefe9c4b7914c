"""Compiles what the searches run, once: `python -m runbook_engine.scheduling.compiling` when the environment is made.

Else the first searches do it in their own time, some ten processor seconds each.
"""

from concurrent.futures import ProcessPoolExecutor

from runbook_engine.model.jobs import Aim, Crew, Job, Link, Placed, Project, Worker
from runbook_engine.model.words import PersonId

_CHAIN = tuple(Job(id=str(n), duration=2, links=(Link(before=n - 1),) if n else ()) for n in range(4))
_WITH_PEOPLE = Project(
    jobs=tuple(Job(id=str(n), duration=2, crews=(Crew(people=(0, 1), count=1, words="hands"),)) for n in range(4)),
    workers=(Worker(id=PersonId("ana")), Worker(id=PersonId("ben"))),
)


def compile_all() -> None:
    """Search a little in two small projects, one without and one with people; each in a process of its own."""
    with ProcessPoolExecutor(2) as pool:
        for done in [pool.submit(search) for search in SEARCHES]:
            done.result()


def plain_search() -> None:
    """A little project without people."""
    from runbook_engine.scheduling import island
    from runbook_engine.scheduling.plain import net
    from runbook_engine.scheduling.plain_list import first

    chain = net(Project(jobs=_CHAIN))
    plain = island.Island(chain, first(chain), 0, 1)
    for _ in range(3):
        plain.round(1000)


def search_with_people() -> None:
    """One with people, for an early end and for few changes."""
    from runbook_engine.scheduling import crew_island
    from runbook_engine.scheduling.crew_keeping_island import Keeping, before_of
    from runbook_engine.scheduling.crew_start import started
    from runbook_engine.scheduling.listing_case import case_of

    _, start = started(_WITH_PEOPLE, Aim.FINISH, {})
    crews = crew_island.Island(start, 1, fast=True)
    crews.search(1000, 0.5)
    placed = {job.id: Placed(start=0, finish=2, people=(0,)) for job in _WITH_PEOPLE.jobs}
    before = before_of(_WITH_PEOPLE, case_of(_WITH_PEOPLE), placed)
    Keeping(before, 1, fast=True).search(1000, 0.5)


SEARCHES = (plain_search, search_with_people)

if __name__ == "__main__":
    compile_all()
