"""Projects with named people, shifts, leave, maintenance windows and a freeze, made by chance from a seed. One slot is an hour.

A host takes five jobs: a check by nobody, mounting by hands of the site (with the site's lift, three in ten), cabling by
network people, an update at night in the site's window, and a look at it by system people. Each site has two for mounting by
day and one for nights; network and system people and those on call go to all sites. Everybody has one day in ten off. Nothing
is done in windows while the freeze lasts, from the seventh day through the eighth.
"""

import random
from collections.abc import Sequence

from runbook_engine.model.jobs import Crew, Job, Link, Project, Spans, Supply, Worker

SEEDS = (11, 12, 13, 14, 15, 16, 17, 18, 19, 20)  # the ten that figures are given for
DAY = 24
FREEZE = (6 * DAY, 8 * DAY)


def crew_project(jobs: int, seed: int, sites: int = 0) -> Project:
    """The project of that many jobs (five by host and site) and that seed. Without `sites`: one for 100 jobs, two at least."""
    rng = random.Random(seed)  # noqa: S311 - a made-up project
    sites = sites or max(2, jobs // 100)
    days = 14 + jobs // 20
    tasks = _tasks(rng, sites, jobs // (5 * sites))
    people = _people(rng, sites, days)
    workers = tuple(Worker(id=name, free=free) for name, _, _, free in people)
    able = {
        (skill, site): tuple(k for k, (_, skills, places, _) in enumerate(people) if skill in skills and site in places)
        for skill in ("hands", "network", "storage", "system")
        for site in range(sites)
    }
    made = tuple(
        Job(
            id=f"{k}",
            duration=duration,
            links=tuple(Link(before=before) for before in after),
            crews=(Crew(people=able[skill, site], words=skill),) if skill else (),
            calendar=site if night else None,
            uses=((site, 1),) if lift else (),
        )
        for k, (duration, skill, site, night, after, lift) in enumerate(tasks)
    )
    return Project(
        jobs=made,
        workers=workers,
        resources=tuple(Supply(name=f"lift {site}", amount=1) for site in range(sites)),
        calendars=tuple(_windows(site, days) for site in range(sites)),
        horizon=days * DAY,
        slot_s=3600,
    )


def _tasks(rng: random.Random, sites: int, hosts: int) -> list[tuple[int, str, int, bool, Sequence[int], bool]]:
    made: list[tuple[int, str, int, bool, Sequence[int], bool]] = []
    for site in range(sites):
        for _ in range(hosts):
            at = len(made)
            made.append((1, "", site, False, (), False))
            made.append((rng.randint(2, 4), "hands", site, False, (at,), rng.random() < 0.3))
            made.append((rng.randint(1, 2), "network", site, False, (at + 1,), False))
            made.append((rng.randint(1, 3), rng.choice(["network", "storage", "system"]), site, True, (at + 2,), False))
            made.append((1, "system", site, False, (at + 3,), False))
    return made


def _people(rng: random.Random, sites: int, days: int) -> list[tuple[str, frozenset[str], frozenset[int], Spans]]:
    every = frozenset(range(sites))
    night = frozenset(("network", "storage", "system"))
    wanted: list[tuple[str, frozenset[str], frozenset[int], int, int]] = []
    for site in range(sites):
        here = frozenset((site,))
        wanted += [(f"hands {site}.{k}", frozenset(("hands",)), here, 8, 8) for k in range(2)]
        wanted.append((f"night {site}", night, here, 20, 10))
    for k in range(max(2, sites // 2)):
        wanted.append((f"network {k}", frozenset(("network",)), every, 8 + k % 3, 8))
        wanted.append((f"system {k}", frozenset(("system", "storage")), every, 8 + k % 3, 8))
        wanted.append((f"on call {k}", night, every, 20, 10))
    return [(name, skills, places, _shifts(rng, days, first, hours)) for name, skills, places, first, hours in wanted]


def _shifts(rng: random.Random, days: int, first: int, hours: int) -> Spans:
    off = {rng.randrange(days) for _ in range(days // 10)}
    at_work = (d for d in range(days) if (d % 7 < 5 or first > 16) and d not in off)
    return tuple((d * DAY + first, d * DAY + first + hours) for d in at_work)


def _windows(site: int, days: int) -> Spans:
    """Three nights a week, those of odd sites later in the week, without the freeze."""
    nights = ((site % 2) * 2 + 1, (site % 2) * 2 + 2, 5)
    spans = [(d * DAY + 22, d * DAY + 29) for d in range(days - 1) if d % 7 in nights]
    cut = [part for a, b in spans for part in ((a, min(b, FREEZE[0])), (max(a, FREEZE[1]), b))]
    return tuple(sorted({(a, b) for a, b in cut if a < b}))
