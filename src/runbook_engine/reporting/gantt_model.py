"""What a Gantt chart shows, before anything is drawn: groups of rows of bars. A row is one booking, or many of a kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PackageId, PersonId, PhaseId
from runbook_engine.reporting.booking_groups import By, grouped, keys_of
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.schedule_words import fitted, name_of, people_words, times, titled, work_s, work_spans
from runbook_engine.reporting.words import count, duration

ROWS_SINGLE = 60  # bookings that have a row of their own; of more, those of a step share one
ROWS_MOST = 150  # rows of steps; of more, those of a batch, and then those of a phase share one
LANES_MOST = 2  # bars above each other in a row; where more goes on at the same time, it becomes one bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """Times that stand behind the bars: those at which a window is open, or a freeze forbids work."""

    words: str
    spans: tuple[Span, ...]
    frozen: bool = False
    phases: frozenset[PhaseId] = frozenset()  # behind which groups; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A schedule with all that is drawn beside it. `actual` says when a booking began and, if it has, ended."""

    schedule: Schedule
    forecast: Schedule | None = None
    actual: Mapping[str, tuple[datetime, datetime | None]] = field(default_factory=dict)
    phases: Mapping[PhaseId, str] = field(default_factory=dict)  # their titles
    names: Mapping[PersonId, str] = field(default_factory=dict)
    shades: tuple[Shade, ...] = ()
    zone: tzinfo = UTC
    now: datetime | None = None
    by: By = By.PHASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One booking in a row, or several that overlap (`number`). `forecast` and `actual` stand beside what was planned."""

    booking: Booking
    number: int = 1
    words: str  # who does it
    detail: str  # everything, for those who point at it or have it read to them
    lane: int = 0
    forecast: Span | None = None
    actual: Span | None = None
    running: bool = False  # begun and not over


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Bars beside a title, in lanes if they overlap."""

    title: str
    bars: tuple[Bar, ...]
    lanes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under a heading."""

    key: str
    title: str
    note: str
    rows: tuple[Row, ...]


def groups_of(chart: Chart) -> tuple[Group, ...]:
    """The rows of a chart, grouped."""
    single = len(chart.schedule.bookings) <= ROWS_SINGLE
    after = {b.id: b for b in chart.forecast.bookings} if chart.forecast else {}
    return tuple(
        _group(chart, key, title, bookings, _row_key(chart) if not single else _alone, after)
        for key, title, bookings in grouped(chart.schedule, chart.by, chart.phases, chart.names, chart.zone)
    )


def _alone(booking: Booking) -> tuple[str, str]:
    return booking.id, titled(booking)


def row_label(row: Row, cells: int) -> str:
    """The title of a row in so many cells; the host at its end is kept whole."""
    return fitted(row.title, cells)


def _row_key(chart: Chart) -> Callable[[Booking], tuple[str, str]]:
    """What bookings share a row when there are many: a step of a batch, a whole batch, or a whole phase."""
    bookings = chart.schedule.bookings
    for key in (_step, _batch):
        if (
            len({(group, key(b)[0]) for b in bookings for group in keys_of(b, chart.by, chart.zone, abstract=False)})
            <= ROWS_MOST
        ):
            return key
    return _phase


def _step(booking: Booking) -> tuple[str, str]:
    step, batch = _parts(booking.package)
    return booking.package, step if batch == "1" else f"{step}, batch {batch}"


def _batch(booking: Booking) -> tuple[str, str]:
    batch = _parts(booking.package)[1]
    return f"{booking.phase}#{batch}", f"{booking.phase}, batch {batch}"


def _phase(booking: Booking) -> tuple[str, str]:
    return booking.phase, booking.phase


def _parts(package: PackageId) -> tuple[str, str]:
    step, _, batch = package.partition("#")
    return step.partition("/")[2] or step, batch or "1"


def _group(
    chart: Chart,
    key: str,
    title: str,
    bookings: Sequence[Booking],
    row_key: Callable[[Booking], tuple[str, str]],
    after: Mapping[str, Booking],
) -> Group:
    rows: dict[str, tuple[str, list[Booking]]] = {}
    for booking in bookings:
        name, words = row_key(booking)
        rows.setdefault(name, (words, []))[1].append(booking)
    work = work_s(bookings)
    note = count(len(bookings), "task") + (f", {duration(work)} of work" if work else "")
    return Group(key=key, title=title, note=note, rows=tuple(_row(chart, _shared(w, b), b, after) for w, b in rows.values()))


def _shared(words: str, bookings: Sequence[Booking]) -> str:
    """The title that all bookings of a row have, in place of the name of their step."""
    step, titles = _parts(bookings[0].package)[0], {booking.title for booking in bookings}
    if len(titles) > 1 or not bookings[0].title or not words.startswith(step):
        return words
    return one_line(titles.pop(), 120) + words[len(step) :]


def _row(chart: Chart, title: str, bookings: Sequence[Booking], after: Mapping[str, Booking]) -> Row:
    lanes = _lanes(bookings)
    if len(bookings) > 1:
        title = f"{title} ({len(bookings)})"
    if max(lanes, default=0) < LANES_MOST:
        bars = tuple(_bar(chart, b, lane, after) for b, lane in zip(bookings, lanes, strict=True))
        return Row(title=title, bars=bars, lanes=max(lanes, default=0) + 1)
    return Row(title=title, bars=tuple(_together(chart, some, after) for some in _clusters(bookings)))


def _lanes(bookings: Sequence[Booking]) -> list[int]:
    """The lane of each booking, so that none stands over another."""
    ends: list[datetime] = []
    found = []
    for booking in bookings:
        lane = next((n for n, end in enumerate(ends) if end <= booking.start), len(ends))
        ends[lane : lane + 1] = [max(booking.finish, booking.start + timedelta(seconds=1))]
        found.append(lane)
    return found


def _clusters(bookings: Sequence[Booking]) -> list[list[Booking]]:
    """Bookings that overlap, or follow each other at once, together."""
    found: list[list[Booking]] = []
    end: datetime | None = None
    for booking in bookings:
        if end is None or booking.start > end:
            found.append([])
        found[-1].append(booking)
        end = max(end or booking.finish, booking.finish)
    return found


def _bar(chart: Chart, booking: Booking, lane: int, after: Mapping[str, Booking]) -> Bar:
    expected, began = after.get(booking.id), chart.actual.get(booking.id)
    moved = expected and (expected.start, expected.finish) != (booking.start, booking.finish)
    actual = Span(began[0], began[1] or max(chart.now or began[0], began[0])) if began else None
    return Bar(
        booking=booking,
        words=people_words(booking, chart.names),
        detail=_detail(chart, booking, expected, actual),
        lane=lane,
        forecast=Span(expected.start, expected.finish) if expected and moved else None,
        actual=actual,
        running=bool(began and began[1] is None),
    )


def _together(chart: Chart, bookings: Sequence[Booking], after: Mapping[str, Booking]) -> Bar:
    bars = [_bar(chart, booking, 0, after) for booking in bookings]
    people = tuple(dict.fromkeys(p for b in bookings for p in b.people))
    first = bookings[0]
    whole = replace(
        first,
        finish=max(b.finish for b in bookings),
        people=people,
        spells=(),
        chain=any(b.chain for b in bookings),
        milestone=False,
    )
    return Bar(
        booking=whole,
        number=len(bookings),
        words=", ".join(name_of(p, chart.names) for p in people),
        detail=" | ".join(bar.detail for bar in bars),
        forecast=_around([bar.forecast for bar in bars]),
        actual=_around([bar.actual for bar in bars]),
        running=any(bar.running for bar in bars) or 0 < sum(bar.actual is not None for bar in bars) < len(bars),
    )


def _around(spans: Sequence[Span | None]) -> Span | None:
    known = [span for span in spans if span is not None]
    return Span(min(s.start for s in known), max(s.end for s in known)) if known else None


def _detail(chart: Chart, booking: Booking, expected: Booking | None, actual: Span | None) -> str:
    def told(start: datetime, finish: datetime) -> str:
        words = times(start, finish, chart.zone, abstract=chart.schedule.abstract)
        return f"minutes {words}" if chart.schedule.abstract else words

    parts = [f"{booking.title or booking.id}: {told(booking.start, booking.finish)}"]
    parts += [people_words(booking, chart.names)] if booking.people else []
    parts += [f"{len(booking.hosts)} hosts" if len(booking.hosts) > 1 else booking.hosts[0]] if booking.hosts else []
    parts += ["on the critical chain" if booking.chain else f"slack {duration(booking.slack_s)}"]
    parts += [f"begins when it does: {booking.why}"] if booking.why not in ("", "nothing") else []
    parts += [f"expected now {told(expected.start, expected.finish)}"] if expected else []
    parts += [f"was done {told(actual.start, actual.end)}"] if actual else []
    return "; ".join(parts)


def shown_spans(chart: Chart) -> list[Span]:
    """All times that a picture has to show: work, what is expected and was, milestones, the deadline."""
    found = [span for booking in chart.schedule.bookings for span in work_spans(booking)]
    found += [span for booking in chart.forecast.bookings for span in work_spans(booking)] if chart.forecast else []
    found += [Span(began, ended or max(began, chart.now or began)) for began, ended in chart.actual.values()]
    points = [chart.schedule.start, chart.schedule.finish, chart.schedule.deadline]
    return found + [Span(point, point) for point in points if point is not None]
