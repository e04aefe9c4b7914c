"""schedule RUN: what is left of a run, scheduled again with few changes, beside what was promised."""

from dataclasses import replace
from pathlib import Path

from runbook_engine.cli import opening, options
from runbook_engine.cli.charting import View, chart_of, text_of, write_view
from runbook_engine.cli.forecasting import Expected, expected
from runbook_engine.cli.scheduled import estate_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Exit, Refused
from runbook_engine.model.jobs import Effort
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.forecast_text import forecast_lines
from runbook_engine.reporting.schedule_data import schedule_data


def is_run(name: str, place: Settings) -> bool:
    """Whether a run is meant, and not a file."""
    if Path(name).exists() or name.endswith((".yml", ".yaml")):
        return False
    with opening.store_of(place) as store:
        return any(row.run.startswith(name) or name == "last" for row in store.runs())


def schedule_run(
    name: str, place: Settings, effort: Effort, *, by: By | None, output: str | None, book: bool, as_json: bool
) -> int:
    """Show how a run goes on, and who must be told; promise it if that is asked for. Raises Refused."""
    with opening.opened(name, place.journal) as found:
        run = found.course.run
        known = expected(place, found.store, found.course, effort, found.store.booked())
        if known is None:
            raise Refused(f"{run.id} is over: nothing is left to schedule", next_command=f"runbook status {run.id}")
        view = _view(known, place, by)
        if output and output != "-":
            write_view(view, output, by)
        if as_json:
            options.show_json(schedule_data(view.schedule, view.moved))
        else:
            options.show(text_of(view, by, name))
            options.say("\n" + "\n".join(forecast_lines(known.forecast, view.chart.zone)))
        if book:
            found.store.book(known.forecast.schedule, opening.now(), options.me())
            options.say(f"Booked: {known.plan.runbook} as it goes on now. Next: runbook tasks --for PERSON --ics FILE")
    return Exit.REFUSED if known.forecast.misses_deadline and not known.forecast.soft else Exit.DONE


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
