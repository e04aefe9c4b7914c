"""A schedule in words, as the person reads it who must promise a date: the end first, then who does what when, then why."""

from collections.abc import Sequence

from runbook_engine.model.jobs import Aim
from runbook_engine.model.schedule import Moved, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_model import Chart
from runbook_engine.reporting.gantt_text import gantt_text
from runbook_engine.reporting.harmless import in_ascii, one_line
from runbook_engine.reporting.schedule_tables import chain_text, conflict_text, moved_text, table_text
from runbook_engine.reporting.schedule_words import estimates_text, summary, zone_words
from runbook_engine.reporting.words import count, short_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How it is shown: how wide, in which characters, with the table of what."""

    width: int = 100
    ascii_only: bool = False
    by: By | None = None  # None: the chart; else the table of that


def schedule_text(
    chart: Chart, look: Look, *, moved: Sequence[Moved] | None = None, others: Sequence[Schedule] = (), file: str = ""
) -> str:
    """The whole report. `moved` compares with what is booked (None: nothing is), `others` are booked by other projects."""
    schedule, names, zone = chart.schedule, chart.names, chart.zone
    if look.by is None:
        picture = gantt_text(chart, look.width, ascii_only=look.ascii_only)
    else:
        picture = table_text(schedule, look.by, names=names, phases=chart.phases, zone=zone, ascii_only=look.ascii_only)
    blocks = [
        "\n".join(_head(chart)),
        picture,
        chain_text(schedule, zone, names=names),
        _learnt(schedule),
        _conflicts(conflict_text(schedule, others, names, zone)),
        moved_text(moved, names, zone) if moved is not None else "",
        _next(schedule, file, moved),
    ]
    text = "\n\n".join(block for block in blocks if block)
    return in_ascii(text) if look.ascii_only else text


def _head(chart: Chart) -> list[str]:
    schedule = chart.schedule
    facts = [f"plan {short_digest(schedule.plan)}", count(len(schedule.bookings), "task")]
    people = {p for booking in schedule.bookings for p in booking.people}
    facts += [count(len(people), "person", "people")] if people else []
    facts += [] if schedule.abstract else [f"from {zone_words(schedule, chart.zone)}"]
    facts += [f"people's hours {schedule.cost}"] if schedule.cost else []
    how = [schedule.how] if schedule.how else []
    how += [f"aim {schedule.aim}", f"seed {schedule.seed}"]
    lines = [one_line(schedule.title), f"{schedule.runbook} · {' · '.join(facts)}", summary(schedule, chart.zone)]
    if chart.forecast is not None:
        asked = "" if chart.forecast.aim == Aim.CHANGE else f" (aim {chart.forecast.aim})"
        lines.append(f"Expected now: {summary(chart.forecast, chart.zone)}{asked}")
    return [*lines, f"Found by {one_line(', '.join(how))}" if schedule.how else one_line(", ".join(how))]


def _learnt(schedule: Schedule) -> str:
    return estimates_text({b.package: b.estimate for b in schedule.bookings if b.estimate})


def _conflicts(text: str) -> str:
    return f"Booked twice\n{text}" if text else ""


def _next(schedule: Schedule, file: str, moved: Sequence[Moved] | None) -> str:
    if not file or schedule.abstract:
        return ""
    person = next((p for b in schedule.bookings for p in b.people), "PERSON")
    promise, tell = f"runbook schedule {file} --book", f"runbook tasks --for {person} --ics FILE"
    if moved is None:
        return f"Next: {promise}     picture: runbook schedule {file} -o {schedule.runbook}.svg"
    return f"Next: {promise}     then tell people: {tell}" if moved else f"Next: {tell}"
