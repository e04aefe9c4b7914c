"""How a schedule is shown and written, and what stands around it: names, titles, windows, freezes, and in which zone."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

from runbook_engine.cli.projects import write_output
from runbook_engine.cli.tasking import names_of
from runbook_engine.model.errors import Usage
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Moved, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_model import Chart, Shade

_AROUND = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A schedule as it is told: its chart, its data, what moved since it was promised (None: it was not), others' bookings."""

    chart: Chart
    schedule: Schedule
    moved: tuple[Moved, ...] | None = None
    others: tuple[Schedule, ...] = ()


def text_of(view: View, by: By | None, file: str) -> str:
    """The report for whoever is at the terminal: the chart, or the table of that; `file` is named in what to type next."""
    from runbook_engine.reporting.schedule_text import Look, schedule_text
    from runbook_engine.reporting.settings import settings_for

    ascii_only = settings_for(sys.stdout, os.environ).ascii_only
    look = Look(width=shutil.get_terminal_size((100, 24)).columns, ascii_only=ascii_only, by=by)
    return schedule_text(view.chart, look, moved=view.moved, others=view.others, file=file)


def ending_of(output: str | None) -> str:
    """Raises Usage for a file whose form nobody could guess, before anything is searched for."""
    ending = Path(output).suffix if output and output != "-" else ".svg"
    if ending not in (".svg", ".json", ".txt"):
        raise Usage(f"{output}: which form is meant?", why="A picture ends with .svg, data with .json, text with .txt.")
    return ending


def write_view(view: View, output: str, by: By | None) -> None:
    """The same as a file: a picture, data or text, by its ending."""
    import json

    from runbook_engine.reporting.gantt_drawing import gantt_svg
    from runbook_engine.reporting.schedule_data import schedule_data
    from runbook_engine.reporting.schedule_text import Look, schedule_text

    ending = ending_of(output)
    if ending == ".json":
        text = json.dumps(schedule_data(view.schedule, view.moved), indent=2, ensure_ascii=False) + "\n"
    elif ending == ".svg":
        text = gantt_svg(view.chart)
    else:
        text = schedule_text(view.chart, Look(by=by), moved=view.moved, others=view.others) + "\n"
    write_output(text.encode("utf-8", "replace"), output)


def chart_of(plan: Plan, schedule: Schedule, estate: Estate, by: By = By.PHASE) -> Chart:
    """The chart of a schedule, with the windows and freezes of its time as the inventory has them now."""
    from runbook_engine.scheduling.projects_calendar import zone_of

    return Chart(
        schedule=schedule,
        phases={phase.id: phase.title for phase in plan.phases},
        names=names_of(estate),
        shades=() if schedule.abstract else tuple(_shades(plan, schedule, estate)),
        zone=UTC if schedule.abstract else zone_of(plan, estate),
        by=by,
    )


def _shades(plan: Plan, schedule: Schedule, estate: Estate) -> Iterator[Shade]:
    from runbook_engine.calendars import freeze_entry, freeze_spans, spans, window_entry
    from runbook_engine.calendars.freezing import touches
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.model.scope import scope

    start, end = schedule.start - _AROUND, max(schedule.finish, schedule.deadline or schedule.finish) + _AROUND
    for phase in plan.phases:
        if phase.opens is not None:
            open_ = tuple(spans(phase.opens, start, end, days_off))
            yield Shade(words=window_entry(phase.opens), spans=open_, phases=frozenset({phase.id}))
    zones = {site.name: site.time_zone for site in estate.sites.values()}
    for freeze in estate.freezes:
        about = frozenset(phase.id for phase in plan.phases if touches(freeze, scope(plan, phase, estate)))
        shut = tuple(s for s in freeze_spans(freeze, zones) if s.start < end and s.end > start)
        if about and shut:
            yield Shade(words=freeze_entry(freeze), spans=shut, frozen=True, phases=about)
