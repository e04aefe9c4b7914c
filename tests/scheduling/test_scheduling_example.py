"""The example that is shipped, from its files to a project: forty disks, two sites, three technicians, one on leave."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import runbook_engine.cli
from runbook_engine.loading import days_off, load_estate, load_runbook, settled
from runbook_engine.model.jobs import Project
from runbook_engine.planning import make_plan
from runbook_engine.scheduling.projects import project_of

EXAMPLE = Path(runbook_engine.cli.__file__).parent / "examples" / "disks-replace"
AMS = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def disks() -> Project:
    """The project of the example."""
    estate = load_estate(EXAMPLE / "inventory")
    runbook = settled(load_runbook(EXAMPLE / "runbooks" / "disks-replace.yml"), estate)
    plan = make_plan(runbook, estate, {}, lambda path: (EXAMPLE / path).read_bytes())
    return project_of(plan, estate, days_off, datetime(2026, 11, 20, tzinfo=UTC))


def slot(disks: Project, at: datetime) -> int:
    """The slot that begins then."""
    assert disks.origin is not None
    return int((at - disks.origin) / timedelta(seconds=disks.slot_s))


def test_each_task_is_a_job_with_those_who_can_do_it(disks: Project) -> None:
    """85 tasks, each server by itself, at its site; a check four hours after the swap and by somebody else."""
    jobs = {job.id: job for job in disks.jobs if job.package}
    check, swap = jobs["rotterdam/check@store-r05"], jobs["rotterdam/swap@store-r05"]

    assert len(jobs) == 85
    assert [disks.sites[site] for site in (swap.site, jobs["amsterdam/swap@store-a01"].site) if site is not None] == [
        "rot1",
        "ams1",
    ]
    assert check.site is None
    (link,) = check.links
    assert disks.jobs[link.before] is swap
    assert link.lag * disks.slot_s == 4 * 3600
    assert [disks.jobs[n] for n in check.other_people_than] == [swap]
    assert {disks.workers[n].id for n in check.crews[0].people} == {"ana.duarte", "ben.ott", "lin.wu"}
    assert sum(amount for j in jobs.values() for n, amount in j.uses if disks.resources[n].name == "disk-8tb") == 40


def test_people_are_there_when_their_calendars_say(disks: Project) -> None:
    """Ben is on leave for a week; Lin works four long days; parts come on the eighth."""
    people = {worker.id: worker for worker in disks.workers}

    def works(name: str, day: date) -> float:
        """Hours of somebody on a day."""
        begin = slot(disks, datetime(day.year, day.month, day.day, tzinfo=AMS))
        end = begin + 24 * 3600 // disks.slot_s
        spans = people[name].free or ()
        return sum(max(0, min(b, end) - max(a, begin)) for a, b in spans) * disks.slot_s / 3600

    week = [date(2026, 12, d) for d in range(7, 14)]
    assert [works("ben.ott", day) for day in week] == [0] * 7
    assert [works("lin.wu", day) for day in week] == [9, 9, 9, 9, 0, 0, 0]
    assert people["lin.wu"].rest * disks.slot_s == 11 * 3600
    (disk,) = (r for r in disks.resources if r.used_up)
    assert disk.arrives == ((slot(disks, datetime(2026, 12, 8, tzinfo=AMS)), 14),)
    assert disks.origin == datetime(2026, 12, 1, tzinfo=AMS)
