"""A plan over several time zones: a schedule counts the starts that are stated as a run does, by the phase's own site."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from planning.planning_builders import book, estate, host, phase, planned, run
from runbook_engine.cli.estates import Live
from runbook_engine.loading import days_off
from runbook_engine.model.approvals import Standing
from runbook_engine.model.estate import Site
from runbook_engine.model.runbook import Takes
from runbook_engine.model.times import Closed, Opening
from runbook_engine.model.words import Per
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_calendar import zone_of
from runbook_engine.scheduling.projects_terms import Terms

ZONES = {"ams1": "Europe/Amsterdam", "lon1": "Europe/London", "nyc1": "America/New_York"}
DAY, EIGHT = date(2026, 12, 1), datetime(2026, 12, 1, 8, tzinfo=UTC)
HOUR = Takes(low_s=3600, high_s=3600)


@pytest.mark.parametrize("where", ["the runbook", "the phase", "the step"])
@pytest.mark.parametrize("stated", [DAY, EIGHT.replace(tzinfo=None), EIGHT])
def test_a_schedule_starts_when_the_run_lets_it(where: str, stated: date) -> None:
    """Each phase at its own site; one without a site by the plan's. A minute before the run lets nothing start."""
    sites = {name: Site(name=name, time_zone=zone) for name, zone in ZONES.items()}
    groups = {name: [name] for name in sites}
    on = replace(estate(*(host(name, site=name) for name in sites), groups=groups), sites=sites)
    facts = {"earliest": stated}
    phases = [
        phase(
            name,
            run("do", takes=HOUR, needs=(), **({} if hosts else {"per": Per.PHASE}), **(facts if where == "the step" else {})),
            hosts=hosts,
            needs=(),
            **(facts if where == "the phase" else {}),
        )
        for name, hosts in (*((name, name) for name in sites), ("desk", None))
    ]
    plan = planned(book(*phases, **({"start": stated} if where == "the runbook" else {})), on)
    made = project_of(plan, on, days_off, datetime(2026, 11, 27, tzinfo=UTC), Terms())
    live = Live(on, Path())
    begins = {job.id: made.origin + timedelta(seconds=made.slot_s * job.release) for job in made.jobs if job.package}

    assert begins["lon1/do"] == datetime(2026, 12, 1, 0 if stated == DAY else 8, tzinfo=UTC)
    assert begins["desk/do"] == begins["ams1/do"]
    if where == "the step":
        assert live.earliest(plan) == {package: begins[package] for package in plan.packages}
        return
    for planned_phase in plan.phases:
        begin = begins[f"{planned_phase.id}/do"]
        early, on_time = (
            live.times(plan, planned_phase, Standing(phase=planned_phase.id), at)
            for at in (begin - timedelta(minutes=1), begin)
        )
        assert isinstance(early.closed, Closed)
        assert early.closed.next == begin
        assert isinstance(on_time.opening, Opening)


@pytest.mark.parametrize(
    ("sites", "hour"), [(["ams1", "nyc1"], 5), (["ams1", "lon1"], 0), (["ams1"], -1), (["ams1", "lon1", "nyc1"], 5)]
)
@pytest.mark.parametrize("where", ["the runbook", "the phase", "the step"])
def test_a_phase_over_several_zones_starts_when_the_day_has_begun_at_all_its_sites(
    sites: list[str], hour: int, where: str
) -> None:
    """The schedule and the run say the same; the run names the zone in which it was last."""
    on = replace(
        estate(*(host(name, site=name) for name in ZONES), groups={"web": sites}),
        sites={name: Site(name=name, time_zone=zone) for name, zone in ZONES.items()},
    )
    stated = {"earliest": DAY}
    step = run("do", takes=HOUR, needs=(), **(stated if where == "the step" else {}))
    one = phase("web", step, hosts="web", needs=(), **(stated if where == "the phase" else {}))
    plan = planned(book(one, **({"start": DAY} if where == "the runbook" else {})), on)
    made = project_of(plan, on, days_off, datetime(2026, 11, 27, tzinfo=UTC), Terms())
    begin = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hour)
    live = Live(on, Path())

    assert [made.origin + timedelta(seconds=made.slot_s * job.release) for job in made.jobs if job.package] == [begin]
    if where == "the step":
        assert [*live.earliest(plan).values()] == [begin]
        return
    early = live.times(plan, plan.phases[0], Standing(phase=plan.phases[0].id), begin - timedelta(minutes=1))
    assert isinstance(early.closed, Closed)
    assert early.closed.next == begin
    assert "00:00" in early.closed.reason
    assert isinstance(live.times(plan, plan.phases[0], Standing(phase=plan.phases[0].id), begin).opening, Opening)


@pytest.mark.parametrize(
    ("hosts", "zone"),
    [
        (["mun1", "mun1", "lon1"], "Europe/Berlin"),
        (["mun1", "lon1", "lon1"], "Europe/London"),
        (["lon1", "mun1"], "Europe/Berlin"),  # as many: the first in the inventory
        (["lon1"], "Europe/London"),
        ([], "Europe/Berlin"),
    ],
)
def test_a_plan_is_told_in_the_zone_of_most_of_its_hosts(hosts: list[str], zone: str) -> None:
    """Whatever its sites are called."""
    sites = {"mun1": Site(name="mun1", time_zone="Europe/Berlin"), "lon1": Site(name="lon1", time_zone="Europe/London")}
    names = [f"h{n}" for n in range(len(hosts))]
    servers = (host(name, site=site) for name, site in zip(names, hosts, strict=True))
    on = replace(estate(*servers, groups={"web": names}), sites=sites)
    step = run("do", **({} if hosts else {"per": Per.PHASE}))
    plan = planned(book(phase("p", step, hosts="web" if hosts else None)), on)
    assert zone_of(plan, on).key == zone
