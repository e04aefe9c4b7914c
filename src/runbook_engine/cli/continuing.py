"""schedule RUN: what is left of a run, scheduled again with few changes, beside what was promised."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runbook_engine.cli import opening, options
from runbook_engine.cli.charting import View, chart_of, text_of, write_view
from runbook_engine.cli.forecasting import Expected, expected
from runbook_engine.cli.scheduled import Wish, estate_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Exit, Refused, Usage
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.forecast_text import forecast_lines, sooner_line
from runbook_engine.reporting.schedule_data import schedule_data

_NOT_FOR_RUNS = {
    "--from": (
        "What is left may start from now on; what must wait gets a start by --pin.",
        "runbook schedule {run} --pin TASK=START",
    ),
    "--with": (
        "What is left is placed around all that is booked for others, who are scheduled by plan.",
        "runbook schedule PLAN --with PLAN",
    ),
    "--release": ("A promise is given up for its plan, not for a run.", "runbook schedule PLAN --release"),
    "--param": ("The plan of a run is fixed.", "runbook amend {run} FILE"),
    "--params-file": ("The plan of a run is fixed.", "runbook amend {run} FILE"),
}


def is_run(name: str, place: Settings) -> bool:
    """Whether a run is meant, and not a file."""
    if Path(name).exists() or name.endswith((".yml", ".yaml")):
        return False
    with opening.store_of(place) as store:
        return any(row.run.startswith(name) or name == "last" for row in store.runs())


def refuse_options(run: str, wrong: Sequence[str]) -> None:
    """Raise Usage for options that mean nothing for a run that is going on, all at once."""
    if wrong:
        raise Usage(
            f"{', '.join(wrong)} cannot be used with a run that is going on ({run})",
            why=" ".join(dict.fromkeys(_NOT_FOR_RUNS[option][0] for option in wrong)),
            next_command="  or  ".join(dict.fromkeys(_NOT_FOR_RUNS[option][1].format(run=run) for option in wrong)),
        )


def schedule_run(
    name: str, place: Settings, wish: Wish, *, by: By | None, output: str | None, book: bool, as_json: bool
) -> int:
    """Show how a run goes on, and who must be told; promise it if that is asked for. Raises Refused."""
    with opening.opened(name, place.journal) as found:
        run = found.course.run
        known = _expected(place, found, wish)
        if known is None:
            raise Refused(f"{run.id} is over: nothing is left to schedule", next_command=f"runbook status {run.id}")
        view = _view(known, place, by)
        if output and output != "-":
            write_view(view, output, by)
        if as_json:
            options.show_json(schedule_data(view.schedule, view.moved))
        else:
            options.show(text_of(view, by, name))
            told = [*forecast_lines(known.forecast, view.chart.zone), sooner_line(known.forecast, name)]
            options.say("\n" + "\n".join(filter(None, told)))
        if book:
            found.store.book(known.forecast.schedule, opening.now(), options.me())
            options.say(f"Booked: {known.plan.runbook} as it goes on now. Next: runbook tasks --for PERSON --ics FILE")
    return Exit.REFUSED if known.forecast.misses_deadline and not known.forecast.soft else Exit.DONE


def _expected(place: Settings, found: opening.Opened, wish: Wish) -> Expected | None:
    from runbook_engine.scheduling.listing_reasons import NotPlaced

    try:
        return expected(place, found.store, found.course, wish, found.store.booked())
    except (NotPlaced, ValueError) as trouble:
        raise Refused(
            f"There is no schedule for what is left of {found.run}: {trouble}",
            why="Nothing that keeps to people, calendars, resources and pins was found.",
            next_command=f"runbook status {found.run}",
        ) from trouble


def _view(known: Expected, place: Settings, by: By | None) -> View:
    """What was promised with what is expected beside it; what nobody has promised stands alone."""
    forecast = known.forecast
    chart = chart_of(known.plan, known.promised or forecast.schedule, estate_of(place), by or By.PHASE)
    beside = forecast.schedule if known.promised else None
    return View(
        chart=replace(chart, forecast=beside, actual=known.actual, now=forecast.at),
        schedule=forecast.schedule,
        moved=forecast.moved if known.promised else None,
        others=known.others,
    )
