"""A schedule as a Gantt chart of characters, as wide as the terminal, in plain ASCII where nothing else can be shown."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.gantt_model import Bar, Chart, Group, Row, groups_of, row_label, shown_spans
from runbook_engine.reporting.harmless import in_ascii, shortened
from runbook_engine.reporting.schedule_words import deadline_name, until, work_spans
from runbook_engine.reporting.time_scale import Scale, scale_of, ticks
from runbook_engine.reporting.words import count

LEAST, LABEL_MOST = 60, 40
ROWS_SHOWN = 120
TICKS_APART = 12.0


@dataclass(frozen=True, slots=True)
class _Signs:
    """The characters; each meaning has one of its own, so that no colour is needed."""

    plan: str
    chain: str
    pause: str
    milestone: str
    fold: str
    deadline: str
    forecast: str
    actual: str


_SIGNS = _Signs("▒", "█", "┈", "◆", "┊", "┃", "╌", "━")
_ASCII = _Signs("=", "#", ".", "*", ":", "|", "-", "+")


def gantt_text(chart: Chart, width: int = 100, *, ascii_only: bool = False) -> str:
    """The chart in characters: a row for each booking, or for the bookings of a step when there are many."""
    signs = _ASCII if ascii_only else _SIGNS
    width = max(LEAST, width)
    groups = groups_of(chart)
    label = min(LABEL_MOST, width // 3, max(cell_len(row.title) + 2 for group in groups for row in group.rows))
    room = width - label - 1
    scale = scale_of(shown_spans(chart), room - 1, 1.0)
    lines = [*_axis(chart, scale, label, room)]
    for group in groups:
        lines += _group(chart, group, scale, label, room, signs)
    hidden = len(lines) - ROWS_SHOWN
    if hidden > 0:
        lines = [*lines[:ROWS_SHOWN], f"… and {count(hidden, 'row')} more: runbook schedule PLAN -o FILE.svg"]
    text = "\n".join(line.rstrip() for line in [*lines, _legend(chart, signs, folds=bool(scale.folds))])
    return in_ascii(text) if ascii_only else text


def _axis(chart: Chart, scale: Scale, label: int, room: int) -> Iterator[str]:
    days, clocks = [" "] * room, [" "] * room
    for tick in ticks(scale, chart.zone, TICKS_APART, abstract=chart.schedule.abstract):
        for line, text in ((days, tick.day), (clocks, tick.clock)):
            at = round(tick.at)
            left = min(at, room - len(text))  # what would leave the line stands as far to the left as there is room
            _put(line, left if not "".join(line[max(0, left - 1) : at]).strip() else at, text)
    for line in (days, clocks):
        if text := "".join(line).rstrip():
            yield f"{'':<{label}} {text}"


def _put(line: list[str], at: int, text: str) -> None:
    """Write over a line, as far as there is room."""
    for offset, letter in enumerate(text):
        if at + offset < len(line):
            line[at + offset] = letter


def _group(chart: Chart, group: Group, scale: Scale, label: int, room: int, signs: _Signs) -> Iterator[str]:
    yield shortened(f"{group.title}  ({group.note})", label + room)
    for row in group.rows:
        name = set_cell_size("  " + row_label(row, label - 2), label)
        for number, line in enumerate(_lines(chart, row, scale, room, signs)):
            yield f"{name if number == 0 else ' ' * label} {line}"


def _lines(chart: Chart, row: Row, scale: Scale, room: int, signs: _Signs) -> Iterator[str]:
    """The plan with its names, and below it what is expected and what was, where that is known and another."""
    for lane in range(row.lanes):
        bars = [bar for bar in row.bars if bar.lane == lane]
        line = _ground(chart, scale, room, signs)
        for bar in bars:
            _plan(line, bar, scale, signs)
        for index, bar in enumerate(bars):
            last = index + 1 == len(bars)
            _name(line, bar, scale, room if last else round(scale.x(bars[index + 1].booking.start)))
        yield "".join(line)
    for sign, spans in ((signs.forecast, [b.forecast for b in row.bars]), (signs.actual, [b.actual for b in row.bars])):
        known = [span for span in spans if span is not None]
        if known:
            yield "".join(_beside(known, sign, scale, room))


def _ground(chart: Chart, scale: Scale, room: int, signs: _Signs) -> list[str]:
    line = [" "] * room
    for left, right in scale.folds:
        _put(line, round((left + right) / 2), signs.fold)
    if chart.schedule.deadline is not None:
        _put(line, round(scale.x(chart.schedule.deadline)), signs.deadline)
    return line


def _plan(line: list[str], bar: Bar, scale: Scale, signs: _Signs) -> None:
    booking = bar.booking
    if booking.start == booking.finish:
        _put(line, round(scale.x(booking.start)), signs.milestone)
        return
    spans = work_spans(booking)
    _fill(line, Span(booking.start, booking.finish), signs.pause, scale)
    for span in spans:
        _fill(line, span, signs.chain if booking.chain else signs.plan, scale)


def _fill(line: list[str], span: Span, sign: str, scale: Scale) -> None:
    first, last = round(scale.x(span.start)), round(scale.x(span.end))
    _put(line, first, sign * max(1, last - first))


def _name(line: list[str], bar: Bar, scale: Scale, end: int) -> None:
    """Behind the bar, as far as nothing else stands there; before it where there is none behind."""
    first, last = (
        round(scale.x(bar.booking.start)),
        max(round(scale.x(bar.booking.finish)), round(scale.x(bar.booking.start)) + 1),
    )
    after, words = min(end, len(line)) - last - 2, bar.words
    if not words:
        return
    if after >= min(len(words), 10):
        _put(line, last + 1, shortened(words, after))
    elif first > len(words) + 1 and not "".join(line[first - len(words) - 2 : first]).strip(" ┊:"):
        _put(line, first - len(words) - 1, words)


def _beside(spans: Sequence[Span], sign: str, scale: Scale, room: int) -> list[str]:
    line = [" "] * room
    for span in spans:
        _fill(line, span, sign, scale)
    return line


def _legend(chart: Chart, signs: _Signs, *, folds: bool) -> str:
    parts = [f"{signs.chain} critical chain", f"{signs.plan} planned"]
    if any(b.start == b.finish for b in chart.schedule.bookings):
        parts.append(f"{signs.milestone} milestone")
    parts += [f"{signs.forecast} expected now"] if chart.forecast is not None else []
    parts += [f"{signs.actual} done"] if chart.actual else []
    if chart.schedule.deadline is not None:
        parts.append(f"{signs.deadline} {deadline_name(chart.schedule)} {until(chart.schedule.deadline, chart.zone)}")
    parts += [f"{signs.fold} time left out"] if folds else []
    return "   ".join(parts)
