"""schedule RUN: what is left of a run, scheduled again with few changes, beside what was promised."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from runbook_engine.cli import opening, options
from runbook_engine.cli.forecasting import Expected, expected
from runbook_engine.cli.scheduled import estate_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Exit, Refused
from runbook_engine.model.jobs import Effort
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_model import Chart


def is_run(name: str, place: Settings) -> bool:
    """Whether a run is meant, and not a file."""
    if Path(name).exists() or name.endswith((".yml", ".yaml")):
        return False
    with opening.store_of(place) as store:
        return any(row.run.startswith(name) or name == "last" for row in store.runs())


def schedule_run(
    name: str, place: Settings, effort: Effort, *, by: str | None, output: str | None, book: bool, as_json: bool
) -> int:
    """Show how a run goes on, and who must be told; promise it if that is asked for. Raises Refused."""
    with opening.opened(name, place.journal) as found:
        run = found.course.run
        known = expected(place, found.store, found.course, effort)
        if known is None:
            raise Refused(f"{run.id} is over: nothing is left to schedule", next_command=f"runbook status {run.id}")
        _show(known, place, name, by, output, as_json=as_json)
        if book:
            found.store.book(known.forecast.schedule, opening.now(), options.me())
            options.say(f"Booked: {known.plan.runbook} as it goes on now. Next: runbook tasks --for PERSON --ics FILE")
    return Exit.REFUSED if known.forecast.misses_deadline and not known.forecast.soft else Exit.DONE


def _show(known: Expected, place: Settings, file: str, by: str | None, output: str | None, *, as_json: bool) -> None:
    from runbook_engine.reporting.forecast_text import forecast_lines
    from runbook_engine.reporting.schedule_data import schedule_data
    from runbook_engine.reporting.schedule_text import Look, schedule_text
    from runbook_engine.reporting.settings import settings_for

    chart, forecast = _chart(known, place, by), known.forecast
    moved = forecast.moved if forecast.promised else None
    if output and output != "-":
        _write(chart, output)
    if as_json:
        options.show_json(schedule_data(forecast.schedule, moved))
        return
    shown = settings_for(sys.stdout, os.environ)
    look = Look(width=shutil.get_terminal_size((100, 24)).columns, ascii_only=shown.ascii_only, by=By(by) if by else None)
    options.show(schedule_text(chart, look, moved=moved, others=known.others, file=file))
    options.say("\n" + "\n".join(forecast_lines(forecast, chart.zone)))


def _chart(known: Expected, place: Settings, by: str | None) -> Chart:
    from runbook_engine.cli.charting import chart_of

    forecast = known.forecast
    chart = chart_of(known.plan, known.promised or forecast.schedule, estate_of(place), By(by or "phase"))
    beside = forecast.schedule if known.promised else None
    return replace(chart, forecast=beside, actual=known.actual, now=forecast.at)


def _write(chart: Chart, output: str) -> None:
    from runbook_engine.cli.projects import write_output
    from runbook_engine.reporting.gantt_drawing import gantt_svg

    write_output(gantt_svg(chart).encode("utf-8", "replace"), output)
