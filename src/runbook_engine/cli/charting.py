"""What stands around a schedule when it is shown: names, titles, windows, freezes, and in which zone."""

from collections.abc import Iterator
from datetime import UTC, timedelta

from runbook_engine.cli.tasking import names_of
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Schedule
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_model import Chart, Shade

_AROUND = timedelta(days=1)


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
