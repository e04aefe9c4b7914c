"""Where a moment stands on a line of time. Long times in which nothing happens are folded, so that the work stays readable."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.words import month_day, zone_if_twice

FOLD_SHARE = 0.03  # of the whole time: shorter breaks are drawn as they are
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_ZERO, _TURN = datetime(1970, 1, 1), timedelta(hours=3)  # noqa: DTZ001 - on the clock; by more no clock is changed
STEPS_S = (
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14, 28, 91)),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the line: from a moment to another, and from where to where it is drawn."""

    start: datetime
    end: datetime
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the line. `day`: it is the first of its day, or of a piece."""

    at: float
    clock: str
    day: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The pieces of a line; between two of them time is folded."""

    pieces: tuple[Piece, ...]

    def x(self, moment: datetime) -> float:
        """Where a moment is drawn; what is outside of all pieces stands at the nearest edge."""
        index = max(0, bisect_right(self.pieces, moment, key=lambda p: p.start) - 1)
        piece = self.pieces[index]
        if moment > piece.end and index + 1 < len(self.pieces):
            return (piece.right + self.pieces[index + 1].left) / 2
        share = (moment - piece.start) / (piece.end - piece.start)
        return piece.left + min(1.0, max(0.0, share)) * (piece.right - piece.left)

    @property
    def folds(self) -> tuple[tuple[float, float], ...]:
        """Where time is folded: from where to where."""
        return tuple((a.right, b.left) for a, b in zip(self.pieces, self.pieces[1:], strict=False))


def scale_of(spans: Iterable[Span], width: float, fold: float) -> Scale:
    """A line as wide as `width` that shows all of `spans`; each folded time takes `fold` of it."""
    shown = _shown(sorted(spans, key=lambda s: s.start))
    total = sum((s.end - s.start for s in shown), timedelta())
    fold = min(fold, width / (3 * len(shown)))
    room, left = width - fold * (len(shown) - 1), 0.0
    pieces = []
    for span in shown:
        right = left + room * ((span.end - span.start) / total)
        pieces.append(Piece(span.start, span.end, left, right))
        left = right + fold
    return Scale(tuple(pieces))


def _shown(spans: list[Span]) -> list[Span]:
    """The times that are drawn, each with a little air around it."""
    whole = max(s.end for s in spans) - spans[0].start
    least = max(whole * FOLD_SHARE, timedelta(minutes=20))
    air = max(_union(spans, least)[1] / 60, timedelta(minutes=1))
    return _union([Span(s.start, s.end + air) for s in spans], least)[0]


def _union(spans: list[Span], least: timedelta) -> tuple[list[Span], timedelta]:
    """The spans with gaps shorter than `least` closed, and how long they are in all."""
    found: list[Span] = []
    for span in spans:
        if found and span.start - found[-1].end < least:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found, sum((s.end - s.start for s in found), timedelta())


def ticks(scale: Scale, zone: tzinfo, apart: float, *, abstract: bool = False) -> list[Tick]:
    """Marks at round times, about `apart` from each other; each piece begins with one, where there is room."""
    step, end = _step(scale, apart), max(p.right for p in scale.pieces)
    nexts = [*(piece.left for piece in scale.pieces[1:]), end]
    found: list[Tick] = []
    today = ""
    for piece, after in zip(scale.pieces, nexts, strict=True):
        for moment in _round(piece, step, zone):
            at, first = scale.x(moment), moment == piece.start
            last, share = (found[-1].at, _share(found[-1], first=first)) if found else (float("-inf"), 0.0)
            if at - last < apart * share or end - at < apart / 2 or (not first and after - at < apart / 2):
                continue
            day = "" if abstract else month_day(moment.astimezone(zone))
            found.append(Tick(at, _clock(moment, zone, abstract=abstract), day if day != today else ""))
            today = day
    return found


def _share(before: Tick, *, first: bool) -> float:
    """How far at least a mark is from the one before, as a share of what it should be: a clock with its zone needs room."""
    return 0.97 if len(before.clock) > len("00:00") else 0.6 if first else 0.75


def _clock(moment: datetime, zone: tzinfo, *, abstract: bool) -> str:
    """What is written at a mark: '02:00', and of a time that the clock shows twice which it is, '02:00 CEST'."""
    return since(moment) if abstract else f"{moment.astimezone(zone):%H:%M}{zone_if_twice(moment, zone)}"


def since(moment: datetime) -> str:
    """Minutes since the start of a schedule without a calendar."""
    return f"{moment.timestamp() / 60:g}"


def _step(scale: Scale, apart: float) -> float:
    drawn = sum(p.right - p.left for p in scale.pieces) or 1.0
    seconds = sum((p.end - p.start).total_seconds() for p in scale.pieces)
    return next((s for s in STEPS_S if s * drawn / seconds >= apart), STEPS_S[-1])


def _round(piece: Piece, step: float, zone: tzinfo) -> Iterator[datetime]:
    """The beginning of the piece, then the moments in it at which the clock of the zone shows a multiple of the step."""
    yield piece.start
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (piece.start, piece.end))
    unit, local = timedelta(seconds=step), _ZERO + (start - _ZERO - _TURN) // timedelta(seconds=step) * timedelta(seconds=step)
    found: set[datetime] = set()
    while local <= end + _TURN:
        shown = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        found |= {at for at in shown if at.astimezone(zone).replace(tzinfo=None, fold=0) == local}
        local += unit
    yield from (at for at in sorted(found) if piece.start < at < piece.end)
