"""Jobs for others than those who did the ones before: whoever comes first leaves somebody for the last."""

from itertools import permutations

import pytest

from runbook_engine.model.jobs import Job, Worker
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from scheduling.test_listing import OFFICE, job, needs, placed, project

WORKERS = tuple(Worker(id=name, free=OFFICE) for name in ("ann", "ben", "cem"))


def duties(mount: tuple[int, ...], cable: tuple[int, ...], test: tuple[int, ...]) -> tuple[Job, ...]:
    """Two mount, one cables, and one who did neither looks at it."""
    return (
        job("mount", 2, crews=needs(*mount, count=2)),
        job("cable", 1, 0, crews=needs(*cable)),
        job("test", 1, 1, crews=needs(*test), other_people_than=(0, 1)),
    )


@pytest.mark.parametrize("people", list(permutations(range(3))))
def test_three_people_are_enough_for_separate_duties(people):
    """Whoever is asked first, and whether the third can do everything or only the last two jobs."""
    for mount in (people, people[:2]):
        found = placed(project(*duties(mount, people, people), workers=WORKERS))

        assert set(found[2].people).isdisjoint((*found[0].people, *found[1].people))


@pytest.mark.parametrize("hosts", [1, 7, 40])
def test_one_is_left_for_a_last_look_at_all_hosts(hosts):
    """Whoever looks at the end has worked on no host."""
    jobs = [job(f"swap{n}", 1, crews=needs(0, 1, 2)) for n in range(hosts)]
    last = job("look", 1, *range(hosts), crews=needs(0, 1, 2), other_people_than=tuple(range(hosts)))
    found = placed(project(*jobs, last, workers=WORKERS))

    assert set(found[-1].people).isdisjoint(p for each in found[:-1] for p in each.people)


def test_for_whom_nobody_is_left_is_told():
    """With two people the last job has nobody, whoever did the one before; that one is not blamed."""
    with pytest.raises(NotPlaced) as trouble:
        first(project(*duties((0, 1), (0, 1), (0, 1)), workers=WORKERS[:2]))

    assert (trouble.value.job, trouble.value.reason) == (2, Reason.NOT_THESE)
    assert "by who does mount, cable, nobody is left for it" in str(trouble.value)
