"""schedule: who does what when, how good that is, and whether it is promised."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.projects import planned, write_output
from runbook_engine.cli.scheduled import Made, Wish, Zeal, booked_of, estate_of, make, moment_of, pin_of
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Exit, Refused, Usage
from runbook_engine.model.jobs import Aim
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked, Moved

if TYPE_CHECKING:
    from runbook_engine.reporting.booking_groups import By
    from runbook_engine.reporting.gantt_model import Chart

BY = ("phase", "person", "site", "window", "day")
NEXT = """\b
Next: runbook tasks --for PERSON --ics FILE"""


@click.command("schedule", epilog=NEXT)
@click.argument("file", metavar="PLAN|FILE")
@options.param_options
@click.option("--from", "start", metavar="MOMENT", help="Nothing starts before, such as 2026-11-30T09:00; else from now on.")
@click.option("--aim", type=click.Choice([str(a) for a in Aim]), default="finish", help="What it is to be good at.")
@click.option("--pin", "pins", multiple=True, metavar="TASK=START[@PERSON]", help="Fix a start, people, or both (repeatable).")
@click.option("--with", "more", multiple=True, metavar="PLAN", help="Schedule that as well; the higher priority goes first.")
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
    aim: str,
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

    Searched until it is proved best, or for so much work: the same plan, inventory, bookings and seed give the same
    schedule. Exit code 4: there is none, or a deadline is not kept.
    """
    place = settings(Path(file), inventory=inventory, journal=journal)
    _ending(output)
    plans = [planned(name, place, options.pairs(params, "-p") if name == file else {}, params_file) for name in (file, *more)]
    if release:
        return _release(place, plans[0])
    at = moment_of(start, "--from") if start else None
    wish = Wish(
        zeal=Zeal(effort), limit_s=time_limit, seed=seed, aim=Aim(aim), at=at, pins=tuple(pin_of(text) for text in pins)
    )
    now = opening.now().replace(microsecond=0)
    found = _together(plans, place, wish, now)
    if output:
        _write(output, found[0], place, by)
    if as_json:
        _show_json(found)
    elif output != "-":
        _show(found, place, by, (file, *more))
    return _end(found, place, now, book=book)


def _together(plans: Sequence[Plan], place: Settings, wish: Wish, now: datetime) -> list[Made]:
    """The schedules, in the order in which the plans were named. Whose priority is greater is placed first."""
    names = [plan.runbook for plan in plans]
    if len(set(names)) < len(names):
        raise Usage("A plan is named twice", why="Each project has one schedule.")
    booked = list(booked_of(place))
    made: dict[str, Made] = {}
    for plan in sorted(plans, key=lambda p: -p.priority):
        waiting = {p.runbook for p in plans if p.runbook not in made and p is not plan}
        beside = [entry for entry in booked if entry.schedule.runbook not in waiting]
        share = replace(wish, pins=wish.pins if plan is plans[0] else (), limit_s=_share(wish, len(made) + 1, len(plans)))
        made[plan.runbook] = found = make(plan, place, share, beside, now)
        booked = [entry for entry in booked if entry.schedule.runbook != plan.runbook]
        booked.append(Booked(number=0, schedule=found.schedule, by="", at=now))
    return [made[name] for name in names]


def _share(wish: Wish, number: int, plans: int) -> float | None:
    """By when the schedule of that plan has to be found, so that each has as much time."""
    return None if wish.limit_s is None else wish.limit_s * number / plans


def _release(place: Settings, plan: Plan) -> int:
    with opening.store_of(place) as store:
        if not store.release(plan.runbook, opening.now(), options.me()):
            raise Refused(f"Nothing is booked for {plan.runbook}", next_command="runbook schedule PLAN --book")
    options.say(f"Nothing is booked for {plan.runbook} any more; its people are free. Tell them: runbook tasks --for PERSON")
    return Exit.DONE


def _moved(made: Made) -> tuple[Moved, ...] | None:
    from runbook_engine.scheduling.moving import moved

    return moved(made.before.schedule, made.schedule) if made.before else None


def _chart(made: Made, place: Settings, by: str | None) -> "Chart":
    from runbook_engine.cli.charting import chart_of

    return chart_of(made.plan, made.schedule, estate_of(place), _by(by))


def _by(by: str | None) -> "By":
    from runbook_engine.reporting.booking_groups import By

    return By(by or "phase")


def _show(found: Sequence[Made], place: Settings, by: str | None, files: Sequence[str]) -> None:
    from runbook_engine.reporting.schedule_text import Look, schedule_text
    from runbook_engine.reporting.settings import settings_for

    shown = settings_for(sys.stdout, os.environ)
    look = Look(width=shutil.get_terminal_size((100, 24)).columns, ascii_only=shown.ascii_only, by=_by(by) if by else None)
    for made, file in zip(found, files, strict=True):
        text = schedule_text(_chart(made, place, by), look, moved=_moved(made), others=made.others, file=file)
        options.show(text if made is found[0] else f"\n{text}")


def _show_json(found: Sequence[Made]) -> None:
    from runbook_engine.reporting.schedule_data import FORMAT, schedule_data

    data = [schedule_data(made.schedule, _moved(made)) for made in found]
    options.show_json(data[0] if len(data) == 1 else {"format": FORMAT, "kind": "schedules", "schedules": data})


def _ending(output: str | None) -> str:
    """Raises Usage for a file whose form nobody could guess, before anything is searched for."""
    ending = Path(output).suffix if output and output != "-" else ".svg"
    if ending not in (".svg", ".json", ".txt"):
        raise Usage(f"{output}: which form is meant?", why="A picture ends with .svg, data with .json, text with .txt.")
    return ending


def _write(output: str, made: Made, place: Settings, by: str | None) -> None:
    import json

    from runbook_engine.reporting.gantt_drawing import gantt_svg
    from runbook_engine.reporting.schedule_data import schedule_data
    from runbook_engine.reporting.schedule_text import Look, schedule_text

    ending = _ending(output)
    if ending == ".json":
        text = json.dumps(schedule_data(made.schedule, _moved(made)), indent=2, ensure_ascii=False) + "\n"
    elif ending == ".svg":
        text = gantt_svg(_chart(made, place, by))
    else:
        look = Look(by=_by(by) if by else None)
        text = schedule_text(_chart(made, place, by), look, moved=_moved(made), others=made.others) + "\n"
    write_output(text.encode("utf-8", "replace"), output)


def _end(found: Sequence[Made], place: Settings, now: datetime, *, book: bool) -> int:
    """Book it, unless something is not kept. Raises Refused with all that is not."""
    refused = [f"{made.plan.runbook}: {made.refused}" for made in found if made.refused]
    if refused:
        raise Refused(
            f"A deadline is not kept. {' '.join(refused)}",
            why="This is the best that was found without it" + ("; nothing was booked." if book else "."),
            next_command="runbook feasibility PLAN",
        )
    if book:
        with opening.store_of(place) as store:
            for made in found:
                store.book(made.schedule, now, options.me())
        options.say(f"Booked: {', '.join(made.plan.runbook for made in found)}. Next: runbook tasks --for PERSON --ics FILE")
    return Exit.DONE
