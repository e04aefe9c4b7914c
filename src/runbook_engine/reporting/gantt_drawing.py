"""A schedule as a Gantt chart: one self-contained SVG, for light and dark screens. Shapes tell what colours tell."""

from collections.abc import Iterator
from datetime import datetime

from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_model import Bar, Chart, Group, Row, groups_of, row_label, shown_spans
from runbook_engine.reporting.gantt_style import PATTERNS, STYLE, legend
from runbook_engine.reporting.schedule_words import deadline_name, end_words, summary, until, work_spans, zone_words
from runbook_engine.reporting.svg_text import cut, opening, safe
from runbook_engine.reporting.time_scale import Scale, scale_of, ticks
from runbook_engine.reporting.words import count

MARGIN, LABELS, WIDTH, FOLD = 24.0, 270.0, 1060.0, 16.0
HEAD, AXIS, LEGEND = 84.0, 40.0, 74.0
GROUP_HEAD, PLANNED, BESIDE, PAD = 30.0, 15.0, 6.0, 7.0
GROUP_GAP, CELL, LABEL_CELLS = 10.0, 5.7, 42
TICKS_APART, LEAST_BAR, DIAMOND = 62.0, 2.5, 7.0
DAY_WIDE, DAY_RAISED = 72.0, 13.0  # a date needs so much room; where there is less, it stands higher


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is drawn where: the chart, its line of time, and how tall a lane is."""

    chart: Chart
    scale: Scale
    groups: tuple[Group, ...]
    lane: float

    def height(self, row: Row) -> float:
        return row.lanes * self.lane + PAD

    def tall(self, group: Group) -> float:
        return GROUP_HEAD + sum(map(self.height, group.rows)) + GROUP_GAP

    @property
    def bottom(self) -> float:
        return HEAD + AXIS + sum(map(self.tall, self.groups))


def gantt_svg(chart: Chart) -> str:
    """Who does what when: planned, and beside it what is expected now and what was, where that is known."""
    beside = (chart.forecast is not None) + bool(chart.actual)
    scale = scale_of(shown_spans(chart), WIDTH, FOLD)
    sheet = _Sheet(chart, scale, groups_of(chart), PLANNED + 2 + BESIDE * beside)
    width, height = MARGIN * 2 + LABELS + WIDTH, sheet.bottom + LEGEND
    title = f"{chart.schedule.title}: who does what when"
    parts = [
        *opening(width, height, title, _description(sheet)),
        f"<style>{STYLE}</style>",
        PATTERNS,
        f'<rect class="page" width="{width:g}" height="{height:g}"/>',
        f'<text class="h1" x="{MARGIN:g}" y="36">{safe(chart.schedule.title, 110)}</text>',
        f'<text class="sub" x="{MARGIN:g}" y="57">{safe(_subtitle(chart))}</text>',
        f'<g transform="translate({MARGIN + LABELS:g} 0)">',
        *_axis(sheet),
        *_groups(sheet),
        *_lines(sheet),
        "</g>",
        *legend(chart, MARGIN, sheet.bottom + 26, LABELS + WIDTH),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _subtitle(chart: Chart) -> str:
    words = summary(chart.schedule, chart.zone)
    if chart.forecast is not None:
        words += f"; expected now: {end_words(chart.forecast, chart.zone)}"
    return words if chart.schedule.abstract else f"{words} · from {zone_words(chart.schedule, chart.zone)}"


def _description(sheet: _Sheet) -> str:
    groups = "; ".join(f"{group.title}: {group.note}" for group in sheet.groups)
    what = count(len(sheet.chart.schedule.bookings), "task")
    return f"A Gantt chart of {what}. {summary(sheet.chart.schedule, sheet.chart.zone)}. {groups}."


def _axis(sheet: _Sheet) -> Iterator[str]:
    top, bottom, last, raised = HEAD + AXIS - 6, sheet.bottom, -DAY_WIDE, 0.0
    for tick in ticks(sheet.scale, sheet.chart.zone, TICKS_APART, abstract=sheet.chart.schedule.abstract):
        yield f'<path class="{"day" if tick.day else "grid"}" d="M{tick.at:.1f} {top:g}V{bottom:g}"/>'
        yield f'<text class="clock" x="{tick.at + 3:.1f}" y="{top:g}">{tick.clock}</text>'
        if tick.day:
            raised = DAY_RAISED if tick.at - last < DAY_WIDE and not raised else 0.0
            last = tick.at
            yield f'<text class="date" x="{tick.at + 3:.1f}" y="{top - 15 - raised:g}">{tick.day}</text>'
    for left, right in sheet.scale.folds:
        room = f'width="{right - left:.1f}" height="{bottom - HEAD - AXIS:g}"'
        yield f'<rect class="fold" x="{left:.1f}" y="{HEAD + AXIS:g}" {room}/>'
        yield f'<text class="folded" text-anchor="middle" x="{(left + right) / 2:.1f}" y="{top + 4:g}">⋯</text>'


def _groups(sheet: _Sheet) -> Iterator[str]:
    top = HEAD + AXIS
    for group in sheet.groups:
        tall = sheet.tall(group) - GROUP_GAP
        yield f"<g><title>{safe(f'{group.title}: {group.note}')}</title>"
        yield from _shades(sheet, group, top, tall)
        yield f'<path class="rule" d="M{-LABELS:g} {top:g}H{WIDTH:g}"/>'
        yield f'<text class="group" x="{-LABELS:g}" y="{top + 20:g}">{safe(cut(group.title, LABEL_CELLS - 4))}</text>'
        yield f'<text class="note" x="6" y="{top + 19:g}">{safe(group.note)}</text>'
        at = top + GROUP_HEAD
        for row in group.rows:
            yield from _row(sheet, row, at)
            at += sheet.height(row)
        yield "</g>"
        top += sheet.tall(group)


def _shades(sheet: _Sheet, group: Group, top: float, tall: float) -> Iterator[str]:
    by_phase = sheet.chart.by is By.PHASE
    for shade in sheet.chart.shades:
        if shade.phases and not (by_phase and group.key in shade.phases):
            continue
        for span in shade.spans:
            left, right = sheet.scale.x(span.start), sheet.scale.x(span.end)
            if right - left >= 0.5:
                room = f'x="{left:.1f}" y="{top:g}" width="{right - left:.1f}" height="{tall:g}"'
                kinds = ("freeze", "frost") if shade.frozen else ("window",)
                yield from (f'<rect class="{kind}" {room}><title>{safe(shade.words)}</title></rect>' for kind in kinds)


def _row(sheet: _Sheet, row: Row, top: float) -> Iterator[str]:
    label = row_label(row, LABEL_CELLS)
    yield f'<text class="label" x="{10 - LABELS:g}" y="{top + 12:g}">{safe(label)}</text>'
    lanes = [[bar for bar in row.bars if bar.lane == lane] for lane in range(row.lanes)]
    for bar in row.bars:
        y = top + bar.lane * sheet.lane
        room = _room(sheet, lanes[bar.lane], bar)
        yield f'<g class="task"><title>{safe(bar.detail, 2000)}</title>'
        yield from _planned(sheet, bar, y, room)
        yield from _beside(sheet, bar, y)
        yield "</g>"


def _room(sheet: _Sheet, lane: list[Bar], bar: Bar) -> tuple[float, float]:
    """From where to where words may stand beside a bar: between those before and after it."""
    index = lane.index(bar)
    before = sheet.scale.x(lane[index - 1].booking.finish) + 60 if index else 0.0
    return before, sheet.scale.x(lane[index + 1].booking.start) if index + 1 < len(lane) else WIDTH


def _planned(sheet: _Sheet, bar: Bar, y: float, room: tuple[float, float]) -> Iterator[str]:
    booking = bar.booking
    chain = " chain" if booking.chain else ""
    left, right = sheet.scale.x(booking.start), sheet.scale.x(booking.finish)
    if booking.milestone or booking.start == booking.finish:
        middle, half = y + PLANNED / 2, DIAMOND
        shape = f"M{left:.1f} {middle - half:g}l{half:g} {half:g}l{-half:g} {half:g}l{-half:g} {-half:g}z"
        yield f'<path class="milestone{chain}" d="{shape}"/>'
        yield from _words(bar, left, left + DIAMOND, y, room)
        return
    spans = work_spans(booking)
    if len(spans) > 1:
        yield f'<path class="pause" d="M{left:.1f} {y + PLANNED / 2:g}H{right:.1f}"/>'
    for span in spans:
        yield _box(sheet, span, y, PLANNED, f"plan{chain}")
        if booking.chain:
            yield _box(sheet, span, y, PLANNED, "hatched")
    yield from _words(bar, left, max(right, left + LEAST_BAR), y, room)


def _words(bar: Bar, left: float, right: float, y: float, room: tuple[float, float]) -> Iterator[str]:
    """Who, inside the bar where that fits; else beside it, as far as there is room, on a ground of its own."""
    if not bar.words:
        return
    inside, after, before = (int((x - 8) / CELL) for x in (right - left, room[1] - right, left - room[0]))
    long = len(bar.words)
    if long <= inside:
        yield f'<text class="who" x="{left + 4:.1f}" y="{y + 11.5:g}">{safe(bar.words)}</text>'
    elif after >= min(long, 60) or after >= max(before, inside, 6):
        yield f'<text class="beside" x="{right + 4:.1f}" y="{y + 11.5:g}">{safe(cut(bar.words, after))}</text>'
    elif before >= max(inside, 6):
        words = safe(cut(bar.words, before))
        yield f'<text class="beside" text-anchor="end" x="{left - 4:.1f}" y="{y + 11.5:g}">{words}</text>'
    elif inside >= 4:
        yield f'<text class="who" x="{left + 4:.1f}" y="{y + 11.5:g}">{safe(cut(bar.words, inside))}</text>'


def _beside(sheet: _Sheet, bar: Bar, y: float) -> Iterator[str]:
    y += PLANNED + 1
    if bar.forecast is not None:
        yield _box(sheet, bar.forecast, y, BESIDE - 2, "forecast")
    if sheet.chart.forecast is not None:
        y += BESIDE
    if bar.actual is not None:
        yield _box(sheet, bar.actual, y, BESIDE - 2, "actual running" if bar.running else "actual")


def _box(sheet: _Sheet, span: Span, y: float, tall: float, kind: str) -> str:
    left, right = sheet.scale.x(span.start), sheet.scale.x(span.end)
    width = max(LEAST_BAR, right - left)
    return f'<rect class="{kind}" x="{left:.1f}" y="{y:g}" width="{width:.1f}" height="{tall:g}" rx="2"/>'


def _lines(sheet: _Sheet) -> Iterator[str]:
    chart = sheet.chart
    if chart.schedule.deadline is not None:
        words = f"{deadline_name(chart.schedule)} {until(chart.schedule.deadline, chart.zone)}"
        yield from _line(sheet, chart.schedule.deadline, "deadline", words)
    if chart.now is not None and chart.schedule.start < chart.now < max(s.end for s in shown_spans(chart)):
        yield from _line(sheet, chart.now, "now", "now")


def _line(sheet: _Sheet, at: datetime, kind: str, words: str) -> Iterator[str]:
    x, top = sheet.scale.x(at), HEAD - 2
    yield f'<path class="{kind}" d="M{x:.1f} {top + 6:g}V{sheet.bottom:g}"/>'
    anchor = "end" if x > WIDTH / 2 else "start"
    yield f'<text class="mark {kind}-words" text-anchor="{anchor}" x="{x:.1f}" y="{top:g}">{safe(words)}</text>'
