"""schedule: who does what when, how good that is, and whether it is promised."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.moments import since
from runbook_engine.cli.pinning import pin_of
from runbook_engine.cli.projects import planned
from runbook_engine.cli.scheduled import Made, Wish, Zeal, booked_of, estate_of, make
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Exit, Refused, Usage
from runbook_engine.model.jobs import Aim
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked

if TYPE_CHECKING:
    from runbook_engine.cli.charting import View
    from runbook_engine.reporting.booking_groups import By

BY = ("phase", "person", "site", "window", "day")
NEXT = """\b
Next: runbook tasks --for PERSON --ics FILE"""


@click.command("schedule", epilog=NEXT)
@click.argument("file", metavar="PLAN|FILE|RUN")
@options.param_options
@since
@click.option("--aim", type=click.Choice([str(a) for a in Aim]), help="What it is to be good at; else finish, of a run change.")
@click.option("--pin", "pins", multiple=True, metavar="TASK=START[@PERSON]", help="Fix a start, people, or both (repeatable).")
@click.option(
    "--with", "more", multiple=True, metavar="PLAN", help="Schedule that as well: the higher priority first, equals as one."
)
@click.option(
    "--effort", type=click.Choice([str(z) for z in Zeal]), default="normal", help="How much is searched; quick: not at all."
)
@click.option("--time-limit", type=click.FloatRange(min=0.0), metavar="S", help="Seconds for the whole command, instead.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, help="The same seed, the same schedule.")
@click.option("--by", type=click.Choice(BY), help="The table of that instead of the chart; with -o: what it is grouped by.")
@click.option("-o", "--output", metavar="FILE", help="Write it too: a picture (.svg), data (.json) or text (.txt).")
@click.option("--book", is_flag=True, help="Promise it: its people and resources are taken, in place of what was booked.")
@click.option("--release", is_flag=True, help="Nothing is booked for this runbook any more.")
@options.inventory
@options.journal
@options.as_json
def schedule_command(
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    start: str | None,
    aim: str | None,
    pins: tuple[str, ...],
    more: tuple[str, ...],
    effort: str,
    time_limit: float | None,
    seed: int,
    by: str | None,
    output: str | None,
    book: bool,
    release: bool,
    inventory: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Say who does what when, how good that is, and what it differs in from what was promised.

    \b
    runbook schedule rack12.plan -o rack12.svg
    runbook schedule rack12.plan --pin cabling/mount@r12-u01=2026-11-30T09:00@ana.duarte --book
    runbook schedule rack12-install-1                how a run goes on from here, with few changes

    Searched until it is proved best, or for so much work: the same plan, inventory, bookings and seed give the same
    schedule. Exit code 4: there is none, or a deadline is not kept.
    """
    place = settings(Path(file), inventory=inventory, journal=journal)
    from runbook_engine.cli.charting import ending_of, write_view
    from runbook_engine.cli.continuing import is_run, refuse_options, schedule_run

    ending_of(output)
    going = is_run(file, place)
    wish = Wish(
        zeal=Zeal(effort), limit_s=time_limit, seed=seed, aim=_aim(aim, going=going), start=start, pins=tuple(map(pin_of, pins))
    )
    if going:
        refuse_options(file, _given("start", "more", "release", "params", "params_file"))
        return schedule_run(file, place, wish, by=_by(by), output=output, book=book, as_json=as_json)
    plans = [planned(name, place, options.pairs(params, "-p") if name == file else {}, params_file) for name in (file, *more)]
    if release:
        return _release(place, plans[0], file, _given("start", "aim", "pins", "more", "by", "output", "book", "as_json"))
    now = opening.now().replace(microsecond=0)
    files = (file, *more)
    found = _together(plans, files, place, wish, now)
    if output:
        write_view(_view(found[0], place, _by(by)), output, _by(by))
    if as_json:
        _show_json(found)
    elif output != "-":
        _show(found, place, _by(by), files)
    return _end(found, files, place, now, book=book)


_WARNED = 3  # people who work too long on end


def _aim(aim: str | None, *, going: bool) -> Aim:
    """What is aimed at; where nothing is said, an early end, or for a run that is going on few changes."""
    return Aim(aim) if aim else Aim.CHANGE if going else Aim.FINISH


def _given(*names: str) -> list[str]:
    """Which of these options somebody has typed, as they are called there."""
    context = click.get_current_context()
    typed = [n for n in names if context.get_parameter_source(n) is click.core.ParameterSource.COMMANDLINE]
    known = {param.name: param.opts[-1] for param in context.command.params}
    return [known[name] for name in typed]


def _together(plans: Sequence[Plan], files: Sequence[str], place: Settings, wish: Wish, now: datetime) -> list[Made]:
    """The schedules, in the order in which the plans were named. Whose priority is greater is placed first, equals as one."""
    _each_once(plans, files)
    booked = list(booked_of(place))
    made: dict[str, Made] = {}
    for priority in sorted({plan.priority for plan in plans}, reverse=True):
        group = [(file, plan) for file, plan in zip(files, plans, strict=True) if plan.priority == priority]
        names = {plan.runbook for _, plan in group}
        waiting = {p.runbook for p in plans if p.runbook not in made} - names
        beside = [entry for entry in booked if entry.schedule.runbook not in waiting]
        pins = wish.pins if plans[0].runbook in names else ()
        share = replace(wish, pins=pins, limit_s=_share(wish, len(made) + len(group), len(plans)), file=group[0][0])
        for found in _made([plan for _, plan in group], place, share, beside, now):
            made[found.plan.runbook] = found
            booked = [entry for entry in booked if entry.schedule.runbook != found.plan.runbook]
            booked.append(Booked(number=0, schedule=found.schedule, by="", at=now))
    return [made[plan.runbook] for plan in plans]


