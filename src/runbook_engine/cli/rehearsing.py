"""rehearse: play a plan on stand-in hosts and a virtual clock, with what can go wrong."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import Live, estates_of
from runbook_engine.cli.projects import planned
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import Standing
from runbook_engine.model.errors import Exit, Usage
from runbook_engine.model.plan import Plan
from runbook_engine.model.world import Hold, World

if TYPE_CHECKING:
    from runbook_engine.model.rehearsal import Rehearsal


@click.command("rehearse")
@click.argument("file", metavar="FILE|PLAN")
@options.param_options
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[@WHERE][=VALUE]", help="What goes wrong (repeatable, one night)."
)
@click.option("--scenarios", is_flag=True, help="With --fault: the standard nights as well. Without: that is so anyway.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=1, help="What is left to chance; the same seed, the same nights."
)
@click.option("--start", metavar="WHEN", help="When the nights begin, such as 2026-11-30T22:00; else the start of the plan.")
@click.option("--parallel", type=int, metavar="N", help="Attempts at once; as for runbook run.")
@click.option("--calendars", is_flag=True, help="Wait for windows and freezes, as on the real clock.")
@click.option("--log", is_flag=True, help="Every event too, each line marked REHEARSAL.")
@options.inventory
@options.journal
@options.as_json
def rehearse_command(
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    faults: tuple[str, ...],
    scenarios: bool,
    seed: int,
    start: str | None,
    parallel: int | None,
    calendars: bool,
    log: bool,
    inventory: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Play a plan on stand-in hosts and a virtual clock: a quiet night, and one for each thing that can go wrong.

    \b
    runbook rehearse runbooks/rack12-install.yml
    runbook rehearse rack12.plan --fault no-return@firmware/reboot --log
    runbook rehearse rack12.plan --fault slow@firmware=5 --fault late@firmware/go=2

    \b
    Faults: no-return, slow, lost-link, fails-once, fails, unreachable, late, no-go, way-back-fails,
    engine-dies, guard-refuses, already-done, not-done. WHERE is a host, phase, phase/step or step@host.
    Exit code 1: a night ended where nobody can go on as the plan says.

    \b
    Next: runbook run PLAN
    """
    place = settings(Path(file), inventory=inventory, journal=journal, parallel=parallel)
    plan = planned(file, place, options.pairs(params, "-p"), params_file)
    found = _rehearsed(plan, place, faults, seed, _start(plan, start), standard=scenarios or not faults, calendars=calendars)
    _keep(place, found)
    if as_json:
        from runbook_engine.reporting.rehearsal_data import rehearsal_data

        options.show_json(rehearsal_data(found, log=log))
    else:
        _show(found, file, log=log)
    return Exit.DONE if found.as_planned else Exit.FAILED


def _rehearsed(
    plan: Plan, place: Settings, faults: tuple[str, ...], seed: int, start: datetime, *, standard: bool, calendars: bool
) -> "Rehearsal":
    from runbook_engine.simulating import fault_of, rehearse_all, standard_faults
    from runbook_engine.simulating.rehearse import open_world

    nights = (*(standard_faults(plan) if standard else ()), *([tuple(map(fault_of, faults))] if faults else []))
    world = Calendars(plan, estates_of(place.inventory).live()) if calendars else open_world
    return rehearse_all(plan, nights, seed, start, parallel=place.parallel, world=world)


class Calendars:
    """The windows and freezes of a plan on a virtual clock, which begins anew with each night."""

    def __init__(self, plan: Plan, live: Live) -> None:
        self._plan, self._live = plan, live
        self._from: datetime | None = None
        self._until: datetime | None = None
        self._world = World()

    def __call__(self, at: datetime) -> World:
        """What forbids a start at a moment."""
        if self._from is None or not self._from <= at or (self._until is not None and at >= self._until):
            self._look(at)
        return self._world

    def _look(self, at: datetime) -> None:
        times = {p.id: self._live.times(self._plan, p, Standing(phase=p.id), at) for p in self._plan.phases}
        shut = {phase: found.closed for phase, found in times.items() if found.closed}
        closes = {phase: t.opening.until for phase, t in times.items() if t.opening and t.opening.until}
        edges = [*closes.values(), *(closed.next for closed in shut.values() if closed.next)]
        self._from, self._until = at, min((edge for edge in edges if edge > at), default=None)
        holds = {p: (Hold(kind=c.kind, reason=c.reason, until=c.next),) for p, c in shut.items()}
        self._world = World(moment=self._world.moment + 1, holds=holds, closes=closes)


def _keep(place: Settings, rehearsal: "Rehearsal") -> None:
    """Beside the plans, so that a policy can ask for it."""
    from runbook_engine.simulating import body_of

    with opening.store_of(place) as store:
        store.add_rehearsal(rehearsal.plan, rehearsal.seed, opening.now(), options.me(), body_of(rehearsal))


def _show(rehearsal: "Rehearsal", file: str, *, log: bool) -> None:
    from runbook_engine.reporting.rehearsal_text import rehearsal_log, rehearsal_text

    zone = options.zone()
    if log:
        options.show(rehearsal_log(rehearsal, zone))
    options.show(rehearsal_text(rehearsal, zone, file=file))


def _start(plan: Plan, given: str | None) -> datetime:
    """When the nights begin: as given, in this machine's zone unless it names one; else the start of the plan, or now."""
    if given is not None:
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            raise Usage(f"--start {given} is no date or time; write it like 2026-11-30T22:00") from None
        return (found if found.tzinfo else found.replace(tzinfo=options.zone())).astimezone(UTC)
    if plan.start is not None:
        return datetime.combine(plan.start, time(), tzinfo=UTC)
    return opening.now().replace(second=0, microsecond=0)
