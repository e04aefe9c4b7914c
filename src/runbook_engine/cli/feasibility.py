"""feasibility: whether a plan can be done as it stands, why not, and what would help."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import Live
from runbook_engine.cli.gating import standings
from runbook_engine.cli.identity import executors
from runbook_engine.cli.learning import learnt_of
from runbook_engine.cli.moments import asked_from, since
from runbook_engine.cli.projects import existing, is_runbook, reader, saved
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import Sealed
from runbook_engine.model.errors import Exit, NotValid, TransportFault
from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.places import Mistake
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Runbook
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.verdict import Feasible, Finding, Matter, WayOut
from runbook_engine.model.words import Cause, StepId

if TYPE_CHECKING:
    from runbook_engine.scheduling.feasibility_case import Case


@click.command("feasibility")
@click.argument("file", metavar="FILE|PLAN")
@options.param_options
@click.option("--probe", is_flag=True, help="Log in to every host of the plan and out again; nothing is changed.")
@since
@click.option("--parallel", type=int, metavar="N", help="Attempts at once; as for runbook run.")
@options.inventory
@options.journal
@options.as_json
def feasibility_command(
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    probe: bool,
    start: str | None,
    parallel: int | None,
    inventory: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Say whether a plan can be done: people, time, money, room, parts, approvals. Nothing is started or booked.

    \b
    runbook feasibility runbooks/rack12-install.yml
    runbook feasibility rack12.plan --probe

    \b
    Exit code 0: feasible, or feasible at risk. 4: not feasible.

    \b
    Next: runbook schedule PLAN
    """
    from runbook_engine.reporting.verdict_text import verdict_data, verdict_text
    from runbook_engine.scheduling.feasibility import verdict
    from runbook_engine.scheduling.projects_calendar import zone_of

    place = settings(Path(file), inventory=inventory, journal=journal, parallel=parallel)
    read = _read(file, place, options.pairs(params, "-p"), params_file)
    now = opening.now().replace(second=0, microsecond=0)
    at = asked_from(start, zone_of(read.plan, read.estate), now).astimezone(UTC)
    case = _case(read, place, at, probe=probe)
    found = verdict(case)
    if as_json:
        options.show_json(verdict_data(found, read.plan, case.at))
    else:
        options.show(verdict_text(found, read.plan, file))
    return Exit.REFUSED if found.feasible is Feasible.NO else Exit.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read: the plan and the inventory, even if there is too little of something; and the rules that are broken."""

    plan: Plan
    estate: Estate
    runbook: Runbook | None = None
    broken: tuple[Finding, ...] = ()


def _read(file: str, place: Settings, given: dict[str, str], params_file: str | None) -> _Read:
    path, estate = existing(file), _estate(place)
    if not is_runbook(path):
        plan = saved(path, given)
        return _Read(plan=plan, estate=estate, broken=tuple(_too_many(plan, estate)))
    from runbook_engine.loading import check, load_runbook, param_values, read_params_file, settled
    from runbook_engine.planning import check_capacity, check_templates, make_plan
    from runbook_engine.planning.findings import Findings
    from runbook_engine.planning.keeping import keep_to_capacity

    runbook = load_runbook(path)
    wrong = [*check_templates(runbook), *check_capacity(estate), *(m for m in check(runbook, estate) if not m.lack)]
    if wrong:
        raise NotValid(wrong)
    files = reader(path.parent)
    values = param_values(runbook, {**(read_params_file(Path(params_file)) if params_file else {}), **given})
    plan = make_plan(settled(runbook, estate), replace(estate, capacity={}), values, files, files.checksum)
    found = Findings(runbook.places)
    keep_to_capacity(plan, runbook, estate, found)
    return _Read(plan=plan, estate=estate, runbook=runbook, broken=tuple(map(_broken, found.mistakes)))


def _estate(place: Settings) -> Estate:
    """The inventory, even if more is mounted than there is room for."""
    from runbook_engine.loading import load_estate

    estate = load_estate(place.inventory, lacking=True)
    if place.lab is None:
        return estate
    from runbook_engine.lab import overlay

    return overlay(estate, place.lab)


def _broken(mistake: Mistake) -> Finding:
    """A rule of capacity that a phase breaks."""
    reason = f"{mistake.message[0].upper()}{mistake.message[1:].removesuffix('.')}."
    ways = (WayOut(words=f"let fewer hosts go together: {mistake.hint}", cost=1.0),) if mistake.hint else ()
    return Finding(matter=Matter.CAPACITY, place=str(mistake.place), reason=reason, ways_out=ways)


def _too_many(plan: Plan, estate: Estate) -> Iterator[Finding]:
    """The same for a saved plan, which has no places."""
    if not estate.capacity:
        return
    from runbook_engine.model.folding import fold_hosts
    from runbook_engine.planning.capacity import pools, too_many

    for broken in too_many(plan, pools(estate)):
        hosts = fold_hosts(broken.hosts, most=4)
        why = f": {broken.pool.why}" if broken.pool.why else ""
        reason = f"Capacity rule {broken.pool.name}: {hosts} would be out of service together"
        reason += f", and only {broken.pool.out} may be{why.removesuffix('.')}."
        way = WayOut(words=f"let fewer hosts go together: batches: [{broken.pool.out}]", cost=1.0)
        yield Finding(matter=Matter.CAPACITY, place=broken.phase, reason=reason, ways_out=(way,), about=broken.hosts)


def _case(read: _Read, place: Settings, at: datetime, *, probe: bool) -> "Case":
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.scheduling.feasibility_case import Case, Where
    from runbook_engine.scheduling.projects_calendar import zone_of

    plan, estate = read.plan, read.estate
    live = Live(estate, place.inventory)
    past = _past(place, plan)
    booked = past.booked
    known = {schedule.plan for schedule in booked}
    found = [*read.broken, *_open_runs(plan, [o for o in past.others if o[1].digest not in known], estate)]
    if probe:
        found += _unreachable(plan, estate, place)
    return Case(
        plan=plan,
        estate=estate,
        at=at,
        days_off=days_off,
        where=Where(estate, read.runbook, f"{Path.cwd()}/"),
        zone=zone_of(plan, estate),
        parallel=place.parallel,
        pools=() if read.broken else live.pools,
        learnt=past.learnt,
        booked=tuple(schedule for schedule in booked if schedule.runbook != plan.runbook),
        own=next((schedule for schedule in booked if schedule.runbook == plan.runbook), None),
        standings=standings(plan, live, past.said, at, executors(estate)),
        said=tuple(found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What the journal says: statements on the plan, what is booked, other open runs with their plans, learnt durations."""

    said: Sequence[Sealed] = ()
    booked: Sequence[Schedule] = ()
    others: Sequence[tuple[str, Plan]] = ()
    learnt: Mapping[StepId, Estimate] = field(default_factory=dict)