def _made(plans: Sequence[Plan], place: Settings, wish: Wish, booked: Sequence[Booked], now: datetime) -> list[Made]:
    """The schedules of plans of equal priority."""
    if len(plans) == 1:
        return [make(plans[0], place, wish, booked, now)]
    from runbook_engine.cli.joining import make_together

    return make_together(plans, place, wish, booked, now)


def _each_once(plans: Sequence[Plan], files: Sequence[str]) -> None:
    """Raise Usage for two plans of one runbook: it has one schedule."""
    from runbook_engine.reporting.words import listed

    by_id: dict[str, list[str]] = {}
    for file, plan in zip(files, plans, strict=True):
        by_id.setdefault(plan.runbook, []).append(file)
    if twice := {name: same for name, same in by_id.items() if len(same) > 1}:
        raise Usage(
            f"A runbook is named twice: {'; '.join(f'{name} by {listed(same)}' for name, same in twice.items())}",
            why="Each runbook has one schedule, by its id: leave one out, or give it another id (runbook: …).",
            next_command=f"runbook schedule {' --with '.join(same[0] for same in by_id.values())}",
        )


def _share(wish: Wish, number: int, plans: int) -> float | None:
    """By when the schedule of that plan has to be found, so that each has as much time."""
    return None if wish.limit_s is None else wish.limit_s * number / plans


def _release(place: Settings, plan: Plan, file: str, beside: Sequence[str]) -> int:
    """Give up what is booked for a plan; nothing is scheduled then, so that other options (`beside`) would mean nothing."""
    if beside:
        why = "It only gives up what is booked for one plan; nothing is scheduled."
        raise Usage(
            f"--release goes alone, without {', '.join(beside)}", why=why, next_command=f"runbook schedule {file} --release"
        )
    with opening.store_of(place) as store:
        if not store.release(plan.runbook, opening.now(), options.me()):
            raise Refused(f"Nothing is booked for {plan.runbook}", next_command=f"runbook schedule {file} --book")
    options.say(f"Nothing is booked for {plan.runbook} any more; its people are free. Tell them: runbook tasks --for PERSON")
    return Exit.DONE


def _view(made: Made, place: Settings, by: "By | None") -> "View":
    from runbook_engine.cli.charting import View, chart_of
    from runbook_engine.reporting.booking_groups import By

    chart = chart_of(made.plan, made.schedule, estate_of(place), by or By.PHASE)
    return View(chart=chart, schedule=made.schedule, moved=made.moved, others=made.others)


def _by(by: str | None) -> "By | None":
    from runbook_engine.reporting.booking_groups import By

    return By(by) if by else None


def _show(found: Sequence[Made], place: Settings, by: "By | None", files: Sequence[str]) -> None:
    from runbook_engine.cli.charting import text_of

    for made, file in zip(found, files, strict=True):
        text = text_of(_view(made, place, by), by, file)
        options.show(text if made is found[0] else f"\n{text}")
    _warn(found, place, files)


def _warn(found: Sequence[Made], place: Settings, files: Sequence[str]) -> None:
    """Say who works on end for longer than anybody should, by these schedules and what is booked beside them."""
    from runbook_engine.cli.tasking import names_of
    from runbook_engine.reporting.words import end_moment, moment
    from runbook_engine.scheduling.feasibility_rest import stint_words
    from runbook_engine.scheduling.projects_calendar import zone_of
    from runbook_engine.scheduling.resting import restless, work_of

    estate = estate_of(place)
    zone, names = zone_of(found[0].plan, estate), names_of(estate)
    own = {made.schedule.runbook: made.schedule for made in found}
    others = {other.runbook: other for made in found for other in made.others if other.runbook not in own}
    stints = restless(work_of(own.values()), estate, work_of(others.values()))
    for stint in stints[:_WARNED]:
        words = stint_words(
            stint, names.get(stint.person, stint.person), moment(stint.start, zone), end_moment(stint.end, zone)
        )
        options.say(f"Note: {words}: no calendar says when that person is off. What helps: runbook feasibility {files[0]}")


def _show_json(found: Sequence[Made]) -> None:
    from runbook_engine.reporting.schedule_data import FORMAT, schedule_data

    data = [schedule_data(made.schedule, made.moved) for made in found]
    options.show_json(data[0] if len(data) == 1 else {"format": FORMAT, "kind": "schedules", "schedules": data})


def _end(found: Sequence[Made], files: Sequence[str], place: Settings, now: datetime, *, book: bool) -> int:
    """Book it, unless something is not kept. Raises Refused with all that is not."""
    refused = {file: f"{made.plan.runbook}: {made.refused}" for made, file in zip(found, files, strict=True) if made.refused}
    if refused:
        raise Refused(
            f"A deadline is not kept. {' '.join(refused.values())}",
            why="The schedule that is shown is the least late that was found" + ("; nothing was booked." if book else "."),
            next_command=f"runbook feasibility {next(iter(refused))}",
        )
    if book:
        with opening.store_of(place) as store:
            for made in found:
                store.book(made.schedule, now, options.me())
        options.say(f"Booked: {', '.join(made.plan.runbook for made in found)}. Next: runbook tasks --for PERSON --ics FILE")
    return Exit.DONE