def _past(place: Settings, plan: Plan) -> _Past:
    """Nothing where there is no journal, and none is made."""
    if not opening.has_journal(place):
        return _Past()
    with opening.store_of(place) as store:
        return _Past(
            said=store.statements(plan.runbook),
            booked=[one.schedule for one in store.booked()],
            others=opening.open_elsewhere(store, plan.runbook),
            learnt=learnt_of(store, plan),
        )


def _open_runs(plan: Plan, others: list[tuple[str, Plan]], estate: Estate) -> Iterator[Finding]:
    """Risks: open runs of other plans, whose times nobody has booked, that want the same people, tools or hosts."""
    if not others:
        return
    from runbook_engine.model.conflicts import Wanted
    from runbook_engine.planning.conflicts import conflicts
    from runbook_engine.reporting.conflicts_text import conflict_sentences

    found = [c for c in conflicts(plan, others, estate) if c.kind in (Wanted.PERSON, Wanted.RESOURCE, Wanted.HOST)]
    for one, words in zip(found, conflict_sentences(found), strict=True):
        way = WayOut(words=f"wait until {one.other} is over, or agree with who leads it", cost=1.0)
        place = one.what.name or str(one.hosts[0])
        about = (one.other, *one.hosts)
        yield Finding(matter=Matter.BOOKED, place=place, reason=words, blocks=False, ways_out=(way,), about=about)


def _unreachable(plan: Plan, estate: Estate, place: Settings) -> Iterator[Finding]:
    """The hosts of the plan that cannot be logged in to."""
    from runbook_engine.cli.probing import probed
    from runbook_engine.model.folding import fold_hosts
    from runbook_engine.scheduling.feasibility_case import Where

    where, by_cause = Where(estate, near=f"{Path.cwd()}/"), dict[Cause, list[tuple[Host, TransportFault]]]()
    for host, fault in probed([estate.hosts[h] for h in plan.targets if h in estate.hosts], estate, place):
        if fault is not None:
            by_cause.setdefault(fault.cause, []).append((host, fault))
    for cause, several in by_cause.items():
        (host, fault), names = several[0], [one.name for one, _ in several]
        words = fault.next_command or "mend it, or leave it out of this project"
        yield Finding(
            matter=Matter.REACH,
            place=where.entry("hosts", host.name),
            reason=f"{fold_hosts(names, most=4)} cannot be reached ({cause}): {fault.message.rstrip('.')}.",
            ways_out=(WayOut(words=words, cost=1.0),),
            about=tuple(names),
        )
